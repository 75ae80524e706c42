/**
 * Waiting for letters: asks for the missing ones after 2 s, then less and less often, gives those more time who say that
 * they are at work, and ends with who is missing.
 */
import type { Slot, Wait } from './letters.js'

const FIRST_WANT = 2000
/** The longest that lies between two wants of one who waits. */
export const LAST_WANT = 15_000
/** How often a member that is at work says so. */
export const WORKING_EVERY = 10_000
/** For so long after it began a wait is renewed by who is at work. */
const WORKING_AT_MOST = 15 * 60_000
/** Primes take a slow machine minutes each, and nobody knows how many: a machine that sleeps meanwhile is waited for. */
const MAKING_AT_MOST = 60 * 60_000
const MAKING_AGAIN = 15 * 60_000
/** The longest that a timer of Node's can be set to. */
const LONGEST_TIMER = 2 ** 31 - 1

export type WaitingOptions = {
  readonly now: () => number
  /** Asks the others for the letters of these slots. */
  readonly ask: (slots: readonly Slot[], round: string) => void
  /** When the writer of a slot last said that it is at work, and that it makes primes; 0 if never. */
  readonly workedAt: (slot: Slot) => { readonly working: number; readonly making: number }
  /** Whether a deadline holds also for those who say that they are at work. */
  readonly firm: boolean
  /** What to throw when these are missing at the deadline. */
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

  /** Waits for a condition on what has come. `missing` says which slots to ask for meanwhile. */
  until(met: () => boolean, wait: Wait, missing: () => readonly Slot[]): Promise<void> {
    const { now, ask: askFor, workedAt, absent } = this.#options
    return new Promise((resolve, reject) => {
      const began = now()
      let pause = FIRST_WANT
      let asking: NodeJS.Timeout | undefined
      let ending: NodeJS.Timeout | undefined
      // A word of work gives the whole time anew, whether it was heard in this wait or just before it.
      const span = Math.max(wait.deadline - began, 2 * WORKING_EVERY)
      const renewal = (slot: Slot): number => {
        const { working, making } = workedAt(slot)
        return Math.max(
          Math.min(working + span, began + WORKING_AT_MOST),
          Math.min(making + MAKING_AGAIN, began + MAKING_AT_MOST),
        )
      }
      const finish = (settle: () => void): void => {
        clearTimeout(asking)
        clearTimeout(ending)
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
        asking = setTimeout(ask, pause)
        pause = Math.min(2 * pause, LAST_WANT)
      }
      const hurry = (): void => {
        clearTimeout(asking)
        pause = FIRST_WANT
        ask()
      }
      const endIn = (span: number): void => {
        const next = Math.min(span, LONGEST_TIMER)
        ending = setTimeout(() => (span > next ? endIn(span - next) : expire()), next)
      }
      const expire = (): void => {
        const slots = missing()
        const renewed = this.#options.firm ? 0 : Math.max(0, ...slots.map(renewal))
        if (renewed > now()) endIn(renewed - now())
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
      asking = setTimeout(ask, pause)
      endIn(Math.max(0, wait.deadline - began))
      look()
    })
  }

  /** Something has changed that somebody here may wait for. */
  look(): void {
    for (const look of this.#watchers) look()
  }

  /** What is waited for now. */
  missing(): readonly Slot[] {
    return [...this.#missing].flatMap((missing) => missing())
  }

  /** Asks again at once: what was said meanwhile may be lost. */
  hurry(): void {
    for (const ask of this.#hurry) ask()
  }

  /** Nobody is told of anything any more. */
  stop(): void {
    this.#watchers.clear()
    this.#hurry.clear()
  }
}
