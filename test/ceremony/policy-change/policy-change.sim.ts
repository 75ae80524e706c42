import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { findKey } from '../../../src/ceremony/epochs/find-key.js'
import { ceremoniesIn, keysIn } from '../../../src/ceremony/home/status.js'
import { takeUp } from '../../../src/ceremony/home/take-up.js'
import { planChange } from '../../../src/ceremony/policy-change/plan.js'
import { finishChange, runChange } from '../../../src/ceremony/policy-change/run.js'
import type { World } from '../../../src/ceremony/world.js'
import { MemoryNetwork } from '../../../src/messaging/transport/memory.js'
import { keepCeremony } from '../../../src/ceremony/definition/ceremony-store.js'
import { planReshare } from '../../../src/ceremony/dkg/reshare.js'
import { castVote } from '../../../src/storage/home/votes.js'
import { reshareBase } from '../../../src/wire/ceremony/key-definition.js'
import { policyBase } from '../../../src/wire/ceremony/policy-definition.js'
import { CeremonyFiles } from '../../../src/storage/home/ceremonies.js'
import { policyPath } from '../../../src/storage/home/policies.js'
import type { DefinitionFile } from '../../../src/wire/ceremony/definition.js'
import { sha256 } from '../../../src/wire/base/hash.js'
import { hex } from '../../../src/wire/base/text.js'
import { codeOf } from '../../support/keys.js'
import { bury, type KillAt, live, Process, withDisks } from '../../support/processes.js'
import {
  applied,
  applies,
  changeTo,
  copied,
  inForce,
  keysOf,
  makeGuarded,
  policyNamed,
} from '../../support/policies.js'
import { defined, reshared, signed } from '../../support/reshares.js'
import { somePayload } from '../../support/signing.js'
import { type Custodian, custodians } from '../../support/worlds.js'

const brief = { patience: { join: 1500, round: 1500, total: null }, linger: 500 }
const [one, two, three] = ['one', 'two', 'three'].map(policyNamed) as [Uint8Array, Uint8Array, Uint8Array]

let stop = () => {}
beforeAll(() => {
  stop = withDisks()
})
afterAll(() => stop())

let everybody: [Custodian, Custodian, Custodian]
let alice: Custodian
let bob: Custodian
let carol: Custodian

/** Alice, bob and carol, of whom two must sign, with this policy. */
async function custodiansWith(policy: Uint8Array | null): Promise<void> {
  everybody = (await custodians('alice', 'bob', 'carol')) as typeof everybody
  ;[alice, bob, carol] = everybody
  await makeGuarded(everybody, policy)
}

const stateOf = async ({ home }: Custodian, { id }: DefinitionFile): Promise<string | undefined> =>
  (await ceremoniesIn(home, await keysIn(home), Date.now())).find((each) => hex(each.id) === hex(id))?.state

const acts =
  (who: Custodian, file: DefinitionFile) =>
  async (world: World): Promise<unknown> =>
    runChange(world, await planChange(who.home, who.card, file, Date.now()))

describe('a policy change', () => {
  beforeEach(() => custodiansWith(one))

  test('of all custodians is in force everywhere; epoch, shares and public key stay', async () => {
    const before = await findKey(alice.home, 'treasury')
    const file = await changeTo(alice, two)
    const changed = await applied(everybody, file)
    expect(changed.map(({ number, already, away }) => [number, already, away])).toEqual(
      everybody.map(() => [2, false, []]),
    )
    for (const who of everybody) {
      const own = await inForce(who)
      expect(own).toMatchObject({ number: 2, sha256: sha256(two) })
      expect(Buffer.from(await readFile(policyPath(who.home, 'treasury', 2, 'yaml')))).toEqual(
        Buffer.from(two),
      )
      expect((await findKey(who.home, 'treasury')).digest).toEqual(before.digest)
      expect(await stateOf(who, file)).toBe('done')
    }
    const [asked] = await signed([alice, bob], somePayload(), { linger: 500 })
    expect(asked).toMatchObject({ status: 'fulfilled', value: { order: { policy: sha256(two) } } })
    // And another one after it.
    await applied(everybody, await changeTo(bob, three))
    expect(await inForce(carol)).toMatchObject({ number: 3, sha256: sha256(three) })
  })

  test('run again when it is done hands out the certificate', async () => {
    const file = await changeTo(alice, two)
    await applied(everybody, file)
    expect(await applied([alice], file)).toMatchObject([{ number: 2, already: true, away: [] }])
  })

  test('without one of them comes to nothing, and no key file changes', async () => {
    const file = await changeTo(alice, two)
    const before = await Promise.all(everybody.map(({ home }) => keysOf(home)))
    const network = new MemoryNetwork()
    const ended = await Promise.allSettled([alice, bob].map((who) => applies(who, file, network, brief)))
    for (const end of ended)
      expect(end).toMatchObject({ status: 'rejected', reason: { kind: 'absent', party: 'carol' } })
    expect(await Promise.all(everybody.map(({ home }) => keysOf(home)))).toEqual(before)
    expect(await inForce(alice)).toMatchObject({ number: 1 })
    // Nothing is in the way of the same ceremony with everybody.
    await applied(everybody, file)
    expect(await inForce(carol)).toMatchObject({ number: 2 })
  })

  const inCeremony = (name: string): KillAt => ({ at: (_, path) => path.endsWith(name) })
  test.each<[string, KillAt]>([
    ['before it declares its result', inCeremony('prepared.cbor')],
    ['before its vote', inCeremony('receipt.cbor')],
    ['between its vote and the certificate', inCeremony('certificate.cbor')],
    ['between the certificate and the policy', inCeremony('2.yaml')],
    ['before its state counts the policy', inCeremony('state.cbor')],
  ])('of which one is killed %s ends alike for everybody once it runs again', async (_, at) => {
    const file = await changeTo(alice, two)
    const network = new MemoryNetwork()
    const changes = { linger: 3000, patience: { join: 8000, round: 8000, total: null } }
    const [life] = await Promise.all([
      live(network, carol, acts(carol, file), at, changes),
      ...[alice, bob].map((who) => applies(who, file, network, changes)),
    ])
    expect(life.first.dead).toBe(true)
    for (const who of everybody) expect(await inForce(who)).toMatchObject({ number: 2, sha256: sha256(two) })
  })

  test('leaves one in doubt who has voted and hears nothing; a certificate from a file ends it', async () => {
    const file = await changeTo(alice, two)
    const network = new MemoryNetwork()
    let voted = false
    network.interfere = ({ bytes, to }) => {
      const kind = Buffer.from(bytes).toString('latin1')
      if (to === 'carol' && /receipt|certificate/.test(kind)) {
        voted = true
        return []
      }
      return [bytes]
    }
    const ended = await Promise.allSettled([
      applies(carol, file, network, brief),
      ...[alice, bob].map((who) => applies(who, file, network, { linger: 500 })),
    ])
    expect(voted).toBe(true)
    expect(ended[0]).toMatchObject({ status: 'rejected', reason: { kind: 'doubt', code: 'E_IN_DOUBT' } })
    expect(ended.slice(1)).toMatchObject([{ status: 'fulfilled' }, { status: 'fulfilled' }])
    expect(await stateOf(carol, file)).toBe('in-doubt')
    expect(await inForce(carol)).toMatchObject({ number: 1 })
    // Meanwhile it signs nothing with the others, who are told too.
    const results = await signed([alice, carol], somePayload(), brief)
    for (const result of results)
      expect(result).toMatchObject({ reason: { kind: 'conflict', code: 'E_POLICY_DIFFERS' } })
    const certificate = (await new CeremonyFiles(alice.home, file.id).readCertificate()) as Uint8Array
    const plan = await planChange(carol.home, carol.card, file, Date.now())
    await expect(finishChange(carol.home, plan, certificate.subarray(1))).rejects.toMatchObject({
      code: 'E_CERTIFICATE',
    })
    await finishChange(carol.home, plan, certificate)
    expect(await inForce(carol)).toMatchObject({ number: 2 })
    expect(await stateOf(carol, file)).toBe('done')
  })

  test('that is certified and not in force yet is put in force by the next command', async () => {
    const file = await changeTo(alice, two)
    const network = new MemoryNetwork()
    const process = new Process(network, carol, inCeremony('2.yaml'), { linger: 500 })
    const killed = process.run(acts(carol, file))
    const ended = await Promise.allSettled([
      killed,
      ...[alice, bob].map((who) => applies(who, file, network, { linger: 500 })),
    ])
    expect(ended.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled'])
    bury(carol)
    expect(await stateOf(carol, file)).toBe('certified')
    expect(await inForce(carol)).toMatchObject({ number: 1 })
    expect((await takeUp(carol.home, carol.card, Date.now())).policies).toMatchObject([{ number: 2 }])
    expect(await inForce(carol)).toMatchObject({ number: 2 })
    expect((await takeUp(carol.home, carol.card, Date.now())).policies).toEqual([])
  })

  test('is refused by a custodian who applies another policy than the one that it replaces', async () => {
    const behind = await copied(carol)
    await applied(everybody, await changeTo(alice, two))
    const file = await changeTo(alice, three)
    const plan = planChange(behind.home, behind.card, file, Date.now())
    await expect(plan).rejects.toMatchObject({ kind: 'conflict', code: 'E_POLICY_DIFFERS' })
    await expect(plan).rejects.toThrow('this replaces policy 2')
  })

  test('and a reshare from the same epoch do not cross', async () => {
    const change = await changeTo(alice, two)
    const reshare = await defined(alice, everybody, {})
    await applied(everybody, change)
    expect(await codeOf(reshared([alice, bob], reshare))).toBe('E_POLICY_DIFFERS')
    const again = await defined(alice, everybody, {})
    expect(again.definition.policy?.number).toBe(2)
    const late = await changeTo(bob, three)
    await reshared(everybody, again, { linger: 500 })
    expect(await inForce(alice)).toMatchObject({ number: 2, sha256: sha256(two) })
    expect(await codeOf(applied(everybody, late))).toBe('E_PARENT')
  })

  test('is refused by one who has voted for a reshare that is not finished, and the reverse', async () => {
    const change = await changeTo(alice, two)
    const reshare = await defined(alice, everybody, {})
    const { definition } = reshare
    await castVote(carol.home, reshareBase(definition), reshare.id, null)
    expect(await codeOf(planChange(carol.home, carol.card, change, Date.now()))).toBe('E_VOTED_PARENT')
    await castVote(bob.home, policyBase(change.definition), change.id, null)
    expect(await codeOf(planReshare(bob.home, bob.card, reshare, Date.now()))).toBe('E_VOTED_PARENT')
    // A definition that names what it replaces goes on.
    const replacing = await changeTo(alice, three, { supersedes: [reshare.id, change.id] })
    for (const who of [bob, carol]) await keepCeremony(who.home, who === bob ? change : reshare)
    await applied(everybody, replacing)
    expect(await inForce(bob)).toMatchObject({ number: 2, sha256: sha256(three) })
    expect(await codeOf(planReshare(carol.home, carol.card, reshare, Date.now()))).not.toBe('fine')
  })
})

test('a key without a policy gets its first one, and its file missing is never taken for none', async () => {
  await custodiansWith(null)
  await applied(everybody, await changeTo(alice, one))
  expect(await inForce(bob)).toMatchObject({ number: 1, sha256: sha256(one) })
  await rm(join(bob.home.keys, 'treasury', 'policies'), { recursive: true })
  expect(await codeOf(inForce(bob))).toBe('E_POLICY_MISSING')
})
