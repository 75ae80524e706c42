import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { countPrimes, keepPrime, takePrime } from '../../../src/storage/home/primes.js'
import { cutEverywhere, modeOf, newHome, utf8 } from '../support.js'

test('each prime that was kept is given out once, and only for its size', async () => {
  const home = await newHome()
  expect(await takePrime(home, 1536)).toBeNull()
  for (const name of ['a', 'b', 'c']) await keepPrime(home, 1536, utf8(name))
  await keepPrime(home, 1024, utf8('small'))
  expect(await countPrimes(home, 1536)).toBe(3)
  for (const name of await readdir(home.primes)) expect(modeOf(join(home.primes, name))).toBe(0o600)

  const taken = await Promise.all(Array.from({ length: 5 }, () => takePrime(home, 1536)))
  const given = taken.filter((bytes) => bytes !== null).map((bytes) => Buffer.from(bytes).toString())
  // Two that grasp at the same moment may both lose one, but never get the same one.
  expect(new Set(given).size).toBe(given.length)
  expect(given.every((name) => ['a', 'b', 'c'].includes(name))).toBe(true)
  expect(await countPrimes(home, 1536)).toBe(0)
  expect(Buffer.from((await takePrime(home, 1024)) ?? []).toString()).toBe('small')
  expect(await readdir(home.primes)).toEqual([])
})

test('what a dead process had taken, and files that are no primes, are nobody’s', async () => {
  const home = await newHome()
  await keepPrime(home, 1536, utf8('a'))
  const [name] = await readdir(home.primes)
  await writeFile(join(home.primes, `${name}.0011223344556677.taken`), 'used')
  await writeFile(join(home.primes, 'notes.txt'), 'mine')
  expect(await countPrimes(home, 1536)).toBe(1)
  expect(Buffer.from((await takePrime(home, 1536)) ?? []).toString()).toBe('a')
  expect(await takePrime(home, 1536)).toBeNull()
  expect(await readdir(home.primes)).toEqual(['notes.txt'])
})

test('wherever the power is cut, no prime is given out twice', async () => {
  const cuts = await cutEverywhere(async () => {
    const home = await newHome()
    await keepPrime(home, 1536, utf8('a'))
    let given = 0
    return {
      act: async () => {
        if (await takePrime(home, 1536)) given += 1
      },
      look: async (whole) => {
        if (await takePrime(home, 1536)) given += 1
        expect(given).toBeLessThanOrEqual(1)
        if (whole) expect(given).toBe(1)
      },
    }
  })
  expect(cuts).toBeGreaterThan(1)
})
