/** Whether a key is lost: what of its shares lies in the homes of honest custodians, opened and put together. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { openIdentity, ownCard } from '../../src/ceremony/contacts/identity.js'
import { wipeSigningKey } from '../../src/protocol/engines/engine.js'
import { curveOf } from '../../src/protocol/group/scheme.js'
import { lagrange } from '../../src/protocol/sharing/polynomial.js'
import { openHome } from '../../src/storage/home/home.js'
import { openWith } from '../../src/storage/sealed/age.js'
import type { Card } from '../../src/wire/identity/card.js'
import type { Identity } from '../../src/wire/identity/identity.js'
import { type KeyRecord, parseRecord, recordDigest } from '../../src/wire/key/record.js'
import { parseShare } from '../../src/wire/key/share.js'
import { hex } from '../../src/wire/base/text.js'
import type { Custodian as Binary } from './cli.js'
import type { Custodian } from './worlds.js'

export type Holder = { readonly root: string; readonly identity: Identity; readonly card: Card }

export const holderOf = ({ home, identity, card }: Custodian): Holder => ({ root: home.root, identity, card })

/** The same of a custodian whose identity an age identity opens. */
export async function holderOfHome({ home, unlock }: Binary): Promise<Holder> {
  const opened = await openHome(home)
  const key = (await readFile(unlock[1] as string, 'utf8')).trim().split('\n').at(-1) as string
  const identity = await openIdentity(opened, { kind: 'identity', identities: [key] })
  return { root: home, identity, card: await ownCard(opened) }
}

type Epoch = { readonly record: KeyRecord; readonly shares: Map<number, bigint> }

/** All shares that can be opened, by epoch; whatever its state says of it. */
async function sharesIn(holders: readonly Holder[]): Promise<readonly Epoch[]> {
  const epochs = new Map<string, Epoch>()
  for (const { root, identity, card } of holders) {
    const files = await readdir(root, { recursive: true }).catch(() => [])
    // A folder under a temporary name is none yet.
    const shares = files.filter((file) => file.endsWith('share.age') && !file.includes('.tmp-'))
    for (const file of shares) {
      const sealed = await readFile(join(root, file)).catch(() => null)
      const encoded = await readFile(join(root, file, '..', 'record.cbor')).catch(() => null)
      if (!sealed || !encoded) continue
      const record = parseRecord(Uint8Array.from(encoded))
      const index = record.members.find(
        ({ card: own }) => hex(own.fingerprint) === hex(card.fingerprint),
      )?.index
      if (index === undefined) continue
      const own = parseShare(await openWith([identity.age], Uint8Array.from(sealed)), record, index)
      const epoch = epochs.get(hex(recordDigest(record))) ?? { record, shares: new Map<number, bigint>() }
      epoch.shares.set(index, curveOf(record.scheme).parseScalar(own.share.share.reveal()))
      epochs.set(hex(recordDigest(record)), epoch)
      wipeSigningKey(own)
    }
  }
  return [...epochs.values()]
}

/** The numbers of the epochs of which a quorum lies in these homes: its shares interpolate to the public key. */
export async function quorumsIn(
  holders: readonly Holder[],
  groupPoint: Uint8Array,
): Promise<readonly number[]> {
  return (await sharesIn(holders)).flatMap(({ record, shares }) => {
    const curve = curveOf(record.scheme)
    const quorum = [...shares].slice(0, record.threshold)
    if (quorum.length < record.threshold) return []
    const indices = quorum.map(([index]) => index)
    const secret = quorum.reduce(
      (sum, [index, share]) => curve.Fn.add(sum, curve.Fn.mul(lagrange(curve, index, indices), share)),
      0n,
    )
    const isKey = hex(curve.timesG(secret).toBytes()) === hex(groupPoint)
    return isKey ? [record.epoch] : []
  })
}

/** The key can be used: some quorum of one epoch is there. */
export async function expectQuorum(holders: readonly Holder[], groupPoint: Uint8Array): Promise<void> {
  expect(await quorumsIn(holders, groupPoint), 'epochs of which a quorum is there').not.toEqual([])
}
