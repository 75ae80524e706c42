/**
 * The loop of attempts: opens a session, plays in it, and begins again when a participant does. Every attempt
 * uses fresh keys, nonces and polynomials: replayed ones would give away shares.
 */
import type { Rng } from '../../protocol/core/session.js'
import type { Signature } from '../../wire/ceremony/definition.js'
import { type Opened, open, sayHello } from './handshake.js'
import { hex } from '../../wire/base/text.js'
import { Elsewhere, Restarted } from './abort.js'
import { requireUnexpired } from './admission.js'
import type { Consents } from './outgoing-consents.js'
import { slotsOf } from '../channel/letters.js'
import { type Room } from './session.js'

/** The start number that a home keeps for each definition. It only grows, and is on disk before use. */
export type Starts = {
  /** One more than the home remembers. */
  next(): Promise<number>
  raise(start: number): Promise<void>
}

export type Opening = {
  readonly starts: Starts
  /** This member's signature over the definition id, and the signatures of others that it holds. */
  readonly accepted: Uint8Array
  readonly others: readonly Signature[]
  /** The watchers' consents that a reshare needs too; null where the participants' signatures suffice. */
  readonly consents: Consents | null
  readonly rng: Rng
  /** Asks the people whether they heard the words, if a card is not verified yet. Throws if they did not. */
  readonly confirm: (opened: Opened, signal: AbortSignal) => Promise<void>
}

/**
 * Plays `body` in a session that every participant is ready for, and begins again whenever one restarts.
 * @throws errors of `body` or of the opening, after telling the others
 */
export async function inSession<T>(
  room: Room,
  opening: Opening,
  body: (opened: Opened, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  let start = await opening.starts.next()
  for (;;) {
    const signal = room.begin(start)
    let opened: Opened | null = null
    try {
      requireUnexpired(room.validity, room.now())
      const own = sayHello(room, start, opening.accepted, signaturesOf(opening), opening.rng)
      opened = await open(room, own, opening.consents, signal, opening.rng)
      await ready(room, opening, opened, signal)
      return await body(opened, signal)
    } catch (error) {
      if (!(error instanceof Restarted)) {
        if (room.mayAbort && !(error instanceof Elsewhere)) await room.abort(error)
        throw error
      }
      room.emit({ event: 'restarted', party: error.by.name })
      start = error.start
      await opening.starts.raise(start)
    } finally {
      for (const { seal, open } of opened?.channels.values() ?? [])
        for (const key of [seal, open]) key.fill(0)
    }
  }
}

/** The signatures held now, without duplicates. */
function signaturesOf({ others, consents }: Opening): Signature[] {
  const all = [...others, ...(consents?.held ?? [])]
  return [...new Map(all.map((each) => [hex(each.fingerprint), each])).values()]
}

/** Steps 5 and 6: the words, then `ready`. No protocol letter leaves before every participant's `ready`. */
async function ready(room: Room, opening: Opening, opened: Opened, signal: AbortSignal): Promise<void> {
  room.emit({ event: 'words', words: opened.words })
  const stop = room.mailbox.working(opened.sid)
  try {
    await opening.confirm(opened, signal)
  } finally {
    stop()
  }
  signal.throwIfAborted()
  room.emit({ event: 'round_started', round: 'ready' })
  room.mailbox.post('ready', { session: opened.sid }, new Uint8Array())
  const slots = slotsOf(room.peers, 'ready', opened.sid)
  await room.mailbox.collect(slots, { deadline: room.readyDeadline(), signal, round: 'ready' })
}
