import { checkPrimeSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type * as primes from '../../../src/cli/threads/primes.js'
import { built } from '../../support/built.js'

const { makePrimes } = await built<typeof primes>('cli/threads/primes.js')
const BITS = 512
const never = new AbortController().signal

describe('the processes that make primes', () => {
  test('make safe primes of the length asked for', async () => {
    const primes: bigint[] = []
    await makePrimes(
      BITS,
      3,
      (prime) => primes.push(BigInt(`0x${Buffer.from(prime).toString('hex')}`)),
      never,
    )
    expect(primes).toHaveLength(3)
    expect(new Set(primes).size).toBe(3)
    for (const p of primes) {
      expect(p.toString(2)).toHaveLength(BITS)
      expect(checkPrimeSync(p) && checkPrimeSync((p - 1n) / 2n)).toBe(true)
    }
  })

  test('are gone at once when nobody waits for them any more', async () => {
    const controller = new AbortController()
    // A prime of this size takes minutes.
    const making = makePrimes(6144, 2, () => undefined, controller.signal)
    controller.abort(new Error('the person left'))
    await expect(making).rejects.toThrow('the person left')
  })
})
