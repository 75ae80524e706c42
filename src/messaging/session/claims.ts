/** Claims of a session: each member may make one about each other member, in a slot of its own. */
import { type Claim, claimCodec } from '../../wire/session/claim.js'
import { decodeEnvelope, type Envelope } from '../../wire/session/envelope.js'
import { hex } from '../../wire/base/text.js'
import type { Member } from '../channel/letters.js'
import type { Room } from './session.js'

/** The most that a run's file may hold. An envelope to one member is smaller than a tenth of this. */
const MOST_BYTES = 16 << 20
const MOST_CLAIMS = 64

/**
 * Tells everybody that a letter to this member is invalid.
 * @param claimed what of it, and the key of that letter, which the caller wipes
 */
export function claim(
  room: Room,
  session: Uint8Array,
  letter: Envelope,
  claimed: Omit<Claim, 'letter'>,
): void {
  const round = hex(letter.header.from)
  room.mailbox.post('claim', { session, round }, claimCodec.encode({ letter: letter.bytes, ...claimed }))
}

/** The claim envelopes that this member holds in a session, its own first, up to the size limits. */
export function claimsIn({ mailbox, self, participants }: Room, session: Uint8Array): Uint8Array[] {
  const about = (accused: Member) => mailbox.held({ kind: 'claim', session, round: hex(accused.fingerprint) })
  const senderOf = (bytes: Uint8Array): string => hex(decodeEnvelope(bytes).header.from)
  const own = hex(self.fingerprint)
  // An onlooker gets no letters, so it has nothing to claim.
  const players = new Set(participants.map(({ fingerprint }) => hex(fingerprint)))
  const all = participants.flatMap(about).filter((bytes) => players.has(senderOf(bytes)))
  let left = MOST_BYTES
  return [
    ...all.filter((bytes) => senderOf(bytes) === own),
    ...all.filter((bytes) => senderOf(bytes) !== own),
  ]
    .filter(({ length }) => (left -= length) >= 0)
    .slice(0, MOST_CLAIMS)
}
