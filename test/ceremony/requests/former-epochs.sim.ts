/** A custodian approves nothing by an identity that it had in an earlier epoch, at whichever custodian. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { approverByRecord, approverHere, titlesOf } from '../../../src/ceremony/approving/approver.js'
import { markVerified } from '../../../src/ceremony/contacts/contacts.js'
import { importCards } from '../../../src/ceremony/contacts/import-cards.js'
import { findKey } from '../../../src/ceremony/epochs/find-key.js'
import { planReshare } from '../../../src/ceremony/dkg/reshare.js'
import { judge } from '../../../src/ceremony/policy/judge.js'
import { exportPolicies, importPolicies } from '../../../src/ceremony/policy/policy-file.js'
import { policyInForce } from '../../../src/ceremony/policy/policy-in-force.js'
import { guestsUnder } from '../../../src/ceremony/requests/approvals-heard.js'
import { signable } from '../../../src/ceremony/signing/fitness.js'
import { readEpochFile } from '../../../src/storage/home/epochs.js'
import { hex } from '../../../src/wire/base/text.js'
import { policyFile, requestOf } from '../../support/approvers.js'
import { mpc } from '../../support/cli.js'
import { clock } from '../../support/clock.js'
import { makeGuarded } from '../../support/policies.js'
import { raze } from '../../support/processes.js'
import { accept, moved, type Rebound, restored } from '../../support/rebound.js'
import { defined, reshared } from '../../support/reshares.js'
import { type Custodian, custodians, fileOf } from '../../support/worlds.js'

let [old, bob, carol, dora, erin] = [] as unknown as Custodian[] as [
  Custodian,
  Custodian,
  Custodian,
  Custodian,
  Custodian,
]
/** Alice's machine after the first, and the one after that. */
let [between, alice] = [] as unknown as [Rebound, Rebound]
const NOW = 1_900_000_000_000
const quick = { linger: 500 }

beforeAll(async () => {
  ;[old, bob, carol, erin] = (await custodians('alice', 'bob', 'carol', 'erin')) as [
    Custodian,
    Custodian,
    Custodian,
    Custodian,
  ]
  ;[dora] = (await custodians('dora')) as [Custodian]
  await makeGuarded([old, bob, carol], policyFile({ head: [old, carol, dora] }))
  const lost = await restored(old)
  between = await moved(old)
  alice = lost
  await accept([bob, carol], between)
  await accept([bob, carol], alice)
  const policies = await exportPolicies(bob.home, await findKey(bob.home, 'treasury'))
  await importPolicies(alice.home, await findKey(alice.home, 'treasury'), policies)
  const fingerprint = hex(alice.card.fingerprint)
  await importCards(erin.home, [alice.card], { fingerprint, replace: 'alice', now: NOW, how: 'words' })
  await markVerified(alice.home, erin.card, 'fingerprint', NOW)
}, 30_000)
afterAll(() => raze([old, bob, carol, dora, erin, between, alice]))

const keyAt = async (who: Custodian) => {
  const key = await findKey(who.home, 'treasury')
  const policy = await policyInForce(who.home, key)
  if (policy === null) throw new Error('no policy')
  return { key, policy }
}

/** The decision of a custodian about a request of alice that this one has approved. */
async function approvedBy(who: Custodian, { card }: Custodian): Promise<string> {
  const { key, policy } = await keyAt(who)
  const { type, payload, asker } = await requestOf(alice)
  const target = await signable(key, { type, payload, path: null }, policy)
  const now = clock.now()
  const approvals = [{ fingerprint: hex(card.fingerprint), at: now, expires: now + 1000 }]
  const signers = [alice, bob].map((each) => each.card.fingerprint)
  const known = { approvals, spent: [], firstSeen: now, now }
  return judge({ type, payload, asker, key, policy, target, signers }, known).outcome
}

test('a definition that forgets an identity in between is refused by who knows it', async () => {
  const { definition } = await defined(bob, [alice, bob, carol], { kind: 'refresh' })
  expect(definition.earlier_rebinds.map(({ card }) => card.line)).toEqual([between.card.line])
  const forgetful = fileOf({ ...definition, earlier_rebinds: [] })
  await expect(planReshare(carol.home, carol.card, forgetful, Date.now())).rejects.toMatchObject({
    kind: 'authentication',
    code: 'E_NO_SEAT',
    message: expect.stringContaining(hex(between.card.fingerprint)) as string,
  })
})

test('after reshares nobody counts an earlier identity, a newcomer neither; who left and has a title counts', async () => {
  const all = [alice, bob, carol, erin]
  await reshared(all, await defined(bob, all, { members: ['alice', 'bob', 'carol', 'erin'] }), quick)
  for (const who of all) {
    expect(await approvedBy(who, old), who.card.name).toBe('needs')
    expect(await approvedBy(who, dora), who.card.name).toBe('allow')
  }
  const left = [alice, bob, erin]
  await reshared(all, await defined(bob, all, { members: ['alice', 'bob', 'erin'] }), quick)
  for (const who of left) {
    expect(await approvedBy(who, old), who.card.name).toBe('needs')
    expect(await approvedBy(who, carol), who.card.name).toBe('allow')
    const { key, policy } = await keyAt(who)
    expect(titlesOf(key, policy, old.card.fingerprint)).toEqual([])
    expect(guestsUnder(policy, key).map(hex).sort()).toEqual(
      [carol, dora].map(({ card }) => hex(card.fingerprint)).sort(),
    )
    expect(key.record.former.map(({ identity }) => hex(identity))).toEqual(
      [old, between].map(({ card }) => hex(card.fingerprint)).sort(),
    )
    await expect(approverHere(who.home, 'treasury', old.card)).rejects.toMatchObject({ code: 'E_NO_TITLE' })
  }

  // The author of the next policy sees which title to change.
  const show = ['policy', 'show', 'treasury']
  const fingerprint = hex(old.card.fingerprint)
  const { json } = await mpc(bob.home.root, [...show, '--json'])
  expect(json.data.former).toEqual([{ title: 'head', fingerprint, now: 'alice' }])
  expect((await mpc(bob.home.root, show)).stdout.replaceAll(/\s+/g, ' ')).toContain(
    `Warning: the title head names the identity ${fingerprint} that alice had before.`,
  )

  // An approver without a share knows it by the record.
  const { key, policy } = await keyAt(bob)
  const certificate = await readEpochFile(bob.home, 'treasury', key.digest, 'certificate.cbor')
  const exported = { record: key.record, certificate, policy: policy.bytes, path: 'treasury.yaml' }
  await expect(approverByRecord('treasury', exported, old.card)).rejects.toMatchObject({
    code: 'E_NO_TITLE',
    message: expect.stringContaining('has had a seat of treasury and has none now') as string,
  })
  expect((await approverByRecord('treasury', exported, carol.card)).titles).toEqual(['head'])
}, 60_000)
