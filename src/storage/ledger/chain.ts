/**
 * One key's ledger on disk: a chain of entries by their hashes. `head` names the last one, and lags by at most one entry
 * after a crash. Reading takes the head, the segment in use, and for each window a few segments that are over, however
 * many there are: a checkpoint names earlier ones, by which a time is found in steps that double.
 *
 * Every reader checks what it reads, by the hashes. Anything that does not fit is `E_LEDGER`, and never counts as nothing
 * spent. Marks beside the claims on requests name the spends too (`marks.ts`), so a ledger that lacks its end, or is
 * gone, is noticed. An older copy of a whole home is not: it holds the older claims as well.
 */
import { join } from 'node:path'
import { CodecError, equalBytes } from '../../protocol/core/codec.js'
import { Failure } from '../../wire/base/failure.js'
import { hex } from '../../wire/base/text.js'
import { readFile, replaceFile } from '../fs/atomic.js'
import type { Home } from '../home/home.js'
import {
  type Checkpoint,
  type Entry,
  entryCodec,
  type Event,
  MARK_LIMIT,
  markCodec,
  type Place,
  SEGMENT,
  type Written,
  written,
} from './entry.js'
import { Marks } from './marks.js'
import { Segments } from './segments.js'
import { checkpointIn, Tally } from './tally.js'

const NOTHING = new Uint8Array(32)

/** Every call is made under the ledger's lock. */
export class Chain {
  readonly folder: string
  readonly marks: Marks
  readonly #segments: Segments
  readonly #keyId: Uint8Array
  /** The entries from the last checkpoint on; empty before the first. */
  #entries: Written[] = []
  #tally: Tally | null = null

  /** @param keyId 32 bytes */
  constructor(home: Home, keyId: Uint8Array) {
    this.folder = join(home.ledger, hex(keyId))
    this.marks = new Marks(home, keyId)
    this.#segments = new Segments(this.folder)
    this.#keyId = keyId
  }

  /** What all entries add up to; null before the first. */
  get tally(): Tally | null {
    return this.#tally
  }

  /**
   * Reads the head and the segment in use.
   * @param settles whether to end what a crash has interrupted
   * @throws Failure `E_LEDGER` (conflict)
   */
  async load(settles: boolean): Promise<void> {
    const { loose, hasPacked } = await this.#segments.list()
    const head = await this.#readHead()
    if (loose.length === 0) {
      if (head !== null || hasPacked) throw this.broken('lacks its entries')
      return this.marks.requireNone((problem) => this.broken(problem))
    }
    const newest = Math.max(...loose)
    this.#entries = [...(await this.#segments.inUse(newest))]
    this.#tally = this.#sum(this.#entries)
    const { last } = this.#tally
    this.#requireHead(head, last)
    if (settles && head?.n !== last.entry.n) await this.#settle(last)
    await this.marks.requireIn(this.#tally, (problem) => this.broken(problem))
    for (const over of loose) if (settles && over !== newest) await this.#segments.pack(over)
  }

  /**
   * Writes the first entry of a ledger that has none. From then on it is known without the claims that nothing was
   * spent before. It has no time of its own, so it holds no clock back.
   * @throws as `append`
   */
  async begin(): Promise<void> {
    if (this.#tally !== null) return
    const nothing = { totals: [], open: [], restored: null, spent: null, before: [] }
    await this.#write({ kind: 'checkpoint', ...nothing }, 0)
  }

  /**
   * Appends an entry, on disk when it returns.
   * @throws Failure `E_LEDGER` (conflict); `E_SPENDING` (refused) if the ledger cannot hold it
   */
  async append(event: Event, at: number): Promise<void> {
    await this.begin()
    const tally = this.#tally as Tally
    const { n } = tally.last.entry
    if ((n + 1) % SEGMENT === 0) {
      await this.#write(tally.checkpoint(await this.#before()), at)
      await this.#segments.pack(Math.floor(n / SEGMENT))
    }
    await this.#write(event, at)
  }

  /** What all entries up to and at this time add up to; null if there is none. */
  async upTo(time: number): Promise<Tally | null> {
    let [first] = this.#entries
    if (first === undefined) return null
    if (first.entry.at <= time) return this.#sum(this.#entries, time)
    for (;;) {
      const { n, previous } = first.entry
      if (n === 0) return null
      const segment = n / SEGMENT
      const { before } = checkpointIn(first.entry)
      const later = before.findLastIndex(({ at }) => at > time)
      if (later === -1) {
        const entries = await this.#segments.over(segment - 1)
        if (!equalBytes(this.#sum(entries).last.hash, previous)) {
          throw this.broken(`has another segment ${segment - 1}`)
        }
        return this.#sum(entries, time)
      }
      first = await this.#checkpointOf(segment - 2 ** later, before[later])
    }
  }

  /** The entry there. @throws Failure `E_LEDGER` (conflict) */
  async #entryAt({ n, hash }: Place): Promise<Entry> {
    const last = this.#tally?.last.entry.n ?? -1
    const isInUse = n >= (this.#entries[0]?.entry.n ?? 0)
    const entries = isInUse ? this.#entries : await this.#segments.over(Math.floor(n / SEGMENT))
    const found = n > last ? undefined : entries[n % SEGMENT]
    if (found === undefined || !equalBytes(found.hash, hash)) throw this.broken(`lacks entry ${n}`)
    return found.entry
  }

  /** The entry that spends a request; null if none does. @throws Failure `E_LEDGER` (conflict) */
  async spendOf(request: Uint8Array): Promise<Entry | null> {
    const place = await this.marks.of(request)
    if (place === null) return null
    const entry = await this.#entryAt(place)
    if (entry.event.kind !== 'spend' || !equalBytes(entry.event.request, request)) {
      throw this.broken(`does not spend request ${hex(request)} by entry ${entry.n}`)
    }
    return entry
  }

  /** Reads every entry. @throws Failure `E_LEDGER` (conflict) */
  async check(): Promise<void> {
    const inUse = (this.#entries[0]?.entry.n ?? 0) / SEGMENT
    let sum: Tally | null = null
    for (let segment = 0; segment <= inUse; segment++) {
      const entries = segment === inUse ? this.#entries : await this.#segments.over(segment)
      const [first] = entries
      if (first === undefined) return
      if (sum !== null) {
        const checkpoint = sum.checkpoint(checkpointIn(first.entry).before)
        const expected = entryCodec.encode(entryAfter(sum.last, checkpoint, first.entry.at))
        if (!equalBytes(first.encoded, expected)) throw this.broken(`has a bad checkpoint ${first.entry.n}`)
      }
      sum = this.#sum(entries)
    }
  }

  broken(problem: string): Failure {
    return this.#segments.broken(problem)
  }

  async #write(event: Event, at: number): Promise<void> {
    const entry: Entry = this.#tally
      ? entryAfter(this.#tally.last, event, at)
      : { format: 'mpc/ledger-entry/v1', key_id: this.#keyId, n: 0, previous: NOTHING, at, event }
    const next = readable(entryCodec.encode(entry))
    await this.#segments.create(next)
    await this.#settle(next)
    if (entry.n % SEGMENT === 0) {
      this.#entries = [next]
      this.#tally = new Tally(next)
    } else {
      this.#entries.push(next)
      this.#tally?.add(next)
    }
  }

  /** What follows once an entry is on disk; the next process does it again if this one is killed. */
  async #settle({ entry, hash }: Written): Promise<void> {
    const mark = markCodec.encode({ format: 'mpc/ledger-mark/v1', key_id: this.#keyId, n: entry.n, hash })
    if (entry.event.kind === 'spend') await this.marks.set(entry.event.request, mark)
    await replaceFile(join(this.folder, 'head'), mark)
  }

  async #readHead(): Promise<Place | null> {
    const held = await readFile(join(this.folder, 'head'), MARK_LIMIT)
    const head = held && this.#segments.parsed('head', () => markCodec.decode(held))
    if (head && !equalBytes(head.key_id, this.#keyId)) throw this.broken('has the head of another key')
    return head
  }

  #requireHead(head: Place | null, { entry, hash }: Written): void {
    if (head === null) {
      if (entry.n !== 0) throw this.broken('lacks its head')
    } else if (head.n !== entry.n && head.n + 1 !== entry.n) {
      throw this.broken(`ends with entry ${entry.n}, and its head names ${head.n}`)
    } else if (!equalBytes(head.hash, head.n === entry.n ? hash : entry.previous)) {
      throw this.broken('has another end than its head names')
    }
  }

  async #checkpointOf(segment: number, named: Checkpoint['before'][number] | undefined): Promise<Written> {
    const first = await this.#segments.firstOf(segment)
    if (!named || !equalBytes(first.hash, named.hash)) {
      throw this.broken(`has another checkpoint of segment ${segment}`)
    }
    return first
  }

  /** The earlier checkpoints that the next one names: the one `2 ** j` before it is that of the one half as far. */
  async #before(): Promise<Checkpoint['before']> {
    const before: Checkpoint['before'][number][] = []
    let [from] = this.#entries as [Written]
    for (;;) {
      const { entry, hash } = from
      const further = checkpointIn(entry).before[before.length]
      before.push({ at: entry.at, hash })
      if (further === undefined) return before
      from = await this.#checkpointOf(entry.n / SEGMENT - 2 ** (before.length - 1), further)
    }
  }

  /** Adds up the entries of a segment, as far as this time. */
  #sum(entries: readonly Written[], time = Number.POSITIVE_INFINITY): Tally {
    const [first, ...rest] = entries as [Written, ...Written[]]
    const { n, key_id } = first.entry
    if (!equalBytes(key_id, this.#keyId)) throw this.broken(`has an entry ${n} that is not its own`)
    const sum = this.#segments.parsed(`entry ${n}`, () => new Tally(first))
    for (const next of rest) {
      if (next.entry.at > time) break
      this.#segments.parsed(`entry ${sum.last.entry.n + 1}`, () => sum.add(next))
    }
    return sum
  }
}

const entryAfter = ({ entry, hash }: Written, event: Event, at: number): Entry => ({
  format: 'mpc/ledger-entry/v1',
  key_id: entry.key_id,
  n: entry.n + 1,
  previous: hash,
  at,
  event,
})

/** An entry as it will be read. @throws Failure `E_SPENDING` (refused) if it could not be */
function readable(encoded: Uint8Array): Written {
  try {
    return written(encoded)
  } catch (cause) {
    if (!(cause instanceof CodecError)) throw cause
    throw new Failure('refused', 'E_SPENDING', `the spending ledger cannot record this: ${cause.message}`, {
      hint: 'split it into payloads that move fewer assets; nothing was signed',
      cause,
    })
  }
}
