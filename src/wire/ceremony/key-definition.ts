/**
 * Definitions of the ceremonies that make shares: key generation, reshare, refresh. The rules for one
 * definition by itself are here; the file, its ID and its signatures are in `definition.ts`.
 */
import {
  bytes,
  bytesUpTo,
  CodecError,
  equalBytes,
  flag,
  list,
  mapped,
  nullable,
  type Of,
  oneOf,
  record,
  type Shape,
  text,
  time,
  uint,
} from '../../protocol/core/codec.js'
import type { ReshareInput } from '../../protocol/dkg/reshare.js'
import { byEngine, engineField } from '../../protocol/engines/registry.js'
import { SCHEMES } from '../../protocol/group/scheme.js'
import { type Card, checkDistinct, parseCard } from '../identity/card.js'
import { sha256 } from '../base/hash.js'
import { rehearsalFlag } from '../base/realm.js'
import { hex, nameShape } from '../base/text.js'
import { MOST_POLICIES, type NamedPolicy } from '../key/named-policy.js'
import { formerAfter } from '../key/former.js'
import { type Former, type KeyRecord, MOST_FORMER, publicShares } from '../key/record.js'
import {
  checkEarlier,
  checkParent,
  earlierRebinds,
  MOST_MEMBERS,
  oldCustodians,
  parentFields,
  seatedBefore,
  supersedes,
  voteBase,
} from './parent-epoch.js'
import { POLICY_LIMIT, type PolicyDefinition } from './policy-definition.js'
export { MOST_MEMBERS, seatedBefore }

export const ROLES = ['custodian', 'observer'] as const
export type Role = (typeof ROLES)[number]

const cardShape: Shape<Card> = mapped(text(8192), parseCard, (card) => card.line)
const memberShape = record({ card: cardShape, role: oneOf(ROLES) })
export type Member = Of<typeof memberShape>

const commonFields = {
  key: nameShape,
  scheme: oneOf(SCHEMES),
  ...engineField,
  /** Number of custodians who must sign. */
  threshold: uint(MOST_MEMBERS, 2),
  members: list(memberShape, 2, MOST_MEMBERS),
  supersedes,
  minority: flag,
  /** Milliseconds since 1970. */
  not_before: time(),
  expires: time(),
  nonce: bytes(32),
  rehearsal: rehearsalFlag,
}
const keygenFields = record({
  kind: oneOf(['keygen']),
  ...commonFields,
  /** The bytes of the key's first policy; null: it has none. */
  policy: nullable(bytesUpTo(POLICY_LIMIT, 1)),
  /** Record digest of the parent epoch. */
  parent: nullable(bytes(32)),
  /** Fingerprints of the dealers, who are old custodians. */
  dealers: nullable(list(bytes(32), 2, MOST_MEMBERS)),
})
export const keygenShape = byEngine(mapped(keygenFields, checkKeygen, (d) => d))

const reshareFields = record({
  kind: oneOf(['reshare', 'refresh']),
  ...commonFields,
  ...parentFields,
  earlier_rebinds: earlierRebinds,
  /** How many old custodians must sign, as the policy says; null: as many as without it. */
  approvals: nullable(uint(MOST_MEMBERS, 1)),
  /** The policy in force, which stays; null: the key has none. */
  policy: nullable(record({ number: uint(MOST_POLICIES, 1), bytes: bytesUpTo(POLICY_LIMIT, 1) })),
  dealers: list(bytes(32), 2, MOST_MEMBERS),
})
export const reshareShape = byEngine(mapped(reshareFields, checkReshare, (d) => d))

export type KeygenDefinition = Of<typeof keygenShape>
export type ReshareDefinition = Of<typeof reshareShape>
/** A definition whose ceremony ends with shares and a record. */
export type KeyDefinition = KeygenDefinition | ReshareDefinition

export const isKeyDefinition = (
  definition: { readonly kind: string } | KeyDefinition,
): definition is KeyDefinition => ['keygen', 'reshare', 'refresh'].includes(definition.kind)

/** A definition whose participants vote for a result. */
export type VotedDefinition = KeyDefinition | PolicyDefinition

export const isVoted = (
  definition: { readonly kind: string } | VotedDefinition,
): definition is VotedDefinition => definition.kind === 'policy' || isKeyDefinition(definition)

/** The policy that a reshare carries to the next epoch. */
export const policyOf = ({ policy }: Pick<ReshareDefinition, 'policy'>): NamedPolicy | null =>
  policy && { number: policy.number, sha256: sha256(policy.bytes) }

/** What the votes for a reshare start from. */
export const reshareBase = (definition: Pick<ReshareDefinition, 'parent' | 'policy'>): Uint8Array =>
  voteBase(definition.parent, policyOf(definition))

export const isReshare = (
  definition: { readonly kind: string } | ReshareDefinition,
): definition is ReshareDefinition => definition.kind === 'reshare' || definition.kind === 'refresh'

/** The former identities that the record of the next epoch names. */
export const formerIdentities = (
  definition: Pick<ReshareDefinition, 'parent_record' | 'rebinds' | 'earlier_rebinds' | 'members'>,
): readonly Former[] => {
  const { parent_record: old, rebinds, earlier_rebinds: earlier } = definition
  return formerAfter(old, [...earlier, ...rebinds], custodiansOf(definition))
}

/** The future custodians in the definition's order; position plus one is the index of the share. */
export const custodiansOf = (definition: Pick<KeyDefinition, 'members'>): readonly Card[] =>
  definition.members.filter((member) => member.role === 'custodian').map((member) => member.card)

/** The old custodians who deal, in the order of the old record. */
export function dealersOf(
  definition: Pick<ReshareDefinition, 'dealers' | 'parent_record' | 'rebinds'>,
): readonly KeyRecord['members'][number][] {
  const seated = seatedBefore(definition)
  return definition.dealers.map((dealer) => memberWith(seated, dealer))
}

function memberWith({ members }: KeyRecord, fingerprint: Uint8Array): KeyRecord['members'][number] {
  const member = members.find(({ card }) => equalBytes(card.fingerprint, fingerprint))
  if (!member) throw new CodecError('dealers', 'not all custodians of the epoch before')
  return member
}

/**
 * The participants: of a ceremony that makes shares the future custodians, then the dealers who are not among
 * them; of a policy change all custodians.
 */
export function playersOf(definition: VotedDefinition): readonly Card[] {
  if (definition.kind === 'policy') return oldCustodians(definition)
  const custodians = custodiansOf(definition)
  if (definition.kind === 'keygen') return custodians
  return [...custodians, ...without(oldCards(dealersOf(definition)), custodians)]
}

/** The input of the reshare protocol; its parties are the participants in order, from 1. */
export function reshareInputOf(definition: ReshareDefinition): ReshareInput {
  const { parent, parent_record: old, threshold } = definition
  const players = playersOf(definition).map(({ fingerprint }) => hex(fingerprint))
  const dealers = dealersOf(definition)
  return {
    parent,
    old: {
      scheme: old.scheme,
      threshold: old.threshold,
      groupPoint: old.group_point,
      publicShares: publicShares(old),
    },
    chainCode: old.chain_code,
    dealers: new Map(dealers.map(({ card, index }) => [players.indexOf(hex(card.fingerprint)) + 1, index])),
    threshold,
    members: new Map(custodiansOf(definition).map((_, i) => [i + 1, i + 1])),
  }
}

/** Members of the ceremony who take no part in the rounds. */
export const onlookersOf = (definition: VotedDefinition): readonly Card[] =>
  without(membersOf(definition), playersOf(definition))

/** Every member with a card in the definition; old custodians last. */
export function membersOf(definition: VotedDefinition): readonly Card[] {
  if (definition.kind === 'policy') return oldCustodians(definition)
  const members = definition.members.map(({ card }) => card)
  if (definition.kind === 'keygen') return members
  return [...members, ...without(oldCustodians(definition), members)]
}

const oldCards = (members: readonly { readonly card: Card }[]): Card[] => members.map(({ card }) => card)

const without = (cards: readonly Card[], others: readonly Card[]): Card[] => {
  const taken = new Set(others.map(({ fingerprint }) => hex(fingerprint)))
  return cards.filter(({ fingerprint }) => !taken.has(hex(fingerprint)))
}

/** The old custodians who neither deal nor get a share. They sign, and learn the outcome. */
export const watchersOf = (definition: ReshareDefinition): readonly Card[] =>
  without(oldCustodians(definition), playersOf(definition))

export const isWatcher = (definition: ReshareDefinition, { fingerprint }: Card): boolean =>
  watchersOf(definition).some((watcher) => equalBytes(watcher.fingerprint, fingerprint))

/**
 * How many watchers must sign so that, with the participants, more than half of the old custodians have
 * agreed, and as many as the policy asks for. Two competing ceremonies then both succeed only if somebody
 * agrees to both, which an honest home does only where one replaces the other. A minority reshare needs no
 * watcher, except by the policy.
 */
export function watchersNeeded(definition: ReshareDefinition): number {
  const old = definition.parent_record.members.length
  const taking = old - watchersOf(definition).length
  const majority = definition.minority ? 0 : Math.floor(old / 2) + 1
  return Math.max(0, majority - taking, (definition.approvals ?? 0) - taking)
}

// ------------------------------------------------------------------------------------------------- the rules

function checkCommon(definition: Pick<KeyDefinition, 'members' | 'threshold' | 'not_before' | 'expires'>) {
  const custodians = custodiansOf(definition).length
  if (definition.threshold > custodians) {
    throw new CodecError(
      'threshold',
      `${definition.threshold} must sign, but there are ${custodians} custodians`,
    )
  }
  checkDistinct(definition.members.map((member) => member.card))
  if (definition.expires <= definition.not_before) throw new CodecError('expires', 'not after not_before')
}

function checkKeygen(definition: Of<typeof keygenFields>): Of<typeof keygenFields> {
  checkCommon(definition)
  if (definition.parent || definition.dealers || definition.supersedes || definition.minority) {
    throw new CodecError('parent', 'a key generation starts from nothing')
  }
  return definition
}

function checkReshare(definition: Of<typeof reshareFields>): Of<typeof reshareFields> {
  const { parent_record: old, dealers, kind } = definition
  checkCommon(definition)
  checkParent(definition)
  checkEarlier(definition)
  if (formerIdentities(definition).length > MOST_FORMER)
    throw new CodecError('earlier_rebinds', `make more than ${MOST_FORMER} former identities`)
  checkPolicy(definition)
  if ((definition.approvals ?? 0) > old.members.length)
    throw new CodecError('approvals', 'more than there are')
  if (definition.scheme !== old.scheme) throw new CodecError('scheme', "not the key's")
  checkSeats(definition)
  const order = dealersOf(definition).map(({ index }) => index)
  if (order.some((index, i) => i > 0 && index <= (order[i - 1] ?? 0))) {
    throw new CodecError('dealers', 'not in the order of the record')
  }
  if (dealers.length !== old.threshold) {
    throw new CodecError('dealers', `${old.threshold} deal, not ${dealers.length}`)
  }
  checkDistinct(playersOf(definition))
  if (definition.minority && definition.supersedes) {
    throw new CodecError('minority', 'only more than half of the old custodians replace a ceremony')
  }
  if (kind === 'refresh' && !isRefresh(definition)) {
    throw new CodecError('kind', 'a refresh has the same custodians, and as many must sign')
  }
  return definition
}

/** Checks that no member is an identity whose seat another one has taken. */
function checkSeats(definition: Of<typeof reshareFields>): void {
  const { parent_record: old, members } = definition
  const unseated = without(oldCards(old.members), oldCustodians(definition))
  const cards = members.map(({ card }) => card)
  const gone = unseated.find((card) => without([card], cards).length === 0)
  if (gone) throw new CodecError('members', `another identity has the seat that this ${gone.name} had`)
}

/** Checks that its policy is the one that the parent record names, or a later one. */
function checkPolicy({ policy, parent_record: { policy: first } }: Of<typeof reshareFields>): void {
  const number = policy?.number ?? 0
  const isFirst = number === (first?.number ?? 0)
  if (number < (first?.number ?? 0)) throw new CodecError('policy', 'older than the parent epoch')
  if (isFirst && policy && first && !equalBytes(sha256(policy.bytes), first.sha256)) {
    throw new CodecError('policy', 'not the one that the parent record names')
  }
}

function isRefresh(definition: Of<typeof reshareFields>): boolean {
  const seated = seatedBefore(definition)
  const [now, before] = [custodiansOf(definition), oldCards(seated.members)]
  return (
    definition.threshold === seated.threshold &&
    now.length === before.length &&
    now.every(({ fingerprint }, i) => equalBytes(fingerprint, before[i]?.fingerprint ?? new Uint8Array()))
  )
}
