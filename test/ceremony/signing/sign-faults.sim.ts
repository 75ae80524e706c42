import { isDeepStrictEqual } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { findKey } from '../../../src/ceremony/epochs/find-key.js'
import { RequestBoard } from '../../../src/ceremony/requests/request-board.js'
import type { Approval } from '../../../src/ceremony/signing/ask-and-join.js'
import type { Signed } from '../../../src/ceremony/signing/finished-signature.js'
import type { World } from '../../../src/ceremony/world.js'
import { NO_SESSION } from '../../../src/messaging/channel/letters.js'
import { Mailbox } from '../../../src/messaging/channel/mailbox.js'
import { type Delivery, MemoryNetwork } from '../../../src/messaging/transport/memory.js'
import { requestSubjects } from '../../../src/messaging/transport/subjects.js'
import { encode } from '../../../src/protocol/core/codec.js'
import { CeremonyFiles } from '../../../src/storage/home/ceremonies.js'
import { RequestClaims } from '../../../src/storage/home/request-claims.js'
import { setFaultPoint } from '../../../src/storage/fs/atomic.js'
import { definitionCodec, type Order } from '../../../src/wire/ceremony/definition.js'
import { decodeEnvelope, type Kind } from '../../../src/wire/session/envelope.js'
import { Failure } from '../../../src/wire/base/failure.js'
import {
  askingCodec,
  chosenCodec,
  makeRequest,
  orderFor,
  parseRequest,
  type Request,
} from '../../../src/wire/ceremony/request.js'
import { hex } from '../../../src/wire/base/text.js'
import { every } from '../../../src/messaging/channel/clock.js'
import { clock } from '../../support/clock.js'
import { rng } from '../../support/members.js'
import { overheard, resigned } from '../../support/mischief.js'
import { envelopesIn, expectOneAnswerEach, expectOneShareAnOrder } from '../../support/nonces.js'
import { holdClaim, raze } from '../../support/processes.js'
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

const impatient = { join: 4000, round: 4000, total: null, silence: 200, receipts: 1000, handOver: 500 }
/** Askers are known to have left soon. */
const alert = { ...impatient, join: 12_000, again: 100, asker: 600 }

class Table {
  readonly network = new MemoryNetwork()
  readonly record: Delivery[] = overheard(this.network)
  readonly payload = somePayload()

  world(who: Custodian, changes: Partial<World> = {}) {
    return worldOf(who, this.network.connect(who.member.name), {
      patience: impatient,
      linger: 400,
      ...changes,
    })
  }
  asks(who: Custodian, signers: readonly Custodian[] | null, changes: Partial<World> = {}): Promise<Signed> {
    return asks(this.world(who, changes), this.payload, signers)
  }
  joins(who: Custodian, which: string | null = null, changes: Partial<World> = {}): Promise<Signed> {
    return joins(this.world(who, changes), approving(this.payload), which)
  }
  /** The request, as it was heard. */
  request(): Request {
    const said = envelopesIn(this.record).find(({ header }) => header.kind === 'request')
    return parseRequest(said?.body as Uint8Array, (asker) => {
      const who = everybody.find(({ card }) => hex(card.fingerprint) === hex(asker))
      return who?.card.signing ?? null
    })
  }
  claims(who: Custodian) {
    return new RequestClaims(who.home, this.request().id).status()
  }
  said(who: Custodian, ...kinds: Kind[]): number {
    return envelopesIn(this.record).filter(
      ({ header }) => kinds.includes(header.kind) && hex(header.from) === hex(who.card.fingerprint),
    ).length
  }
  async expectSigned(...all: readonly Signed[]): Promise<void> {
    for (const { signatures } of all)
      expect(await isValid(alice, this.payload, only({ signatures }))).toBe(true)
    expectOneAnswerEach(this.record)
    expectOneShareAnOrder(this.record)
  }
  /** The mouth of a custodian who says what it likes about requests. */
  async mouth(who: Custodian): Promise<Mailbox> {
    const { record } = await findKey(who.home, 'treasury')
    return new Mailbox({
      transport: this.network.connect(`${who.member.name}'s other`),
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
}

const isFrom = (who: Custodian, bytes: Uint8Array, kind: Kind, round = ''): boolean => {
  const { header } = decodeEnvelope(bytes)
  return hex(header.from) === hex(who.card.fingerprint) && header.kind === kind && header.round === round
}
const envelopeKind = (bytes: Uint8Array): Kind => decodeEnvelope(bytes).header.kind
const settle = <T>(...all: Promise<T>[]): Promise<PromiseSettledResult<T>[]> => Promise.allSettled(all)
const reasonOf = (result: PromiseSettledResult<unknown> | undefined): unknown =>
  result?.status === 'rejected' ? result.reason : undefined

describe.concurrent('signers who misbehave', () => {
  test('a share that does not verify names its sender', async () => {
    const at = new Table()
    at.network.interfere = resigned(bob, ({ header, body }) =>
      header.kind === 'letter' && header.round === 'share' ? flippedScalar(body) : undefined,
    )
    const [a] = await settle(at.asks(alice, [alice, bob]), at.joins(bob))
    // bob has alice's share, and may have the signature: she knows who cheated, and does not know the outcome.
    expect(reasonOf(a)).toMatchObject({
      kind: 'doubt',
      code: 'E_IN_DOUBT',
      party: 'bob',
      accused: [
        {
          name: 'bob',
          round: 'share',
          kind: 'proven',
          reason: 'signature share does not verify',
          evidence: expect.stringMatching(/\/evidence\/run-[0-9a-f]{16}\.cbor$/),
        },
      ],
    })
    const { left, end } = await at.claims(alice)
    expect([left === null, end]).toEqual([false, null])
  })

  test('a named signer who is away is named, and replaced by nobody', async () => {
    const at = new Table()
    const [a, c] = await settle(at.asks(alice, [alice, bob]), at.joins(carol))
    expect(reasonOf(a)).toMatchObject({ kind: 'absent', code: 'E_ABSENT', party: 'bob', accused: [] })
    expect(reasonOf(c)).toMatchObject({ kind: 'absent', code: 'E_NO_REQUEST' })
    expect(await at.claims(alice)).toMatchObject({ left: null, end: null, claim: { order: 1 } })
  })

  test('a person says no: it is kept, said to the others, and final', async () => {
    const at = new Table()
    const refusing: Approval = {
      ask: () => Promise.reject(new Failure('refused', 'E_REFUSED', 'the person said no')),
    }
    const [a, b] = await settle(at.asks(alice, [alice, bob]), joins(at.world(bob), refusing))
    expect(reasonOf(b)).toMatchObject({ kind: 'refused', code: 'E_REFUSED' })
    expect(reasonOf(a)).toMatchObject({ kind: 'refused', code: 'E_PEER_REFUSED', party: 'bob' })
    expect(await at.claims(bob)).toMatchObject({ claim: null, left: null, end: { outcome: 'refused' } })
    // Nobody says the request any more but alice, if she says it again.
    const mouth = await at.mouth(alice)
    mouth.on('list', () => mouth.post('request', { session: NO_SESSION }, at.request().encoded))
    await expect(at.joins(bob, hex(at.request().id))).rejects.toMatchObject({
      kind: 'conflict',
      code: 'E_REQUEST_ENDED',
    })
  })

  test('where anybody may sign, one refusal is not the end', async () => {
    const at = new Table()
    const refusing: Approval = {
      ask: () => Promise.reject(new Failure('refused', 'E_REFUSED', 'the person said no')),
    }
    const [a, b, c] = await settle(at.asks(alice, null), joins(at.world(bob), refusing), at.joins(carol))
    expect(reasonOf(b)).toMatchObject({ code: 'E_REFUSED' })
    await at.expectSigned(
      (a as PromiseFulfilledResult<Signed>).value,
      (c as PromiseFulfilledResult<Signed>).value,
    )
  })

  test('orders that are not for these signers, this payload or any sane number change nothing', async () => {
    const at = new Table()
    const [bobs, carols] = [await at.mouth(bob), await at.mouth(carol)]
    let said = false
    at.network.interfere = ({ bytes }) => {
      if (decodeEnvelope(bytes).header.kind !== 'request' || said) return [bytes]
      said = true
      const request = at.request()
      const members = everybody.map(({ card }, i) => ({ index: i + 1, fingerprint: card.fingerprint }))
      const ordered = (number: number, signers: number[], changes: Partial<Order> = {}): Uint8Array =>
        definitionCodec.encode({
          ...orderFor(
            request,
            signers.map((i) => members[i] as (typeof members)[number]),
            number,
          ),
          ...changes,
        })
      for (const [mouth, order] of [
        [carols, ordered(1_000_000, [1, 2])],
        [carols, ordered(1_000_000, [0, 1])],
        [bobs, ordered(1_000_000, [0, 1])],
        [bobs, ordered(5, [0, 1], { payload_sha256: new Uint8Array(32) })],
        [bobs, ordered(6, [0, 1], { expires: 4_000_000_000_000 })],
        [bobs, ordered(7, [1, 2])],
      ] as const) {
        mouth.post('order', { session: NO_SESSION }, order)
      }
      return [bytes]
    }
    const [a, b] = await Promise.all([at.asks(alice, [alice, bob]), at.joins(bob)])
    expect([a.order.number, b.order.number]).toEqual([1, 1])
    expect(said).toBe(true)
    await at.expectSigned(a, b)
  })

  test('one that orders again and again ends it, without a share having left twice for one order', async () => {
    const at = new Table()
    const bobs = await at.mouth(bob)
    let number = 1
    at.network.interfere = ({ bytes }) => {
      if (isFrom(alice, bytes, 'hello', '1')) {
        const request = at.request()
        const signers = [alice, bob].map(({ card }, i) => ({ index: i + 1, fingerprint: card.fingerprint }))
        number += 1
        bobs.post(
          'order',
          { session: NO_SESSION },
          definitionCodec.encode(orderFor(request, signers, number)),
        )
      }
      return [bytes]
    }
    await expect(at.asks(alice, [alice, bob])).rejects.toMatchObject({
      kind: 'absent',
      code: 'E_RESTARTS',
      party: 'bob',
      message: expect.stringMatching(/was ordered 8 times without getting further: bob ordered it \d times$/),
    })
    expect((await at.claims(alice)).left).toBeNull()
  })

  test('nobody chooses but the asker, and a choice that is no quorum is none', async () => {
    const at = new Table()
    const [alices, bobs] = [await at.mouth(alice), await at.mouth(bob)]
    at.network.interfere = ({ bytes, to }) => {
      if (to === 'carol' && isFrom(carol, bytes, 'offer')) return [bytes]
      if (isFrom(carol, bytes, 'offer')) {
        const { id } = at.request()
        const choose = (...who: Custodian[]) =>
          chosenCodec.encode({ request: id, signers: who.map(({ card }) => card.fingerprint) })
        bobs.post('chosen', { session: NO_SESSION }, choose(bob, carol))
        alices.post('chosen', { session: NO_SESSION }, choose(alice, alice))
        alices.post('chosen', { session: NO_SESSION }, choose(alice, bob, carol))
      }
      // The asker's own program hears of no offer, and chooses nobody.
      return isFrom(carol, bytes, 'offer') ? [] : [bytes]
    }
    const [a, c] = await settle(at.asks(alice, null), at.joins(carol))
    expect(reasonOf(a)).toMatchObject({ kind: 'absent', code: 'E_NO_SIGNERS' })
    // The asker gave up a moment before, or after.
    expect(['E_NO_SIGNERS', 'E_ASKER_LEFT']).toContain((reasonOf(c) as Failure).code)
    expect((await at.claims(carol)).claim).toBeNull()
  })
})

/** Another scalar below the group order: its lowest bit is flipped. */
const flippedScalar = (encoded: Uint8Array): Uint8Array =>
  encoded.map((byte, i) => (i === encoded.length - 32 ? byte ^ 1 : byte))

describe.concurrent('requests', () => {
  const forged = (changes: Partial<Request>, signedBy = alice) => {
    return async (at: Table): Promise<Request> => {
      const key = await findKey(alice.home, 'treasury')
      return makeRequest(
        {
          format: 'mpc/request/v1',
          key_id: key.record.key_id,
          record: key.digest,
          type: 'raw',
          payload: at.payload,
          path: null,
          policy: null,
          reason: '',
          signers: [alice.card.fingerprint, bob.card.fingerprint],
          created: clock.now(),
          expires: clock.now() + 60_000,
          nonce: rng(32),
          asker: alice.card.fingerprint,
          ...changes,
        },
        signedBy.identity.signing,
      )
    }
  }

  test.each([
    ['that its asker did not sign', () => forged({}, carol), 'E_NO_REQUEST', 'absent'],
    ['that has expired', () => forged({ created: 1, expires: clock.now() - 1 }), 'E_EXPIRED', 'absent'],
    ['for another epoch', () => forged({ record: new Uint8Array(32) }), 'E_EPOCH', 'configuration'],
    [
      'with too many signers',
      () => forged({ signers: everybody.map(({ card }) => card.fingerprint) }),
      'E_SIGNERS',
      'usage',
    ],
    ['for 32 bytes, which may be a digest', () => forged({ payload: rng(32) }), 'E_DIGEST', 'refused'],
    [
      'for another payload than approved',
      () => forged({ payload: somePayload() }),
      'E_APPROVE',
      'verification',
    ],
    [
      'of another type',
      () => forged({ type: 'text', payload: Buffer.from('pay') }),
      'E_APPROVE',
      'verification',
    ],
  ] as const)('a request %s is refused by --join, and passed over by --next', async (_, make, code, kind) => {
    const at = new Table()
    const request = await make()(at)
    const mouth = await at.mouth(carol)
    mouth.on('list', () => mouth.post('request', { session: NO_SESSION }, request.encoded))
    const brief = { patience: { ...impatient, join: 1500 } }
    await expect(at.joins(bob, hex(request.id), brief)).rejects.toMatchObject({ code, kind })
    await expect(at.joins(bob, null, brief)).rejects.toMatchObject({ code: 'E_NO_REQUEST', kind: 'absent' })
    expect(await new RequestClaims(bob.home, request.id).status()).toEqual({
      claim: null,
      left: null,
      end: null,
      unsettled: false,
    })
  })

  test('a custodian who floods requests and signatures drowns nobody', async () => {
    const at = new Table()
    const carols = await at.mouth(carol)
    for (let i = 0; i < 40; i++) {
      const request = await forged({ asker: carol.card.fingerprint, nonce: rng(32) }, carol)(at)
      carols.post('request', { session: NO_SESSION }, request.encoded)
    }
    const [a, b] = await Promise.all([at.asks(alice, [alice, bob]), at.joins(bob)])
    await at.expectSigned(a, b)
  })

  test('an asker that falls silent: who takes the next goes on to another request, and says so', async ({
    expect,
  }) => {
    const [one, two] = [new Table(), new Table()]
    const asking = (table: Table, who: Custodian, signal: AbortSignal) =>
      asks(worldOf(who, one.network.connect(who.member.name), { patience: alert, signal }), table.payload, [
        who,
        bob,
      ])
    const person = new AbortController()
    const never = new AbortController()
    let isGone = false
    // All that alice says about requests is lost, and she never comes: as if she had been killed.
    one.network.interfere = ({ bytes, to }) => {
      const { from } = decodeEnvelope(bytes).header
      const isHers = hex(from) === hex(alice.card.fingerprint)
      if (isHers && to === 'bob' && envelopeKind(bytes) === 'request') isGone = true
      else if (isHers && isGone && to === 'bob') return []
      return [bytes]
    }
    const silent = asking(one, alice, person.signal)
    silent.catch(() => undefined)
    const world = worldOf(bob, one.network.connect('bob'), { patience: alert })
    const joined = joins(world, approving(one.payload, two.payload))
    await clock.until(() => one.said(bob, 'hello') > 0)
    const asked = asking(two, carol, never.signal)
    const [signed, other] = await Promise.all([joined, asked])
    expect(await isValid(alice, two.payload, only(signed))).toBe(true)
    expect(hex(only(other))).toBe(hex(only(signed)))
    expect(world.events).toContainEqual({ event: 'silent', party: 'alice' })
    person.abort(new Failure('interrupted', 'E_INTERRUPTED', ''))
    await expect(silent).rejects.toBeInstanceOf(Failure)
  })

  test('an asker that falls silent, and nothing else to sign: it is told, and waited for', async ({
    expect,
  }) => {
    const at = new Table()
    let gone = false
    at.network.interfere = ({ bytes, to }) => {
      const isHers = hex(decodeEnvelope(bytes).header.from) === hex(alice.card.fingerprint)
      if (isHers && to === 'bob' && envelopeKind(bytes) === 'request') gone = true
      else if (isHers && gone && to === 'bob') return []
      return [bytes]
    }
    const person = new AbortController()
    const silent = at.asks(alice, [alice, bob], { patience: alert, signal: person.signal })
    silent.catch(() => undefined)
    const world = worldOf(bob, at.network.connect('bob'), { patience: alert })
    const joined = joins(world, approving(at.payload))
    await clock.until(() => world.events.some(({ event }) => event === 'silent'))
    expect(world.events).toContainEqual({ event: 'silent', party: 'alice' })
    // She is back, and nothing is lost.
    at.network.interfere = ({ bytes }) => [bytes]
    const [a, b] = await Promise.all([silent, joined])
    expect(hex(only(a))).toBe(hex(only(b)))
    expect(world.events.filter(({ event }) => event === 'silent')).toHaveLength(1)
  })

  test('an asker that is silent here and asks for another signature: both are told', async ({ expect }) => {
    const at = new Table()
    const [first, second] = [
      await forged({ signers: null })(at),
      await forged({ signers: null, nonce: rng(32) })(at),
    ]
    const world = worldOf(bob, at.network.connect('bob'), { patience: alert })
    const alices = await at.mouth(alice)
    alices.on('list', () => alices.post('request', { session: NO_SESSION }, first.encoded))
    const joined = joins(world, approving(at.payload), hex(first.id))
    joined.catch(() => undefined)
    await clock.until(() => at.said(bob, 'offer') > 0)
    const stopSaying = every(clock, 100, () => {
      const asking = askingCodec.encode({ request: second.id })
      alices.post('request', { session: NO_SESSION }, second.encoded)
      alices.post('working', { session: NO_SESSION }, asking)
    })
    const told = { event: 'silent', party: 'alice', request: hex(second.id) }
    await clock.until(() => world.events.some((event) => isDeepStrictEqual(event, told)))
    stopSaying()
    alices.post('cancel', { session: NO_SESSION }, askingCodec.encode({ request: first.id }))
    await expect(joined).rejects.toMatchObject({ code: 'E_ASKER_LEFT', party: 'alice' })
  })

  test('an asker that leaves takes its request back: nobody waits for it until the deadline', async ({
    expect,
  }) => {
    const at = new Table()
    const person = new AbortController()
    // Nobody is chosen: her program hears of no offer.
    at.network.interfere = ({ bytes }) => (envelopeKind(bytes) === 'offer' ? [] : [bytes])
    const asking = at.asks(alice, null, { signal: person.signal, patience: alert })
    asking.catch(() => undefined)
    const began = clock.now()
    const patient = { ...alert, join: 60_000 }
    const joining = at.joins(bob, null, { patience: { ...patient, join: 8000 } })
    joining.catch(() => undefined)
    await clock.until(() => at.said(alice, 'request') > 0)
    const named = joins(
      at.world(carol, { patience: patient }),
      approving(somePayload()),
      hex(at.request().id),
    )
    await expect(named).rejects.toMatchObject({ code: 'E_APPROVE' })
    const waiting = joins(at.world(carol, { patience: patient }), approving(at.payload), hex(at.request().id))
    waiting.catch(() => undefined)
    await clock.until(() => at.said(carol, 'offer') > 0)
    person.abort(new Failure('interrupted', 'E_INTERRUPTED', ''))
    await expect(asking).rejects.toMatchObject({ code: 'E_INTERRUPTED' })
    await expect(waiting).rejects.toMatchObject({ kind: 'absent', code: 'E_ASKER_LEFT', party: 'alice' })
    expect(clock.now() - began).toBeLessThan(8000)
    // A joiner of any request goes on waiting, and says in the end whom it waited for.
    await expect(joining).rejects.toMatchObject({ kind: 'absent', code: 'E_ASKER_LEFT', party: 'alice' })
  })

  test('a question about a request that is taken back is taken off the screen', async ({ expect }) => {
    const at = new Table()
    const person = new AbortController()
    const asking = at.asks(alice, [alice, bob], { signal: person.signal, patience: alert })
    const asked: string[] = []
    const thinking: Approval = {
      ask: (request, _, signal) => {
        asked.push(hex(request.id))
        person.abort(new Failure('interrupted', 'E_INTERRUPTED', ''))
        return new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error))
        })
      },
    }
    const world = at.world(bob, { patience: { ...alert, join: 2500 } })
    const [a, b] = await settle(asking, joins(world, thinking))
    expect(reasonOf(a)).toMatchObject({ code: 'E_INTERRUPTED' })
    expect(reasonOf(b)).toMatchObject({ kind: 'absent', code: 'E_ASKER_LEFT', party: 'alice' })
    expect(asked).toEqual([hex(at.request().id)])
    expect(await at.claims(bob)).toMatchObject({ claim: null, end: null })
  })

  test('a flood of lists makes nobody sign or send more: the same bytes, and large ones now and then', async ({
    expect,
  }) => {
    const at = new Table()
    const [carols, bobs] = [await at.mouth(carol), await at.mouth(bob)]
    const heard = { request: new Set<string>(), sent: 0 }
    at.network.interfere = ({ bytes, to }) => {
      if (envelopeKind(bytes) === 'request' && to === 'spy') {
        heard.request.add(hex(bytes))
        heard.sent += 1
      }
      return [bytes]
    }
    const person = new AbortController()
    const world = at.world(alice, { signal: person.signal, patience: { ...impatient, again: 3000 } })
    const asking = asks(world, new Uint8Array(300_000).fill(7), [alice, bob])
    asking.catch(() => undefined)
    const stopFlood = every(clock, 20, () => {
      for (const mouth of [carols, bobs]) mouth.post('list', { session: NO_SESSION }, encode(null))
    })
    await clock.until(() => heard.sent === 2)
    stopFlood()
    expect(at.said(carol, 'list') + at.said(bob, 'list')).toBeGreaterThan(50)
    // Said at once, and again 3 s later: once signed, whoever asked meanwhile.
    expect(heard.request.size).toBe(1)
    person.abort(new Failure('interrupted', 'E_INTERRUPTED', ''))
    await expect(asking).rejects.toBeInstanceOf(Failure)
  })

  test('nobody pushes out what another asks for by saying it, or its like, again', async ({ expect }) => {
    const at = new Table()
    const carols = await at.mouth(carol)
    const own = await forged({})(at)
    const board = new RequestBoard(at.world(bob), await findKey(bob.home, 'treasury'), null)
    carols.post('request', { session: NO_SESSION }, own.encoded)
    const alices = await at.mouth(alice)
    alices.post('request', { session: NO_SESSION }, own.encoded)
    // Old ones of alice's, said by carol.
    for (let i = 0; i < 20; i++) {
      carols.post('request', { session: NO_SESSION }, (await forged({ nonce: rng(32) })(at)).encoded)
    }
    await clock.until(() => board.requests().length === 17)
    expect(board.request(hex(own.id))).toBeDefined()
    board.close()
  })

  test('two at once are two: each is signed for what it asks', async () => {
    const [one, two] = [new Table(), new Table()]
    const next = async (table: Table) =>
      joins(worldOf(bob, one.network.connect('bob'), { patience: impatient }), approving(table.payload))
    const asking = (table: Table) =>
      asks(worldOf(alice, one.network.connect('alice'), { patience: impatient }), table.payload, [alice, bob])
    const all = await Promise.all([asking(one), asking(two), next(one), next(two)])
    for (const [i, { signatures }] of all.entries()) {
      const { payload } = i % 2 === 0 ? one : two
      expect(await isValid(alice, payload, only({ signatures }))).toBe(true)
    }
    expectOneAnswerEach(one.record)
  })

  test('another process of this home works on it: no hello; --join says so, --next goes on to another', async () => {
    const [at, other] = [new Table(), new Table()]
    const asking = at.asks(alice, [alice, bob])
    asking.catch(() => undefined)
    await clock.until(() => at.said(alice, 'request') > 0)
    await holdClaim(bob, at.request().id)
    const id = hex(at.request().id)
    await expect(at.joins(bob, id)).rejects.toMatchObject({ kind: 'conflict', code: 'E_CLAIMED' })
    const world = at.world(bob)
    const nothing = joins(world, approving(at.payload))
    await expect(nothing).rejects.toMatchObject({ kind: 'absent', code: 'E_NO_REQUEST', party: 'alice' })
    expect(world.events).toContainEqual(expect.objectContaining({ event: 'skipped', code: 'E_CLAIMED' }))
    expect(at.said(bob, 'hello')).toBe(0)
    await expect(asking).rejects.toMatchObject({ code: 'E_ABSENT', party: 'bob' })

    // The other's is asked for later, and is signed although that one is still claimed.
    const still = asks(at.world(alice), at.payload, [alice, bob])
    still.catch(() => undefined)
    const later = asks(worldOf(carol, at.network.connect('carol'), { patience: impatient }), other.payload, [
      bob,
      carol,
    ])
    const signed = await joins(at.world(bob), approving(other.payload))
    expect(hex(only(await later))).toBe(hex(only(signed)))
  })

  test('another process of this home has given its share: no order is given over its head', async () => {
    const at = new Table()
    const asking = at.asks(alice, [alice, bob])
    asking.catch(() => undefined)
    await clock.until(() => at.said(alice, 'order') > 0)
    const { id, payloadSha256 } = at.request()
    await holdClaim(bob, id, payloadSha256)
    await expect(at.joins(bob, hex(id))).rejects.toMatchObject({ kind: 'conflict', code: 'E_CLAIMED' })
    expect([at.said(bob, 'order'), at.said(bob, 'hello')]).toEqual([0, 0])
    await expect(asking).rejects.toMatchObject({ code: 'E_ABSENT', party: 'bob' })
  })

  test('the claim is lost after it was looked at: --next goes on to another', async () => {
    const [at, other] = [new Table(), new Table()]
    const asking = at.asks(alice, [alice, bob])
    asking.catch(() => undefined)
    const patient: Approval = {
      ask: async (request) => {
        if (hex(request.id) === hex(at.request().id)) await holdClaim(bob, request.id)
      },
    }
    const joining = joins(at.world(bob, { patience: { ...impatient, join: 12_000 } }), patient)
    await clock.until(() => at.said(alice, 'request') > 0)
    const world = worldOf(carol, at.network.connect('carol'), { patience: { ...impatient, join: 12_000 } })
    const later = asks(world, other.payload, [bob, carol])
    const signed = await joining
    expect(await isValid(alice, other.payload, only(signed))).toBe(true)
    expect(hex(only(await later))).toBe(hex(only(signed)))
  })
})

describe.concurrent('orders', () => {
  test('the first signer is silent: the next gives the order after its patience', async () => {
    const at = new Table()
    let asked = 0
    at.network.interfere = ({ bytes }) => {
      // Alice hears of it late.
      if (decodeEnvelope(bytes).header.kind === 'order' && asked === 0) asked = clock.now()
      return [bytes]
    }
    const began = clock.now()
    const asking = at.asks(bob, [alice, bob])
    await clock.until(() => at.said(bob, 'order') > 0)
    expect(asked - began).toBeGreaterThanOrEqual(190)
    const [b, a] = await Promise.all([asking, at.joins(alice)])
    expect([a.order.number, b.order.number]).toEqual([1, 1])
    await at.expectSigned(a, b)
  })

  test('both give the order at once: it is the same one', async () => {
    const at = new Table()
    at.network.interfere = ({ bytes }) => (isFrom(alice, bytes, 'order') ? [] : [bytes])
    const [a, b] = await Promise.all([at.asks(alice, [alice, bob]), at.joins(bob)])
    expect(at.said(bob, 'order')).toBeGreaterThan(0)
    await at.expectSigned(a, b)
  })
})

describe.concurrent('endings', () => {
  test('receipts that do not come: signed all the same, without a certificate', async () => {
    const at = new Table()
    at.network.interfere = ({ bytes }) => (isFrom(bob, bytes, 'receipt') ? [] : [bytes])
    const [a, b] = await Promise.all([at.asks(alice, [alice, bob]), at.joins(bob)])
    expect([a.certificate === null, b.certificate === null]).toEqual([true, false])
    expect(a.transcript).not.toBeNull()
    await at.expectSigned(a, b)
    expect(await at.claims(alice)).toMatchObject({ end: { outcome: 'done', note: hex(only(a)) } })
  })

  test('the last letter lost: the signature is handed over', async () => {
    const at = new Table()
    at.network.interfere = ({ bytes, to }) =>
      to === 'alice' && isFrom(bob, bytes, 'letter', 'share') ? [] : [bytes]
    const patience = { ...impatient, round: 6000 }
    const [a, b] = await Promise.all([at.asks(alice, [alice, bob], { patience }), at.joins(bob)])
    expect(hex(only(a))).toBe(hex(only(b)))
    expect([a.certificate, a.transcript]).toEqual([null, null])
    expect(await at.claims(alice)).toMatchObject({ end: { outcome: 'done', note: hex(only(a)) } })
    expect(at.said(alice, 'abort')).toBe(0)
    await at.expectSigned(a, b)
  })

  test('nothing of it came: in doubt, until one that is done is asked again', async () => {
    const at = new Table()
    at.network.interfere = ({ bytes, to }) =>
      to === 'alice' && (isFrom(bob, bytes, 'letter', 'share') || isFrom(bob, bytes, 'signature'))
        ? []
        : [bytes]
    const [a, b] = await settle(at.asks(alice, [alice, bob]), at.joins(bob))
    expect(reasonOf(a)).toMatchObject({ kind: 'doubt', code: 'E_IN_DOUBT', party: 'bob' })
    expect(at.said(alice, 'abort')).toBe(0)
    const signed = (b as PromiseFulfilledResult<Signed>).value
    at.network.interfere = ({ bytes }) => [bytes]
    const id = hex(at.request().id)
    const [again, handing] = await Promise.all([at.joins(alice, id), at.joins(bob, id)])
    expect([hex(only(again)), hex(only(handing))]).toEqual([hex(only(signed)), hex(only(signed))])
    expect(await at.claims(alice)).toMatchObject({ end: { outcome: 'done' } })
    await at.expectSigned(again, handing)
  })

  test('both in doubt: the same request once more, under a higher order with fresh nonces', async () => {
    const at = new Table()
    at.network.interfere = ({ bytes }) => (decodeEnvelope(bytes).header.round === 'share' ? [] : [bytes])
    const results = await settle(at.asks(alice, [alice, bob]), at.joins(bob))
    const codes = results.map((result) => (reasonOf(result) as Failure).code)
    expect(codes).toEqual(['E_IN_DOUBT', 'E_IN_DOUBT'])
    at.network.interfere = ({ bytes }) => [bytes]
    const id = hex(at.request().id)
    const [a, b] = await Promise.all([at.joins(alice, id), at.joins(bob, id)])
    expect([a.order.number, b.order.number]).toEqual([2, 2])
    await at.expectSigned(a, b)
  })

  test('Ctrl-C: before the share a signed abort, after it doubt and no abort', async () => {
    const early = new Table()
    const person = new AbortController()
    const interrupted = new Failure('interrupted', 'E_INTERRUPTED', '')
    early.network.interfere = ({ bytes }) => {
      if (isFrom(alice, bytes, 'letter', 'nonces')) person.abort(interrupted)
      return [bytes]
    }
    const [a, b] = await settle(early.asks(alice, [alice, bob], { signal: person.signal }), early.joins(bob))
    expect(reasonOf(a)).toBe(interrupted)
    expect(reasonOf(b)).toMatchObject({ code: 'E_PEER_LEFT', party: 'alice' })
    expect((await early.claims(alice)).left).toBeNull()

    const late = new Table()
    const other = new AbortController()
    late.network.interfere = ({ bytes }) => {
      if (isFrom(bob, bytes, 'letter', 'share')) return []
      if (isFrom(alice, bytes, 'letter', 'share')) {
        other.abort(interrupted)
        return []
      }
      return [bytes]
    }
    const [c, d] = await settle(late.asks(alice, [alice, bob], { signal: other.signal }), late.joins(bob))
    expect(reasonOf(c)).toMatchObject({ kind: 'doubt', code: 'E_IN_DOUBT' })
    expect(reasonOf(d)).toMatchObject({ kind: 'doubt', code: 'E_IN_DOUBT', party: 'alice' })
    expect(late.said(alice, 'abort')).toBe(0)
  })
})

describe('a full disk', () => {
  afterEach(() => setFaultPoint(null))

  test.each(['/done', '/transcript-'])(
    'no room for %s once it is signed: the signature is given, and what is missing is said',
    async (file) => {
      const at = new Table()
      setFaultPoint((operation, path) => {
        const named = path.startsWith(alice.home.root) && path.includes(file)
        if (!named || !['link', 'rename'].includes(operation)) return
        throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', errno: -28 })
      })
      const [a, b] = await Promise.all([at.asks(alice, [alice, bob]), at.joins(bob)])
      expect(a.unkept).toMatch(/no space|full/i)
      expect(b.unkept).toBeUndefined()
      await at.expectSigned(a, b)
    },
  )

  test.each(['left', 'claim.1', 'start'])(
    'no room for %s: a clean failure, and no share leaves',
    async (file) => {
      const at = new Table()
      setFaultPoint((operation, path) => {
        const named = path.startsWith(alice.home.root) && path.endsWith(`/${file}`)
        if (!named || !['link', 'rename'].includes(operation)) return
        throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', errno: -28 })
      })
      const [a, b] = await settle(at.asks(alice, [alice, bob]), at.joins(bob))
      expect(reasonOf(a)).toMatchObject({ kind: 'configuration', code: 'E_STORAGE' })
      expect(reasonOf(b)).toBeInstanceOf(Failure)
      expect((reasonOf(b) as Failure).party).toBe('alice')
      const shares = envelopesIn(at.record).filter(
        ({ header }) => header.round === 'share' && hex(header.from) === hex(alice.card.fingerprint),
      )
      expect(shares).toEqual([])
      setFaultPoint(null)
      expect((await at.claims(alice)).left).toBeNull()
      expect(await new CeremonyFiles(alice.home, at.request().id).readCertificate()).toBeNull()
    },
  )
})
