import { resolve } from 'node:path'
import { type CeremonyFile, missingFrom, readCeremony } from '../../ceremony/definitions.js'
import { Failure } from '../../wire/failure.js'
import type { Context } from '../context.js'
import { readNamed } from '../inputs.js'
import { definitionData, definitionLines } from '../render/definition.js'
import type { Result } from '../result.js'

/** `mpc ceremony show FILE`. */
export async function run(_context: Context, _options: object, [path]: readonly string[]): Promise<Result> {
  return shown(await read(path as string), path as string)
}

/** `mpc ceremony verify FILE`: exit 5 while signatures of participants are missing. */
export async function runVerify(
  _context: Context,
  _options: object,
  [path]: readonly string[],
): Promise<Result> {
  const file = await read(path as string)
  const result = shown(file, path as string)
  const missing = missingFrom(file).map(({ name }) => name)
  if (missing.length === 0) return result
  const failure = new Failure('absent', 'E_UNSIGNED', `not signed yet by ${missing.join(', ')}`, {
    party: missing[0] as string,
    hint: 'each signs with `mpc ceremony sign FILE`, or when the ceremony runs',
  })
  return { ...result, failure }
}

const read = async (path: string): Promise<CeremonyFile> => readCeremony(await readNamed(path, 'FILE'))

const shown = (file: CeremonyFile, path: string): Result => ({
  data: definitionData(file, resolve(path)),
  text: definitionLines(file),
})
