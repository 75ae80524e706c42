/** Lingering after the ending: a member that is done hands the result to those that are not. */
import { NO_SESSION, type Slot, slotsOf, wantCodec } from '../../messaging/channel/letters.js'
import type { Room } from '../../messaging/session/session.js'
import type { Kind } from '../../wire/session/envelope.js'
import { hex } from '../../wire/base/text.js'
import type { World } from '../world.js'

export type Ended = {
  readonly sid: Uint8Array
  readonly certificate: Uint8Array
  /** Shown to watchers beside the certificate; null if there are none. */
  readonly outcome: Uint8Array | null
  /** Further letters that the peers should send. */
  readonly awaited: readonly Slot[]
}

/**
 * Hands out the certificate to every member that asks for a letter of the ending, until all are done or
 * patience ends.
 * @returns names of the members whose letters are missing
 */
export async function linger(
  world: World,
  room: Room,
  { sid, certificate, outcome, awaited }: Ended,
): Promise<string[]> {
  const show = (): void => {
    room.mailbox.post('certificate', { session: sid }, certificate)
    if (outcome) room.mailbox.post('record', { session: NO_SESSION }, outcome)
  }
  let last = Number.NEGATIVE_INFINITY
  room.mailbox.on('want', ({ header, body }) => {
    const isOfEnding = hex(header.session) === hex(sid) || wantCodec.decode(body).some(isOfRecord)
    if (!isOfEnding || world.clock.now() - last < 1000) return
    last = world.clock.now()
    show()
  })
  show()
  const [word, done] = (['activated', 'done'] as const).flatMap((kind) =>
    slotsOf([room.self], kind, sid),
  ) as [Slot, Slot]
  // A latecomer has missed earlier letters; repeat them before this member leaves.
  room.mailbox.on('activated', () => room.mailbox.repeat(word))
  room.mailbox.on('done', () => [word, done].forEach((slot) => room.mailbox.repeat(slot)))
  const others = slotsOf(room.peers, 'done', sid)
  const began = world.clock.now()
  const missing = (slots: readonly Slot[]) => slots.filter((slot) => room.mailbox.get(slot) === undefined)
  const heard = (slots: readonly Slot[], span: number): Promise<void> => {
    const wait = { deadline: began + span, signal: world.signal, round: 'done' }
    return room.mailbox
      .until(
        () => missing(slots).length === 0,
        wait,
        () => missing(slots),
      )
      .catch(() => {})
  }
  // A missing letter must not keep the others from hearing that this member is done.
  await heard(awaited, world.linger / 2)
  // From here on this member needs nothing more. A peer that has `done` from everybody may leave.
  room.mailbox.post('done', { session: sid }, new Uint8Array())
  await heard(others, world.linger)
  await room.mailbox.lastWords([word, done])
  room.emit({ event: 'done' })
  const away = missing([...others, ...awaited]).map(({ from }) => hex(from))
  return room.peers.filter((peer) => away.includes(hex(peer.fingerprint))).map(({ name }) => name)
}

/** A watcher knows no session and asks for the record. */
const isOfRecord = ({ kind }: { readonly kind: Kind }): boolean => kind === 'record'
