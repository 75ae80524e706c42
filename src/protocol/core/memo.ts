/**
 * What was looked at and found right, by its bytes in hex or by its text. The same few public keys, cards and points are
 * met again with every file and letter, and each look takes milliseconds. Nothing secret belongs here.
 */
export class Memo<T> {
  readonly #found = new Map<string, T>()
  readonly #most: number

  /** @param most how many are remembered before all are forgotten: others choose what is met here */
  constructor(most = 4096) {
    this.#most = most
  }

  /** What was found under this name, or what `look` finds now; what it throws is not remembered. */
  of(name: string, look: () => T): T {
    const held = this.#found.get(name)
    if (held !== undefined) return held
    const found = look()
    if (this.#found.size >= this.#most) this.#found.clear()
    this.#found.set(name, found)
    return found
  }
}
