/** Keys in a home without their shares, for commands that need none. */
import { curveOf, type Scheme } from '../../src/protocol/group/scheme.js'
import { stageEpoch, writeState } from '../../src/storage/home/epochs.js'
import { stagePolicy } from '../../src/storage/home/policies.js'
import { marked } from '../../src/storage/sealed/rehearsal-mark.js'
import { openHome } from '../../src/storage/home/home.js'
import { sha256 } from '../../src/wire/base/hash.js'
import { encodeRecord, type KeyRecord, recordDigest } from '../../src/wire/key/record.js'
import { madeKey } from '../wire/support.js'

/** Puts a key over a given point into a home. Nobody knows a share of it. */
export async function stageKey(
  home: string,
  name: string,
  scheme: Scheme,
  given: Partial<KeyRecord>,
  policy: Uint8Array | null = null,
): Promise<KeyRecord> {
  const named = policy && { number: 1, sha256: sha256(policy) }
  const made = { ...madeKey(scheme).record, policy: named, ...given }
  const { parsePoint, G } = curveOf(scheme)
  let point = parsePoint(made.group_point)
  const members = made.members.map((member) => {
    point = point.add(G)
    return { ...member, public_share: point.toBytes() }
  })
  const record: KeyRecord = { ...made, members }
  const at = await openHome(home)
  const digest = recordDigest(record)
  await stageEpoch(at, name, digest, {
    'record.cbor': encodeRecord(record),
    'share.age': marked(new Uint8Array(1)),
  })
  const epochs = [{ digest, number: 1, status: 'active' as const }]
  if (policy) await stagePolicy(at, name, 1, { yaml: policy })
  const number = policy ? 1 : 0
  await writeState(at, name, { format: 'mpc/key-state/v1', policy: number, key_id: record.key_id, epochs })
  return record
}
