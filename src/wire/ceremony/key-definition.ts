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
import { Failure } from '../base/failure.js'
import { rehearsalFlag } from '../base/realm.js'
import { checkRebind, rebindShape } from '../key/rebind.js'
import { encodeRecord, type KeyRecord, parseRecord, publicShares, recordDigest } from '../key/record.js'
import { seatedBy } from '../key/seated-record.js'
import { hex, nameShape } from '../base/text.js'

export const MOST_MEMBERS = 64
export const ROLES = ['custodian', 'operator', 'approver', 'observer'] as const
export type Role = (typeof ROLES)[number]

const cardShape: Shape<Card> = mapped(text(8192), parseCard, (card) => card.line)
const memberShape = record({ card: cardShape, role: oneOf(ROLES) })
export type Member = Of<typeof memberShape>

/** An attacker with as many homes can split old custodians, each voting for another ceremony. */
const MOST_SUPERSEDED = 16
const supersededShape = mapped(list(bytes(32), 1, MOST_SUPERSEDED), checkOnce, (ids) => ids)

const commonFields = {
  key: nameShape,
  scheme: oneOf(SCHEMES),
  ...engineField,
  /** Number of custodians who must sign. */
  threshold: uint(MOST_MEMBERS, 2),
  members: list(memberShape, 2, MOST_MEMBERS),
  /** The policy file's bytes. */
  policy: nullable(bytesUpTo(65_536)),
  /** Definition IDs of unresolved ceremonies that this one replaces; their voters may vote here. */
  supersedes: nullable(supersededShape),
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
  /** Record digest of the parent epoch. */
  parent: nullable(bytes(32)),
  /** Fingerprints of the dealers, who are old custodians. */
  dealers: nullable(list(bytes(32), 2, MOST_MEMBERS)),
})
export const keygenShape = byEngine(mapped(keygenFields, checkKeygen, (d) => d))

const reshareFields = record({
  kind: oneOf(['reshare', 'refresh']),
  ...commonFields,
  parent: bytes(32),
  /** The parent record. Every dealer signs it, so a newcomer learns it from all of them. */
  parent_record: mapped<Uint8Array, KeyRecord>(bytesUpTo(3 << 17), parseRecord, encodeRecord),
  /** Rebinds of seats in the parent record: at most one per seat, in the order of the record. */
  rebinds: list(rebindShape, 0, MOST_MEMBERS),
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

export const isReshare = (
  definition: { readonly kind: string } | ReshareDefinition,
): definition is ReshareDefinition => definition.kind === 'reshare' || definition.kind === 'refresh'

/** The future custodians in the definition's order; position plus one is the index of the share. */
export const custodiansOf = (definition: Pick<KeyDefinition, 'members'>): readonly Card[] =>
  definition.members.filter((member) => member.role === 'custodian').map((member) => member.card)

/**
 * The parent record with the cards now in its seats: the old custodians. Its digest differs from the
 * parent's, so use it only to look up cards.
 */
export const seatedBefore = ({
  parent_record: old,
  rebinds,
}: Pick<ReshareDefinition, 'parent_record' | 'rebinds'>): KeyRecord => seatedBy(old, rebinds)

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

/** The participants in the rounds: the future custodians, then the dealers who are not among them. */
export function playersOf(definition: KeyDefinition): readonly Card[] {
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
export const onlookersOf = (definition: KeyDefinition): readonly Card[] =>
  without(membersOf(definition), playersOf(definition))

/** Every member with a card in the definition; old custodians last. */
export function membersOf(definition: KeyDefinition): readonly Card[] {
  const members = definition.members.map(({ card }) => card)
  if (definition.kind === 'keygen') return members
  return [...members, ...without(oldCards(seatedBefore(definition).members), members)]
}

const oldCards = (members: readonly { readonly card: Card }[]): Card[] => members.map(({ card }) => card)

const without = (cards: readonly Card[], others: readonly Card[]): Card[] => {
  const taken = new Set(others.map(({ fingerprint }) => hex(fingerprint)))
  return cards.filter(({ fingerprint }) => !taken.has(hex(fingerprint)))
}

/** The old custodians who neither deal nor get a share. They sign, and learn the outcome. */
export const watchersOf = (definition: ReshareDefinition): readonly Card[] =>
  without(oldCards(seatedBefore(definition).members), playersOf(definition))

export const isWatcher = (definition: ReshareDefinition, { fingerprint }: Card): boolean =>
  watchersOf(definition).some((watcher) => equalBytes(watcher.fingerprint, fingerprint))

/**
 * How many watchers must sign so that, with the participants, more than half of the old custodians have
 * agreed. Two competing ceremonies then both succeed only if somebody agrees to both, which an honest home
 * does only where one replaces the other. A minority reshare needs no watcher.
 */
export function watchersNeeded(definition: ReshareDefinition): number {
  if (definition.minority) return 0
  const old = definition.parent_record.members.length
  const taking = old - watchersOf(definition).length
  return Math.max(0, Math.floor(old / 2) + 1 - taking)
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

function checkOnce(ids: readonly Uint8Array[]): readonly Uint8Array[] {
  if (new Set(ids.map(hex)).size < ids.length) throw new CodecError('', 'names one twice')
  return ids
}

function checkKeygen(definition: Of<typeof keygenFields>): Of<typeof keygenFields> {
  checkCommon(definition)
  if (definition.parent || definition.dealers || definition.supersedes || definition.minority) {
    throw new CodecError('parent', 'a key generation starts from nothing')
  }
  return definition
}

function checkReshare(definition: Of<typeof reshareFields>): Of<typeof reshareFields> {
  const { parent, parent_record: old, dealers, kind } = definition
  checkCommon(definition)
  if (definition.policy !== null) throw new CodecError('policy', 'stays what it is in a resharing')
  if (!equalBytes(recordDigest(old), parent)) throw new CodecError('parent', 'not the digest of the record')
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

/** Checks the rebinds, and that no member is an identity whose seat another one has taken. */
function checkSeats(definition: Of<typeof reshareFields>): void {
  const { parent_record: old, rebinds, members } = definition
  if (rebinds.some(({ index }, i) => i > 0 && index <= (rebinds[i - 1]?.index ?? 0))) {
    throw new CodecError('rebinds', 'not one a seat, in the order of the record')
  }
  try {
    for (const rebind of rebinds) checkRebind(rebind, old)
    const unseated = without(oldCards(old.members), oldCards(seatedBefore(definition).members))
    const cards = members.map(({ card }) => card)
    const gone = unseated.find((card) => without([card], cards).length === 0)
    if (gone) throw new CodecError('members', `another identity has the seat that this ${gone.name} had`)
  } catch (cause) {
    if (cause instanceof Failure) throw new CodecError('rebinds', cause.message)
    throw cause
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
