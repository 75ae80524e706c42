/**
 * What a home knows of a key's spending beside its ledger: for each request the entry that spent it, with the claims
 * on the request; and the last such entry, beside all claims. The ledger writes them behind the entry and before its
 * head.
 */
import { join } from 'node:path'
import { CodecError, equalBytes } from '../../protocol/core/codec.js'
import { Failure } from '../../wire/base/failure.js'
import { hex } from '../../wire/base/text.js'
import { ensureDir, readFile, replaceFile } from '../fs/atomic.js'
import type { Home } from '../home/home.js'
import { listClaims, RequestClaims } from '../home/request-claims.js'
import { MARK_LIMIT, markCodec, type Place } from './entry.js'
import type { Tally } from './tally.js'

export class Marks {
  readonly #home: Home
  readonly #keyId: Uint8Array
  /** Of the last spend. */
  readonly #path: string

  constructor(home: Home, keyId: Uint8Array) {
    this.#home = home
    this.#keyId = keyId
    this.#path = join(home.claims, `spent-${hex(keyId)}`)
  }

  /** Marks that this entry spends the request, and is the last one that spends. */
  async set(request: Uint8Array, mark: Uint8Array): Promise<void> {
    await ensureDir(this.#home.claims)
    await new RequestClaims(this.#home, request).keepSpend(mark)
    await replaceFile(this.#path, mark)
  }

  /** The entry that spends a request; null if none does. */
  async of(request: Uint8Array): Promise<Place | null> {
    const claims = new RequestClaims(this.#home, request)
    const mark = parsed(await claims.readSpend(), claims.folder)
    return mark !== null && equalBytes(mark.key_id, this.#keyId) ? mark : null
  }

  /** Requires that nothing was spent. */
  async requireNone(refuse: (problem: string) => Failure): Promise<void> {
    if ((await readFile(this.#path, MARK_LIMIT)) !== null)
      throw refuse('is gone, and something was spent by it')
    for (const request of await listClaims(this.#home)) {
      if ((await this.of(request)) !== null) throw refuse(`is gone, and it has spent request ${hex(request)}`)
    }
  }

  /** Requires that the ledger has the last spend that is known here. */
  async requireIn({ spent }: Tally, refuse: (problem: string) => Failure): Promise<void> {
    const mark = parsed(await readFile(this.#path, MARK_LIMIT), this.#path)
    if (mark === null) return
    const isThere =
      spent !== null && (mark.n < spent.n || (mark.n === spent.n && equalBytes(mark.hash, spent.hash)))
    if (!isThere || !equalBytes(mark.key_id, this.#keyId))
      throw refuse(`lacks entry ${mark.n}, by which something was spent`)
  }
}

function parsed(held: Uint8Array | null, where: string) {
  try {
    return held && markCodec.decode(held)
  } catch (cause) {
    if (!(cause instanceof CodecError)) throw cause
    throw new Failure('conflict', 'E_LEDGER', `${where} has a damaged mark of what was spent`, {
      hint: 'put it back from the newest copy of this home; until then nothing is signed under a policy here',
      cause,
    })
  }
}
