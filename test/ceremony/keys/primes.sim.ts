import { readdir } from 'node:fs/promises'
import { generatePrimeSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createIdentity, openIdentity } from '../../../src/ceremony/contacts/identity.js'
import {
  PrimeSupply,
  PRIMES_A_KEY,
  stockedPrimes,
  stockPrimes,
} from '../../../src/ceremony/keys/prime-supply.js'
import type { MakePrimes } from '../../../src/ceremony/world.js'
import { MemoryNetwork } from '../../../src/messaging/transport/memory.js'
import type { Room } from '../../../src/messaging/session/session.js'
import { keepPrime } from '../../../src/storage/home/primes.js'
import { generateAgeIdentity, sealTo } from '../../../src/storage/sealed/age.js'
import { encodePrime } from '../../../src/wire/key/prime.js'
import { newHome } from '../../storage/support.js'
import { keygenDefinition, people, type Person, rng, seat } from '../../support/members.js'

/** Small ones serve here as well: how they are kept does not depend on their size. */
const BITS = 512
const never = new AbortController().signal
const made: MakePrimes = (bits, count, found) => {
  for (let i = 0; i < count; i++) found(new Uint8Array(generatePrimeSync(bits)))
  return Promise.resolve()
}
const none: MakePrimes = () => Promise.reject(new Error('none are made here'))

const NO_SESSION = new Uint8Array(32)
/** A room in which nobody listens. */
async function roomOf(name: string): Promise<Room> {
  const everybody = await people(name, 'nobody')
  const [self] = everybody as [Person, Person]
  return seat(self, everybody, keygenDefinition(everybody), new MemoryNetwork().connect(name)).room
}

/** A room that looks every moment at what its member says is left. */
function roomThatHears(said: number[]) {
  let stopped = false
  const making = (_: Uint8Array, left: () => number) => {
    const timer = setInterval(() => said.push(left()), 1)
    return () => {
      clearInterval(timer)
      stopped = true
    }
  }
  return { room: { mailbox: { making } } as unknown as Room, isStopped: () => stopped }
}

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

    const [left, room] = [[] as number[], await roomOf('alice')]
    const emit = ({ left: missing }: { left?: number }) => void left.push(missing ?? -1)
    await using supply = new PrimeSupply({ ...alice, makePrimes: made, emit }, BITS)
    expect(() => supply.numbers()).toThrow('missing')
    await supply.fill(room, NO_SESSION, never)
    expect(left).toEqual([1, 0])
    const first = Object.values(supply.numbers())
    expect(new Set(first).size).toBe(PRIMES_A_KEY)
    for (const prime of first) expect(prime.toString(2)).toHaveLength(BITS)
    expect(await stockedPrimes(alice.home, BITS)).toBe(0)
    await supply.fill(room, NO_SESSION, never)
    expect(Object.values(supply.numbers())).toEqual(first)

    supply.discard()
    expect(supply.missing).toBe(PRIMES_A_KEY)
    await supply.fill(room, NO_SESSION, never)
    for (const prime of Object.values(supply.numbers())) expect(first).not.toContain(prime)
  })

  test('says to the others how many are left, from the first to the last', async () => {
    const alice = await owner('alice')
    const said: number[] = []
    const { room, isStopped } = roomThatHears(said)
    const slowly: MakePrimes = async (bits, count, found) => {
      for (let i = 0; i < count; i++) {
        await expect.poll(() => said.at(-1), { interval: 1 }).toBe(count - i)
        found(new Uint8Array(generatePrimeSync(bits)))
      }
    }
    await using supply = new PrimeSupply({ ...alice, makePrimes: slowly, emit: () => {} }, BITS)
    await supply.fill(room, NO_SESSION, never)
    expect([...new Set(said)].slice(0, 4)).toEqual([4, 3, 2, 1])
    expect(isStopped()).toBe(true)
  })

  test('primes that were made and not shown are there for the next try, and those that were shown are not', async () => {
    const [alice, room] = [await owner('alice'), await roomOf('alice')]
    const until = (most: number): MakePrimes => {
      let count = 0
      return (bits, _, found) => {
        for (; count < most; count++) found(new Uint8Array(generatePrimeSync(bits)))
        return Promise.reject(new Error('killed'))
      }
    }
    const world = { ...alice, emit: () => {} }
    const broken = new PrimeSupply({ ...world, makePrimes: until(3) }, BITS)
    await expect(broken.fill(room, NO_SESSION, never)).rejects.toThrow('killed')
    await broken[Symbol.asyncDispose]()
    expect(await stockedPrimes(alice.home, BITS)).toBe(3)

    const whole = new PrimeSupply({ ...world, makePrimes: made }, BITS)
    await whole.fill(room, NO_SESSION, never)
    const primes = new Set(Object.values(whole.numbers()))
    expect(await stockedPrimes(alice.home, BITS)).toBe(0)
    await whole[Symbol.asyncDispose]()
    expect(await stockedPrimes(alice.home, BITS)).toBe(4)

    const next = new PrimeSupply({ ...world, makePrimes: none }, BITS)
    await next.fill(room, NO_SESSION, never)
    expect(new Set(Object.values(next.numbers()))).toEqual(primes)
    next.discard()
    await next[Symbol.asyncDispose]()
    expect(await stockedPrimes(alice.home, BITS)).toBe(0)
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
    await using supply = new PrimeSupply({ ...bob, makePrimes: none, emit: () => {} }, BITS)
    await expect(supply.fill(await roomOf('bob'), NO_SESSION, never)).rejects.toThrow('none are made')
    expect(supply.missing).toBe(PRIMES_A_KEY)
    expect(await readdir(bob.home.primes)).toEqual([])
  })
})
