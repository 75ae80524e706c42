/** The holder of a seat in a home: by the rebind accepted last, whatever dates their makers put into them. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ed25519 } from '@noble/curves/ed25519.js'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { verifyTranscript } from '../../../src/audit/transcript.js'
import { acceptRebind, examineRebind } from '../../../src/ceremony/recovery/accept-rebind.js'
import { findKey } from '../../../src/ceremony/epochs/find-key.js'
import {
  importMoved,
  MOVED_FILES,
  type MovedFiles,
  rekey,
} from '../../../src/ceremony/recovery/move-share.js'
import { planReshare } from '../../../src/ceremony/dkg/reshare.js'
import { markVerified } from '../../../src/ceremony/contacts/contacts.js'
import { MemoryNetwork } from '../../../src/messaging/transport/memory.js'
import { decode, encode, type Value } from '../../../src/protocol/core/codec.js'
import { listRebinds } from '../../../src/storage/home/escrow.js'
import { openHome } from '../../../src/storage/home/home.js'
import { writeIdentity } from '../../../src/storage/home/identity.js'
import { listKeys } from '../../../src/storage/home/epochs.js'
import { parseRebind } from '../../../src/wire/key/rebind.js'
import { SIGNED, signedBytes } from '../../../src/wire/base/domain-tags.js'
import { failureOf } from '../../storage/support.js'
import { handing, person, rng } from '../../support/members.js'
import { raze } from '../../support/processes.js'
import { moved, type Rebound } from '../../support/rebound.js'
import { defined } from '../../support/reshares.js'
import { copyOf } from '../../support/shares.js'
import { approving, asks, isValid, joins, somePayload, type Three, withKey } from '../../support/signing.js'
import { type Custodian, worldOf } from '../../support/worlds.js'
import { only } from '../../support/only.js'

const NOW = 1_900_000_000_000
const IN_2080 = Date.UTC(2080, 0)
const TOLERANCE = 120_000
let [alice, bob, carol] = [] as unknown as Three
/** Alice's machines: one whose clock is far ahead, one with the right clock. */
let [ahead, right] = [] as unknown as [Rebound, Rebound]
const made: Custodian[] = []
afterAll(() => raze(made))

beforeAll(async () => {
  ;[alice, bob, carol] = await withKey()
  ;[ahead, right] = [await moved(alice, IN_2080), await moved(alice, NOW)]
  made.push(alice, bob, carol, ahead, right)
}, 30_000)

const homeOf = async (who: Custodian): Promise<Custodian> => {
  const copy = await copyOf(who)
  made.push(copy)
  return copy
}
const accepts = async (who: Custodian, { card, rebind }: Rebound, now = NOW) =>
  acceptRebind(who.home, await examineRebind(who, card, rebind, now))
const seatOf = async ({ home }: Custodian): Promise<string | undefined> =>
  (await findKey(home, 'treasury')).seated.members[0]?.card.line
async function heldBy({ home }: Custodian) {
  const { digest } = await findKey(home, 'treasury')
  return listRebinds(home, 'treasury', digest)
}

test('one that is dated in 2080 is refused, by name of both times, and a right one sits', async () => {
  const there = await homeOf(bob)
  const failure = await failureOf(() => accepts(there, ahead))
  expect(failure).toMatchObject({ kind: 'authentication', code: 'E_REBIND_TIME' })
  expect(failure.message).toContain('2080-01-01T00:00:00.000Z, and here it is 2030-03-17T17:46:40.000Z')
  expect(await heldBy(there)).toEqual([])
  expect(await seatOf(there)).toBe(alice.card.line)
  expect((await accepts(there, right)).seated.line).toBe(right.card.line)
  expect(await seatOf(there)).toBe(right.card.line)
})

test('two minutes are the clocks’ to differ by, and not a millisecond more', async () => {
  const there = await homeOf(bob)
  const failure = await failureOf(() => accepts(there, ahead, IN_2080 - TOLERANCE - 1))
  expect(failure.code).toBe('E_REBIND_TIME')
  await accepts(there, ahead, IN_2080 - TOLERANCE)
  expect(await seatOf(there)).toBe(ahead.card.line)
})

test('the machine to which a share moves refuses it too, before anything of it lies there', async () => {
  const fresh = await person('alice')
  const root = await mkdtemp(join(tmpdir(), 'mpc-order-'))
  const there = { ...fresh, home: await openHome(join(root, 'home')) }
  made.push(there)
  await writeIdentity(there.home, { sealed: new Uint8Array(), card: fresh.card.line })
  const key = await findKey(alice.home, 'treasury')
  await rekey(alice, key, { to: fresh.card, out: join(root, 'out'), now: IN_2080, rng })
  const files = Object.fromEntries(
    MOVED_FILES.map((file) => [file, Uint8Array.from(readFileSync(join(root, 'out', file)))]),
  ) as MovedFiles
  expect(await failureOf(() => importMoved(there, files, null, NOW))).toMatchObject({ code: 'E_REBIND_TIME' })
  expect(await listKeys(there.home)).toEqual([])
})

test('whoever was accepted before, a thief too and with whatever date, is replaced by who is accepted after', async () => {
  // As a home has it whose own clock was wrong when it accepted.
  const there = await homeOf(bob)
  await accepts(there, ahead, IN_2080)
  expect(await seatOf(there)).toBe(ahead.card.line)
  await accepts(there, right)
  expect(await seatOf(there)).toBe(right.card.line)
  // Nothing is added by the same again; and either comes back by a later acceptance.
  await accepts(there, right)
  expect(await heldBy(there)).toHaveLength(2)
  await accepts(there, ahead, IN_2080)
  await accepts(there, right)
  expect(await seatOf(there)).toBe(right.card.line)
  expect((await heldBy(there)).map(({ encoded }) => encoded)).toEqual(
    [ahead, right, ahead, right].map(({ rebind }) => rebind),
  )

  // Another custodian to whom it went the other way round sees who sits there otherwise, and neither has its way in silence.
  const other = await homeOf(carol)
  await accepts(other, right)
  await accepts(other, ahead, IN_2080)
  await markVerified(other.home, ahead.card, 'rebind', NOW)
  const file = await defined(other, [ahead, there, other], { kind: 'refresh' })
  const failure = await failureOf(() => planReshare(there.home, there.card, file, Date.now()))
  expect(failure).toMatchObject({ kind: 'authentication', code: 'E_NO_SEAT' })
  expect(failure.message).toContain('has not accepted the rebind of alice as the last one of that seat')
})

test('acceptances at one moment are one after the other, and none is lost', async () => {
  const there = await homeOf(bob)
  const machines = [right, await moved(alice, NOW + 1), await moved(carol, NOW)]
  made.push(...machines)
  await Promise.all(machines.map((each) => accepts(there, each)))
  const held = (await heldBy(there)).map(({ encoded }) => encoded)
  const { record, seated } = await findKey(there.home, 'treasury')
  expect(new Set(held)).toEqual(new Set(machines.map(({ rebind }) => rebind)))
  const last = held.map((encoded) => parseRebind(encoded, record)).filter(({ index }) => index === 1)[1]
  expect(seated.members.map(({ card }) => card.line)).toEqual([
    last?.card.line,
    bob.card.line,
    machines[2]?.card.line,
  ])
})

test('without who handed the share on, or with a stranger there, it is accepted by nobody', async () => {
  const there = await homeOf(bob)
  const mallory = await person('mallory')
  const fields = decode(right.rebind) as ReadonlyMap<string, Value>
  const put = (changes: Record<string, Value>) => encode(new Map([...fields, ...Object.entries(changes)]))
  const form = new Map([...fields, ['handed_by', mallory.card.line] as const])
  form.delete('signature')
  form.delete('handed_signature')
  const forged = handing(mallory).signing.sign(SIGNED.rebind, Object.fromEntries(form))
  for (const rebind of [
    put({ handed_by: null, handed_signature: null }),
    put({ handed_signature: null }),
    put({ handed_by: mallory.card.line, handed_signature: forged }),
    put({ handed_signature: forged }),
  ]) {
    const failure = await failureOf(() => accepts(there, { ...right, rebind }))
    expect(failure.kind).toBe('authentication')
    expect(['E_REBIND', 'E_REBIND_PROOF']).toContain(failure.code)
  }
  expect(await heldBy(there)).toEqual([])
})

test('who holds another rebind of the same identity is told so before it signs; with the same one both have a certificate', async () => {
  const { record } = await findKey(bob.home, 'treasury')
  const there = await homeOf(bob)
  const second = signedAgain(right)
  const [one, other] = [right.rebind, second].map((encoded) => parseRebind(encoded, record))
  expect({ ...one, signature: null }).toEqual({ ...other, signature: null })
  expect(second).not.toEqual(right.rebind)
  await accepts(there, { ...right, rebind: second })
  await markVerified(there.home, right.card, 'rebind', NOW)
  await markVerified(right.home, bob.card, 'fingerprint', NOW)
  const payload = somePayload()
  const impatient = { patience: { join: 3000, round: 3000, total: null }, linger: 200 }
  const sign = (options: object) => {
    const network = new MemoryNetwork()
    const [a, b] = [network.connect('alice'), network.connect('bob')]
    return [
      asks(worldOf(right, a, options), payload, [right, there]),
      joins(worldOf(there, b, options), approving(payload)),
    ] as const
  }
  const failures = await Promise.all(sign(impatient).map((each) => failureOf(() => each)))
  expect(failures.map(({ code }) => code)).toContain('E_NO_SEAT')

  await accepts(there, right)
  const [a, b] = await Promise.all(sign({}))
  expect(await isValid(carol, payload, only(a))).toBe(true)
  const [seen, same] = [a, b].map(({ transcript }) => Uint8Array.from(readFileSync(transcript as string)))
  expect(seen).toEqual(same)
  expect(await verifyTranscript(seen as Uint8Array)).toMatchObject({ kind: 'sign', missing: [] })
  for (const { certificate } of [a, b]) expect(certificate).not.toBeNull()
}, 30_000)

/** The same content with another signature of the same key: Ed25519 has as many as its owner likes to draw nonces. */
function signedAgain({ rebind, identity }: Rebound): Uint8Array {
  const fields = decode(rebind) as ReadonlyMap<string, Value>
  const form = [...fields].filter(([name]) => !['signature', 'handed_signature'].includes(name))
  const message = signedBytes(SIGNED.rebind, [Object.fromEntries(form)])
  const { Point, utils } = ed25519
  const { scalar, pointBytes } = utils.getExtendedPublicKey(identity.signing.seed.reveal())
  const nonce =
    1n +
    Point.Fn.fromBytes(
      rng(32).map((byte, i) => (i === 31 ? byte & 15 : byte)),
      true,
    )
  const point = Point.BASE.multiply(nonce).toBytes()
  const hash = createHash('sha512').update(point).update(pointBytes).update(message).digest('hex')
  const challenge = BigInt(`0x${Buffer.from(hash, 'hex').reverse().toString('hex')}`)
  const answer = Point.Fn.toBytes(Point.Fn.create(nonce + challenge * scalar))
  return encode(new Map([...fields, ['signature', Uint8Array.from([...point, ...answer])]]))
}
