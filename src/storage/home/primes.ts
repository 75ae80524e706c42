/**
 * Safe primes made in advance, each sealed in its own file. A prime serves once: its file is renamed before
 * anybody opens it, so no crash and no second process can use it again.
 */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { hex } from '../../wire/base/text.js'
import { createFile, ensureDir, listDir, readFile, removeFile, renameFile } from '../fs/atomic.js'
import type { Home } from './home.js'

const LIMIT = 1 << 14
const FILE = /^(?<bits>[1-9][0-9]{2,4})-[0-9a-f]{16}\.age$/
const TAKEN = '.taken'

/** Stores a sealed prime of `bits` bits. */
export async function keepPrime(home: Home, bits: number, sealed: Uint8Array): Promise<void> {
  await ensureDir(home.primes)
  await createFile(join(home.primes, `${bits}-${hex(randomBytes(8))}.age`), sealed)
}

/** The number of primes of `bits` bits. */
export const countPrimes = async (home: Home, bits: number): Promise<number> =>
  (await listDir(home.primes)).filter((name) => bitsOf(name) === bits).length

/** The paths of all primes. */
export const listPrimes = async (home: Home): Promise<readonly string[]> =>
  (await listDir(home.primes)).filter((name) => bitsOf(name) > 0).map((name) => join(home.primes, name))

/** Reads a sealed prime without taking it; null if it was taken. @param path as `listPrimes` gives it */
export const readPrime = (path: string): Promise<Uint8Array | null> => readFile(path, LIMIT)

/** Takes a sealed prime of `bits` bits for this caller alone, off the disk; null if there is none. */
export async function takePrime(home: Home, bits: number): Promise<Uint8Array | null> {
  const names = await listDir(home.primes)
  // A prime that a dead process had taken is lost to all.
  for (const name of names.filter((left) => left.endsWith(TAKEN))) await removeFile(join(home.primes, name))
  for (const name of names.filter((left) => bitsOf(left) === bits)) {
    const taken = join(home.primes, `${name}.${hex(randomBytes(8))}${TAKEN}`)
    if (!(await renameFile(join(home.primes, name), taken))) continue
    const sealed = await readFile(taken, LIMIT)
    await removeFile(taken)
    if (sealed) return sealed
  }
  return null
}

const bitsOf = (name: string): number => Number(FILE.exec(name)?.groups?.['bits'] ?? 0)
