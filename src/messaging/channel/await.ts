/**
 * Waiting for letters. A wait asks for the missing letters after 2 s, then less and less often. It grants
 * more time to members that report they are at work, and fails with the names of those still missing.
 */
import type { Clock } from './clock.js'
import type { Slot, Wait } from './letters.js'

const FIRST_WANT = 2000
/** The longest pause between two wants of one wait. */
export const LAST_WANT = 15_000
/** How often a member at work reports it. */
export const WORKING_EVERY = 10_000
/** A `working` report extends a wait at most this long after the wait began. */
const WORKING_AT_MOST = 15 * 60_000
/** Primes take minutes each on a slow machine, and nobody knows how many. Waiting goes on while it sleeps. */
const MAKING_AT_MOST = 60 * 60_000
const MAKING_AGAIN = 15 * 60_000
/** The longest delay that a Node timer accepts. */
const LONGEST_TIMER = 2 ** 31 - 1

export type WaitingOptions = {
  readonly clock: Clock
  /** Asks the others for the letters of these slots. */
  readonly ask: (slots: readonly Slot[], round: string) => void
  /** When the writer of a slot last reported that it is at work, and that it makes primes; 0 if never. */
  readonly workedAt: (slot: Slot) => { readonly working: number; readonly making: number }
  /** Whether the deadline also holds for members that report they are at work. */
  readonly firm: boolean
  /** The error to throw when these slots are empty at the deadline. */
  readonly absent: (slots: readonly Slot[], round: string) => Error
}

export class Waiting {
  readonly #options: WaitingOptions
  readonly #watchers = new Set<() => void>()
  readonly #hurry = new Set<() => void>()
  readonly #missing = new Set<() => readonly Slot[]>()

  constructor(options: WaitingOptions) {
    this.#options = options
  }

  /** Waits until `met` returns true. `missing` lists the slots to ask for meanwhile. */
  until(met: () => boolean, wait: Wait, missing: () => readonly Slot[]): Promise<void> {
    const { clock, ask: askFor, workedAt, absent } = this.#options
    return new Promise((resolve, reject) => {
      const began = clock.now()
      let pause = FIRST_WANT
      let stopAsking = (): void => {}
      let stopEnding = (): void => {}
      // A `working` report grants the full span again, whether it came during this wait or just before it.
      const span = Math.max(wait.deadline - began, 2 * WORKING_EVERY)
      const renewal = (slot: Slot): number => {
        const { working, making } = workedAt(slot)
        return Math.max(
          Math.min(working + span, began + WORKING_AT_MOST),
          Math.min(making + MAKING_AGAIN, began + MAKING_AT_MOST),
        )
      }
      const finish = (settle: () => void): void => {
        stopAsking()
        stopEnding()
        this.#watchers.delete(look)
        this.#hurry.delete(hurry)
        this.#missing.delete(missing)
        wait.signal.removeEventListener('abort', stop)
        settle()
      }
      const look = (): void => {
        if (met()) finish(resolve)
      }
      const stop = (): void => finish(() => reject(wait.signal.reason as Error))
      const ask = (): void => {
        const slots = missing()
        if (slots.length > 0) askFor(slots, wait.round)
        stopAsking = clock.after(pause, ask)
        pause = Math.min(2 * pause, LAST_WANT)
      }
      const hurry = (): void => {
        stopAsking()
        pause = FIRST_WANT
        ask()
      }
      const endIn = (span: number): void => {
        const next = Math.min(span, LONGEST_TIMER)
        stopEnding = clock.after(next, () => (span > next ? endIn(span - next) : expire()))
      }
      const expire = (): void => {
        const slots = missing()
        const renewed = this.#options.firm ? 0 : Math.max(0, ...slots.map(renewal))
        if (renewed > clock.now()) endIn(renewed - clock.now())
        else finish(() => reject(absent(slots, wait.round)))
      }
      if (wait.signal.aborted) {
        reject(wait.signal.reason as Error)
        return
      }
      this.#watchers.add(look)
      this.#hurry.add(hurry)
      this.#missing.add(missing)
      wait.signal.addEventListener('abort', stop)
      stopAsking = clock.after(pause, ask)
      endIn(Math.max(0, wait.deadline - began))
      look()
    })
  }

  /** Checks every wait's condition again, after something has changed. */
  look(): void {
    for (const look of this.#watchers) look()
  }

  /** The slots that all current waits lack. */
  missing(): readonly Slot[] {
    return [...this.#missing].flatMap((missing) => missing())
  }

  /** Asks again at once, because messages may have been lost meanwhile. */
  hurry(): void {
    for (const ask of this.#hurry) ask()
  }

  /** Wakes no wait any more. */
  stop(): void {
    this.#watchers.clear()
    this.#hurry.clear()
  }
}
