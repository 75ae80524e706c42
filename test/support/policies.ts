/** Policies as people write them, and keys that have one. */
import { cp, mkdtemp, readFile, readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { planKeygen, runKeygen } from '../../src/ceremony/dkg/keygen.js'
import { buildPolicy, type PolicyPlan } from '../../src/ceremony/definition/build-policy.js'
import { findKey } from '../../src/ceremony/epochs/find-key.js'
import { planChange } from '../../src/ceremony/policy-change/plan.js'
import { type Changed, runChange } from '../../src/ceremony/policy-change/run.js'
import { type PolicyInForce, policyInForce } from '../../src/ceremony/policy/policy-in-force.js'
import type { World } from '../../src/ceremony/world.js'
import { MemoryNetwork } from '../../src/messaging/transport/memory.js'
import type { DefinitionFile, KeygenDefinition } from '../../src/wire/ceremony/definition.js'
import type { PolicyDefinition } from '../../src/wire/ceremony/policy-definition.js'
import { type Home, openHome } from '../../src/storage/home/home.js'
import { sha256 } from '../../src/wire/base/hash.js'
import { hex } from '../../src/wire/base/text.js'
import { keygenDefinition, rng } from './members.js'
import { type Custodian, fileOf, worldOf } from './worlds.js'

/** A policy under which everything is signed, if a person approves; another one for each name. */
export const policyNamed = (name: string): Uint8Array =>
  Buffer.from(`format: mpc/policy/v1
requests: { digests: true }
rules:
  - name: ${name}
    when: { effect: [transfer, unknown, none] }
`)

/** Everybody gets a share of `treasury`, which has this policy from the start. */
export async function makeGuarded(
  everybody: readonly Custodian[],
  policy: Uint8Array | null,
  { threshold = 2, ...changes }: Partial<World> & { readonly threshold?: number } = {},
): Promise<DefinitionFile> {
  const network = new MemoryNetwork()
  const file = fileOf({ ...(keygenDefinition(everybody, threshold) as KeygenDefinition), policy })
  await Promise.all(
    everybody.map(async (who) => {
      const plan = await planKeygen(who.home, who.card, file, Date.now())
      return runKeygen(worldOf(who, network.connect(who.member.name), changes), plan)
    }),
  )
  return file
}

/** The policy that this home applies to `treasury`. */
export const inForce = async ({ home }: Custodian): Promise<PolicyInForce | null> =>
  policyInForce(home, await findKey(home, 'treasury'))

/** A change to this policy, made from what is in force at its author. */
export async function changeTo(
  author: Custodian,
  policy: Uint8Array,
  changes: Partial<PolicyPlan> = {},
): Promise<DefinitionFile & { readonly definition: PolicyDefinition }> {
  const key = await findKey(author.home, 'treasury')
  const times = { supersedes: null, notBefore: '2020-01-01T00:00:00Z', expires: '2040-01-01T00:00:00Z' }
  const at = { now: Date.now(), rng }
  const definition = buildPolicy(
    { policy, ...times, ...changes },
    key,
    await policyInForce(author.home, key),
    at,
  )
  return { ...fileOf(definition), definition }
}

export async function applies(
  who: Custodian,
  file: DefinitionFile,
  network: MemoryNetwork,
  changes: Partial<World> = {},
): Promise<Changed> {
  const plan = await planChange(who.home, who.card, file, Date.now())
  return runChange(worldOf(who, network.connect(who.member.name), changes), plan)
}

/** All of these apply it. */
export function applied(
  everybody: readonly Custodian[],
  file: DefinitionFile,
  changes: Partial<World> = { linger: 500 },
): Promise<Changed[]> {
  const network = new MemoryNetwork()
  return Promise.all(everybody.map((who) => applies(who, file, network, changes)))
}

/** Every file under the keys of a home, with its bytes. */
export async function keysOf({ keys }: Home): Promise<string[]> {
  const entries = await readdir(keys, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return Promise.all(files.sort().map(async (path) => `${path} ${hex(sha256(await readFile(path)))}`))
}

/** The same custodian in a copy of its home as it is now. */
export async function copied(who: Custodian): Promise<Custodian> {
  const root = await mkdtemp(join(tmpdir(), 'mpc-copy-'))
  await cp(who.home.root, root, { recursive: true })
  return { ...who, home: await openHome(root) }
}
