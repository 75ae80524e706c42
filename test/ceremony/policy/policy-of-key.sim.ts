import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { planKeygen } from '../../../src/ceremony/dkg/keygen.js'
import { findKey } from '../../../src/ceremony/epochs/find-key.js'
import { exportPolicies, importPolicies } from '../../../src/ceremony/policy/policy-file.js'
import { policyPath } from '../../../src/storage/home/policies.js'
import type { KeygenDefinition } from '../../../src/wire/ceremony/definition.js'
import { Failure } from '../../../src/wire/base/failure.js'
import { sha256 } from '../../../src/wire/base/hash.js'
import { hex } from '../../../src/wire/base/text.js'
import { codeOf, isValid } from '../../support/keys.js'
import { keygenDefinition } from '../../support/members.js'
import { only } from '../../support/only.js'
import { applied, changeTo, copied, inForce, makeGuarded, policyNamed } from '../../support/policies.js'
import { signed } from '../../support/reshares.js'
import { somePayload } from '../../support/signing.js'
import { type Custodian, custodians, fileOf } from '../../support/worlds.js'

const policy = policyNamed('everything')
let everybody: [Custodian, Custodian, Custodian]
let alice: Custodian
let bob: Custodian

beforeAll(async () => {
  everybody = (await custodians('alice', 'bob', 'carol')) as typeof everybody
  ;[alice, bob] = everybody
  await makeGuarded(everybody, policy)
})

/** The file of the policy in a home, which `act` may change, and which is put back. */
async function withFile(who: Custodian, act: (path: string) => Promise<void>): Promise<void> {
  const path = policyPath(who.home, 'treasury', 1, 'yaml')
  const held = await readFile(path)
  try {
    await act(path)
  } finally {
    await writeFile(path, held)
  }
}

describe('a policy that a key has from the start', () => {
  test('is named by the record, and lies in every home byte for byte', async () => {
    for (const who of everybody) {
      const { record } = await findKey(who.home, 'treasury')
      expect(record.policy).toEqual({ number: 1, sha256: sha256(policy) })
      const own = await inForce(who)
      expect(own).toMatchObject({ number: 1, sha256: sha256(policy) })
      expect(Buffer.from(own?.bytes ?? [])).toEqual(Buffer.from(policy))
      expect(own?.policy.rules.map(({ name }) => name)).toEqual(['everything'])
    }
  })

  test('is named by the request and the order of each signature', async () => {
    const payload = somePayload()
    const results = await signed([alice, bob], payload, { linger: 500 })
    const { record } = await findKey(alice.home, 'treasury')
    for (const result of results) {
      if (result.status === 'rejected') throw result.reason as Error
      expect(hex(result.value.order.policy ?? new Uint8Array())).toBe(hex(sha256(policy)))
      expect(hex(result.value.request.policy ?? new Uint8Array())).toBe(hex(sha256(policy)))
      expect(isValid(record, payload, only(result.value))).toBe(true)
    }
  })

  test('is never taken for none: without its file nothing is signed', async () => {
    await withFile(alice, async (path) => {
      await rm(path)
      expect(await codeOf(inForce(alice))).toBe('E_POLICY_MISSING')
      const [asked] = await signed([alice, bob], somePayload(), {
        patience: { join: 500, round: 500, total: null },
      })
      expect(asked).toMatchObject({ reason: { kind: 'conflict', code: 'E_POLICY_MISSING' } })
    })
  })

  test.each([
    ['with other rules', policyNamed('something else')],
    ['cut short', policy.subarray(0, -1)],
    ['empty', new Uint8Array()],
  ])('is refused %s', async (_, bytes) => {
    await withFile(alice, async (path) => {
      await writeFile(path, bytes)
      expect(await codeOf(inForce(alice))).toBe('E_POLICY_CHAIN')
    })
  })
})

test('a key without a policy has none, and its orders say so', async () => {
  const others = await custodians('alice', 'bob')
  await makeGuarded(others, null)
  expect(await inForce(others[0] as Custodian)).toBeNull()
  const [asked] = await signed(others, somePayload(), { linger: 500 })
  expect(asked).toMatchObject({ status: 'fulfilled', value: { order: { policy: null } } })
})

test('a definition whose policy is none is refused with each mistake', async () => {
  const bad = Buffer.from('format: mpc/policy/v1\nrules:\n  - name: a\n    whim: {}\nmore: 1\n')
  const file = fileOf({ ...(keygenDefinition(everybody) as KeygenDefinition), key: 'other', policy: bad })
  const failure = await planKeygen(alice.home, alice.card, file, Date.now()).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(Failure)
  expect(failure).toMatchObject({ kind: 'authentication', code: 'E_DEFINITION' })
  const { message } = failure as Failure
  expect(message).toContain('policy:4:5')
  expect(message).toContain('policy:5:1')
})

describe('an earlier state of a key', () => {
  let who: Custodian
  let states: readonly [Uint8Array, Uint8Array]
  const stateIn = ({ home }: Custodian) => join(home.keys, 'treasury', 'state.cbor')

  beforeAll(async () => {
    const others = await custodians('alice', 'bob')
    ;[who] = others as [Custodian]
    await makeGuarded(others, null)
    const none = await readFile(stateIn(who))
    await applied(others, await changeTo(who, policyNamed('one')))
    states = [none, await readFile(stateIn(who))]
    await applied(others, await changeTo(who, policyNamed('two')))
  })

  test('that is put back brings back neither an earlier policy nor none', async () => {
    for (const earlier of states) {
      const now = await copied(who)
      await writeFile(stateIn(now), earlier)
      expect(await inForce(now)).toMatchObject({ number: 2, sha256: sha256(policyNamed('two')) })
    }
  })

  test('is counted up again by the file of another custodian', async () => {
    const now = await copied(who)
    const last = await readFile(stateIn(now))
    await writeFile(stateIn(now), states[0])
    const key = await findKey(who.home, 'treasury')
    expect(await importPolicies(now.home, key, await exportPolicies(who.home, key))).toEqual([])
    expect(Buffer.from(await readFile(stateIn(now)))).toEqual(Buffer.from(last))
  })

  test.each([
    ['is none', 3, () => Buffer.from('none'), 'E_POLICY_CHAIN'],
    ['is of another number', 3, (held: Uint8Array) => held, 'E_POLICY_CHAIN'],
    ['has none before it', 4, (held: Uint8Array) => held, 'E_POLICY_MISSING'],
  ])('beside a later certificate that %s is a failure', async (_, number, act, code) => {
    const now = await copied(who)
    const at = (n: number, file: 'yaml' | 'cbor') => policyPath(now.home, 'treasury', n, file)
    await writeFile(at(number, 'yaml'), policyNamed('two'))
    expect(await inForce(now)).toMatchObject({ number: 2 })
    await writeFile(at(number, 'cbor'), act(await readFile(at(2, 'cbor'))))
    expect(await codeOf(inForce(now))).toBe(code)
  })
})
