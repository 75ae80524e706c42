/** Keys of custodians on disk, dealt anew over a network in memory. */
import { engineOf } from '../../src/protocol/engines/registry.js'
import { findKey } from '../../src/ceremony/epochs/find-key.js'
import type { Key } from '../../src/ceremony/keys/key.js'
import { planKeygen, runKeygen } from '../../src/ceremony/dkg/keygen.js'
import type { MadeKey } from '../../src/ceremony/dkg/plan.js'
import { ask, join, payloadHash } from '../../src/ceremony/signing/ask-and-join.js'
import { buildReshare, type ResharePlan } from '../../src/ceremony/definition/build-reshare.js'
import { planReshare, runReshare } from '../../src/ceremony/dkg/reshare.js'
import type { Signed } from '../../src/ceremony/signing/finished-signature.js'
import type { Known } from '../../src/ceremony/contacts/contacts.js'
import { policyInForce } from '../../src/ceremony/policy/policy-in-force.js'
import type { World } from '../../src/ceremony/world.js'
import { MemoryNetwork } from '../../src/messaging/transport/memory.js'
import type { Scheme } from '../../src/protocol/group/scheme.js'
import type {
  DefinitionFile,
  KeygenDefinition,
  ReshareDefinition,
} from '../../src/wire/ceremony/definition.js'
import { isRehearsal } from '../../src/wire/base/realm.js'
import { keygenDefinition, rng } from './members.js'
import { type Custodian, fileOf, worldOf } from './worlds.js'

/** Everybody in these homes has a share of `treasury` afterwards. */
export async function makeTreasury(
  everybody: readonly Custodian[],
  threshold: number,
  scheme: Scheme = 'eddsa-ed25519',
  changes: Partial<World> = {},
): Promise<MadeKey> {
  const network = new MemoryNetwork()
  const definition = keygenDefinition(everybody, threshold) as KeygenDefinition
  const file = fileOf({ ...definition, scheme, engine: engineOf(scheme).name, rehearsal: isRehearsal() })
  const [made] = await Promise.all(
    everybody.map(async (who) => {
      const plan = await planKeygen(who.home, who.card, file, Date.now())
      return runKeygen(worldOf(who, network.connect(who.member.name), changes), plan)
    }),
  )
  return made as MadeKey
}

export const knownOf = (everybody: readonly Custodian[]): Known[] =>
  everybody.map(({ card }) => ({ card, status: 'verified', since: null, how: 'words', beside: false }))

/** Nothing is to change. */
export const SAME: ResharePlan = {
  kind: 'reshare',
  threshold: null,
  members: null,
  dealers: null,
  minority: false,
  supersedes: null,
  notBefore: '2020-01-01T00:00:00Z',
  expires: '2040-01-01T00:00:00Z',
}

/** A definition from the epoch that is active at its author. */
export async function defined(
  author: Custodian,
  everybody: readonly Custodian[],
  changes: Partial<ResharePlan>,
): Promise<DefinitionFile & { readonly definition: ReshareDefinition }> {
  const key = await findKey(author.home, 'treasury')
  const definition = buildReshare({ ...SAME, ...changes }, key, knownOf(everybody), {
    now: Date.now(),
    rng,
    policy: await policyInForce(author.home, key),
  })
  return { ...fileOf(definition), definition }
}

export async function takesPart(
  who: Custodian,
  file: DefinitionFile,
  network: MemoryNetwork,
  changes: Partial<World> = {},
): Promise<MadeKey> {
  const plan = await planReshare(who.home, who.card, file, Date.now())
  return runReshare(worldOf(who, network.connect(who.member.name), changes), plan)
}

/** All of these take part in it. */
export function reshared(
  players: readonly Custodian[],
  file: DefinitionFile,
  changes: Partial<World> = {},
): Promise<MadeKey[]> {
  const network = new MemoryNetwork()
  return Promise.all(players.map((who) => takesPart(who, file, network, changes)))
}

/** The first asks, the others join: each with the epoch that is active in its home. */
export async function signed(
  signers: readonly Custodian[],
  payload: Uint8Array,
  changes: Partial<World> = {},
): Promise<PromiseSettledResult<Signed>[]> {
  const network = new MemoryNetwork()
  const [asker, ...others] = signers as [Custodian, ...Custodian[]]
  const worldFor = (who: Custodian) => worldOf(who, network.connect(who.member.name), changes)
  const keyOf = (who: Custodian): Promise<Key> => findKey(who.home, 'treasury')
  const named = signers.map(({ card }) => card.fingerprint)
  const approval = { payloads: new Set([payloadHash(payload)]), type: 'raw' as const, path: null }
  const asked = { type: 'raw' as const, payload, path: null, reason: '', signers: named }
  return Promise.allSettled([
    keyOf(asker).then((key) => ask(worldFor(asker), key, asked)),
    ...others.map(async (who) => join(worldFor(who), await keyOf(who), null, approval)),
  ])
}
