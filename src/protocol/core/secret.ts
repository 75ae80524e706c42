/**
 * Secret bytes with a lifetime: `using secret = new Secret(bytes)` wipes them when the scope ends, also when
 * a deadline ends the protocol. They print redacted and refuse to be serialised. Copies that JavaScript makes
 * on its own (BigInt, the garbage collector) are out of reach; the README says so.
 */

/** Prints as `[secret]` and refuses to be serialised. */
export abstract class Redacted {
  toString(): string {
    return '[secret]'
  }

  toJSON(): never {
    throw new TypeError('a secret cannot be serialised')
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[secret]'
  }
}

export class Secret extends Redacted {
  #bytes: Uint8Array | null

  /** Takes ownership of `bytes`, and wipes them with this object. */
  constructor(bytes: Uint8Array) {
    super()
    this.#bytes = bytes
  }

  /** The bytes themselves, not a copy. @throws Error once wiped */
  reveal(): Uint8Array {
    if (this.#bytes === null) throw new Error('this secret was wiped')
    return this.#bytes
  }

  /** An independent copy, for an owner with another lifetime. @throws Error once wiped */
  clone(): Secret {
    return new Secret(this.reveal().slice())
  }

  wipe(): void {
    this.#bytes?.fill(0)
    this.#bytes = null
  }

  [Symbol.dispose](): void {
    this.wipe()
  }
}

/** Secrets by key, wiped together. */
export class Secrets<Key> {
  readonly #byKey: ReadonlyMap<Key, Secret>

  /** Takes ownership of the secrets. */
  constructor(entries: Iterable<readonly [Key, Secret]>) {
    this.#byKey = new Map(entries)
  }

  /** @throws RangeError if there is none */
  of(key: Key): Secret {
    const secret = this.#byKey.get(key)
    if (secret === undefined) throw new RangeError('there is no such secret')
    return secret
  }

  [Symbol.dispose](): void {
    for (const secret of this.#byKey.values()) secret.wipe()
  }
}

/** Equality of secret bytes of one length, in time that does not depend on where they differ. */
export function equalSecret(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (let i = 0; i < a.length; i++) difference |= (a[i] as number) ^ (b[i] as number)
  return difference === 0
}
