/** A share that is moved or restored comes with the name of its policy, and is never used without the policy. */
import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { findKey } from '../../../src/ceremony/epochs/find-key.js'
import { exportPolicies, importPolicies } from '../../../src/ceremony/policy/policy-file.js'
import {
  importMoved,
  MOVED_FILES,
  type MovedFiles,
  rekey,
} from '../../../src/ceremony/recovery/move-share.js'
import { openHome } from '../../../src/storage/home/home.js'
import { writeIdentity } from '../../../src/storage/home/identity.js'
import { encodeChain, parseChain } from '../../../src/wire/ceremony/policy-link.js'
import { sha256 } from '../../../src/wire/base/hash.js'
import { codeOf } from '../../support/keys.js'
import { person, rng } from '../../support/members.js'
import { applied, changeTo, inForce, makeGuarded, policyNamed } from '../../support/policies.js'
import { moved, restored } from '../../support/rebound.js'
import { type Custodian, custodians } from '../../support/worlds.js'

const NOW = 1_900_000_000_000
const two = policyNamed('two')
let alice: Custodian
let bob: Custodian

/** A key that began without a policy, and has its second one. */
beforeEach(async () => {
  const everybody = await custodians('alice', 'bob', 'carol')
  ;[alice, bob] = everybody as [Custodian, Custodian]
  await makeGuarded(everybody, null)
  await applied(everybody, await changeTo(alice, policyNamed('one')))
  await applied(everybody, await changeTo(alice, two))
})

const chainOf = async ({ home }: Custodian): Promise<Uint8Array> =>
  exportPolicies(home, await findKey(home, 'treasury'))

test('a share that is moved brings its policies along', async () => {
  const there = await moved(alice)
  expect(await inForce(there)).toMatchObject({ number: 2, sha256: sha256(two) })
})

describe('a moved share', () => {
  const folderOf = async (): Promise<{ readonly there: Custodian; readonly files: MovedFiles }> => {
    const fresh = await person('alice')
    const home = await openHome(join(await mkdtemp(join(tmpdir(), 'mpc-moved-')), 'home'))
    await writeIdentity(home, { sealed: new Uint8Array(), card: fresh.card.line })
    const out = join(await mkdtemp(join(tmpdir(), 'mpc-moved-')), 'out')
    const key = await findKey(alice.home, 'treasury')
    await rekey(alice, key, { to: fresh.card, out, now: NOW, rng })
    const files = await Promise.all(
      MOVED_FILES.map(async (file) => [file, Uint8Array.from(await readFile(join(out, file)))] as const),
    )
    return { there: { ...fresh, home }, files: Object.fromEntries(files) as MovedFiles }
  }

  test('whose policies were taken away or cut on the way is refused whole', async () => {
    const { there, files } = await folderOf()
    const chain = parseChain(files['policies.cbor'])
    for (const links of [[], chain.links.slice(0, 1)]) {
      const cut = { ...files, 'policies.cbor': encodeChain({ ...chain, links }) }
      expect(await codeOf(importMoved(there, cut, null, NOW))).toBe('E_POLICY_FILE')
      expect(await codeOf(findKey(there.home, 'treasury'))).toBe('E_NO_KEY')
    }
    expect((await importMoved(there, files, null, NOW)).unkept).toBeNull()
    expect(await inForce(there)).toMatchObject({ number: 2 })
  })
})

test('a share that is restored from pieces knows that there is a policy, and gets it from another custodian', async () => {
  const again = await restored(alice)
  expect(await codeOf(inForce(again))).toBe('E_POLICY_MISSING')
  await importPolicies(again.home, await findKey(again.home, 'treasury'), await chainOf(bob))
  expect(await inForce(again)).toMatchObject({ number: 2, sha256: sha256(two) })
})
