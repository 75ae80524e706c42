/** Policies as people write them, and keys that have one. */
import { planKeygen, runKeygen } from '../../src/ceremony/dkg/keygen.js'
import { findKey } from '../../src/ceremony/epochs/find-key.js'
import { type PolicyInForce, policyInForce } from '../../src/ceremony/policy/policy-in-force.js'
import type { World } from '../../src/ceremony/world.js'
import { MemoryNetwork } from '../../src/messaging/transport/memory.js'
import type { DefinitionFile, KeygenDefinition } from '../../src/wire/ceremony/definition.js'
import { keygenDefinition } from './members.js'
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
