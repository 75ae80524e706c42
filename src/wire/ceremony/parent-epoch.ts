/**
 * What a definition says of the epoch that it starts from: the record, who sits in its seats, and the unresolved
 * ceremonies that it replaces.
 */
import {
  bytes,
  bytesUpTo,
  CodecError,
  equalBytes,
  list,
  mapped,
  nullable,
} from '../../protocol/core/codec.js'
import { digest } from '../../protocol/core/session.js'
import type { Card } from '../identity/card.js'
import { Failure } from '../base/failure.js'
import { hex } from '../base/text.js'
import type { NamedPolicy } from '../key/named-policy.js'
import { checkRebind, type Rebind, rebindShape } from '../key/rebind.js'
import { encodeRecord, type KeyRecord, parseRecord, recordDigest } from '../key/record.js'
import { seatedBy } from '../key/seated-record.js'

export const MOST_MEMBERS = 64

/** An attacker with as many homes can split old custodians, each voting for another ceremony. */
const MOST_SUPERSEDED = 16

/** Definition IDs of unresolved ceremonies that this one replaces; their voters may vote here. */
export const supersedes = nullable(mapped(list(bytes(32), 1, MOST_SUPERSEDED), checkOnce, (ids) => ids))

export const parentFields = {
  /** Record digest of the parent epoch. */
  parent: bytes(32),
  /** The parent record. Every participant signs it, so a newcomer learns it from all of them. */
  parent_record: mapped<Uint8Array, KeyRecord>(bytesUpTo(3 << 17), parseRecord, encodeRecord),
  /** Rebinds of seats in the parent record: at most one per seat, in the order of the record. */
  rebinds: list(rebindShape, 0, MOST_MEMBERS),
}

/**
 * Rebinds that seated others in seats of the parent record before its last ones, per seat in the order in which the
 * definition's author accepted them. They seat nobody: their identities count as former ones.
 */
export const earlierRebinds = list(rebindShape, 0, MOST_MEMBERS)

export type Parent = {
  readonly parent: Uint8Array
  readonly parent_record: KeyRecord
  readonly rebinds: readonly Rebind[]
}

/**
 * The parent record with the cards now in its seats: the old custodians. Its digest differs from the
 * parent's, so use it only to look up cards.
 */
export const seatedBefore = ({
  parent_record: old,
  rebinds,
}: Pick<Parent, 'parent_record' | 'rebinds'>): KeyRecord => seatedBy(old, rebinds)

/** The custodians of the parent epoch. */
export const oldCustodians = (parent: Pick<Parent, 'parent_record' | 'rebinds'>): readonly Card[] =>
  seatedBefore(parent).members.map(({ card }) => card)

/** 32 bytes that identify what votes start from: an epoch, and the policy that was in force in it. */
export const voteBase = (epoch: Uint8Array, policy: NamedPolicy | null): Uint8Array =>
  policy === null ? epoch : digest('mpc/vote-base/v1', epoch, policy.number, policy.sha256)

/** Checks that the parent is that of its record, and that the rebinds go together. @throws CodecError */
export function checkParent({ parent, parent_record: old, rebinds }: Parent): void {
  if (!equalBytes(recordDigest(old), parent)) throw new CodecError('parent', 'not the digest of the record')
  if (rebinds.some(({ index }, i) => i > 0 && index <= (rebinds[i - 1]?.index ?? 0))) {
    throw new CodecError('rebinds', 'not one a seat, in the order of the record')
  }
  asCodecErrors('rebinds', () => {
    for (const rebind of rebinds) checkRebind(rebind, old)
    seatedBy(old, rebinds)
  })
}

/** Checks earlier rebinds, each by itself. @throws CodecError */
export function checkEarlier({
  parent_record: old,
  rebinds,
  earlier_rebinds: earlier,
}: Parent & { readonly earlier_rebinds: readonly Rebind[] }): void {
  // They sat there one after another, so two of them may bear one name.
  asCodecErrors('earlier_rebinds', () => {
    for (const rebind of earlier) checkRebind(rebind, old)
  })
  if (earlier.some(({ index }, i) => i > 0 && index < (earlier[i - 1]?.index ?? 0)))
    throw new CodecError('earlier_rebinds', 'not in the order of the record')
  if (earlier.some(({ index }) => !rebinds.some((rebind) => rebind.index === index)))
    throw new CodecError('earlier_rebinds', 'of a seat that has its identity of the record')
}

function asCodecErrors(field: string, act: () => void): void {
  try {
    act()
  } catch (cause) {
    if (cause instanceof Failure) throw new CodecError(field, cause.message)
    throw cause
  }
}

function checkOnce(ids: readonly Uint8Array[]): readonly Uint8Array[] {
  if (new Set(ids.map(hex)).size < ids.length) throw new CodecError('', 'names one twice')
  return ids
}
