/**
 * The custodians who could still sign with an epoch, as far as this home knows: custodians whose share is not
 * reported destroyed, and those whose destroyed share its holders could restore, since holders act as a
 * second quorum. Nothing here proves that a share is gone.
 */
import type { Manifest } from '../../wire/escrow/manifest.js'
import type { KeyRecord } from '../../wire/key/record.js'
import { destroyedSeats, type HeldEpoch } from './held-epochs.js'

export type Remaining = {
  /** How many must sign with this epoch. */
  readonly needed: number
  /** Custodians whose share is not reported destroyed, by name. */
  readonly shares: readonly string[]
  /** Custodians whose destroyed share can be restored from pieces known here, by name. */
  readonly pieces: readonly string[]
  /** Whether both together reach the threshold. */
  readonly enough: boolean
}

export function remainingOf(epoch: HeldEpoch, record: KeyRecord): Remaining {
  const destroyed = destroyedSeats(epoch)
  const left = record.members.filter(({ index }) => !destroyed.includes(index))
  const again = record.members.filter(
    ({ index }) => destroyed.includes(index) && outstanding(epoch, index).length > 0,
  )
  return {
    needed: record.threshold,
    shares: left.map(({ card }) => card.name),
    pieces: again.map(({ card }) => card.name),
    enough: left.length + again.length >= record.threshold,
  }
}

/** The holders who can restore that custodian's share; empty if too many have destroyed their pieces. */
function outstanding({ manifest, piecesDestroyed }: HeldEpoch, index: number): readonly string[] {
  if (manifest === null || manifest.custodian.index !== index) return []
  const left = holdersLeft(manifest, piecesDestroyed)
  return left.length >= manifest.threshold ? left : []
}

const holdersLeft = ({ holders }: Manifest, destroyed: readonly string[]): string[] =>
  holders.map(({ name }) => name).filter((name) => !destroyed.includes(name))

/** The same in words, one line each. */
export function remainingWords(epoch: HeldEpoch, record: KeyRecord): string[] {
  const { needed, shares, pieces, enough } = remainingOf(epoch, record)
  const what = `epoch ${record.epoch}`
  const who = [...shares, ...pieces]
  const left = who.length === 0 ? 'none' : `${who.length === 1 ? 'that' : 'those'} of ${listed(who)}`
  return [
    enough
      ? `${needed === who.length ? `${listed(who)} together` : `Any ${needed} of ${listed(who)}`} could still sign with ${what}.`
      : `Nobody can sign with ${what} any more, as far as is known here: ${needed} shares are needed, and ${left} ${who.length > 1 ? 'are' : 'is'} left.`,
    ...piecesWords(epoch),
  ]
}

/** The holders whose pieces can restore this member's share of the epoch, if it was split here, in words. */
function piecesWords({ manifest, piecesDestroyed }: HeldEpoch): string[] {
  if (manifest === null) return []
  const left = holdersLeft(manifest, piecesDestroyed)
  if (left.length < manifest.threshold) return []
  return [`Any ${manifest.threshold} of ${listed(left)} can make your share of it again from their pieces.`]
}

/** Joins names into an English list. */
export const listed = (names: readonly string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
