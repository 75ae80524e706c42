/** Suggests the command that asks other custodians, if a named signer is away or refuses. */
import type { Key } from '../../ceremony/keys/key.js'
import { Failure } from '../../wire/base/failure.js'
import { shellQuote } from '../terminal/shell-quote.js'

/** The request, as flags. */
type Asked = {
  readonly in?: string
  readonly type?: string
  readonly path?: string
  readonly signers?: readonly string[]
}

/** Adds the command to the hint, if other custodians are left. */
export function withOthers(failure: Failure, { name, record, seated }: Key, options: Asked): Failure {
  const { kind, code, message, hint, party, missing } = failure
  const away = missing.length > 0 ? missing : party === null ? [] : [party]
  if (!options.signers || away.length === 0 || !AWAY.includes(code)) return failure
  const kept = options.signers.filter((signer) => !away.includes(signer))
  const rest = seated.members
    .map(({ card }) => card.name)
    .filter((member) => !away.includes(member) && !kept.includes(member))
  const signers = [...kept, ...rest].slice(0, record.threshold)
  if (signers.length < record.threshold) return failure
  const command = `mpc sign ${requestFlags(name, options)} --signers ${signers.join(',')}`
  return new Failure(kind, code, message, {
    hint: `${hint === null ? '' : `${hint}; `}or ask others: \`${command}\``,
    ...(party !== null && { party }),
    missing,
    cause: failure,
  })
}
const AWAY: readonly string[] = ['E_ABSENT', 'E_PASSED_OVER', 'E_PEER_REFUSED', 'E_PEER_LEFT']

/** The flags that name a key and a payload. @param key its name */
export const requestFlags = (key: string, { in: file, type, path }: Omit<Asked, 'signers'>): string =>
  `--key ${key}${type === undefined ? '' : ` --type ${type}`} --in ${fileWord(file)}${path === undefined ? '' : ` --path ${path}`}`

/** A file name quoted for a shell; FILE if it has none or is not printable. */
export const fileWord = (file: string | undefined): string =>
  file === undefined || file === '-' || !/^[\x20-\x7e]+$/.test(file) ? 'FILE' : shellQuote(file)
