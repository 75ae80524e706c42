/**
 * The definition of a reshare or refresh, made from command-line words and from the key's active epoch in
 * this home. Anything not given stays as it is.
 */
import { equalBytes } from '../../protocol/core/codec.js'
import { engineOf } from '../../protocol/engines/registry.js'
import type { Card } from '../../wire/identity/card.js'
import type { Member, ReshareDefinition } from '../../wire/ceremony/definition.js'
import { isRehearsal } from '../../wire/base/realm.js'
import type { Rebind } from '../../wire/key/rebind.js'
import type { KeyRecord } from '../../wire/key/record.js'
import { hex } from '../../wire/base/text.js'
import { type At, badPlan, timesOf, whole } from './build.js'
import type { Accepted, Key } from '../keys/key.js'
import { type Known, meaningOf } from '../contacts/contacts.js'
import { approvalsFor } from '../policy/carried-policy.js'
import type { PolicyInForce } from '../policy/policy-in-force.js'

export type ResharePlan = {
  readonly kind: 'reshare' | 'refresh'
  /** How many must sign afterwards; null: as many as before. */
  readonly threshold: number | null
  /** The custodians afterwards, in the order of their shares; null: the same. */
  readonly members: readonly string[] | null
  /** Old custodians who deal; null: the first ones, as many as must sign. */
  readonly dealers: readonly string[] | null
  readonly minority: boolean
  /** Definition IDs of the unresolved ceremonies that this one replaces, at least one; null for none. */
  readonly supersedes: readonly Uint8Array[] | null
  /** As in a key generation's plan. */
  readonly notBefore: string | null
  readonly expires: string | null
}

/**
 * @param policy in force, which the reshare carries on
 * @throws Failure (usage) `E_PLAN` for a problem with the plan; (configuration) `E_UNKNOWN_PEER`
 */
export function buildReshare(
  plan: ResharePlan,
  key: Key,
  known: readonly Known[],
  { now, rng, policy }: At & { readonly policy: PolicyInForce | null },
): ReshareDefinition {
  const { name, record, digest, seated, rebinds, everyRebind } = key
  if (plan.kind === 'refresh' && (plan.threshold !== null || plan.members !== null)) {
    throw badPlan('a refresh has the same custodians, and as many must sign: a reshare changes them')
  }
  const threshold = plan.threshold ?? record.threshold
  const cards =
    plan.members?.map((each) => cardOf(each, key, known)) ?? seated.members.map(({ card }) => card)
  const again = plan.members?.find((each, i, all) => all.indexOf(each) < i)
  if (again !== undefined) throw badPlan(`--members name ${again} again`)
  if (threshold < 2) throw badPlan('--threshold is at least 2: else one custodian alone could sign')
  if (threshold > cards.length) {
    throw badPlan(`--threshold is ${threshold}, but there are only ${cards.length} custodians`)
  }
  return whole({
    kind: plan.kind,
    key: name,
    scheme: record.scheme,
    engine: engineOf(record.scheme).name,
    threshold,
    members: cards.map((card): Member => ({ card, role: 'custodian' })),
    policy: policy && { number: policy.number, bytes: policy.bytes },
    parent: digest,
    parent_record: record,
    rebinds: rebinds.map(({ rebind }) => rebind),
    earlier_rebinds: earlierThan(everyRebind, rebinds),
    dealers: dealersIn(plan.dealers, seated),
    supersedes: plan.supersedes,
    approvals: approvalsIn(policy, record),
    minority: plan.minority,
    ...timesOf(plan, now),
    nonce: rng(32),
    rehearsal: isRehearsal(),
  })
}

/**
 * The card that a name means: the one known by it here, else the old custodian of that name. The old
 * custodian also wins if the known card is the identity whose seat it took.
 */
function cardOf(name: string, { record, seated }: Key, known: readonly Known[]): Card {
  const unseated = record.members.map(({ card }) => card).filter((card) => !sitsIn(seated, card))
  const isKnown = known.some(
    ({ card, beside }) =>
      card.name === name &&
      !beside &&
      !unseated.some(({ fingerprint }) => equalBytes(fingerprint, card.fingerprint)),
  )
  const old = seated.members.find(({ card }) => card.name === name)
  return old && !isKnown ? old.card : meaningOf(known, name).card
}

/** The rebinds that seat nobody any more, each once. */
const earlierThan = (all: readonly Accepted[], last: readonly Accepted[]): readonly Rebind[] => {
  const seen = new Set(last.map(({ digest }) => hex(digest)))
  return all.flatMap(({ rebind, digest }) => {
    if (seen.has(hex(digest))) return []
    seen.add(hex(digest))
    return [rebind]
  })
}

const sitsIn = ({ members }: KeyRecord, { fingerprint }: Card): boolean =>
  members.some(({ card }) => equalBytes(card.fingerprint, fingerprint))

/** How many old custodians must sign by the policy, where it says so. */
function approvalsIn(own: PolicyInForce | null, old: KeyRecord): number | null {
  return own && approvalsFor(own.policy, old.members.length)
}

/** The dealers in the order of the record, however they were named. */
function dealersIn(names: readonly string[] | null, { members, threshold }: KeyRecord): Uint8Array[] {
  const old = members.map(({ card }) => card.name)
  const strangers = (names ?? []).filter((name) => !old.includes(name))
  if (strangers.length > 0) {
    throw badPlan(`--dealers are custodians of the key now: ${old.join(', ')}, not ${strangers.join(', ')}`)
  }
  const chosen = names ?? old.slice(0, threshold)
  if (chosen.length !== threshold || new Set(chosen).size !== threshold) {
    throw badPlan(`--dealers are ${threshold}, as many as must sign with the key now`)
  }
  return members.filter(({ card }) => chosen.includes(card.name)).map(({ card }) => card.fingerprint)
}
