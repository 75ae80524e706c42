/** A member's part in a policy change, and every check of it that needs no secret. */
import type { Policy } from '../../policy/language.js'
import { equalBytes } from '../../protocol/core/codec.js'
import { CeremonyFiles } from '../../storage/home/ceremonies.js'
import type { Home } from '../../storage/home/home.js'
import { checkVote } from '../../storage/home/votes.js'
import { Failure } from '../../wire/base/failure.js'
import type { DefinitionFile } from '../../wire/ceremony/definition.js'
import { playersOf } from '../../wire/ceremony/key-definition.js'
import {
  policyBase,
  policyBefore,
  type PolicyDefinition,
  policyIn,
} from '../../wire/ceremony/policy-definition.js'
import type { Card } from '../../wire/identity/card.js'
import { nameOfKey } from '../dkg/activate.js'
import { checkTime } from '../dkg/run.js'
import { findKey } from '../epochs/find-key.js'
import type { Key } from '../keys/key.js'
import { requireSameSeats } from '../keys/rebinds.js'
import { agreedPolicy } from '../policy/agreed-policy.js'
import { isSame } from '../policy/policy-chain.js'
import { inWords } from '../policy/policy-differs.js'
import { numberInForce, type PolicyInForce, policyInForce } from '../policy/policy-in-force.js'
import { requireNotEnded } from '../session/abort.js'

export type ChangePlan = {
  readonly file: DefinitionFile
  readonly definition: PolicyDefinition
  readonly key: Key
  /** All custodians. */
  readonly players: readonly Card[]
  /** In force here before; null: none, or the change is in force already. */
  readonly before: PolicyInForce | null
  /** The new one. */
  readonly policy: Policy
  /** Whether this member has voted: only the ending is left. */
  readonly begun: boolean
  /** A policy change starts from the epoch in use. */
  readonly behind: null
}

/**
 * This member's part in a definition, if it may take part.
 * @throws Failure: no custodian, or other seats than here (authentication), expired or too early (absent), ended here
 *   (refused); (conflict) `E_PARENT` if another epoch is in use, `E_POLICY_DIFFERS` if another policy is in force than
 *   the one that it replaces; as `checkVote`
 */
export async function planChange(
  home: Home,
  self: Card,
  file: DefinitionFile,
  now: number,
): Promise<ChangePlan> {
  const { definition } = file
  if (definition.kind !== 'policy') {
    throw new Failure('usage', 'E_KIND', `this defines a ${definition.kind}, not a policy change`)
  }
  const policy = (await agreedPolicy(definition)) as Policy
  const players = playersOf(definition)
  const files = new CeremonyFiles(home, file.id)
  await requireNotEnded(files)
  const begun = (await files.readReceipt()) !== null
  checkTime(definition, begun, now)
  const key = await keyOf(home, self, definition)
  if (!players.some(({ fingerprint }) => equalBytes(fingerprint, self.fingerprint))) {
    throw new Failure('authentication', 'E_NOT_MEMBER', `${self.name} is no custodian in this definition`, {
      hint: 'all custodians of the key take part: is this the right --home?',
    })
  }
  const before = await requireBefore(home, key, definition)
  await checkVote(home, policyBase(definition), file.id, definition.supersedes)
  return { file, definition, key, players, before, policy, begun, behind: null }
}

/**
 * The key here, with the epoch of the definition in use and the same identities in its seats.
 * @throws Failure `E_NO_KEY` (configuration), `E_PARENT` (conflict), `E_NO_SEAT` (authentication)
 */
async function keyOf(home: Home, self: Card, definition: PolicyDefinition): Promise<Key> {
  const { key_id, key: called, parent, parent_record: old, rebinds } = definition
  const key = await findKey(home, (await nameOfKey(home, key_id)) ?? called)
  if (!equalBytes(key.digest, parent)) {
    throw new Failure(
      'conflict',
      'E_PARENT',
      `this changes the policy of epoch ${old.epoch}, and here epoch ${key.record.epoch} of ${key.name} is in use`,
      {
        hint: 'nothing was begun; ask for a definition that was made from the epoch in use: `mpc share list` shows it',
      },
    )
  }
  requireSameSeats(key, self, rebinds)
  return key
}

/** The policy in force, which the definition replaces; null for none, and once the change is in force. */
async function requireBefore(
  home: Home,
  key: Key,
  definition: PolicyDefinition,
): Promise<PolicyInForce | null> {
  const own = await policyInForce(home, key)
  const here = own && { number: own.number, sha256: own.sha256 }
  if (isSame(here, policyBefore(definition))) return own
  if (isSame(here, policyIn(definition))) return null
  const isBehind = (await numberInForce(home, key)) < definition.number - 1
  throw new Failure(
    'conflict',
    'E_POLICY_DIFFERS',
    `this replaces ${inWords(policyBefore(definition))} of ${key.name}, and this home applies ${inWords(own)}`,
    {
      hint: isBehind
        ? `nothing was begun; its author writes what is in force, \`mpc policy show ${key.name} --chain -o FILE\`, and here: \`mpc policy import --key ${key.name} FILE\``
        : 'nothing was begun; ask for a definition that was made since the policy changed: `mpc ceremony new policy`',
    },
  )
}

/**
 * Checks once more, before the vote, that nothing has changed here since the plan was made.
 * @throws Failure as `planChange`
 */
export async function requireStillSo(home: Home, self: Card, definition: PolicyDefinition): Promise<void> {
  await requireBefore(home, await keyOf(home, self, definition), definition)
}
