/**
 * The safe primes that a threshold ECDSA key needs from each custodian: taken from stock, and made if
 * missing. A prime serves one key, and none whose product others have seen.
 */
import { ownVault } from '../../storage/vault/age-vault.js'
import type { Room } from '../../messaging/session/session.js'
import type { AuxPrimes } from '../../protocol/cggmp24/auxiliary/data.js'
import { fromBytes } from '../../protocol/cggmp24/integers/integers.js'
import { Secret } from '../../protocol/core/secret.js'
import type { Home } from '../../storage/home/home.js'
import { countPrimes, keepPrime, takePrime } from '../../storage/home/primes.js'
import type { Card } from '../../wire/identity/card.js'
import type { Identity } from '../../wire/identity/identity.js'
import { encodePrime, parsePrime } from '../../wire/key/prime.js'
import type { World, MakePrimes } from '../world.js'

/** Two for the Paillier modulus N, two for the ring-Pedersen modulus N-hat. */
export const PRIMES_A_KEY = 4

type Owner = { readonly home: Home; readonly card: Card; readonly identity: Identity }
type Maker = { readonly makePrimes: MakePrimes; readonly signal: AbortSignal }

/**
 * Makes primes ahead of time and keeps them sealed; `made` reports how many are kept so far.
 * @throws the signal's reason, once all primes found are kept
 */
export async function stockPrimes(
  { home, card, identity }: Owner,
  { makePrimes, signal }: Maker,
  bits: number,
  count: number,
  made: (kept: number) => void,
): Promise<void> {
  const keeping: Promise<void>[] = []
  let kept = 0
  const found = (prime: Uint8Array): void => {
    keeping.push(keep({ home, card, identity }, bits, prime).then(() => made(++kept)))
  }
  try {
    await makePrimes(bits, count, found, signal)
  } finally {
    await Promise.allSettled(keeping)
  }
  await Promise.all(keeping)
}

async function keep(owner: Owner, bits: number, prime: Uint8Array): Promise<void> {
  using plaintext = new Secret(encodePrime(prime, owner.identity.signing))
  prime.fill(0)
  await keepPrime(owner.home, bits, await ownVault(owner).seal(plaintext.reveal(), 'prime'))
}

export const stockedPrimes = (home: Home, bits: number): Promise<number> => countPrimes(home, bits)

/**
 * The primes of one key in the making. At its end, primes that were not shown return to stock, so that the
 * next try need not make them again.
 */
export class PrimeSupply {
  #held: Secret[] = []

  constructor(
    readonly world: Owner & Pick<World, 'makePrimes' | 'emit'>,
    readonly bits: number,
  ) {}

  /** How many are still missing. */
  get missing(): number {
    return PRIMES_A_KEY - this.#held.length
  }

  /**
   * Completes the set: takes primes from stock and makes the rest, while it tells the waiting members how
   * many are left. Each is kept as soon as it is found.
   * @param session all zero before there is one
   * @throws the signal's reason
   */
  async fill(room: Pick<Room, 'mailbox'>, session: Uint8Array, signal: AbortSignal): Promise<void> {
    await this.#take()
    if (this.missing === 0) return
    const { emit } = this.world
    let left = this.missing
    const stop = room.mailbox.making(session, () => left)
    emit({ event: 'primes', left })
    try {
      // Another process of this home may take them meanwhile.
      while (this.missing > 0) {
        const before = this.missing
        await stockPrimes(this.world, { ...this.world, signal }, this.bits, before, (kept) => {
          left = before - kept
          emit({ event: 'primes', left })
        })
        await this.#take()
      }
    } finally {
      stop()
    }
  }

  async #take(): Promise<void> {
    while (this.missing > 0) {
      const prime = await this.#stocked()
      if (prime === null) return
      this.#held.push(prime)
    }
  }

  /** All four, in the form that the protocol takes. */
  numbers(): AuxPrimes {
    if (this.missing > 0) throw new Error('there are primes missing')
    const [p, q, pHat, qHat] = this.#held.map((prime) => fromBytes(prime.reveal())) as [
      bigint,
      bigint,
      bigint,
      bigint,
    ]
    return { p, q, pHat, qHat }
  }

  /** Wipes the primes: others know their products now, so they serve no other run. */
  discard(): void {
    for (const prime of this.#held) prime.wipe()
    this.#held = []
  }

  /** Returns unshown primes to stock. A failure to keep one must not hide how the ceremony ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    const unshown = this.#held
    this.#held = []
    for (const prime of unshown) {
      await keep(this.world, this.bits, prime.reveal().slice()).catch(() => {})
      prime.wipe()
    }
  }

  /** The next prime in stock; skips primes that another identity has put there. */
  async #stocked(): Promise<Secret | null> {
    const { home, card } = this.world
    for (;;) {
      const sealed = await takePrime(home, this.bits)
      if (sealed === null) return null
      using opened = await ownVault(this.world)
        .open(sealed, 'prime')
        .catch(() => null)
      if (!opened) continue
      const prime = parsePrime(opened.reveal(), card.signing)
      if (prime && prime.length === this.bits / 8) return new Secret(prime.slice())
    }
  }
}
