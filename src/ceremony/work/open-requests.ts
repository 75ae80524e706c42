/** How many requests that wait a home keeps of one asker: nobody fills the disk of another, nor takes its room. */
import { hex } from '../../wire/base/text.js'
import type { Request } from '../../wire/ceremony/request.js'
import type { Seats } from '../keys/key.js'
import type { World } from '../world.js'
import { allKept } from './kept.js'

/** Open requests of one custodian, and their bytes. Others are dropped, and its own program makes no more. */
export const MOST_OPEN = 1024
export const MOST_OPEN_BYTES = 256 << 20
/** The same of an asker without a seat. */
export const MOST_OF_GUEST = 128
const GUEST_BYTES = 32 << 20
/** What a guest takes back, or lets lapse, counts all the same for as long, in milliseconds. */
const GUEST_COUNTED = 3_600_000

type Open = { readonly until: number; readonly size: number }

export class OpenRequests {
  readonly #world: Pick<World, 'home' | 'clock'>
  readonly #key: Seats
  /** By asker; then by request. */
  #open: Map<string, Map<string, Open>> | null = null

  constructor(world: Pick<World, 'home' | 'clock'>, key: Seats) {
    this.#world = world
    this.#key = key
  }

  /** Whether its asker has room for this request; if so, it is counted. */
  async admits(request: Request): Promise<boolean> {
    this.#open ??= await this.#openHere()
    const now = this.#world.clock.now()
    const theirs = this.#of(this.#open, request)
    for (const [other, { until }] of theirs) if (until <= now) theirs.delete(other)
    if (theirs.has(hex(request.id))) return true
    const [most, mostBytes] = request.card ? [MOST_OF_GUEST, GUEST_BYTES] : [MOST_OPEN, MOST_OPEN_BYTES]
    const bytes = [...theirs.values()].reduce((sum, { size }) => sum + size, request.encoded.length)
    if (theirs.size >= most || bytes > mostBytes) return false
    this.#count(theirs, request, now)
    return true
  }

  async #openHere(): Promise<Map<string, Map<string, Open>>> {
    const open = new Map<string, Map<string, Open>>()
    for (const { request, isCancelled, result } of await allKept(this.#world.home, this.#key)) {
      if (result || (isCancelled && request.card === null)) continue
      this.#count(this.#of(open, request), request, request.created)
    }
    return open
  }

  #of(open: Map<string, Map<string, Open>>, { asker }: Request): Map<string, Open> {
    const theirs = open.get(hex(asker)) ?? new Map<string, Open>()
    open.set(hex(asker), theirs)
    return theirs
  }

  #count(theirs: Map<string, Open>, { id, expires, encoded, card }: Request, from: number): void {
    const until = card ? Math.max(expires, from + GUEST_COUNTED) : expires
    theirs.set(hex(id), { until, size: encoded.length })
  }
}
