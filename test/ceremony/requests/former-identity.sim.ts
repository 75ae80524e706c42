/** A custodian on a new machine does not approve what it asks for by the identity that it had before. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { approverHere, titlesOf } from '../../../src/ceremony/approving/approver.js'
import { findKey } from '../../../src/ceremony/epochs/find-key.js'
import type { Key } from '../../../src/ceremony/keys/key.js'
import { judge } from '../../../src/ceremony/policy/judge.js'
import { type PolicyInForce, policyInForce } from '../../../src/ceremony/policy/policy-in-force.js'
import { acceptRebind, examineRebind } from '../../../src/ceremony/recovery/accept-rebind.js'
import { RequestBoard } from '../../../src/ceremony/requests/request-board.js'
import { signable } from '../../../src/ceremony/signing/fitness.js'
import { MemoryNetwork } from '../../../src/messaging/transport/memory.js'
import { memberToken } from '../../../src/messaging/transport/subjects.js'
import { hex } from '../../../src/wire/base/text.js'
import { sealEnvelope } from '../../../src/wire/session/envelope.js'
import { policyFile, requestOf, statementOf } from '../../support/approvers.js'
import { clock } from '../../support/clock.js'
import { makeGuarded } from '../../support/policies.js'
import { raze } from '../../support/processes.js'
import { moved, type Rebound } from '../../support/rebound.js'
import { type Custodian, custodians, worldOf } from '../../support/worlds.js'

let [old, bob, dora] = [] as unknown as [Custodian, Custodian, Custodian]
let present: Rebound
let key: Key
let policy: PolicyInForce

beforeAll(async () => {
  ;[old, bob] = (await custodians('alice', 'bob')) as [Custodian, Custodian]
  ;[dora] = (await custodians('dora')) as [Custodian]
  await makeGuarded([old, bob], policyFile({ head: [old, dora] }))
  present = await moved(old)
  await acceptRebind(bob.home, await examineRebind(bob, present.card, present.rebind, 1_900_000_000_000))
  key = await findKey(bob.home, 'treasury')
  policy = (await policyInForce(bob.home, key)) as PolicyInForce
}, 30_000)
afterAll(() => raze([old, bob, dora, present]))

test('it fills no place of a title that names it', async () => {
  const { type, payload, asker } = await requestOf(present)
  const target = await signable(key, { type, payload, path: null }, policy)
  const signers = [present, bob].map(({ card }) => card.fingerprint)
  const now = clock.now()
  const by = ({ card }: Custodian): string =>
    judge(
      { type, payload, asker, key, policy, target, signers },
      {
        approvals: [{ fingerprint: hex(card.fingerprint), at: now, expires: now + 1000 }],
        spent: [],
        firstSeen: now,
        now,
      },
    ).outcome
  expect(by(old)).toBe('needs')
  expect(by(dora)).toBe('allow')
})

test('it is not heard as a guest, nor when a custodian repeats it', async () => {
  const network = new MemoryNetwork()
  const world = (who: Custodian) => worldOf(who, network.connect(who.member.name))
  const board = new RequestBoard(world(bob), key, policy)
  const presents = new RequestBoard(
    world(present),
    await findKey(present.home, 'treasury'),
    await policyInForce(present.home, await findKey(present.home, 'treasury')),
  )
  const request = await requestOf(present)
  board.know(request)
  const says = (who: Custodian) => {
    const { encoded } = statementOf(who, request, policy)
    const header = {
      v: 1,
      kind: 'approval',
      definition: request.key_id,
      session: new Uint8Array(32),
      round: '',
      from: who.card.fingerprint,
      to: null,
      time: clock.now(),
      key: null,
    } as const
    const token = `${hex(request.key_id.subarray(0, 16))}.${memberToken(who.card.fingerprint)}`
    network
      .connect('anybody')
      .publish(`mpc.v1.req.${token}`, sealEnvelope(who.identity.signing, header, encoded))
    presents.mailbox.post('approval', { session: new Uint8Array(32) }, encoded)
  }
  says(old)
  says(dora)
  await clock.until(() => board.approvals(request).length > 0)
  await clock.passes(2000)
  expect(board.approvals(request).map(({ fingerprint }) => fingerprint)).toEqual([hex(dora.card.fingerprint)])
  expect(board.mailbox.dropped.get('not a member')).toBe(1)
  board.close()
  presents.close()
})

test('it has no title, and its approval is refused with a sentence', async () => {
  expect(titlesOf(key, policy, old.card.fingerprint)).toEqual([])
  expect(titlesOf(key, policy, dora.card.fingerprint)).toEqual(['head'])
  await expect(approverHere(bob.home, 'treasury', old.card)).rejects.toMatchObject({
    kind: 'refused',
    code: 'E_NO_TITLE',
    message: expect.stringContaining('has had a seat of treasury and has none now') as string,
  })
})
