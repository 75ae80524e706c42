import { nearest } from '../../../wire/base/did-you-mean.js'
import { Failure } from '../../../wire/base/failure.js'
import { visible } from '../../../wire/base/text.js'
import { CATALOGUE, exitsOf } from '../../catalogue/catalogue.js'
import { type Exit, EXITS } from '../../catalogue/exits.js'
import type { Context } from '../../runtime/context.js'
import { CONTRACT } from '../../contract/contract.js'
import { fields } from '../../terminal/style.js'
import type { Result } from '../../runtime/result.js'

export type Options = { readonly schema?: true }

/** `mpc explain [CODE] [--schema]`. */
export async function run(_context: Context, options: Options, [asked]: readonly string[]): Promise<Result> {
  if (options.schema) {
    return { data: { contract: CONTRACT }, text: JSON.stringify(CONTRACT, null, 2).split('\n') }
  }
  if (asked === undefined) return all()
  const exit = /^[0-9]{1,3}$/.test(asked) ? EXITS[Number(asked)] : undefined
  if (exit) return ofExit(Number(asked), exit)
  const code = [asked.toUpperCase(), `E_${asked.toUpperCase()}`].find((each) => CATALOGUE[each])
  if (code === undefined) throw unknown(asked)
  return ofCode(code)
}

function ofCode(code: string): Result {
  const entry = CATALOGUE[code] as { readonly meaning: string; readonly next: string }
  const exits = exitsOf(code)
  return {
    data: { code, ...entry, exits },
    text: [
      code,
      `  ${entry.meaning}`,
      `  ${entry.next}`,
      ...exits.map((exit) => `  Exit ${exit}: ${EXITS[exit]?.meaning}`),
    ],
    next: `mpc explain ${exits[0] ?? ''}   (all codes with this exit code)`,
  }
}

function ofExit(exit: number, { meaning, next, codes }: Exit): Result {
  const rows = codes.map((code): [string, string] => [code, CATALOGUE[code]?.meaning ?? ''])
  return {
    data: { exit, meaning, next, codes },
    text: [`Exit ${exit}`, `  ${meaning}`, `  ${next}`, ...(rows.length > 0 ? ['', ...fields(rows)] : [])],
  }
}

function all(): Result {
  const codes = Object.entries(CATALOGUE).map(([code, { meaning, next }]) => ({ code, meaning, next }))
  const exits = Object.entries(EXITS).map(([exit, { meaning, next }]) => ({
    exit: Number(exit),
    meaning,
    next,
  }))
  return {
    data: { codes, exits },
    text: [
      'Exit codes:',
      ...fields(exits.map(({ exit, meaning }) => [String(exit).padStart(3), meaning])),
      '',
      'Error codes, from the last line of an error:',
      ...fields(codes.map(({ code, meaning }) => [code, meaning])),
    ],
    next: 'mpc explain CODE   (what to do about an error code or an exit code)',
  }
}

function unknown(asked: string): Failure {
  const guess = nearest(`E_${asked.toUpperCase().replace(/^E_/, '')}`, Object.keys(CATALOGUE))
  return new Failure('usage', 'E_UNKNOWN_CODE', `${visible(asked)} is not an error code or an exit code`, {
    hint: guess ? `Did you mean ${guess}? \`mpc explain\` lists all codes` : '`mpc explain` lists all codes',
  })
}
