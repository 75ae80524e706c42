/**
 * How much one member may say: 200 new envelopes a second and 32 MiB a minute. More is slowed down, not lost.
 */
const PER_SECOND = 200
const BYTES_PER_MINUTE = 32 << 20

export class Throttle {
  readonly #members = new Map<string, { second: number; count: number; minute: number; bytes: number }>()

  /** Milliseconds by which an envelope of this size must wait; 0 if it may pass now and is counted. */
  admit(member: string, size: number, now: number): number {
    const second = Math.floor(now / 1000)
    const minute = Math.floor(now / 60_000)
    const used = this.#members.get(member) ?? { second, count: 0, minute, bytes: 0 }
    if (used.second !== second) Object.assign(used, { second, count: 0 })
    if (used.minute !== minute) Object.assign(used, { minute, bytes: 0 })
    this.#members.set(member, used)
    if (used.bytes + size > BYTES_PER_MINUTE) return (minute + 1) * 60_000 - now
    if (used.count >= PER_SECOND) return (second + 1) * 1000 - now
    used.count += 1
    used.bytes += size
    return 0
  }
}
