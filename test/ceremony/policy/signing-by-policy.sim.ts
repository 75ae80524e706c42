/** What a policy lets be signed: the asker's program refuses it, and every signer's program for itself. */
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join as inFolder } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { findKey } from '../../../src/ceremony/epochs/find-key.js'
import { outlook } from '../../../src/ceremony/policy/outlook.js'
import { type PolicyInForce, policyInForce } from '../../../src/ceremony/policy/policy-in-force.js'
import { signable } from '../../../src/ceremony/signing/fitness.js'
import type { Decision } from '../../../src/policy/evaluate.js'
import { type Approval, ask, join, payloadHash } from '../../../src/ceremony/signing/ask-and-join.js'
import type { Signed } from '../../../src/ceremony/signing/finished-signature.js'
import type { World } from '../../../src/ceremony/world.js'
import { MemoryNetwork } from '../../../src/messaging/transport/memory.js'
import { engineOf } from '../../../src/protocol/engines/registry.js'
import { Ledger } from '../../../src/storage/ledger/ledger.js'
import { hex } from '../../../src/wire/base/text.js'
import { decodeEnvelope } from '../../../src/wire/session/envelope.js'
import { clock } from '../../support/clock.js'
import { outcomeOf } from '../../support/outcomes.js'
import { makeGuarded } from '../../support/policies.js'
import { raze } from '../../support/processes.js'
import { SHOP, solTransfer } from '../../support/solana.js'
import { type Custodian, custodians, worldOf } from '../../support/worlds.js'

const SOL = 1_000_000_000n
const HOUR = 3_600_000
const MINUTE = 60_000

const POLICY = Buffer.from(`format: mpc/policy/v1
assets:
  sol: { chain: solana, contract: native, decimals: 9 }
recipients:
  shop: { chain: solana, address: ${SHOP} }
rules:
  - name: small
    when: { effect: [transfer], asset: [sol], to: [shop], amount: { at-most: "1" } }
    limit: { per-24h: "1.5" }
    unattended: true
  - name: large
    when: { effect: [transfer], asset: [sol], to: [shop], amount: { above: "1" } }
    delay: 2h
`)

let everybody: [Custodian, Custodian, Custodian]
let alice: Custodian
let bob: Custodian
let carol: Custodian

beforeEach(async () => {
  everybody = (await custodians('alice', 'bob', 'carol')) as typeof everybody
  ;[alice, bob, carol] = everybody
  await makeGuarded(everybody, POLICY)
  return () => raze(everybody)
})

const BY_POLICY = { by: 'policy' } as const
const named = (payload: Uint8Array): Approval => ({
  payloads: new Set([payloadHash(payload)]),
  type: 'solana-tx',
  path: null,
})

type Changes = Partial<World>
const waiting = (join: number): Changes => ({ patience: { join, round: 10_000, total: null } })

async function asks(
  who: Custodian,
  payload: Uint8Array,
  signers: readonly Custodian[],
  { network, isUnattended = false, ...changes }: Changes & { network: MemoryNetwork; isUnattended?: boolean },
): Promise<Signed> {
  const key = await findKey(who.home, 'treasury')
  const fingerprints = signers.map(({ card }) => card.fingerprint)
  const asked = { type: 'solana-tx', payload, path: null, reason: '', signers: fingerprints, isUnattended }
  return ask(worldOf(who, network.connect(who.member.name), changes), key, asked)
}

async function joins(
  who: Custodian,
  approval: Approval,
  { network, ...changes }: Changes & { network: MemoryNetwork },
): Promise<Signed> {
  const key = await findKey(who.home, 'treasury')
  return join(worldOf(who, network.connect(`${who.member.name}-`), changes), key, null, approval)
}

/** Two sign: the first asks, and the second approves as given. */
async function signed(
  [first, second]: readonly [Custodian, Custodian],
  payload: Uint8Array,
  approval: Approval,
  changes: Changes & { isUnattended?: boolean } = waiting(MINUTE),
): Promise<readonly string[]> {
  const network = new MemoryNetwork()
  const both = [
    asks(first, payload, [first, second], { network, ...changes }),
    joins(second, approval, { network, ...changes }),
  ]
  return Promise.all(both.map(outcomeOf))
}

describe('an unattended rule', () => {
  test('lets scripts sign what it allows, and nothing beyond its limit', async () => {
    const unattended = { ...waiting(MINUTE), isUnattended: true }
    const first = await solTransfer(alice, SOL)
    expect(await signed([alice, bob], first, BY_POLICY, unattended)).toEqual(['signed', 'signed'])
    // Half a SOL is left of the day at alice and bob; carol has signed nothing.
    const second = await solTransfer(alice, (SOL * 6n) / 10n)
    const [asked] = await signed([alice, bob], second, BY_POLICY, waiting(2000))
    expect(asked).toMatch(/^refused E_POLICY_DENIES: .*The limit per-24h of the rule "small"/)
  })

  test('does not let a script sign what another rule allows', async () => {
    const payload = await solTransfer(alice, 2n * SOL)
    const [asked] = await signed([alice, bob], payload, BY_POLICY, {
      ...waiting(2000),
      isUnattended: true,
    })
    expect(asked).toMatch(/^refused E_ATTENDED: .*"large"/)
  })
})

describe('a signer', () => {
  test('refuses by its own ledger what the asker would sign', async () => {
    const first = await solTransfer(bob, SOL)
    expect(await signed([bob, carol], first, named(first))).toEqual(['signed', 'signed'])
    const second = await solTransfer(alice, SOL - 1n)
    const [asked, joined] = await signed([alice, bob], second, named(second), waiting(5000))
    expect(asked).toMatch(/^absent E_PASSED_OVER: bob is there, and the policy does not let it sign this/)
    expect(joined).toMatch(/^refused E_POLICY_DENIES: a request of alice: .*"small"/)
  })

  test('refuses what no rule allows, with all approvals of people', async () => {
    const payload = await solTransfer(alice, SOL, '9we6kjtbcZ2vy3GSLLsZTEhbAqXPTRvEyoxa8wxSqKp5')
    const [asked] = await signed([alice, bob], payload, named(payload), waiting(2000))
    expect(asked).toMatch(/^refused E_POLICY_DENIES: .*No rule allows/)
  })
})

/** Lamports that the ledger of a home counts in the last day. */
async function spentBy(who: Custodian): Promise<bigint | null | undefined> {
  const { record } = await findKey(who.home, 'treasury')
  const window = { chain: 'solana', contract: 'native', window: 24 * HOUR }
  const [sum] = await new Ledger(who.home, record.key_id, clock).spent([window])
  return sum?.amount
}

describe('a limit', () => {
  test('holds for two requests at once: one of them is signed', async () => {
    const payloads = [await solTransfer(alice, SOL), await solTransfer(alice, SOL - 1n)] as const
    const outcomes = await Promise.all(
      payloads.map((payload) => signed([alice, bob], payload, named(payload), waiting(20_000))),
    )
    const asked = outcomes.map(([first]) => first)
    expect(asked.filter((outcome) => outcome === 'signed')).toHaveLength(1)
    for (const who of [alice, bob]) {
      const spent = await spentBy(who)
      expect([SOL, SOL - 1n]).toContain(spent)
    }
  })

  test('counts what a share was given for, though the other signer never answered', async () => {
    const network = new MemoryNetwork()
    const payload = await solTransfer(alice, SOL)
    const last = engineOf('eddsa-ed25519').givesAway
    let isCut = false
    /** From her share on alice hears nothing more, and bob's share never comes. */
    network.interfere = ({ to, bytes }) =>
      to === 'alice' && (isCut || decodeEnvelope(bytes).header.round === last) ? [] : [bytes]
    const emit: World['emit'] = ({ event, round }) => {
      isCut ||= event === 'letter_sent' && round === last
    }
    const outcomes = await Promise.all(
      [
        asks(alice, payload, [alice, bob], { network, ...waiting(5000), emit }),
        joins(bob, named(payload), { network, ...waiting(5000) }),
      ].map(outcomeOf),
    )
    expect(outcomes[0]).toMatch(/^doubt E_IN_DOUBT/)
    expect(await spentBy(alice)).toBe(SOL)
  })

  test('counts nothing for a request that nobody joins', async () => {
    const payload = await solTransfer(alice, SOL)
    const alone = asks(alice, payload, [alice, bob], { network: new MemoryNetwork(), ...waiting(2000) })
    expect(await outcomeOf(alone)).toMatch(/^absent /)
    expect(await spentBy(alice)).toBe(0n)
  })
})

test('what is explained beforehand is what scripts then sign or not, each custodian alike', async () => {
  const pay = async (sum: bigint, to?: string) => ({ payload: await solTransfer(alice, sum, to), sum })
  const asked = [
    await pay(SOL / 2n),
    await pay(SOL / 2n, '9we6kjtbcZ2vy3GSLLsZTEhbAqXPTRvEyoxa8wxSqKp5'),
    await pay(SOL + 1n),
    await pay(SOL),
    await pay(1n),
  ]
  const outcomes: string[] = []
  for (const { payload } of asked) {
    const told = await Promise.all([alice, bob].map((who) => explainedAt(who, alice, payload)))
    expect(told[0]).toEqual(told[1])
    const may = told[0]?.outcome === 'allow' && told[0].demands.unattended
    const both = await signed([alice, bob], payload, BY_POLICY, { ...waiting(1500), isUnattended: true })
    expect(both.every((outcome) => outcome === 'signed')).toBe(may)
    outcomes.push(told[0]?.outcome ?? '')
  }
  expect(outcomes).toEqual(['allow', 'deny', 'needs', 'allow', 'deny'])
})

/** The decision of a home about a payload that somebody would ask for. */
async function explainedAt(who: Custodian, asker: Custodian, payload: Uint8Array): Promise<Decision> {
  const key = await findKey(who.home, 'treasury')
  const policy = (await policyInForce(who.home, key)) as PolicyInForce
  const about = { type: 'solana-tx', payload, path: null }
  const target = await signable(key, about, policy)
  const signers = [alice, bob].map(({ card }) => card.fingerprint)
  const proposed = { ...about, target, signers, asker: asker.card.fingerprint }
  return (await outlook({ home: who.home, clock, card: who.card }, key, policy, proposed)).decision
}

describe('a delay', () => {
  test('runs at every signer before its share leaves', async () => {
    const payload = await solTransfer(alice, 2n * SOL)
    expect(await signed([alice, bob], payload, named(payload), waiting(3 * HOUR))).toEqual([
      'signed',
      'signed',
    ])
  })

  test('is longer than people wait: nothing is signed', async () => {
    const payload = await solTransfer(alice, 2n * SOL)
    const [asked] = await signed([alice, bob], payload, named(payload), waiting(HOUR))
    expect(asked).toMatch(/^absent E_POLICY_NEEDS: .*a wait until/)
  })
})

describe("what holds a request at a script's home", () => {
  /** Bob's script takes what comes next; `frees` ends what held it once it was told of `code`. */
  async function heldAtFirst(code: string, frees: () => Promise<unknown>): Promise<readonly string[]> {
    const network = new MemoryNetwork()
    const payload = await solTransfer(alice, SOL)
    let told = false
    const emit: World['emit'] = (event) => {
      told ||= event.event === 'skipped' && event.code === code
    }
    const both = [
      asks(alice, payload, [alice, bob], { network, ...waiting(2 * MINUTE) }),
      joins(bob, named(payload), { network, ...waiting(2 * MINUTE), emit }),
    ].map(outcomeOf)
    await clock.until(() => told)
    await frees()
    return Promise.all(both)
  }

  test('by a ledger that cannot be read does so no longer than that', async () => {
    const { record } = await findKey(bob.home, 'treasury')
    const folder = inFolder(bob.home.ledger, hex(record.key_id))
    await mkdir(folder, { recursive: true })
    await writeFile(inFolder(folder, 'head'), 'half')
    expect(await heldAtFirst('E_LEDGER', () => rm(inFolder(folder, 'head')))).toEqual(['signed', 'signed'])
  })

  test('by what another reserved does so no longer than that', async () => {
    const { record } = await findKey(bob.home, 'treasury')
    const ledger = new Ledger(bob.home, record.key_id, clock)
    const other = {
      request: new Uint8Array(32).fill(7),
      payload: new Uint8Array(32),
      policy: new Uint8Array(32),
      spending: [{ chain: 'solana', contract: 'native', amount: SOL }],
      windows: [],
    }
    await ledger.reserve(other, () => ({ outcome: 'allow' }))
    const outcomes = await heldAtFirst('E_POLICY_DENIES', () => ledger.release(other.request))
    expect(outcomes).toEqual(['signed', 'signed'])
  })
})
