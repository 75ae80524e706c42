/**
 * Safe primes made once, for tests: `crypto.generatePrimeSync(bits, { safe: true })`. Never used by the
 * product.
 */
import { type Level, TEST_ONLY } from '../../src/protocol/cggmp24/integers/level.js'
import type { PartyId } from '../../src/protocol/core/session.js'
import of1024 from '../vectors/safe-primes-1024.json' with { type: 'json' }
import of1536 from '../vectors/safe-primes-1536.json' with { type: 'json' }

const parsed = (hex: readonly string[]): readonly bigint[] => hex.map((digits) => BigInt(`0x${digits}`))

/** 36 of 1024 bits: enough for nine parties at TEST_ONLY. */
export const primes1024: readonly bigint[] = parsed(of1024)
/** 36 of 1536 bits: enough for nine parties at the production level. */
export const primes1536: readonly bigint[] = parsed(of1536)

/** The four primes of a party, different from everybody else's. */
export function primesOf(party: PartyId, level: Level = TEST_ONLY) {
  const primes = level === TEST_ONLY ? primes1024 : primes1536
  const [p, q, pHat, qHat] = primes.slice(4 * (party - 1), 4 * party)
  if (qHat === undefined || pHat === undefined || q === undefined || p === undefined) {
    throw new RangeError(`there are no test primes for party ${party}`)
  }
  return { p, q, pHat, qHat }
}
