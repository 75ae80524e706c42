/** Finds the program that reads an instruction; all else is shown as unknown. */
import { sha256 } from '../../wire/base/hash.js'
import { hex } from '../../wire/base/text.js'
import { ASSOCIATED_TOKEN, readAssociatedToken } from './associated-token.js'
import { COMPUTE_BUDGET, readComputeBudget } from './fee.js'
import { Fields, Undecodable } from './fields.js'
import { MEMOS, readMemo } from './memo.js'
import type { Row } from '../decoder.js'
import type { Account, Instruction } from './message.js'
import { CHAIN, notable, type Reading, row, severe } from './reading.js'
import { readSystem, SYSTEM } from './system.js'
import { readToken, TOKEN, TOKEN_2022 } from './token.js'

type Program = { readonly name: string; readonly read: (fields: Fields, key: string) => Reading }

/** No account is this key if none is named. An account without a known address has null for it. */
const NO_KEY = ''

const PROGRAMS: ReadonlyMap<string, Program> = new Map([
  [SYSTEM, { name: 'System', read: readSystem }],
  [TOKEN, { name: 'Token', read: (fields) => readToken(fields, TOKEN) }],
  [TOKEN_2022, { name: 'Token-2022', read: (fields) => readToken(fields, TOKEN_2022) }],
  [ASSOCIATED_TOKEN, { name: 'Associated token', read: readAssociatedToken }],
  [COMPUTE_BUDGET, { name: 'Compute budget', read: readComputeBudget }],
  ...MEMOS.map((address): [string, Program] => [address, { name: 'Memo', read: readMemo }]),
])

/** @param key address of the key that is asked to sign; null if none is named */
export function readInstruction(instruction: Instruction, key: string | null): Reading {
  const program = PROGRAMS.get(instruction.program)
  if (program === undefined)
    return unknown(instruction, key, { title: 'Unknown program', what: 'an unknown program' })
  try {
    const fields = new Fields(instruction)
    const reading = program.read(fields, key ?? NO_KEY)
    fields.end()
    return { ...reading, rows: [...reading.rows, ...furtherRow(fields.further)] }
  } catch (error) {
    if (!(error instanceof Undecodable)) throw error
    return unknown(instruction, key, {
      title: `${program.name}: unknown instruction`,
      what: `an unknown instruction of the ${program.name} program`,
    })
  }
}

/** One instruction may name an account hundreds of times. */
const MOST_NAMED = 12

function furtherRow(further: readonly Account[]): Row[] {
  if (further.length === 0) return []
  const names = further.slice(0, MOST_NAMED).map(({ name }) => name)
  const more = further.length - names.length
  return [row('further accounts', `${names.join(', ')}${more === 0 ? '' : ` and ${more} more`}`)]
}

function unknown(
  { program, accounts, data }: Instruction,
  key: string | null,
  { title, what }: { readonly title: string; readonly what: string },
): Reading {
  const signers = new Set(accounts.filter(({ isSigner }) => isSigner).map(({ name }) => name))
  const isSigned =
    key === null ? signers.size > 0 : accounts.some(({ address, isSigner }) => isSigner && address === key)
  return {
    title,
    does: `calls ${what}, ${program}`,
    rows: [
      row('program', program),
      row('data', `${data.length} bytes, sha256 ${hex(sha256(data))}`),
      row('accounts', `${accounts.length}`),
      key === null
        ? row('signers', signers.size === 0 ? 'none' : [...signers].join(', '))
        : row('this key', isSigned ? 'gives it its signature' : 'gives it no signature'),
    ],
    effects: [{ chain: CHAIN, kind: 'unknown', asset: null, amount: null, recipient: program }],
    warnings: [
      isSigned
        ? severe(
            `It calls ${what}, ${program}, which may move anything that ${key === null ? 'its signers hold' : 'this key holds'}.`,
          )
        : notable(`It calls ${what}, ${program}; what that does is not known here.`),
    ],
  }
}
