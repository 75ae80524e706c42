import { rm, writeFile } from 'node:fs/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import { findKey } from '../../../src/ceremony/epochs/find-key.js'
import { exportPolicies, importPolicies } from '../../../src/ceremony/policy/policy-file.js'
import { CeremonyFiles } from '../../../src/storage/home/ceremonies.js'
import { policyPath } from '../../../src/storage/home/policies.js'
import { sha256 } from '../../../src/wire/base/hash.js'
import {
  encodeChain,
  encodeLink,
  parseChain,
  parseLink,
  type PolicyLink,
} from '../../../src/wire/ceremony/policy-link.js'
import { codeOf } from '../../support/keys.js'
import {
  applied,
  changeTo,
  copied,
  inForce,
  keysOf,
  makeGuarded,
  policyNamed,
} from '../../support/policies.js'
import { signed } from '../../support/reshares.js'
import { somePayload } from '../../support/signing.js'
import { type Custodian, custodians } from '../../support/worlds.js'

const [one, two, three] = ['one', 'two', 'three'].map(policyNamed) as [Uint8Array, Uint8Array, Uint8Array]

describe('a home that is behind', () => {
  let alice: Custodian
  let bob: Custodian
  let behind: Custodian
  let file: Uint8Array
  /** Of the first change. */
  let certificate: Uint8Array

  beforeAll(async () => {
    const everybody = (await custodians('alice', 'bob', 'carol')) as [Custodian, Custodian, Custodian]
    ;[alice, bob] = everybody
    await makeGuarded(everybody, one)
    behind = await copied(everybody[2])
    const change = await changeTo(alice, two)
    await applied(everybody, change)
    certificate = (await new CeremonyFiles(alice.home, change.id).readCertificate()) as Uint8Array
    await applied(everybody, await changeTo(alice, three))
    file = await exportPolicies(alice.home, await findKey(alice.home, 'treasury'))
  })

  const into = async (who: Custodian, bytes: Uint8Array): Promise<readonly number[]> =>
    importPolicies(who.home, await findKey(who.home, 'treasury'), bytes)

  test('takes in the policies that another custodian writes, and then signs with the others', async () => {
    const here = await copied(behind)
    expect(await into(here, file)).toEqual([2, 3])
    expect(await inForce(here)).toMatchObject({ number: 3, sha256: sha256(three) })
    expect(await into(here, file)).toEqual([])
    const results = await signed([here, bob], somePayload(), { linger: 500 })
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled'])
  })

  test('gets back a policy of which a file is gone or damaged', async () => {
    const here = await copied(behind)
    await into(here, file)
    await rm(policyPath(here.home, 'treasury', 1, 'yaml'))
    await writeFile(policyPath(here.home, 'treasury', 3, 'cbor'), 'x')
    expect(await codeOf(inForce(here))).toBe('E_POLICY_MISSING')
    await into(here, file)
    expect(await inForce(here)).toMatchObject({ number: 3 })
  })

  test('refuses an older file, and its own policy stays', async () => {
    const older = await exportPolicies(behind.home, await findKey(behind.home, 'treasury'))
    expect(await codeOf(into(alice, older))).toBe('E_POLICY_OLDER')
    expect(await inForce(alice)).toMatchObject({ number: 3 })
  })

  test.each<[string, string, () => Uint8Array]>([
    ['cut short', 'E_POLICY_FILE', () => file.subarray(0, -1)],
    ['without the first policy', 'E_POLICY_FILE', () => encodeChain({ ...parseChain(file), first: null })],
    ['with another first policy', 'E_POLICY_FILE', () => encodeChain({ ...parseChain(file), first: two })],
    [
      'without a link between',
      'E_POLICY_FILE',
      () => encodeChain({ ...parseChain(file), links: parseChain(file).links.slice(1) }),
    ],
    [
      'with links in another order',
      'E_POLICY_FILE',
      () => encodeChain({ ...parseChain(file), links: parseChain(file).links.toReversed() }),
    ],
    [
      'of another key',
      'E_POLICY_FILE',
      () => encodeChain({ ...parseChain(file), key_id: new Uint8Array(32) }),
    ],
    [
      'of another epoch',
      'E_POLICY_FILE',
      () => encodeChain({ ...parseChain(file), record: new Uint8Array(32) }),
    ],
    [
      'with a certificate over another policy',
      'E_CERTIFICATE',
      () => {
        const chain = parseChain(file)
        const [first, second] = chain.links.map(parseLink) as [PolicyLink, PolicyLink]
        const swapped = encodeLink(second.definition, certificate)
        return encodeChain({ ...chain, links: [first.encoded, swapped] })
      },
    ],
  ])('refuses a file %s, and changes nothing', async (_, code, bytes) => {
    const here = await copied(behind)
    const before = await keysOf(here.home)
    expect(await codeOf(into(here, bytes()))).toBe(code)
    expect(await keysOf(here.home)).toEqual(before)
  })

  test.each([0.1, 0.3, 0.5, 0.7, 0.9, 0.99])(
    'refuses a file with one bit changed at %d of it',
    async (at) => {
      const here = await copied(behind)
      const bytes = Uint8Array.from(file)
      const place = Math.floor(at * bytes.length)
      bytes[place] = (bytes[place] as number) ^ 1
      const code = await codeOf(into(here, bytes))
      expect(code).toMatch(/^E_(?:POLICY_FILE|CERTIFICATE|DEFINITION|NO_SEAT|CARD|RECORD)$/)
      expect((await inForce(here))?.number).toBe(1)
    },
  )
})
