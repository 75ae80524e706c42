/** People approve and refuse a request that a custodian makes with `mpc sign`, with a share and without. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Approver, approverByRecord, approverHere } from '../../../src/ceremony/approving/approver.js'
import { type Given, giveVerdict, type Word } from '../../../src/ceremony/approving/give-verdict.js'
import { findKey } from '../../../src/ceremony/epochs/find-key.js'
import { RequestList } from '../../../src/ceremony/requests/request-list.js'
import type { World } from '../../../src/ceremony/world.js'
import { MemoryNetwork } from '../../../src/messaging/transport/memory.js'
import { readEpochFile } from '../../../src/storage/home/epochs.js'
import { RequestClaims } from '../../../src/storage/home/request-claims.js'
import { Failure } from '../../../src/wire/base/failure.js'
import { hex } from '../../../src/wire/base/text.js'
import type { Request } from '../../../src/wire/ceremony/request.js'
import { decodeEnvelope } from '../../../src/wire/session/envelope.js'
import { policyFile, requestOf } from '../../support/approvers.js'
import { clock } from '../../support/clock.js'
import { only } from '../../support/only.js'
import { makeGuarded } from '../../support/policies.js'
import { raze } from '../../support/processes.js'
import { approving, asks, isValid, joins, somePayload } from '../../support/signing.js'
import { type Custodian, custodians, worldOf } from '../../support/worlds.js'

let everybody: [Custodian, Custodian, Custodian]
let alice: Custodian
let bob: Custodian
let carol: Custodian
/** Has a title, and no share. */
let dora: Custodian
/** Has neither. */
let mallory: Custodian
let policy: Uint8Array

beforeAll(async () => {
  everybody = (await custodians('alice', 'bob', 'carol')) as typeof everybody
  ;[alice, bob, carol] = everybody
  ;[dora, mallory] = (await custodians('dora', 'mallory')) as [Custodian, Custodian]
  policy = policyFile({ head: [dora], compliance: [carol, dora] })
  await makeGuarded(everybody, policy)
})
afterAll(() => raze([...everybody, dora, mallory]))

const patience = { join: 30_000, round: 8000, total: null, again: 1000 }
const YES: Word = { verdict: 'approve', reason: '', lives: null }
const NO: Word = { verdict: 'refuse', reason: 'not this month', lives: null }

async function byRecord(who: Custodian, file = policy): Promise<Approver> {
  const { record, digest } = await findKey(alice.home, 'treasury')
  const certificate = await readEpochFile(alice.home, 'treasury', digest, 'certificate.cbor')
  return approverByRecord('treasury', { record, certificate, policy: file, path: 'policy.yaml' }, who.card)
}
const here = (who: Custodian): Promise<Approver> => approverHere(who.home, 'treasury', who.card)

/** A network on which alice asks for a signature, until she leaves. */
class Floor {
  readonly network = new MemoryNetwork()
  readonly #person = new AbortController()
  readonly #ears: RequestList[] = []
  asking: Promise<unknown> = Promise.resolve()

  world(who: Custodian, changes: Partial<World> = {}): World {
    return worldOf(who, this.network.connect(who.member.name), { patience, ...changes })
  }

  /** What bob hears meanwhile, who has a share and does nothing. */
  async ears(): Promise<RequestList> {
    const { key, policy: own } = await here(bob)
    const list = new RequestList(this.world(bob), key, own)
    this.#ears.push(list)
    return list
  }

  async asked(): Promise<Request> {
    const ears = await this.ears()
    this.asking = asks(this.world(alice, { signal: this.#person.signal }), somePayload(), null).catch(
      (error: unknown) => error,
    )
    await clock.until(() => ears.requests().length > 0)
    return ears.requests()[0] as Request
  }

  leave(): void {
    this.#person.abort(new Failure('interrupted', 'E_INTERRUPTED', ''))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.leave()
    await this.asking
    for (const each of this.#ears) each.close()
  }

  says(who: Custodian, approver: Approver, which: string, word: Word = YES): Promise<Given> {
    return giveVerdict(this.world(who), approver, which, () => Promise.resolve(word))
  }
}

describe.concurrent('an approver', () => {
  test('with a share, and one without, may leave once the asker has the word on disk', async ({ expect }) => {
    await using floor = new Floor()
    const request = await floor.asked()
    const [first, second] = [
      await floor.says(carol, await here(carol), hex(request.id)),
      await floor.says(dora, await byRecord(dora), hex(request.id)),
    ]
    expect(first.heardBy).toContain('alice')
    expect(second.heardBy).toContain('alice')
    expect(hex(second.request.id)).toBe(hex(request.id))
    const stored = await new RequestClaims(alice.home, request.id).readApprovals()
    expect(stored.map(hex).sort()).toEqual(
      [first, second].map(({ statement }) => hex(statement.encoded)).sort(),
    )
    // Who comes later hears both from alice.
    const late = await floor.ears()
    await clock.until(() => late.request(hex(request.id)) !== undefined)
    const known = late.request(hex(request.id)) as Request
    await clock.until(() => late.approvals(known).length === 2)
    expect(
      late
        .statements(known)
        .map(({ by }) => hex(by))
        .sort(),
    ).toEqual([carol, dora].map(({ card }) => hex(card.fingerprint)).sort())
  })

  test('sees what is asked, and its titles; and takes its word back', async ({ expect }) => {
    await using floor = new Floor()
    const request = await floor.asked()
    const approver = await byRecord(dora)
    expect(approver.titles).toEqual(['head', 'compliance'])
    expect((await here(carol)).titles).toEqual(['compliance', 'custodians'])
    expect((await here(bob)).titles).toEqual(['custodians'])
    const world = floor.world(dora)
    const given = await giveVerdict(world, approver, hex(request.id), (found, signal) => {
      expect(found.request.payload).toEqual(request.payload)
      expect(found.target.decoded.view.type).toBe('raw')
      expect(signal.aborted).toBe(false)
      return Promise.resolve({ ...YES, lives: 60_000 })
    })
    expect(given.statement.expires - given.statement.at).toBe(60_000)
    const ears = await floor.ears()
    await clock.until(() => ears.requests().some((each) => ears.approvals(each).length === 1))
    const taken = await floor.says(dora, approver, hex(request.id), NO)
    expect(taken.statement.at).toBeGreaterThan(given.statement.at)
    await clock.until(() => ears.requests().every((each) => ears.approvals(each).length === 0))
    expect(
      ears
        .requests()
        .flatMap((each) => ears.statements(each))
        .map(({ reason }) => reason),
    ).toEqual(['not this month'])
  })

  test('may name a request by its beginning, unless two have it', async ({ expect }) => {
    await using floor = new Floor()
    const request = await floor.asked()
    const given = await floor.says(carol, await here(carol), hex(request.id).slice(0, 8))
    expect(hex(given.request.id)).toBe(hex(request.id))
    // Nobody can make another with the same 32 bits at will, so the beginning is empty here.
    const mouth = await floor.ears()
    const other = await requestOf(bob, { policy: (await here(bob)).policy.sha256 })
    mouth.say.ask(other)
    await expect(floor.says(carol, await here(carol), '')).rejects.toMatchObject({
      code: 'E_USAGE',
      message: expect.stringContaining('2 requests begin') as string,
    })
    await expect(floor.says(carol, await here(carol), 'f'.repeat(16))).rejects.toMatchObject({
      kind: 'absent',
      code: 'E_NO_REQUEST',
    })
  })

  test('is told that nobody has its word, if the asker says nothing', async ({ expect }) => {
    await using floor = new Floor()
    const request = await floor.asked()
    floor.network.interfere = ({ bytes }) => (decodeEnvelope(bytes).header.kind === 'approval' ? [] : [bytes])
    const failure = floor.says(dora, await byRecord(dora), hex(request.id))
    await expect(failure).rejects.toMatchObject({
      kind: 'absent',
      code: 'E_NOT_ACKNOWLEDGED',
      party: 'alice',
    })
  })

  test('is told when the asker leaves, before its person has answered and after', async ({ expect }) => {
    const floor = new Floor()
    const request = await floor.asked()
    const asked = { seen: false }
    const deciding = giveVerdict(floor.world(dora), await byRecord(dora), hex(request.id), (_, signal) => {
      asked.seen = true
      return new Promise((_resolve, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason as Failure)),
      )
    })
    const outcome = deciding.catch((error: unknown) => error)
    await clock.until(() => asked.seen)
    floor.leave()
    expect(await outcome).toMatchObject({ kind: 'absent', code: 'E_ASKER_LEFT', party: 'alice' })
    await floor.asking
  })
})

describe.concurrent('no word is given', () => {
  test('by the asker, whose own does not count', async ({ expect }) => {
    await using floor = new Floor()
    const request = await floor.asked()
    const own = floor.says(alice, await here(alice), hex(request.id))
    await expect(own).rejects.toMatchObject({ kind: 'refused', code: 'E_OWN_REQUEST' })
  })

  test('under another policy than the asker’s', async ({ expect }) => {
    await using floor = new Floor()
    const request = await floor.asked()
    const other = await byRecord(dora, policyFile({ head: [dora] }))
    await expect(floor.says(dora, other, hex(request.id))).rejects.toMatchObject({
      kind: 'conflict',
      code: 'E_POLICY_DIFFERS',
      party: 'alice',
    })
  })

  test('by somebody without a title, with a policy or where there is none', async ({ expect }) => {
    const untitled = { kind: 'refused', code: 'E_NO_TITLE' }
    await expect(byRecord(mallory)).rejects.toMatchObject(untitled)
    const others = await custodians('alice', 'bob')
    await makeGuarded(others, null)
    await expect(here(others[0] as Custodian)).rejects.toMatchObject(untitled)
    raze(others)
  })

  test('by a record that nobody certifies', async ({ expect }) => {
    const { record } = await findKey(alice.home, 'treasury')
    const bare = { record, certificate: null, policy, path: 'policy.yaml' }
    await expect(approverByRecord('treasury', bare, dora.card)).rejects.toMatchObject({
      kind: 'verification',
      code: 'E_NOT_CERTIFIED',
    })
  })

  test('about a request that is over, or of another epoch', async ({ expect }) => {
    await using floor = new Floor()
    const mouth = await floor.ears()
    const { sha256 } = (await here(bob)).policy
    const old = await requestOf(bob, {
      policy: sha256,
      created: clock.now() - 2000,
      expires: clock.now() - 1000,
    })
    mouth.say.ask(old)
    await expect(floor.says(carol, await here(carol), hex(old.id))).rejects.toMatchObject({
      code: 'E_EXPIRED',
    })
    const elsewhere = await requestOf(bob, { policy: sha256, record: new Uint8Array(32) })
    mouth.say.ask(elsewhere)
    await expect(floor.says(carol, await here(carol), hex(elsewhere.id))).rejects.toMatchObject({
      code: 'E_EPOCH',
    })
  })
})

describe.concurrent('what the policy needs', () => {
  test('is waited for: with the approvals of both titles two custodians sign', async ({ expect }) => {
    await using floor = new Floor()
    const payload = somePayload()
    const asking = asks(floor.world(alice), payload, [alice, bob])
    const joining = joins(floor.world(bob), approving(payload))
    const ears = await floor.ears()
    await clock.until(() => ears.requests().length > 0)
    const id = hex((ears.requests()[0] as Request).id)
    await floor.says(carol, await here(carol), id)
    await floor.says(dora, await byRecord(dora), id)
    const [a, b] = await Promise.all([asking, joining])
    expect(hex(only(a))).toBe(hex(only(b)))
    expect(await isValid(alice, payload, only(a))).toBe(true)
  })

  test('ends for everybody when the only one with a title refuses, who hears that it was heard', async ({
    expect,
  }) => {
    await using floor = new Floor()
    const payload = somePayload()
    const asking = asks(floor.world(alice), payload, [alice, bob]).catch((error: unknown) => error)
    const joining = joins(floor.world(bob), approving(payload)).catch((error: unknown) => error)
    const ears = await floor.ears()
    await clock.until(() => ears.requests().length > 0)
    const request = ears.requests()[0] as Request
    const given = await floor.says(dora, await byRecord(dora), hex(request.id), NO)
    expect(given.heardBy).toContain('alice')
    expect(await asking).toMatchObject({
      kind: 'refused',
      code: 'E_PEER_REFUSED',
      party: 'dora',
      message: expect.stringContaining('dora refuses this request: "not this month"') as string,
    })
    expect(await joining).toMatchObject({ kind: 'refused', code: 'E_PEER_REFUSED', party: 'dora' })
    expect((await new RequestClaims(alice.home, request.id).status()).left).toBeNull()
  })
})

test('a refusal of the person says nothing to the others', async () => {
  await using floor = new Floor()
  const request = await floor.asked()
  const no = () => Promise.reject(new Failure('refused', 'E_REFUSED', 'you said no'))
  const refusing = giveVerdict(floor.world(dora), await byRecord(dora), hex(request.id), no)
  await expect(refusing).rejects.toMatchObject({ code: 'E_REFUSED' })
  expect(await new RequestClaims(alice.home, request.id).readApprovals()).toEqual([])
})
