/** Reshares of a key that has a policy: it goes along, and it may ask for more old custodians. */
import { beforeEach, expect, test } from 'vitest'
import { findKey } from '../../../src/ceremony/epochs/find-key.js'
import { planReshare } from '../../../src/ceremony/dkg/reshare.js'
import { MemoryNetwork } from '../../../src/messaging/transport/memory.js'
import { sha256 } from '../../../src/wire/base/hash.js'
import { watchersNeeded } from '../../../src/wire/ceremony/key-definition.js'
import { codeOf, expectSigns } from '../../support/keys.js'
import { applied, changeTo, inForce, makeGuarded, policyNamed } from '../../support/policies.js'
import { defined, reshared, takesPart } from '../../support/reshares.js'
import { type Custodian, custodians, fileOf } from '../../support/worlds.js'

const quick = { linger: 500 }
const one = policyNamed('one')
/** Asks for four of the five old custodians. */
const strict = Buffer.from(`${Buffer.from(one).toString()}reshare: { approvals: 4 }\n`)

let everybody: Custodian[]
let alice: Custodian
let bob: Custodian
let carol: Custodian
let frank: Custodian
let old: Custodian[]

beforeEach(async () => {
  everybody = await custodians('alice', 'bob', 'carol', 'dave', 'erin', 'frank')
  ;[alice, bob, carol] = everybody as [Custodian, Custodian, Custodian]
  frank = everybody[5] as Custodian
  old = everybody.slice(0, 5)
})

test('a newcomer gets the policy in force, which the new record names, and signs under it', async () => {
  await makeGuarded(old, one)
  await applied(old, await changeTo(bob, policyNamed('two')))
  const file = await defined(alice, everybody, { members: ['alice', 'bob', 'carol', 'frank'] })
  expect(file.definition.policy).toMatchObject({ number: 2 })
  await reshared([alice, bob, carol, frank], file, quick)
  for (const who of [alice, frank]) {
    const { record } = await findKey(who.home, 'treasury')
    expect(record).toMatchObject({ epoch: 2, policy: { number: 2, sha256: sha256(policyNamed('two')) } })
    expect(await inForce(who)).toMatchObject({ number: 2, sha256: sha256(policyNamed('two')) })
  }
  await expectSigns([frank, carol], (await findKey(frank.home, 'treasury')).record)
  // The chain goes on from there.
  const all = [alice, bob, carol, frank]
  await applied(all, await changeTo(frank, policyNamed('three')))
  expect(await inForce(alice)).toMatchObject({ number: 3 })
})

test('an old custodian refuses a reshare that carries another policy than its own', async () => {
  await makeGuarded(old, one)
  const { definition } = await defined(alice, everybody, {})
  const number = (definition.policy?.number ?? 0) + 1
  const other = { ...definition, policy: { number, bytes: policyNamed('mine') } }
  expect(await codeOf(planReshare(bob.home, bob.card, fileOf(other), Date.now()))).toBe('E_POLICY_DIFFERS')
  const none = { ...definition, policy: { number, bytes: Buffer.from('x') } }
  expect(await codeOf(planReshare(bob.home, bob.card, fileOf(none), Date.now()))).toBe('E_DEFINITION')
})

test('a policy may ask for more old custodians than half of them, of a minority too', async () => {
  await makeGuarded(old, strict)
  const members = ['alice', 'bob', 'frank']
  const file = await defined(alice, everybody, { members })
  expect(watchersNeeded(file.definition)).toBe(2)
  // More than half without it.
  expect(watchersNeeded({ ...file.definition, approvals: null })).toBe(1)
  for (const minority of [false, true]) {
    const fewer = { ...file.definition, minority, approvals: 3 }
    const plan = planReshare(frank.home, frank.card, fileOf(fewer), Date.now())
    await expect(plan).rejects.toMatchObject({ kind: 'refused', code: 'E_POLICY_RESHARE' })
    await expect(plan).rejects.toThrow('reshare: { approvals: 4 }')
  }
  const brief = { ...quick, patience: { join: 1500, round: 1500, total: null } }
  const network = new MemoryNetwork()
  const players = [alice, bob, frank, carol].map((who) => takesPart(who, file, network, brief))
  const [first] = await Promise.allSettled(players)
  expect(first).toMatchObject({ status: 'rejected', reason: { code: 'E_MAJORITY' } })
})
