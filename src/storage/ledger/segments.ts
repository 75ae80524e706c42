/**
 * The files of a ledger's entries. An entry is a file that can be created once, in the folder of its segment. A segment
 * that is over becomes one file, in which the entries stay as they were written.
 */
import { dirname, join } from 'node:path'
import { CodecError } from '../../protocol/core/codec.js'
import { Failure } from '../../wire/base/failure.js'
import { createDir, createFile, ensureDir, listDir, readFile, removeDir } from '../fs/atomic.js'
import { ENTRY_LIMIT, SEGMENT, segmentCodec, type Written, written } from './entry.js'

const PACKED = 'packed'
/** Packed segments in one folder. */
const A_FOLDER = 256
const NUMBER = /^(?:0|[1-9][0-9]{0,14})$/

export class Segments {
  /** The bytes of segments that are over, as far as they were read. */
  readonly #over = new Map<number, readonly Uint8Array[]>()

  constructor(readonly folder: string) {}

  /** The segments that are not packed, and whether some are. */
  async list(): Promise<{ readonly loose: readonly number[]; readonly hasPacked: boolean }> {
    const names = await listDir(this.folder)
    return {
      loose: names.filter((name) => NUMBER.test(name)).map(Number),
      hasPacked: names.includes(PACKED),
    }
  }

  /** The entries of the segment in use. @throws Failure `E_LEDGER` (conflict) */
  async inUse(segment: number): Promise<readonly Written[]> {
    return this.#decoded(await this.#readFolder(segment), segment)
  }

  /** The entries of a segment that is over; the caller compares their hashes. @throws Failure `E_LEDGER` (conflict) */
  async over(segment: number): Promise<readonly Written[]> {
    return this.#decoded(await this.#readOver(segment), segment)
  }

  /** The first entry of a segment that is over. @throws as `over` */
  async firstOf(segment: number): Promise<Written> {
    return this.#decoded((await this.#readOver(segment)).slice(0, 1), segment)[0] as Written
  }

  /** Creates the file of an entry. @throws Failure `E_LEDGER` (conflict) if there is one */
  async create({ entry: { n }, encoded }: Written): Promise<void> {
    const segment = join(this.folder, String(Math.floor(n / SEGMENT)))
    await ensureDir(this.folder)
    const made =
      n % SEGMENT === 0
        ? await createDir(segment, { [String(n)]: encoded })
        : await createFile(join(segment, String(n)), encoded)
    if (!made) throw this.broken(`was written by two processes at once: there is another entry ${n}`)
  }

  /** Makes one file of a segment that is over. */
  async pack(segment: number): Promise<void> {
    const packed = this.#packedPath(segment)
    if ((await readFile(packed, 2 * ENTRY_LIMIT)) === null) {
      const entries = await this.#readOver(segment)
      await ensureDir(dirname(packed))
      await createFile(packed, segmentCodec.encode({ format: 'mpc/ledger-segment/v1', entries }))
    }
    await removeDir(join(this.folder, String(segment)))
  }

  /** The result of `parse`. @throws Failure `E_LEDGER` (conflict) for a CodecError */
  parsed<T>(what: string, parse: () => T): T {
    try {
      return parse()
    } catch (cause) {
      throw cause instanceof CodecError ? this.broken(`has a bad ${what}: ${cause.message}`, cause) : cause
    }
  }

  broken(problem: string, cause?: unknown): Failure {
    return new Failure('conflict', 'E_LEDGER', `the spending ledger ${this.folder} ${problem}`, {
      hint:
        "until it fits nothing is signed here under this key's policy: put back this folder, and nothing else, from the " +
        'newest copy of this home; without one, move the share to a new home (`mpc share rekey`), in which the limits ' +
        'count as used up at first',
      cause,
    })
  }

  async #readFolder(segment: number): Promise<readonly Uint8Array[]> {
    const folder = join(this.folder, String(segment))
    const names = (await listDir(folder)).map((name) => (NUMBER.test(name) ? Number(name) : Number.NaN))
    const numbers = names.sort((a, b) => a - b)
    const isWhole = numbers.every((n, i) => n === segment * SEGMENT + i)
    if (!isWhole || numbers.length === 0 || numbers.length > SEGMENT) {
      throw this.broken(`does not hold its entries from ${segment * SEGMENT} on, each once`)
    }
    const read = (n: number) => readFile(join(folder, String(n)), ENTRY_LIMIT)
    return Promise.all(numbers.map(async (n) => (await read(n)) ?? new Uint8Array()))
  }

  async #readOver(segment: number): Promise<readonly Uint8Array[]> {
    const there = this.#over.get(segment)
    if (there) return there
    const packed = await readFile(this.#packedPath(segment), 2 * ENTRY_LIMIT)
    const entries = packed
      ? this.parsed(`segment ${segment}`, () => segmentCodec.decode(packed).entries)
      : await this.#readFolder(segment)
    if (entries.length < SEGMENT) throw this.broken(`lacks entries of segment ${segment}`)
    this.#over.set(segment, entries)
    return entries
  }

  #decoded(entries: readonly Uint8Array[], segment: number): readonly Written[] {
    return entries.map((encoded, i) => this.parsed(`entry ${segment * SEGMENT + i}`, () => written(encoded)))
  }

  #packedPath(segment: number): string {
    return join(this.folder, PACKED, String(Math.floor(segment / A_FOLDER)), String(segment))
  }
}
