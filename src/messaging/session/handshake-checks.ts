/** The checks of the letters that open a ceremony. Each fault names its sender. */
import type { Codec } from '../../protocol/core/codec.js'
import { areAcceptances, verifyAcceptance } from '../../wire/ceremony/definition.js'
import type { Envelope, Kind } from '../../wire/session/envelope.js'
import {
  type Hello,
  helloCodec,
  helloCommitment,
  type Reveal,
  revealCodec,
} from '../../wire/session/handshake.js'
import { hex } from '../../wire/base/text.js'
import type { Member } from '../channel/letters.js'
import { requireProtocol, requireTime } from './admission.js'
import type { Room } from './session.js'

/**
 * Requires each hello to be well-formed, of this protocol and start, accepting the definition, and within its
 * time and this clock's tolerance.
 */
export function checkHellos(room: Room, hellos: readonly Envelope[], start: number): Hello[] {
  room.participants.forEach((member, i) => requireProtocol(member, (hellos[i] as Envelope).body))
  const decoded = room.blame.decodeBodies('hello', hellos, helloCodec.decode)
  const accepts = ({ fingerprint, signing }: Member): boolean => {
    const hello = decoded.get(hex(fingerprint)) as Hello
    return hello.start === start && verifyAcceptance(signing, room.definition, hello.accepted)
  }
  const refusal = 'its hello does not accept the definition'
  room.blame.accuse({ round: 'hello', kind: 'witnessed', reason: refusal }, room.participants, accepts)
  const shows = ({ fingerprint }: Member): boolean =>
    areAcceptances(room.definition, (decoded.get(hex(fingerprint)) as Hello).others, room.members)
  const reason = 'its hello shows a signature of a member that is none'
  room.blame.accuse({ round: 'hello', kind: 'witnessed', reason }, room.participants, shows, hellos)
  room.participants.forEach((member, i) =>
    requireTime(member, (hellos[i] as Envelope).header.time, room.validity, room.now()),
  )
  return [...decoded.values()]
}

export function checkReveals(
  room: Room,
  hellos: readonly Envelope[],
  revealed: readonly Envelope[],
  start: number,
): Reveal[] {
  const decoded = room.blame.decodeBodies('reveal', revealed, revealCodec.decode)
  const commitments = new Map(
    hellos.map(({ header, body }) => [hex(header.from), helloCodec.decode(body).commitment]),
  )
  const opens = ({ fingerprint }: Member): boolean => {
    const reveal = decoded.get(hex(fingerprint)) as Reveal
    const opened = helloCommitment(room.definition, fingerprint, start, reveal)
    return hex(opened) === hex(commitments.get(hex(fingerprint)) as Uint8Array)
  }
  const reason = 'its reveal does not open its hello'
  const letters = [...hellos, ...revealed]
  room.blame.accuse({ round: 'reveal', kind: 'proven', reason }, room.participants, opens, letters)
  return room.participants.map(({ fingerprint }) => decoded.get(hex(fingerprint)) as Reveal)
}

/** The entry for this member in each peer's letter; each letter must have one for every other participant. */
export function entriesForMe<E extends { readonly to: Uint8Array }>(
  { participants, self, blame }: Room,
  kind: Kind,
  letters: readonly Envelope[],
  { decode }: Pick<Codec<readonly E[]>, 'decode'>,
): (peer: Member) => E {
  const bodies = blame.decodeBodies(kind, letters, decode)
  const entriesOf = (member: Member): readonly E[] => bodies.get(hex(member.fingerprint)) as readonly E[]
  const isToAll = (member: Member): boolean => {
    const others = participants.filter((other) => other !== member)
    const entries = entriesOf(member)
    return (
      entries.length === others.length &&
      others.every((other, i) => hex(other.fingerprint) === hex((entries[i] as E).to))
    )
  }
  const reason = 'it is not addressed to every other participant'
  blame.accuse({ round: kind, kind: 'proven', reason }, participants, isToAll, letters)
  return (peer) => entriesOf(peer).find(({ to }) => hex(to) === hex(self.fingerprint)) as E
}
