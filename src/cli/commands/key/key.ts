import { listKeys, readEpochFile } from '../../../storage/home/epochs.js'
import { cardIfAny } from '../../../ceremony/contacts/identity.js'
import { findKey, keyHere } from '../../../ceremony/epochs/find-key.js'
import type { HereKey, Key } from '../../../ceremony/keys/key.js'
import { poolsOf } from '../../../ceremony/presigning/pool.js'
import { policyInForce } from '../../../ceremony/policy/policy-in-force.js'
import { oldShares, type OldShares } from '../../../ceremony/epochs/retire.js'
import { exportRecord } from '../../../wire/paper/json-export.js'
import { encodeRecord, recordPublicKey } from '../../../wire/key/record.js'
import type { NamedPolicy } from '../../../wire/key/named-policy.js'
import { isRehearsal } from '../../../wire/base/realm.js'
import { hex } from '../../../wire/base/text.js'
import type { Context } from '../../runtime/context.js'
import { oldSharesText } from '../../views/share.js'
import type { Result } from '../../runtime/result.js'
import { keyData, keyText, poolLines } from '../../views/key.js'

export type ShowOptions = { readonly export?: true; readonly out?: string }

/** `mpc key list`: the keys of this home, by local name. */
export async function runList(context: Context): Promise<Result> {
  const home = await context.home()
  const card = await cardIfAny(home)
  const keys = await Promise.all((await listKeys(home)).map((name) => keyHere(home, name)))
  const old = await Promise.all(keys.map(({ name }) => oldShares(home, card, name)))
  return {
    data: {
      keys: await Promise.all(
        keys.map(async (key) => ({
          ...(await keyData(home, { ...key, record: key.seated })),
          status: key.status,
        })),
      ),
    },
    text: keys.length === 0 ? [EMPTY] : keys.map((key, i) => rowOf(key, old[i] as OldShares)),
    ...(keys.length === 0 && {
      next: 'mpc keygen --definition FILE   (`mpc ceremony new --help` makes the file)',
    }),
  }
}

const EMPTY = 'No keys here yet. All custodians of a key make it together, in a ceremony.'

/** Identities that have a seat by a rebind. */
const reseatedText = ({ record, rebinds }: Key): string[] =>
  rebinds.map(({ rebind: { card, index } }) => {
    const before = record.members[index - 1]?.card.name as string
    return `  ${card.name} has the seat of ${before} by a rebind, until the next reshare`
  })

const policyText = (policy: NamedPolicy | null): string[] =>
  policy === null
    ? ['  no policy: each custodian decides alone']
    : [`  policy ${policy.number}, sha256 ${hex(policy.sha256)}`]

const rowOf = ({ name, record, status }: HereKey, old: OldShares): string =>
  `${name}  ${record.threshold} of ${record.members.length}  ${record.scheme}  ${hex(recordPublicKey(record))}` +
  (status === 'active' ? '' : `; reshared to others after epoch ${record.epoch}`) +
  oldSharesText(old, 'your')

export async function runShow(
  context: Context,
  options: ShowOptions,
  operands: readonly string[],
): Promise<Result> {
  const home = await context.home()
  const key = await findKey(home, operands[0] as string)
  const { name, record, status } = key
  const policy = await policyInForce(home, key)
  const presignatures = await poolsOf(home, key)
  const data = {
    ...(await keyData(home, { ...key, record: key.seated })),
    name,
    status,
    chain_code: record.chain_code && hex(record.chain_code),
    policy: policy && { number: policy.number, sha256: hex(policy.sha256) },
    presignatures,
    rehearsal: isRehearsal(),
  }
  if (!options.export)
    return {
      data,
      text: [
        ...keyText(name, key.seated),
        ...policyText(policy),
        ...reseatedText(key),
        ...poolLines(presignatures).map((line) => `  ${line}`),
      ],
    }
  const exported = exportRecord(record, await readEpochFile(home, name, key.digest, 'certificate.cbor'))
  if (options.out === undefined)
    return {
      data: { ...data, record: hex(encodeRecord(record)) },
      text: [Buffer.from(exported).toString('utf8').trim()],
    }
  const { writeNew } = await import('../../runtime/read-input.js')
  const file = await writeNew(options.out, exported)
  return { data: { ...data, file }, text: [file] }
}
