/** A script that leaves the decision to unattended rules is held to them until its share leaves. */
import { afterEach, expect, test } from 'vitest'
import { findKey } from '../../../src/ceremony/epochs/find-key.js'
import { type Approval, ask, join, payloadHash } from '../../../src/ceremony/signing/ask-and-join.js'
import { MemoryNetwork } from '../../../src/messaging/transport/memory.js'
import { clock } from '../../support/clock.js'
import { outcomeOf } from '../../support/outcomes.js'
import { makeGuarded } from '../../support/policies.js'
import { raze } from '../../support/processes.js'
import { SHOP, solTransfer } from '../../support/solana.js'
import { type Custodian, custodians, worldOf } from '../../support/worlds.js'

const MINUTE = 60_000
const timeOf = (at: number): string => new Date(at).toISOString().slice(11, 16)

/** Unattended until the minute `edge`, attended from then on. */
const policyUntil = (edge: number): Uint8Array =>
  Buffer.from(`format: mpc/policy/v1
assets:
  sol: { chain: solana, contract: native, decimals: 9 }
recipients:
  shop: { chain: solana, address: ${SHOP} }
rules:
  - name: by day
    when: { effect: [transfer], asset: [sol], to: [shop], hours: { zone: UTC, until: "${timeOf(edge)}" } }
    unattended: true
  - name: by night
    when: { effect: [transfer], asset: [sol], to: [shop], hours: { zone: UTC, from: "${timeOf(edge)}" } }
`)

let everybody: Custodian[] = []
afterEach(() => raze(everybody))

test('hours that end while the asker still waits for signers turn a script away', async () => {
  everybody = await custodians('alice', 'bob', 'carol')
  const [alice, bob, carol] = everybody as [Custodian, Custodian, Custodian]
  const edge = Math.ceil((clock.now() + 2 * MINUTE) / MINUTE) * MINUTE
  // Around midnight there would be no such hours in one day.
  if (edge % (24 * 60 * MINUTE) === 0) await clock.passes(5 * MINUTE)
  await makeGuarded(everybody, policyUntil(edge), { threshold: 3 })
  const payload = await solTransfer(alice, 5n)
  const named: Approval = { payloads: new Set([payloadHash(payload)]), type: 'solana-tx', path: null }
  const network = new MemoryNetwork()
  const at = async (who: Custodian, join: number) => {
    const world = worldOf(who, network.connect(who.member.name), {
      patience: { join, round: 10_000, total: null },
    })
    return [world, await findKey(who.home, 'treasury')] as const
  }
  const asked = { type: 'solana-tx', payload, path: null, reason: '', signers: null }
  const outcomes = await Promise.all(
    [
      at(alice, 20 * MINUTE).then(([world, key]) => ask(world, key, asked)),
      at(bob, 20 * MINUTE).then(([world, key]) => join(world, key, null, { by: 'policy' })),
      clock
        .passes(edge + 3 * MINUTE - clock.now())
        .then(() => at(carol, 20 * MINUTE))
        .then(([world, key]) => join(world, key, null, named)),
    ].map(outcomeOf),
  )
  expect(outcomes[1]).toMatch(/^refused E_ATTENDED: .*"by night"/)
  expect(outcomes.filter((outcome) => outcome === 'signed')).toEqual([])
})

test('a key without a policy is signed with by no rule', async () => {
  everybody = await custodians('alice', 'bob')
  const [alice] = everybody as [Custodian]
  await makeGuarded(everybody, null)
  const key = await findKey(alice.home, 'treasury')
  const network = new MemoryNetwork()
  const joining = join(worldOf(alice, network.connect('alice')), key, null, { by: 'policy' })
  expect(await outcomeOf(joining)).toMatch(/^refused E_ATTENDED: treasury has no policy/)
})
