/**
 * The verdict when members declare different results. A result follows from the letters of the run alone, and
 * each declaration carries a digest of each part of them. Members whose digests differ show each other the
 * letters of the first part that differs. That proves that a member signed two letters for one place, or that
 * it declared letters it does not show. A member with equal digests and another result is at fault by that
 * alone. Otherwise the failure names the minority and accuses nobody.
 */
import { type Member, NO_SESSION } from '../../messaging/channel/letters.js'
import type { Room } from '../../messaging/session/session.js'
import type { Place, Shown } from '../../messaging/session/echo-evidence.js'
import { equalBytes } from '../../protocol/core/codec.js'
import { decodeEnvelope, type Envelope } from '../../wire/session/envelope.js'
import { Failure } from '../../wire/base/failure.js'
import type { Prepared } from '../../wire/session/prepared.js'
import { hex } from '../../wire/base/text.js'
import { partDigest, type Seen } from '../../wire/session/transcript.js'

/** All declarations, by fingerprint in hex, and the envelopes that contain them. */
export type Declared = {
  readonly by: ReadonlyMap<string, Prepared>
  readonly envelopes: readonly Envelope[]
}

const WITNESSED = { round: 'prepared', kind: 'witnessed' } as const

/** @returns the failure to throw, once all have shown their letters or some seconds have passed */
export async function splitOver(
  room: Room,
  seen: Seen,
  sid: Uint8Array,
  { by, envelopes }: Declared,
  signal: AbortSignal,
): Promise<unknown> {
  const saidBy = (member: Member): Prepared => by.get(hex(member.fingerprint)) as Prepared
  const own = saidBy(room.self)
  const sameParts = ({ parts }: Prepared): boolean => parts.map(hex).join() === own.parts.map(hex).join()
  const part = own.parts.findIndex((digest, i) =>
    room.peers.some((peer) => !equalBytes(saidBy(peer).parts[i] ?? new Uint8Array(), digest)),
  )
  try {
    const wrong = 'it declares another result for the same letters'
    const holds = (peer: Member) => !sameParts(saidBy(peer)) || equalBytes(saidBy(peer).result, own.result)
    const silent = part < 0 ? [] : await compared(room, placesOf(seen, sid), part, { by, envelopes }, signal)
    signal.throwIfAborted()
    room.blame.accuse({ ...WITNESSED, reason: wrong }, room.peers, holds, envelopes)
    return nobodyProven(room, saidBy, silent)
  } catch (error) {
    return error
  }
}

/**
 * All members show their letters of one part.
 * @returns the members that have not shown all of it
 * @throws the signal's reason, or Failure `E_ABORT` naming each member whose letters contradict its
 *   declaration
 */
async function compared(
  room: Room,
  places: readonly PlaceOf[],
  part: number,
  { by, envelopes }: Declared,
  signal: AbortSignal,
): Promise<readonly Member[]> {
  const { place, letters } = places[part] as PlaceOf
  // A resumed process has these letters only in its files.
  if (room.mailbox.held(place).length === 0) for (const letter of letters) room.showings.show(place, letter)
  const silent = await room.compare([place], signal)
  const proof = [...envelopes]
  const declares = (peer: Member): boolean => {
    const shown = room.showings.by(peer, place, room.participants)
    if (shown.size !== room.participants.length) return true
    const inOrder = room.participants.map(({ fingerprint }) => shown.get(hex(fingerprint)) as Shown)
    const digest = partDigest(
      place.round || place.kind,
      inOrder.map(({ letter }) => letter.bytes),
    )
    const said = by.get(hex(peer.fingerprint))?.parts[part] ?? new Uint8Array()
    proof.push(...inOrder.map((each) => each.by))
    return equalBytes(digest, said)
  }
  const reason = 'the letters that it shows are not those that it declared'
  room.blame.accuse({ ...WITNESSED, reason }, room.peers, declares, proof)
  return silent
}

type PlaceOf = { readonly place: Place; readonly letters: readonly Uint8Array[] }

/** The place of each part's letters, in the order of `transcriptParts`. */
function placesOf(seen: Seen, sid: Uint8Array): PlaceOf[] {
  const first = (letters: readonly Uint8Array[]) => decodeEnvelope(letters[0] as Uint8Array).header
  const start = first(seen.hellos).round
  const attempt = first(seen.reveals).session
  return [
    { place: { kind: 'hello', session: NO_SESSION, round: start }, letters: seen.hellos },
    { place: { kind: 'reveal', session: attempt, round: '' }, letters: seen.reveals },
    { place: { kind: 'encapsulate', session: sid, round: '' }, letters: seen.encapsulations },
    { place: { kind: 'confirm', session: sid, round: '' }, letters: seen.confirms },
    ...seen.rounds.map(({ round, letters }) => ({
      place: { kind: 'letter' as const, session: sid, round },
      letters,
    })),
  ]
}

/** The failure if nothing is proven; it names the minority, and the members that showed nothing. */
function nobodyProven(room: Room, saidBy: (member: Member) => Prepared, silent: readonly Member[]): Failure {
  const { participants } = room
  const alike = (member: Member) =>
    participants.filter((other) => equalBytes(saidBy(other).result, saidBy(member).result)).length
  const most = participants.some((member) => 2 * alike(member) > participants.length)
  const alone = most ? participants.filter((member) => 2 * alike(member) <= participants.length) : []
  const names = (some: readonly Member[]) => some.map(({ name }) => name).join(', ')
  const who = alone.length === 0 ? '' : `: ${names(alone)} declared another one than the rest`
  const hid = silent.length === 0 ? '' : `; ${names(silent)} did not show their letters`
  const party = alone[0] ?? silent[0]
  return new Failure('abort', 'E_SPLIT_VIEW', `not everybody has the same result${who}${hid}`, {
    hint: 'nothing was kept and nobody is accused; ask them, then run the same command again, over another server if it recurs',
    ...(party && { party: party.name }),
  })
}
