/**
 * Attempts: open a session, play in it, and begin again when a participant did. Nothing of a broken attempt is used in
 * the next: keys, nonces and polynomials are fresh for everybody (F-01).
 */
import type { Rng } from '../../protocol/core/session.js'
import type { Signature } from '../../wire/ceremony/definition.js'
import { type Opened, open, sayHello } from './handshake.js'
import { hex } from '../../wire/base/text.js'
import { Elsewhere, Restarted } from './abort.js'
import type { Consents } from './outgoing-consents.js'
import { slotsOf } from '../channel/letters.js'
import { type Room } from './session.js'

/** The number that a home keeps for each definition and only raises; on disk before it is used. */
export type Starts = {
  /** One more than the home remembers. */
  next(): Promise<number>
  raise(start: number): Promise<void>
}

export type Opening = {
  readonly starts: Starts
  /** This member's signature over the definition id, and those of others that it holds. */
  readonly accepted: Uint8Array
  readonly others: readonly Signature[]
  /** What a resharing needs beside them; null where the participants' are enough. */
  readonly consents: Consents | null
  readonly rng: Rng
  /** Asks the people whether they heard the words, where a card is not verified yet. Throws if they did not. */
  readonly confirm: (opened: Opened, signal: AbortSignal) => Promise<void>
}

/**
 * Plays `body` in a session that every participant is ready for; again, from the start, whenever one of them restarts.
 * @throws what `body` or the opening throws, after telling the others
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
      room.checkExpiry()
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

/** Those that it holds now, one of each. */
function signaturesOf({ others, consents }: Opening): Signature[] {
  const all = [...others, ...(consents?.held ?? [])]
  return [...new Map(all.map((each) => [hex(each.fingerprint), each])).values()]
}

/** 5. and 6.: the words, then `ready`; no protocol letter before every participant's. */
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
