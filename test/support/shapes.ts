/** The holders of a key before and after it is dealt anew, and all that must hold then, for any scheme. */
import { expect } from 'vitest'
import { verifyTranscript } from '../../src/audit/transcript.js'
import { findKey, openShare } from '../../src/ceremony/epochs/find-key.js'
import type { MadeKey } from '../../src/ceremony/dkg/plan.js'
import type { World } from '../../src/ceremony/world.js'
import { addressOf, addressTypes } from '../../src/payload/address.js'
import { wipeSigningKey } from '../../src/protocol/engines/engine.js'
import type { Scheme } from '../../src/protocol/group/scheme.js'
import { readEpochFile } from '../../src/storage/home/epochs.js'
import { requireHeld } from '../../src/wire/ceremony/certified-record.js'
import { encodeRecord, type KeyRecord, recordPublicKey } from '../../src/wire/key/record.js'
import { hex } from '../../src/wire/base/text.js'
import { transcriptCodec } from '../../src/wire/session/transcript.js'
import { codeOf, expectSigns, statesOf } from './keys.js'
import { defined, makeTreasury, reshared } from './reshares.js'
import { type Custodian, custodians } from './worlds.js'

const NAMES = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank'] as const
type Name = (typeof NAMES)[number]

export type Shape = {
  readonly what: string
  readonly from: readonly Name[]
  readonly of: number
  readonly to: readonly Name[]
  readonly now: number
  readonly dealers?: readonly Name[]
}

export const SHAPES: readonly Shape[] = [
  { what: '2 of 3 to 3 of 5', from: NAMES.slice(0, 3), of: 2, to: NAMES.slice(0, 5), now: 3 },
  {
    what: '3 of 5 to 2 of 3, two of the dealers leave',
    from: NAMES.slice(0, 5),
    of: 3,
    to: ['alice', 'bob', 'carol'],
    now: 2,
    dealers: ['carol', 'dave', 'erin'],
  },
  { what: 'one replaced', from: NAMES.slice(0, 3), of: 2, to: ['alice', 'bob', 'dave'], now: 2 },
  { what: 'all replaced', from: NAMES.slice(0, 3), of: 2, to: ['erin', 'dave', 'frank'], now: 2 },
  {
    what: 'the same in another order',
    from: NAMES.slice(0, 3),
    of: 2,
    to: ['carol', 'alice', 'bob'],
    now: 2,
  },
]

const addressesOf = ({ scheme, ...record }: KeyRecord): string[] =>
  addressTypes(scheme).map((type) => addressOf(type, recordPublicKey({ scheme, ...record })))

/** The public key and its addresses stay, the new epoch signs as others verify it, and homes hold what they should. */
export async function playShape(
  scheme: Scheme,
  { from, of, to, now, dealers }: Shape,
  world: Partial<World>,
): Promise<void> {
  const everybody = await custodians(...NAMES)
  const named = (names: readonly Name[]) =>
    names.map((name) => everybody.find((who) => who.member.name === name) as Custodian)
  const before = await makeTreasury(named(from), of, scheme, world)
  const [author] = named(from) as [Custodian]
  const file = await defined(author, everybody, { threshold: now, members: to, dealers: dealers ?? null })
  const dealing = dealers ?? from.slice(0, of)
  const players = [...to, ...dealing.filter((name) => !to.includes(name))]
  const made = await reshared(named(players), file, world)

  const [{ record, digest }] = made as [MadeKey]
  expect(new Set(made.map((each) => hex(each.digest))).size).toBe(1)
  expect(hex(recordPublicKey(record))).toBe(hex(recordPublicKey(before.record)))
  expect(addressesOf(record)).toEqual(addressesOf(before.record))
  expect(record.chain_code).toEqual(before.record.chain_code)
  expect(record).toMatchObject({ key_id: before.record.key_id, epoch: 2, parent: before.digest })
  expect(record.members.map(({ card }) => card.name)).toEqual(to)
  for (const who of named(players)) {
    const { name } = who.member
    const wanted = {
      stays: ['1 parent', '2 active'],
      joins: ['2 active'],
      leaves: ['1 parent'],
    }[to.includes(name as Name) ? (from.includes(name as Name) ? 'stays' : 'joins') : 'leaves']
    expect(await statesOf(who), name).toEqual(wanted)
    const certificate = await readEpochFile(who.home, 'treasury', digest, 'certificate.cbor')
    requireHeld(certificate as Uint8Array, record)
    if (!to.includes(name as Name)) {
      expect(await codeOf(findKey(who.home, 'treasury'))).toBe('E_NO_KEY')
      continue
    }
    const own = await openShare(who.home, await findKey(who.home, 'treasury'), who.identity, who.card)
    expect(own.share.index).toBe(to.indexOf(name as Name) + 1)
    wipeSigningKey(own)
  }
  await expectSigns(named(to.slice(-now)), before.record, world)

  const [last] = named(players.slice(-1)) as [Custodian]
  const encoded = await readEpochFile(last.home, 'treasury', digest, 'transcript.cbor')
  expect(await verifyTranscript(encoded as Uint8Array)).toMatchObject({ kind: 'reshare', missing: [] })
  const parts = transcriptCodec.decode(encoded as Uint8Array)
  for (const change of [{ epoch: 3 }, { parent: digest }, { key_id: digest }]) {
    const outcome = encodeRecord({ ...record, ...change })
    const forged = transcriptCodec.encode({ ...parts, outcome })
    await expect(verifyTranscript(forged)).rejects.toThrow('the epoch does not follow from the letters')
  }
}
