/** Requests that a co-signer does not sign: they end nothing, are listed, and their askers hear that somebody is there. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findKey } from '../../../src/ceremony/epochs/find-key.js'
import { NO_SESSION } from '../../../src/messaging/channel/letters.js'
import { Mailbox } from '../../../src/messaging/channel/mailbox.js'
import { MemoryNetwork } from '../../../src/messaging/transport/memory.js'
import { requestSubjects } from '../../../src/messaging/transport/subjects.js'
import { decodeEnvelope } from '../../../src/wire/session/envelope.js'
import type { Failure } from '../../../src/wire/base/failure.js'
import { listCodec, type Request, type RequestFields } from '../../../src/wire/ceremony/request.js'
import { hex } from '../../../src/wire/base/text.js'
import { every } from '../../../src/messaging/channel/clock.js'
import { requestOf } from '../../support/approvers.js'
import { clock, dated } from '../../support/clock.js'
import { rng } from '../../support/members.js'
import { overheard } from '../../support/mischief.js'
import { raze } from '../../support/processes.js'
import { approving, asks, isValid, joins, somePayload, type Three, withKey } from '../../support/signing.js'
import { type Custodian, worldOf } from '../../support/worlds.js'
import { only } from '../../support/only.js'

let everybody: Three
let alice: Custodian
let bob: Custodian
let carol: Custodian

beforeAll(async () => {
  everybody = await withKey()
  ;[alice, bob, carol] = everybody
})
afterAll(() => raze(everybody))

const HOUR = 3_600_000
const quick = {
  join: 4000,
  round: 4000,
  total: null,
  silence: 200,
  receipts: 1000,
  handOver: 500,
  again: 300,
}

/** The mouth of a custodian who says what it likes about requests. */
async function mouthOf(network: MemoryNetwork, who: Custodian): Promise<Mailbox> {
  const { record } = await findKey(who.home, 'treasury')
  return new Mailbox({
    transport: network.connect(`${who.member.name}'s other`),
    subjects: requestSubjects(record.key_id, who.card.fingerprint),
    definition: record.key_id,
    self: who.member,
    key: who.identity.signing,
    members: everybody.map(({ member }) => member),
    clock,
    emit: () => {},
    equivocated: () => {},
  })
}

/** A request for alice and bob. */
const requestBy = (who: Custodian, changes: Partial<RequestFields>): Promise<Request> =>
  requestOf(who, { signers: [alice.card.fingerprint, bob.card.fingerprint], ...changes })

const failure = (promise: Promise<unknown>): Promise<Failure> =>
  promise.then(
    () => {
      throw new Error('it did not fail')
    },
    (error: unknown) => error as Failure,
  )

const stranger = () => [alice.card.fingerprint, new Uint8Array(32).fill(9)]
const POISON: [string, string, () => Promise<Uint8Array>][] = [
  [
    'a signer without a seat',
    'E_NO_SEAT',
    async () => (await requestBy(carol, { signers: stranger() })).encoded,
  ],
  [
    'a time long past',
    'E_EXPIRED',
    async () => (await requestBy(carol, { created: 1, expires: clock.now() - 300 * 24 * HOUR })).encoded,
  ],
  [
    'a time to come',
    'E_REQUEST_TIME',
    async () =>
      (await requestBy(carol, { created: clock.now() + HOUR, expires: clock.now() + 2 * HOUR })).encoded,
  ],
  [
    'too long a life',
    'E_REQUEST_TIME',
    async () => (await requestBy(carol, { expires: clock.now() + 48 * HOUR })).encoded,
  ],
  ['another epoch', 'E_EPOCH', async () => (await requestBy(carol, { record: rng(32) })).encoded],
  ['another key', 'E_REQUEST', async () => (await requestBy(carol, { key_id: rng(32) })).encoded],
  ['bytes that are no request', 'E_REQUEST', () => Promise.resolve(rng(200))],
  [
    'a path that leads nowhere',
    'E_PATH',
    async () => (await requestBy(carol, { path: 'm/0/7', signers: null })).encoded,
  ],
]

describe.concurrent("one custodian's request that cannot be served", () => {
  test.for(POISON)("for %s ends nobody's --next, and is listed: %s", async ([, code, poison], { expect }) => {
    const network = new MemoryNetwork()
    const payload = somePayload()
    const carols = await mouthOf(network, carol)
    const said = await poison()
    const stopFlood = every(clock, 50, () => carols.post('request', { session: NO_SESSION }, said))
    const world = worldOf(bob, network.connect('bob'), { patience: quick })
    const joining = joins(world, approving(payload))
    await clock.until(() =>
      world.events.some((event) => event.event === 'skipped' && event.party === 'carol'),
    )
    expect(world.events).toContainEqual(expect.objectContaining({ event: 'skipped', party: 'carol', code }))
    const asking = asks(worldOf(alice, network.connect('alice'), { patience: quick }), payload, [alice, bob])
    const [a, b] = await Promise.all([asking, joining])
    stopFlood()
    expect(hex(only(a))).toBe(hex(only(b)))
    expect(world.events.filter(({ event }) => event === 'skipped')).toHaveLength(1)

    const alone = worldOf(bob, network.connect('bob'), { patience: { ...quick, join: 1500 } })
    const stopSaying = every(clock, 50, () => carols.post('request', { session: NO_SESSION }, said))
    const nothing = await failure(joins(alone, approving(payload)))
    stopSaying()
    expect(nothing).toMatchObject({ kind: 'absent', code: 'E_NO_REQUEST', party: 'carol' })
    expect(nothing.message).toMatch(/passed over, of carol: /)
    expect(alone.events).toContainEqual(
      expect.objectContaining({
        event: 'skipped',
        code,
        ...(code === 'E_REQUEST'
          ? { request: null, sha256: null }
          : { sha256: expect.stringMatching(/^.{64}$/) }),
      }),
    )
  })
})

describe.concurrent('an asker hears who is there and does not sign', () => {
  const asksOf = (network: MemoryNetwork, changes: Parameters<typeof worldOf>[2] = {}) => {
    const world = worldOf(alice, network.connect('alice'), { patience: quick, ...changes })
    return { world, asking: failure(asks(world, somePayload(), [alice, bob])) }
  }

  test('another payload is approved there', async () => {
    const network = new MemoryNetwork()
    const record = overheard(network)
    const { world, asking } = asksOf(network)
    const there = worldOf(bob, network.connect('bob'), { patience: quick })
    const nothing = await failure(joins(there, approving(somePayload())))
    const [request] = record
      .map(({ bytes }) => decodeEnvelope(bytes))
      .filter(({ header }) => header.kind === 'request')
    expect(nothing).toMatchObject({ code: 'E_NO_REQUEST', kind: 'absent', party: 'alice' })
    expect(nothing.message).toMatch(/of alice: the payload is sha256:[0-9a-f]{64}, which is not approved/)
    const skipped = there.events.filter(({ event }) => event === 'skipped')
    expect(skipped).toHaveLength(1)
    expect(nothing.message).toContain(skipped[0]?.sha256)
    expect(request).toBeDefined()
    const said = await asking
    expect(said).toMatchObject({ kind: 'absent', code: 'E_PASSED_OVER', party: 'bob' })
    expect(said.message).toMatch(/^bob is there and does not approve it/)
    expect(world.events.filter(({ event }) => event === 'declined')).toHaveLength(1)
  })

  test('a type that is not the approved one is named', async () => {
    const network = new MemoryNetwork()
    const payload = Uint8Array.from(Buffer.from('pay nobody'))
    const alices = await mouthOf(network, alice)
    const derived = await requestBy(alice, { payload, type: 'text' })
    const stopSaying = every(clock, 100, () =>
      alices.post('request', { session: NO_SESSION }, derived.encoded),
    )
    const there = worldOf(bob, network.connect('bob'), { patience: quick })
    const nothing = await failure(joins(there, approving(payload)))
    stopSaying()
    expect(there.events).toContainEqual(
      expect.objectContaining({
        event: 'skipped',
        code: 'E_APPROVE_TYPE',
        reason: 'asked for as text; your approval is for raw',
      }),
    )
    expect(nothing.code).toBe('E_NO_REQUEST')
    expect(nothing.message).toContain('of alice: asked for as text; your approval is for raw')
  })

  test.each([
    ['an hour slow', -HOUR, '60 minutes ahead of', "your clock is 60 minutes behind alice's"],
    ['three days fast', 73 * HOUR, '3 days behind', 'expired 2 days ago by your clock'],
  ])('a clock that is %s', async (_, off, apart, here) => {
    const network = new MemoryNetwork()
    const { asking } = asksOf(network)
    const there = worldOf(bob, network.connect('bob'), {
      patience: quick,
      clock: dated(() => clock.now() + off),
    })
    const nothing = await failure(joins(there, { ask: () => Promise.resolve() }))
    expect(nothing).toMatchObject({ code: 'E_NO_REQUEST', party: 'alice' })
    expect(nothing.message).toContain(here)
    const said = await asking
    expect(said).toMatchObject({ code: 'E_PASSED_OVER', party: 'bob', hint: 'set the clock that is wrong' })
    expect(said.message).toContain(`your clock is ${apart} bob's`)
  })

  test('wait for no time to pass: who joins by name takes it as it comes, and each who asks is answered at once', async () => {
    const network = new MemoryNetwork()
    const payload = somePayload()
    const begun = clock.now()
    const asking = asks(worldOf(alice, network.connect('alice')), payload, [alice, bob])
    const carols = await mouthOf(network, carol)
    const { digest } = await findKey(carol.home, 'treasury')
    // Her question has used up an answer of this second, and bob is answered all the same.
    carols.post('list', { session: NO_SESSION }, listCodec.encode(digest))
    const joining = joins(worldOf(bob, network.connect('bob')), approving(payload))
    await Promise.all([asking, joining])
    carols.close()
    expect(clock.now() - begun).toBeLessThan(250)
  })

  test('of a flood of requests few are answered, and the list is bounded', async () => {
    const network = new MemoryNetwork()
    const record = overheard(network)
    const payload = somePayload()
    const carols = await mouthOf(network, carol)
    const floods = await Promise.all(Array.from({ length: 80 }, () => requestBy(carol, {})))
    carols.on('list', () => {
      for (const { encoded } of floods) carols.post('request', { session: NO_SESSION }, encoded)
    })
    const there = worldOf(bob, network.connect('bob'), {
      patience: { ...quick, join: 2500, again: 60_000 },
    })
    const joining = failure(joins(there, approving(payload)))
    await joining
    const said = record.filter(({ bytes, to }) => {
      const { header } = decodeEnvelope(bytes)
      return to === 'spy' && header.kind === 'passed' && hex(header.from) === hex(bob.card.fingerprint)
    })
    expect(said.length).toBeGreaterThan(0)
    expect(said.length).toBeLessThanOrEqual(8)
    expect(there.events.filter(({ event }) => event === 'skipped')).toHaveLength(16)
  })
})

describe.concurrent('what was signed', () => {
  test('is printed again, by whoever signed and by whoever only asked, and by nobody else', async () => {
    const network = new MemoryNetwork()
    const payload = somePayload()
    const world = (who: Custodian, changes = {}) =>
      worldOf(who, network.connect(who.member.name), { patience: quick, linger: 300, ...changes })
    const [a, b] = await Promise.all([
      asks(world(alice), payload, [bob, carol]),
      joins(world(bob), approving(payload)),
      joins(world(carol), approving(payload)),
    ])
    const id = hex(a.request.id)
    for (const who of [alice, bob, carol]) {
      // Nobody approves it again, and it does not matter that it has expired since.
      const late = world(who, { clock: dated(() => clock.now() + 48 * HOUR) })
      const again = await joins(late, approving(somePayload()), id)
      expect(hex(only(again))).toBe(hex(only(b)))
      expect(again.order.signers.map(({ index }) => index)).toEqual([2, 3])
      expect(await isValid(alice, payload, only(again))).toBe(true)
      if (who !== alice) expect(again).toMatchObject({ certificate: b.certificate && expect.any(String) })
    }
  })
})
