/** The command that asks others to sign, where a named signer is away or says no. */
import type { Key } from '../../ceremony/keys/key.js'
import { Failure } from '../../wire/base/failure.js'
import { shellQuote } from '../terminal/shell-quote.js'

/** The request, as the command line said it. */
type Asked = {
  readonly in?: string
  readonly type?: string
  readonly path?: string
  readonly signers?: readonly string[]
}

/** Adds to the error the command that asks others, if a named signer is away or says no and there are others. */
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

/** What is to be signed, or is signed, as the flags of a command. @param key its name */
export const requestFlags = (key: string, { in: file, type, path }: Omit<Asked, 'signers'>): string =>
  `--key ${key}${type === undefined ? '' : ` --type ${type}`} --in ${fileWord(file)}${path === undefined ? '' : ` --path ${path}`}`

/** A file as a shell takes it; one that was not named, or hardly can be, stands as FILE. */
const fileWord = (file: string | undefined): string =>
  file === undefined || file === '-' || !/^[\x20-\x7e]+$/.test(file) ? 'FILE' : shellQuote(file)
