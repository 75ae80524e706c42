/**
 * Who could still sign with an epoch, as far as it is known here: whose share nobody has said to be destroyed, and whose
 * destroyed share holders of its pieces could make again (F-17). Nothing here proves that a share is gone.
 */
import type { Manifest } from '../../wire/escrow/manifest.js'
import type { KeyRecord } from '../../wire/key/record.js'
import { destroyedSeats, type HeldEpoch } from './held-epochs.js'

export type Remaining = {
  /** How many must sign with this epoch. */
  readonly needed: number
  /** Names of the custodians whose share is not said to be destroyed. */
  readonly shares: readonly string[]
  /** Names of those whose destroyed share can be made again from pieces that are known here. */
  readonly pieces: readonly string[]
  /** Whether they are enough. */
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

/** The holders who together make that custodian's share again: none if too many have destroyed their pieces. */
function outstanding({ manifest, piecesDestroyed }: HeldEpoch, index: number): readonly string[] {
  if (manifest === null || manifest.custodian.index !== index) return []
  const left = holdersLeft(manifest, piecesDestroyed)
  return left.length >= manifest.threshold ? left : []
}

const holdersLeft = ({ holders }: Manifest, destroyed: readonly string[]): string[] =>
  holders.map(({ name }) => name).filter((name) => !destroyed.includes(name))

/** The same in words, each line for people. */
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

/** Who holds pieces of a share of this epoch that was split here. */
function piecesWords({ manifest, piecesDestroyed }: HeldEpoch): string[] {
  if (manifest === null) return []
  const left = holdersLeft(manifest, piecesDestroyed)
  if (left.length < manifest.threshold) return []
  return [`Any ${manifest.threshold} of ${listed(left)} can make your share of it again from their pieces.`]
}

/** Names as people list them. */
export const listed = (names: readonly string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
