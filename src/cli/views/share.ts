/** Epochs and their shares, for machines and people. */
import { equalBytes } from '../../protocol/core/codec.js'
import {
  destroyedSeats,
  type HeldEpoch,
  lostSeats,
  seatsGoneOver,
} from '../../ceremony/epochs/held-epochs.js'
import { listed, remainingOf, remainingWords } from '../../ceremony/epochs/remaining-quorum.js'
import type { OldShares } from '../../ceremony/epochs/retire.js'
import { hex } from '../../wire/base/text.js'
import { fields } from '../terminal/style.js'

/** Each status in words. It is null if the state does not name the epoch. */
const STATUS = {
  active: 'in use',
  pending: 'pending',
  parent: 'replaced; its share can still sign',
  retired: 'retired: this home does not use it',
} as const

export const epochData = (epoch: HeldEpoch) => {
  const { digest, number, status, record, hasShare, certificate, manifest, piecesDestroyed, problems } = epoch
  return {
    epoch: number,
    digest: hex(digest),
    status,
    share: hasShare,
    certified: certificate !== null,
    threshold: record && record.threshold,
    custodians: record ? record.members.map(({ card }) => card.name) : [],
    activated: namesThat('activated', epoch),
    deleted: namesThat('deleted', epoch),
    pieces: manifest && {
      threshold: manifest.threshold,
      holders: manifest.holders.map(({ name }) => name),
      destroyed: piecesDestroyed,
    },
    could_sign: record && remainingData(epoch, record),
    problems,
  }
}

function remainingData(epoch: HeldEpoch, record: NonNullable<HeldEpoch['record']>) {
  const { needed, shares, pieces, enough } = remainingOf(epoch, record)
  return { needed, shares, pieces, enough }
}

/** The owner of a home, whether the key's state can be read, and the newest certified epoch known here. */
export type Held = {
  readonly self: Uint8Array | null
  readonly stateIsKnown: boolean
  readonly newest: HeldEpoch | null
}

export function epochLines(epoch: HeldEpoch, held: Held): string[] {
  const { digest, number, status, record, certificate, manifest, problems } = epoch
  const { newest } = held
  const gone = namesThat('activated', epoch)
  const deleted = namesThat('deleted', epoch)
  const lost = namesThat('lost', epoch)
  return [
    `  epoch ${number ?? '?'}: ${status !== null ? STATUS[status] : epoch === newest ? 'in use by others' : 'known here'}`,
    ...fields([
      ['digest', hex(digest)],
      ...(record
        ? [
            [
              'custodians',
              `${record.threshold} of ${listed(record.members.map(({ card }) => card.name))}`,
            ] as const,
          ]
        : []),
      ['your share', shareWords(epoch, held)],
      ...(status === null && certificate === null
        ? []
        : [['certificate', certificate === null ? 'missing' : 'valid'] as const]),
      ...(gone.length > 0 ? [['used by', listed(gone)] as const] : []),
      ...(lost.length > 0 ? [['lost by', listed(lost)] as const] : []),
      ...(deleted.length > 0 ? [['destroyed by', listed(deleted)] as const] : []),
      ...(manifest
        ? [
            [
              'pieces',
              `any ${manifest.threshold} of ${listed(manifest.holders.map(({ name }) => name))}`,
            ] as const,
          ]
        : []),
      ...problems.map((problem) => ['PROBLEM', problem] as const),
    ]).map((line) => `  ${line}`),
    ...(record && epoch !== newest ? remainingWords(epoch, record).map((line) => `    ${line}`) : []),
  ]
}

/** The fate of this home's share. Only a readable state shows that it was never here. */
function shareWords(
  { status, hasShare, hasSecret, statements }: HeldEpoch,
  { self, stateIsKnown }: Held,
): string {
  if (hasShare) return 'here'
  if (hasSecret) return 'destroyed; the data of its split is still here'
  const words = statements.filter(({ by }) => self !== null && equalBytes(by, self))
  if (words.some(({ said }) => said === 'deleted')) return 'destroyed; you have told the others'
  if (status === null && words.some(({ said }) => said === 'lost'))
    return 'lost; you have told the others. A refresh deals you a new one'
  if (status === 'retired') return 'retired and not here; the others have not been told that it is destroyed'
  if (status !== null || words.length > 0)
    return 'LOST: restore it from a copy of this home, or from its pieces'
  return stateIsKnown ? 'never here' : 'not here; the damaged state does not show whether it ever was'
}

const SEATS = {
  activated: seatsGoneOver,
  deleted: (epoch: HeldEpoch): ReadonlySet<number> => new Set(destroyedSeats(epoch)),
  lost: lostSeats,
} as const

/** The custodians who use this epoch, or whose share of it is destroyed or lost, by their statements. */
export function namesThat(said: keyof typeof SEATS, epoch: HeldEpoch): string[] {
  const seats = SEATS[said](epoch)
  return (epoch.record?.members ?? []).filter(({ index }) => seats.has(index)).map(({ card }) => card.name)
}

/** A note on replaced shares that are still here; empty if there are none. */
export function oldSharesText({ epochs }: OldShares, whose: 'its' | 'your'): string {
  if (epochs.length === 0) return ''
  const what = epochs.length === 1 ? 'share of epoch' : 'shares of epochs'
  return `; ${whose} old ${what} ${listed(epochs.map(String))} ${epochs.length === 1 ? 'is' : 'are'} not destroyed`
}
