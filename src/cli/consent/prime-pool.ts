/** Makes primes in advance, with progress. Ctrl-C keeps finished primes. */
import { PRIMES_A_KEY, stockedPrimes, stockPrimes } from '../../ceremony/keys/prime-supply.js'
import type { Home } from '../../storage/home/home.js'
import type { Card } from '../../wire/identity/card.js'
import { Failure } from '../../wire/base/failure.js'
import type { Identity } from '../../wire/identity/identity.js'
import { levelOfKeys } from '../../wire/key/record.js'
import type { Context } from '../runtime/context.js'

export type Owner = { readonly home: Home; readonly card: Card; readonly identity: Identity }

export type Made = {
  readonly made: number
  /** How many the home has now. */
  readonly primes: number
  /** The reason, if it stopped before all were made. */
  readonly failure: Failure | null
}

/** How many stored primes new keys can use. */
export const primesIn = (home: Home): Promise<number> => stockedPrimes(home, levelOfKeys().primeBits)

/** Makes `count` primes and stores each as it is found. */
export async function makeAhead(context: Context, owner: Owner, count: number): Promise<Made> {
  const { terminal, makePrimes, signal } = context
  const bits = levelOfKeys().primeBits
  let made = 0
  const what = (): string =>
    `Making large primes, ${count - made} to go (seconds to a minute each); Ctrl-C keeps finished ones`
  const line = terminal.waits(what())
  const ended = async (failure: Failure | null): Promise<Made> => {
    const primes = await primesIn(owner.home)
    return { made, primes, failure }
  }
  try {
    await stockPrimes(owner, { makePrimes, signal }, bits, count, (kept) => {
      made = kept
      if (made < count) line.waiting(what(), null)
    })
    return await ended(null)
  } catch (error) {
    if (!signal.aborted) throw error
    return await ended(interruptedAfter(made))
  } finally {
    line.stop()
  }
}

const interruptedAfter = (made: number): Failure =>
  new Failure('interrupted', 'E_INTERRUPTED', 'interrupted', {
    hint: `${made === 0 ? 'no prime was made' : `${made} made and kept`}; \`mpc identity primes\` makes more`,
  })

export const primesText = (primes: number): string =>
  primes === 0 ? 'none stored' : `${primes} stored; an ECDSA key needs ${PRIMES_A_KEY}`
