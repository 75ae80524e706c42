/** The rate of one sender: by default 200 envelopes a second and 32 MiB a minute; the excess is delayed. */
export type Rate = { readonly perSecond: number; readonly bytes: number; readonly window: number }

const MEMBER: Rate = { perSecond: 200, bytes: 32 << 20, window: 60_000 }

type Used = { second: number; count: number; window: number; bytes: number }

export class Throttle {
  readonly #used = new Map<string, Used>()
  readonly #rate: Rate

  /** @param rate messages a second, and bytes per window of so many milliseconds */
  constructor(rate: Rate = MEMBER) {
    this.#rate = rate
  }

  /** Milliseconds that an envelope of this size must wait; 0 if it may pass now, and then it is counted. */
  admit(whose: string, size: number, now: number): number {
    const wait = this.wait(whose, size, now)
    if (wait === 0) this.charge(whose, size, now)
    return wait
  }

  /** Milliseconds until this many bytes may pass. */
  wait(whose: string, size: number, now: number): number {
    const { perSecond, bytes, window } = this.#rate
    const used = this.#usedBy(whose, now)
    if (used.bytes + size > bytes) return (used.window + 1) * window - now
    return used.count >= perSecond ? (used.second + 1) * 1000 - now : 0
  }

  /** Counts a message that cannot be delayed. */
  charge(whose: string, size: number, now: number): void {
    const used = this.#usedBy(whose, now)
    used.count += 1
    used.bytes += size
  }

  #usedBy(whose: string, now: number): Used {
    const second = Math.floor(now / 1000)
    const window = Math.floor(now / this.#rate.window)
    const used = this.#used.get(whose) ?? { second, count: 0, window, bytes: 0 }
    if (used.second !== second) Object.assign(used, { second, count: 0 })
    if (used.window !== window) Object.assign(used, { window, bytes: 0 })
    this.#used.set(whose, used)
    return used
  }
}
