/**
 * The safe primes that a threshold ECDSA key needs of each custodian: taken from those made ahead, and made where they
 * are missing. A prime serves one key, and none that others have seen the product of.
 */
import { Secret } from '../protocol/secret.js'
import type { Home } from '../storage/home.js'
import { countPrimes, keepPrime, takePrime } from '../storage/primes.js'
import { openWith, sealTo } from '../storage/seal.js'
import type { Card } from '../wire/card.js'
import type { Identity } from '../wire/identity.js'
import { encodePrime, parsePrime } from '../wire/prime.js'

/**
 * Makes `count` safe primes of `bits` bits, and hands each over, big-endian, as it is found.
 * @throws the signal's reason
 */
export type MakePrimes = (
  bits: number,
  count: number,
  found: (prime: Uint8Array) => void,
  signal: AbortSignal,
) => Promise<void>

/** Two for the Paillier modulus N, two for the ring-Pedersen modulus N-hat (cggmp24.md, section 0). */
export const PRIMES_A_KEY = 4

type Owner = { readonly home: Home; readonly card: Card; readonly identity: Identity }
type Maker = { readonly makePrimes: MakePrimes; readonly signal: AbortSignal }

/** Makes primes ahead of time and keeps them sealed; tells how many are there after each. */
export async function stockPrimes(
  { home, card, identity }: Owner,
  { makePrimes, signal }: Maker,
  bits: number,
  count: number,
  made: (kept: number) => void,
): Promise<void> {
  const keeping: Promise<void>[] = []
  let kept = 0
  await makePrimes(
    bits,
    count,
    (prime) => {
      keeping.push(keep({ home, card, identity }, bits, prime).then(() => made(++kept)))
    },
    signal,
  )
  await Promise.all(keeping)
}

async function keep({ home, card, identity }: Owner, bits: number, prime: Uint8Array): Promise<void> {
  using plaintext = new Secret(encodePrime(prime, identity.signing))
  prime.fill(0)
  await keepPrime(home, bits, await sealTo([card.age], plaintext.reveal()))
}

export const stockedPrimes = (home: Home, bits: number): Promise<number> => countPrimes(home, bits)

/** The primes of one key in the making, which stay in memory until they have been shown. */
export class PrimeSupply {
  #held: Secret[] = []

  constructor(
    readonly owner: Owner,
    readonly maker: Maker,
    readonly bits: number,
  ) {}

  /** How many are still missing. */
  get missing(): number {
    return PRIMES_A_KEY - this.#held.length
  }

  /** Takes what was made ahead; returns how many are missing still. */
  async takeStocked(): Promise<number> {
    while (this.missing > 0) {
      const sealed = await takePrime(this.owner.home, this.bits)
      if (sealed === null) break
      const prime = await this.#open(sealed)
      if (prime) this.#held.push(new Secret(prime))
    }
    return this.missing
  }

  /** Makes those that are missing, and tells of each. */
  async make(made: (missing: number) => void): Promise<void> {
    if (this.missing === 0) return
    const { makePrimes, signal } = this.maker
    await makePrimes(
      this.bits,
      this.missing,
      (prime) => {
        this.#held.push(new Secret(prime))
        made(this.missing)
      },
      signal,
    )
  }

  /** All four, which stay this object's. */
  get primes(): readonly Secret[] {
    if (this.missing > 0) throw new Error('there are primes missing')
    return this.#held
  }

  /** Their products are known to others now: they serve no other run. */
  discard(): void {
    for (const prime of this.#held) prime.wipe()
    this.#held = []
  }

  [Symbol.dispose](): void {
    this.discard()
  }

  /** Null for one that this identity did not make, or cannot open: somebody put it there. */
  async #open(sealed: Uint8Array): Promise<Uint8Array | null> {
    const plaintext = await openWith([this.owner.identity.age], sealed).catch(() => null)
    if (!plaintext) return null
    using opened = new Secret(plaintext)
    return parsePrime(opened.reveal(), this.owner.card.signing)?.slice() ?? null
  }
}
