/** Approvals on a key's board: of custodians and of people without a share, heard, stored, repeated, and taken back. */
import { afterAll, beforeAll, describe, test } from 'vitest'
import { findKey } from '../../../src/ceremony/epochs/find-key.js'
import type { InForce } from '../../../src/ceremony/policy/policy-in-force.js'
import { RequestBoard } from '../../../src/ceremony/requests/request-board.js'
import { RequestList } from '../../../src/ceremony/requests/request-list.js'
import { every } from '../../../src/messaging/channel/clock.js'
import { MemoryNetwork } from '../../../src/messaging/transport/memory.js'
import { memberToken } from '../../../src/messaging/transport/subjects.js'
import { approversOf } from '../../../src/policy/approvals.js'
import { RequestClaims } from '../../../src/storage/home/request-claims.js'
import type { ApprovalStatement } from '../../../src/wire/ceremony/approval.js'
import type { Request } from '../../../src/wire/ceremony/request.js'
import { sealEnvelope } from '../../../src/wire/session/envelope.js'
import { hex } from '../../../src/wire/base/text.js'
import { policyFor, requestOf, statementOf } from '../../support/approvers.js'
import { clock } from '../../support/clock.js'
import { people, type Person, rng } from '../../support/members.js'
import { raze } from '../../support/processes.js'
import { type Three, withKey } from '../../support/signing.js'
import { type Custodian, custodians, worldOf } from '../../support/worlds.js'

let everybody: Three
let alice: Custodian
let bob: Custodian
let carol: Custodian
/** Has a title, and no share. */
let dora: Custodian
/** Has neither. */
let mallory: Person
let policy: InForce

beforeAll(async () => {
  everybody = await withKey()
  ;[alice, bob, carol] = everybody
  ;[dora] = (await custodians('dora')) as [Custodian]
  ;[mallory] = (await people('mallory')) as [Person]
  policy = await policyFor({ head: [dora], compliance: [carol, dora] })
})
afterAll(() => raze([...everybody, dora]))

const patience = { join: 60_000, round: 4000, total: null, again: 300 }

/** A network with the boards of custodians, and the lists of others, that are closed in the end. */
class Floor implements Disposable {
  readonly network = new MemoryNetwork()
  readonly #open: RequestList[] = []

  world(who: Custodian) {
    return worldOf(who, this.network.connect(who.member.name), { patience })
  }

  async board(who: Custodian, under: InForce | null = policy): Promise<RequestBoard> {
    const board = new RequestBoard(this.world(who), await findKey(who.home, 'treasury'), under)
    this.#open.push(board)
    return board
  }

  /** Without a share: only the record is known. */
  async list(who: Custodian): Promise<RequestList> {
    const { record } = await findKey(alice.home, 'treasury')
    const list = new RequestList(this.world(who), { record, seated: record, everyRebind: [] }, policy)
    this.#open.push(list)
    return list
  }

  /** A request of alice's, and her board. */
  async asked(): Promise<{ readonly board: RequestBoard; readonly request: Request }> {
    const board = await this.board(alice)
    const request = await requestOf(alice)
    board.know(request)
    await board.takePart(request)
    board.say.ask(request)
    return { board, request }
  }

  /** Bytes under the subject of anybody, as a server without permissions lets through. */
  publish(token: string, request: Request, bytes: Uint8Array): void {
    const key = hex(request.key_id.subarray(0, 16))
    this.network.connect('anybody').publish(`mpc.v1.req.${key}.${token}`, bytes)
  }

  [Symbol.dispose](): void {
    for (const each of this.#open) each.close()
  }
}

/** Somebody approves, and waits until the asker says that it has the statement. */
async function approves(list: RequestList, id: Uint8Array, statement: ApprovalStatement): Promise<void> {
  await clock.until(() => list.request(hex(id)) !== undefined)
  const request = list.request(hex(id)) as Request
  list.approve(request, statement)
  await clock.until(() => list.isAcknowledged(request, statement))
}

const speakersFor = (board: RequestList, id: Uint8Array): string[] =>
  board.approvals(board.request(hex(id)) as Request).map(({ fingerprint }) => fingerprint)
const named = (...all: readonly Person[]): string[] => all.map(({ card }) => hex(card.fingerprint)).sort()
const storedBy = async (who: Custodian, request: Request): Promise<string[]> =>
  (await new RequestClaims(who.home, request.id).readApprovals()).map(hex)

/** An envelope of these contents, signed by anybody. */
const enveloped = (who: Person, request: Request, body: Uint8Array, from = who.card.fingerprint) =>
  sealEnvelope(
    who.identity.signing,
    {
      v: 1,
      kind: 'approval',
      definition: request.key_id,
      session: new Uint8Array(32),
      round: '',
      from,
      to: null,
      time: clock.now(),
      key: null,
    },
    body,
  )

describe.concurrent('an approval', () => {
  test('of a custodian and of somebody without a share counts; the asker has it on disk before it says so', async ({
    expect,
  }) => {
    using floor = new Floor()
    const { board, request } = await floor.asked()
    const said = [statementOf(carol, request, policy), statementOf(dora, request, policy)] as const
    await approves(await floor.board(carol), request.id, said[0])
    expect(speakersFor(board, request.id)).toEqual(named(carol))
    await approves(await floor.list(dora), request.id, said[1])
    expect(speakersFor(board, request.id)).toEqual(named(carol, dora))
    expect((await storedBy(alice, request)).sort()).toEqual(said.map(({ encoded }) => hex(encoded)).sort())
    expect(board.strangers).toBe(0)
  })

  test('is not acknowledged by anybody else, nor while another statement is meant', async ({ expect }) => {
    using floor = new Floor()
    const { request } = await floor.asked()
    const bobs = await floor.board(bob)
    await clock.until(() => bobs.request(hex(request.id)) !== undefined)
    await bobs.takePart(bobs.request(hex(request.id)) as Request)
    const list = await floor.list(dora)
    const [first, second] = [
      statementOf(dora, request, policy),
      statementOf(dora, request, policy, { at: clock.now() + 1, verdict: 'refuse' }),
    ]
    await approves(list, request.id, first)
    const known = list.request(hex(request.id)) as Request
    expect(list.isAcknowledged(known, second)).toBe(false)
    list.approve(known, second)
    expect(list.isAcknowledged(known, second)).toBe(false)
    expect(list.isAcknowledged(known, first)).toBe(false)
    await clock.until(() => list.isAcknowledged(known, second))
  })

  test('reaches a signer who comes after its speaker has left, and is there for the next run of either', async ({
    expect,
  }) => {
    using floor = new Floor()
    const { board, request } = await floor.asked()
    const list = await floor.list(dora)
    const statement = statementOf(dora, request, policy)
    await approves(list, request.id, statement)
    list.close()

    const late = await floor.board(bob)
    late.ask()
    await clock.until(() => late.request(hex(request.id)) !== undefined)
    await late.takePart(late.request(hex(request.id)) as Request)
    await clock.until(() => speakersFor(late, request.id).length > 0)
    expect(speakersFor(late, request.id)).toEqual(named(dora))
    while ((await storedBy(bob, request)).length === 0) await clock.passes(10)
    late.close()
    board.close()

    // Bob alone is left, and hands it on.
    const again = await floor.board(bob)
    again.know(request)
    await again.takePart(request)
    expect(speakersFor(again, request.id)).toEqual(named(dora))
    again.say.keep('request', request.id, request.encoded)
    const carols = await floor.board(carol)
    carols.ask()
    await clock.until(
      () => carols.request(hex(request.id)) !== undefined && speakersFor(carols, request.id).length > 0,
    )
    expect(speakersFor(carols, request.id)).toEqual(named(dora))
  })

  test('is on the disk of nobody by the word of a guest, whose envelope proves nothing', async ({
    expect,
  }) => {
    using floor = new Floor()
    const { board, request } = await floor.asked()
    const statement = statementOf(carol, request, policy)
    await approves(await floor.board(carol), request.id, statement)
    const forged = enveloped(mallory, request, statement.encoded, dora.card.fingerprint)
    floor.publish(memberToken(dora.card.fingerprint), request, forged)
    await clock.passes(1000)
    expect(board.heardBy(request, statement).map(hex)).not.toContain(hex(dora.card.fingerprint))
  })

  test('is taken back by a later refusal, on disk too, whatever is replayed afterwards', async ({
    expect,
  }) => {
    using floor = new Floor()
    const { board, request } = await floor.asked()
    const list = await floor.list(dora)
    const approval = statementOf(dora, request, policy)
    await approves(list, request.id, approval)
    const refusal = statementOf(dora, request, policy, {
      verdict: 'refuse',
      reason: 'not this month',
      at: approval.at + 1,
    })
    await approves(list, request.id, refusal)
    floor.publish(memberToken(dora.card.fingerprint), request, enveloped(dora, request, approval.encoded))
    const carols = await floor.board(carol)
    carols.mailbox.post('approval', { session: new Uint8Array(32) }, approval.encoded)
    await clock.passes(2000)
    expect(speakersFor(board, request.id)).toEqual([])
    expect(board.statements(request)).toEqual([refusal])
    expect(await storedBy(alice, request)).toEqual([hex(refusal.encoded)])

    const again = await floor.board(alice)
    again.know(request)
    await again.takePart(request)
    expect(again.statements(request).map(({ verdict, reason }) => [verdict, reason])).toEqual([
      ['refuse', 'not this month'],
    ])
  })

  test('of another request, policy, epoch or payload, or of somebody without a title, does not count', async ({
    expect,
  }) => {
    using floor = new Floor()
    const { board, request } = await floor.asked()
    const other = await requestOf(alice)
    board.know(other)
    const dropped = [
      statementOf(dora, request, policy, {}, { policy: rng(32) }),
      statementOf(dora, request, policy, {}, { policy: null }),
      statementOf(dora, request, policy, {}, { record: rng(32) }),
      statementOf(dora, request, policy, {}, { payloadSha256: rng(32) }),
      statementOf(dora, request, policy, {}, { type: 'text' }),
      statementOf(mallory, request, policy),
      statementOf(dora, request, policy, {}, { id: rng(32) }),
    ]
    const carols = await floor.board(carol)
    for (const { encoded } of dropped) {
      // By its speaker's name, and by a member who repeats it.
      floor.publish(memberToken(dora.card.fingerprint), request, enveloped(dora, request, encoded))
      carols.mailbox.post('approval', { session: new Uint8Array(32) }, encoded)
      await clock.passes(600)
    }
    const elsewhere = statementOf(dora, other, policy)
    carols.mailbox.post('approval', { session: new Uint8Array(32) }, elsewhere.encoded)
    await clock.until(() => speakersFor(board, other.id).length > 0)
    expect(speakersFor(board, request.id)).toEqual([])
    expect(await storedBy(alice, request)).toEqual([])
    expect(await storedBy(alice, other)).toEqual([])
  })

  test('counts until it expires, and never after its request has', async ({ expect }) => {
    using floor = new Floor()
    const { board, request } = await floor.asked()
    const list = await floor.list(dora)
    await approves(list, request.id, statementOf(dora, request, policy, { expires: clock.now() + 60_000 }))
    const longest = statementOf(carol, request, policy, { expires: request.expires + 1_000_000 })
    await approves(await floor.board(carol), request.id, longest)
    const asked = { asker: hex(request.asker), former: [] }
    const at = (now: number) =>
      approversOf(board.approvals(request), asked, { lapse: null } as Parameters<typeof approversOf>[2], now)
    expect(at(clock.now())).toEqual(named(carol, dora))
    expect(at(clock.now() + 60_000)).toEqual(named(carol))
    expect(at(request.expires)).toEqual([])
  })

  test('under no policy, or one without its speaker, is not heard', async ({ expect }) => {
    using floor = new Floor()
    const board = await floor.board(alice, null)
    const request = await requestOf(alice)
    board.know(request)
    await board.takePart(request)
    board.say.ask(request)
    const [carols, bobs] = [
      await floor.board(carol),
      await floor.board(bob, await policyFor({ head: [bob] })),
    ]
    await clock.until(
      () => carols.request(hex(request.id)) !== undefined && bobs.request(hex(request.id)) !== undefined,
    )
    carols.approve(carols.request(hex(request.id)) as Request, statementOf(carol, request, policy))
    const list = await floor.list(dora)
    await clock.until(() => list.request(hex(request.id)) !== undefined)
    list.approve(list.request(hex(request.id)) as Request, statementOf(dora, request, policy))
    await clock.passes(2000)
    expect(speakersFor(board, request.id)).toEqual([])
    expect(speakersFor(bobs, request.id)).toEqual([])
    expect(board.strangers).toBeGreaterThan(0)
    expect(await storedBy(alice, request)).toEqual([])
  })
})

describe.concurrent('strangers', () => {
  test('are not heard, whatever they sign, and not under the name of a guest', async ({ expect }) => {
    using floor = new Floor()
    const { board, request } = await floor.asked()
    const own = statementOf(mallory, request, policy).encoded
    const forged = statementOf(dora, request, policy).encoded.map((byte, i, all) =>
      i === all.length - 1 ? byte ^ 1 : byte,
    )
    const doras = memberToken(dora.card.fingerprint)
    floor.publish(memberToken(mallory.card.fingerprint), request, enveloped(mallory, request, own))
    floor.publish(doras, request, enveloped(mallory, request, own))
    floor.publish(doras, request, enveloped(mallory, request, own, dora.card.fingerprint))
    floor.publish(doras, request, enveloped(mallory, request, forged, dora.card.fingerprint))
    floor.publish(doras, request, own)
    await clock.passes(1000)
    expect(board.statements(request)).toEqual([])
    expect(Object.fromEntries(board.mailbox.dropped)).toMatchObject({
      'not a member': 1,
      'not for a guest': 1,
      'malformed guest': 2,
    })
  })

  test('do not speak of anything but approvals as a guest', async ({ expect }) => {
    using floor = new Floor()
    const { board, request } = await floor.asked()
    const list = await floor.list(dora)
    const theirs = await requestOf(alice)
    list.mailbox.post('request', { session: new Uint8Array(32) }, theirs.encoded)
    list.mailbox.post('cancel', { session: new Uint8Array(32) }, request.id)
    await clock.passes(1000)
    expect(board.request(hex(theirs.id))).toBeUndefined()
    expect(board.mailbox.dropped.get('not for a guest')).toBe(2)
  })

  test('who flood the subject, under their own names and a guest’s, delay no member and leave nothing behind', async ({
    expect,
  }) => {
    using floor = new Floor()
    const { board, request } = await floor.asked()
    const doras = memberToken(dora.card.fingerprint)
    const forged = statementOf(dora, request, policy).encoded.map((byte, i, all) =>
      i === all.length - 1 ? byte ^ 1 : byte,
    )
    let sent = 0
    const stopFlood = every(clock, 20, () => {
      for (let i = 0; i < 5; i++) {
        floor.publish(memberToken(rng(32)), request, rng(2000))
        floor.publish(doras, request, enveloped(mallory, request, forged, dora.card.fingerprint))
        floor.publish(doras, request, rng(20_000))
        sent += 3
      }
    })
    const carols = await floor.board(carol)
    carols.ask()
    const began = clock.now()
    await approves(carols, request.id, statementOf(carol, request, policy))
    expect(clock.now() - began).toBeLessThan(1000)
    await clock.passes(5000)
    stopFlood()
    const dropped = board.mailbox.dropped
    expect(sent).toBeGreaterThan(3000)
    // At most ten a second are looked at.
    expect(dropped.get('malformed guest')).toBeLessThan(100)
    expect(dropped.get('too much of a guest')).toBeGreaterThan(1000)
    expect(board.statements(request)).toHaveLength(1)
    expect(await storedBy(alice, request)).toHaveLength(1)
    await approves(await floor.list(dora), request.id, statementOf(dora, request, policy))
    expect(speakersFor(board, request.id)).toEqual(named(carol, dora))
  })
})
