/** The words that the custodians of a rehearsal read aloud. */

/** The others' words, said aloud for the player to compare. */
export class Voices {
  readonly #words = new Map<string, readonly string[]>()
  #complete: () => void = () => {}
  readonly #all: Promise<void>

  constructor(readonly names: readonly string[]) {
    this.#all = new Promise((resolve) => {
      this.#complete = resolve
    })
  }

  say(name: string, words: readonly string[]): void {
    this.#words.set(name, words)
    if (this.names.every((each) => this.#words.has(each))) this.#complete()
  }

  /** Everybody's last words, once all have said some. @throws the signal's reason */
  async all(signal: AbortSignal): Promise<ReadonlyMap<string, readonly string[]>> {
    signal.throwIfAborted()
    await new Promise<void>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
      void this.#all.then(resolve)
    })
    return this.#words
  }
}
