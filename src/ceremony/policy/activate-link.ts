/**
 * Activation of a policy that all custodians have certified: its files, then the state of the key that counts it. The
 * rename of the certificate is the change: a crash before the state is written undoes nothing.
 */
import { equalBytes } from '../../protocol/core/codec.js'
import { type KeyState, lockKey, readState, writeState } from '../../storage/home/epochs.js'
import type { Home } from '../../storage/home/home.js'
import { stagePolicy } from '../../storage/home/policies.js'
import { settleVote } from '../../storage/home/votes.js'
import { Failure } from '../../wire/base/failure.js'
import { policyBase, policyIn } from '../../wire/ceremony/policy-definition.js'
import type { PolicyLink } from '../../wire/ceremony/policy-link.js'
import { chainHere, follows, type Guarded, isSame } from './policy-chain.js'
import { numberInForce } from './policy-in-force.js'

/**
 * Puts a policy in force, or puts back what is missing of one that is.
 * @param key with the epoch in use
 * @returns whether it was in force already, or a later one is
 * @throws Failure (conflict) `E_PARENT` if another epoch is in use, `E_VOTED_PARENT` if this home has voted for a
 *   ceremony that replaces the one that made it; as `chainHere` and `follows`
 */
export async function activateLink(home: Home, key: Guarded, link: PolicyLink): Promise<boolean> {
  const { name } = key
  const { definition, id, encoded } = link
  const { number, supersedes, policy: bytes } = definition
  await using _ = await lockKey(home, name)
  const state = (await readState(home, name)) as KeyState
  const active = state.epochs.find(({ status }) => status === 'active')
  if (!active || !equalBytes(active.digest, definition.parent)) throw ofAnotherEpoch(name, link)
  const before = (await chainHere(home, key, number - 1)).at(-1) ?? null
  follows(key, before, { number, bytes, link })
  const isHere = (await numberInForce(home, key)) >= number
  if (isHere) await requireSame(home, key, link)
  else await settleVote(home, policyBase(definition), id, supersedes)
  await stagePolicy(home, name, number, { yaml: bytes, cbor: encoded })
  if (state.policy < number) await writeState(home, name, { ...state, policy: number })
  return isHere
}

/** A policy of that number that is here and whole is the same; a damaged one is replaced. */
async function requireSame(home: Home, key: Guarded, { definition }: PolicyLink): Promise<void> {
  const here = await chainHere(home, key, definition.number).catch((error: unknown) => {
    if (error instanceof Failure) return []
    throw error
  })
  const held = here.at(-1)
  if (!held || isSame({ number: held.number, sha256: held.sha256 }, policyIn(definition))) return
  throw new Failure(
    'conflict',
    'E_POLICY_CHAIN',
    `another policy ${definition.number} of ${key.name} is in force here`,
    {
      hint: 'both are certified, so every custodian has voted twice; nothing was changed: compare them with the others',
    },
  )
}

const ofAnotherEpoch = (name: string, { definition }: PolicyLink): Failure =>
  new Failure(
    'conflict',
    'E_PARENT',
    `policy ${definition.number} is of epoch ${definition.parent_record.epoch} of ${name}, which is not in use here`,
    { hint: `nothing was changed; \`mpc share list --key ${name}\` shows the epochs that are known here` },
  )
