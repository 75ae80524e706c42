import { readdir } from 'node:fs/promises'
import { generatePrimeSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createIdentity, openIdentity } from '../../src/ceremony/identity.js'
import {
  type MakePrimes,
  PrimeSupply,
  PRIMES_A_KEY,
  stockedPrimes,
  stockPrimes,
} from '../../src/ceremony/primes.js'
import { keepPrime } from '../../src/storage/primes.js'
import { generateAgeIdentity, sealTo } from '../../src/storage/seal.js'
import { encodePrime } from '../../src/wire/prime.js'
import { newHome } from '../storage/support.js'
import { rng } from '../support/members.js'

/** Small ones serve here as well: how they are kept does not depend on their size. */
const BITS = 512
const never = new AbortController().signal
const made: MakePrimes = (bits, count, found) => {
  for (let i = 0; i < count; i++) found(new Uint8Array(generatePrimeSync(bits)))
  return Promise.resolve()
}
const none: MakePrimes = () => Promise.reject(new Error('none are made here'))

async function owner(name: string) {
  const home = await newHome()
  const key = await generateAgeIdentity({ postQuantum: false })
  const seal = { kind: 'identity' as const, identities: [key] }
  const card = await createIdentity(home, { name, postQuantum: false, seal, now: 1_800_000_000_000, rng })
  return { home, card, identity: await openIdentity(home, seal) }
}

describe('a supply of primes', () => {
  test('takes what was made ahead, makes what is missing, and gives each set out once', async () => {
    const alice = await owner('alice')
    const told: number[] = []
    await stockPrimes(alice, { makePrimes: made, signal: never }, BITS, 3, (kept) => told.push(kept))
    expect(told).toEqual([1, 2, 3])
    expect(await stockedPrimes(alice.home, BITS)).toBe(3)

    const supply = new PrimeSupply(alice, { makePrimes: made, signal: never }, BITS)
    expect(await supply.takeStocked()).toBe(1)
    expect(() => supply.primes).toThrow('missing')
    await supply.make((missing) => told.push(missing))
    expect(told).toEqual([1, 2, 3, 0])
    const first = supply.primes.map((prime) => Buffer.from(prime.reveal()).toString('hex'))
    expect(new Set(first).size).toBe(PRIMES_A_KEY)
    for (const hex of first) expect(BigInt(`0x${hex}`).toString(2)).toHaveLength(BITS)
    expect(await stockedPrimes(alice.home, BITS)).toBe(0)

    supply.discard()
    expect(supply.missing).toBe(PRIMES_A_KEY)
    await supply.make(() => undefined)
    for (const prime of supply.primes)
      expect(first).not.toContain(Buffer.from(prime.reveal()).toString('hex'))
  })

  test('one that somebody else sealed to this identity is passed over', async () => {
    const [bob, mallory] = [await owner('bob'), await owner('mallory')]
    const prime = new Uint8Array(generatePrimeSync(BITS))
    await keepPrime(
      bob.home,
      BITS,
      await sealTo([bob.card.age], encodePrime(prime, mallory.identity.signing)),
    )
    await keepPrime(
      bob.home,
      BITS,
      await sealTo([mallory.card.age], encodePrime(prime, bob.identity.signing)),
    )
    await keepPrime(bob.home, BITS, new Uint8Array(200))
    const supply = new PrimeSupply(bob, { makePrimes: none, signal: never }, BITS)
    expect(await supply.takeStocked()).toBe(PRIMES_A_KEY)
    expect(await readdir(bob.home.primes)).toEqual([])
  })
})
