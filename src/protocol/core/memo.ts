/**
 * Remembers values that passed a check, by their bytes in hex or by their text. The same few public keys,
 * cards and points come with every file and letter, and each check takes milliseconds. Secrets must not be
 * kept here.
 */
export class Memo<T> {
  readonly #found = new Map<string, T>()
  readonly #most: number

  /** @param most entries before all are dropped; bounded, because others choose what arrives here */
  constructor(most = 4096) {
    this.#most = most
  }

  /** The value kept under `name`, or the result of `look`, which is then kept. Errors are not kept. */
  of(name: string, look: () => T): T {
    const held = this.#found.get(name)
    if (held !== undefined) return held
    const found = look()
    if (this.#found.size >= this.#most) this.#found.clear()
    this.#found.set(name, found)
    return found
  }
}
