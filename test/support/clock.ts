/**
 * Clocks for ceremonies over a network in memory. The virtual one stands still while anything is computed, sent or
 * written, and jumps to the next moment that somebody waits for once nothing else is left to do: a deadline of
 * minutes costs nothing, and none passes because the machine is busy.
 */
import type { Clock } from '../../src/messaging/channel/clock.js'

/** For tests over real sockets, and of processes. */
export const realClock: Clock = {
  now: () => Date.now(),
  after(span, act) {
    const timer = setTimeout(act, span)
    return () => clearTimeout(timer)
  },
}

type Moment = { readonly at: number; readonly act: () => void }

/** Turns of the event loop in which nothing happens before the clock jumps. */
const QUIET_TURNS = 3

class VirtualClock implements Clock {
  #now = Date.now()
  readonly #watchers = new Set<() => void>()
  /** In the order in which they come. */
  readonly #moments: Moment[] = []
  #isTurning = false
  #held = 0

  readonly now = (): number => this.#now

  readonly after = (span: number, act: () => void): (() => void) => {
    const moment = { at: this.#now + Math.max(0, span), act }
    const later = this.#moments.findIndex(({ at }) => at > moment.at)
    this.#moments.splice(later === -1 ? this.#moments.length : later, 0, moment)
    if (!this.#isTurning) this.#turn(0)
    return () => {
      const place = this.#moments.indexOf(moment)
      if (place !== -1) this.#moments.splice(place, 1)
    }
  }

  /** Resolves as soon as this is so, before any more time passes. */
  until(met: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!met()) return
        this.#watchers.delete(look)
        resolve()
      }
      this.#watchers.add(look)
      if (!this.#isTurning) this.#turn(0)
    })
  }

  /** Lets no time pass until this, of which the event loop cannot tell that it is at work, has settled. */
  async during<T>(work: Promise<T>): Promise<T> {
    this.#held += 1
    try {
      return await work
    } finally {
      this.#held -= 1
    }
  }

  /** Resolves after so many milliseconds. */
  passes(span: number): Promise<void> {
    return new Promise((resolve) => void this.after(span, resolve))
  }

  /** Looks once in each turn of the event loop for as long as somebody waits. */
  #turn(quiet: number): void {
    for (const look of this.#watchers) look()
    this.#isTurning = this.#moments.length + this.#watchers.size > 0
    if (!this.#isTurning) return
    if (isBusy() || this.#held > 0 || this.#moments.length === 0) setTimeout(() => this.#turn(0), 0)
    else if (quiet < QUIET_TURNS) setImmediate(() => this.#turn(quiet + 1))
    else {
      const { at, act } = this.#moments.shift() as Moment
      this.#now = at
      try {
        act()
      } finally {
        setImmediate(() => this.#turn(0))
      }
    }
  }
}

/** Whether files are being read or written, or messages are on their way. */
const isBusy = (): boolean =>
  process.getActiveResourcesInfo().some((each) => /^(?:FSReq|CloseReq|Immediate)/.test(each))

/** The clock of everybody in one test file. */
export const clock = new VirtualClock()

let processes = 0
/**
 * The clock as one process reads it. Two processes of one member seldom say something in the same millisecond; where
 * they do, they sign the same bytes, and others take these for one message.
 */
export function processClock(): Clock {
  const apart = processes++ % 64
  return dated(() => clock.now() + apart)
}

/** The same passing of time, at another date. */
export const dated = (now: () => number): Clock => ({ now, after: clock.after })

/** age computes by WebCrypto, in threads of Node's own that the event loop does not list. */
for (const name of ['importKey', 'deriveBits'] as const) {
  const { subtle } = globalThis.crypto
  const method = subtle[name].bind(subtle) as (...args: unknown[]) => Promise<unknown>
  Object.defineProperty(subtle, name, { value: (...args: unknown[]) => clock.during(method(...args)) })
}
