/**
 * The spending ledger of one key in one home: what this custodian has let out, so that a policy's limits hold over
 * time. Sums are those of the key over all derivation paths, in exact integers.
 *
 * An amount is reserved before anything is said of a signature, and spent before this member's share leaves. Both are
 * decided under the ledger's lock, with sums that count every other spend in the window and every reservation of a
 * process that lives. A request counts once, however often it is tried. A reservation ends by `release`, or by the
 * next process that looks, if its request was refused, or if its own process and the one that claimed its request have
 * died; never once a share may have left: then it is spent. A damaged claim says nothing, so a share may have left.
 * Nobody can see from here whether a process of another container lives: its reservation ends once its request has
 * lapsed. If it lives all the same, it is judged again before its share leaves, as everybody is.
 *
 * A spend counts in a window of `w` milliseconds as long as `now - at < w`: at exactly `w` it no longer counts. An
 * amount that is not known uses up every window that it counts in. After `restored` all windows are used up for as
 * long as they last, because nobody knows what was spent elsewhere.
 *
 * The ledger's time never goes back: a clock up to two minutes behind the last entry is taken for that entry's time,
 * and one further behind is refused.
 *
 * Not noticed: an older copy of a whole home in place of this one, ledger, claims and all. A home that comes from a copy
 * is used only after its share was restored, which `restored` records.
 */
import { join } from 'node:path'
import { equalBytes } from '../../protocol/core/codec.js'
import { Failure } from '../../wire/base/failure.js'
import { LONGEST_LIFE } from '../../wire/ceremony/request.js'
import { fromHex, hex, rfc3339 } from '../../wire/base/text.js'
import { ensureDir, listDir } from '../fs/atomic.js'
import { type Waits, withLock } from '../fs/lock.js'
import { isAlive, isElsewhere, isSame, thisProcess } from '../fs/processes.js'
import type { Home } from '../home/home.js'
import { type ClaimStatus, listClaims, RequestClaims } from '../home/request-claims.js'
import { Chain } from './chain.js'
import { type Event, MOST_AMOUNTS, MOST_SPENDING, type Reservation, type Spending } from './entry.js'
import { type Sum, sumsOf, type Window } from './sums.js'

/** Tolerance of clocks, as everywhere. */
const BACK = 120_000
/** A request has lapsed once its reservation is older than this, whatever of the tolerance its asker's clock has used. */
const LAPSED = LONGEST_LIFE + BACK

export type LedgerClock = Waits & { readonly now: () => number }

/** A payload that is to be signed. */
export type Wanted = {
  /** ID of the request, 32 bytes. */
  readonly request: Uint8Array
  /** SHA-256 of the payload. */
  readonly payload: Uint8Array
  /** SHA-256 of the policy. */
  readonly policy: Uint8Array
  readonly spending: readonly Spending[]
  /** The sums that `decide` needs. */
  readonly windows: readonly Window[]
}

/** Judges with sums that leave out the request's own; it is called once, under the lock, and must not wait. */
export type Decide<D> = (spent: readonly Sum[]) => D
/** The outcome that lets a request go on. */
type Decided = { readonly outcome: string }
const ALLOWED = 'allow'

/** The keys of which this home has a ledger. */
export const listLedgers = async (home: Home): Promise<readonly Uint8Array[]> =>
  (await listDir(home.ledger)).flatMap((name) => fromHex(name, 32) ?? [])

export class Ledger {
  readonly #home: Home
  readonly #keyId: Uint8Array
  readonly #clock: LedgerClock

  /** @param keyId 32 bytes */
  constructor(home: Home, keyId: Uint8Array, clock: LedgerClock) {
    this.#home = home
    this.#keyId = keyId
    this.#clock = clock
  }

  /**
   * The sums of everything, in windows that end now.
   * @param but the request that is judged by them, which counts nothing against itself
   * @throws Failure (conflict) `E_LEDGER` if the ledger is damaged, `E_CLOCK_BACK`, `E_BUSY`
   */
  spent(windows: readonly Window[], but: Uint8Array | null = null): Promise<readonly Sum[]> {
    return this.#locked((book) => book.sums(windows, but))
  }

  /** For each of these requests the sums by which it is judged, all of one reading. @throws Failure as `spent` */
  spentWithout(
    windows: readonly Window[],
    requests: readonly Uint8Array[],
  ): Promise<readonly (readonly Sum[])[]> {
    return this.#locked(async (book) => {
      const sums: (readonly Sum[])[] = []
      for (const request of requests) sums.push(await book.sums(windows, request))
      return sums
    })
  }

  /**
   * Reserves the spending if `decide` allows it: before anything is said of a signature. Idempotent. If the decision has
   * changed since an earlier call, the earlier reservation ends.
   * @throws Failure as `spent`; `E_SPENDING` (refused) if the ledger cannot hold it
   */
  reserve<D extends Decided>(wanted: Wanted, decide: Decide<D>): Promise<D> {
    return this.#locked((book) => book.reserve(wanted, decide))
  }

  /**
   * Turns the spending into spent if `decide` still allows it: before this member's share leaves. Without a reservation
   * it is counted all the same. Idempotent: what is spent stays spent, from when it first was.
   * @throws Failure as `reserve`
   */
  spend<D extends Decided>(wanted: Wanted, decide: Decide<D>): Promise<D> {
    return this.#locked((book) => book.spend(wanted, decide))
  }

  /**
   * Ends a reservation, unless a share may have left.
   * @returns whether there was one and it is released
   * @throws Failure as `spent`
   */
  release(request: Uint8Array): Promise<boolean> {
    return this.#locked((book) => book.release(request))
  }

  /** Records that the share came to this home from elsewhere. @throws Failure as `spent` */
  restored(): Promise<void> {
    return this.#locked((book) => book.append({ kind: 'restored' }))
  }

  /**
   * Reads every entry there is, and holds every claim that something was spent against them. Changes nothing.
   * @throws Failure (conflict) `E_LEDGER`, `E_BUSY`
   */
  check(): Promise<void> {
    return this.#withChain(false, async (chain) => {
      await chain.check()
      for (const request of await listClaims(this.#home)) await chain.spendOf(request)
    })
  }

  #locked<T>(act: (book: Book) => Promise<T>): Promise<T> {
    return this.#withChain(true, async (chain) => {
      await chain.begin()
      const book = new Book(this.#home, chain, timeOf(chain, this.#clock.now()))
      await book.settle()
      return act(book)
    })
  }

  async #withChain<T>(settles: boolean, act: (chain: Chain) => Promise<T>): Promise<T> {
    const chain = new Chain(this.#home, this.#keyId)
    await ensureDir(chain.folder)
    return withLock(join(chain.folder, 'lock'), this.#home, this.#clock, async () => {
      await chain.load(settles)
      return act(chain)
    })
  }
}

/** @throws Failure `E_CLOCK_BACK` (conflict) */
function timeOf({ tally, folder }: Chain, now: number): number {
  const last = tally?.last.entry.at ?? 0
  if (now >= last - BACK) return Math.max(now, last)
  throw new Failure(
    'conflict',
    'E_CLOCK_BACK',
    `this machine's clock says ${rfc3339(now)}, and the last entry of the spending ledger is of ${rfc3339(last)}`,
    {
      hint:
        `set the clock; if it is right now and was ahead then, nothing is signed under this key's policy here until ` +
        `that time, or until ${folder} is put back from a copy of before`,
    },
  )
}

/** A ledger that was read, under its lock, at one time. */
class Book {
  constructor(
    readonly home: Home,
    readonly chain: Chain,
    readonly now: number,
  ) {}

  append(event: Event): Promise<void> {
    return this.chain.append(event, this.now)
  }

  /** Ends the reservations of those who will not go on. */
  async settle(): Promise<void> {
    for (const reservation of this.chain.tally?.open.values() ?? []) {
      const { request, payload, policy, spending } = reservation
      const status = await this.#statusOf(request)
      if (status === null || status.left !== null) {
        // The process that has let the share out died before it said so here, or its entry is lost; or nobody knows.
        await this.append({ kind: 'spend', request, payload, policy, spending })
      } else if (status.end !== null || !(await this.#mayGoOn(reservation, status.claim))) {
        await this.append({ kind: 'release', request })
      }
    }
  }

  /** The state of a request; null if its claims are damaged, so that a share may have left. */
  async #statusOf(request: Uint8Array): Promise<ClaimStatus | null> {
    try {
      return await new RequestClaims(this.home, request).status()
    } catch (error) {
      if (error instanceof Failure && error.code === 'E_CLAIM_FILES') return null
      throw error
    }
  }

  /** Whether the process of a reservation, or the one that claimed its request, may still sign it. */
  async #mayGoOn({ process, at }: Reservation, claim: ClaimStatus['claim']): Promise<boolean> {
    const isLapsed = this.now - at > LAPSED
    for (const each of claim ? [claim.process, process] : [process]) {
      if ((await isAlive(each)) && !(isLapsed && (await isElsewhere(each)))) return true
    }
    return false
  }

  /** @param but a request that is left out */
  async sums(windows: readonly Window[], but: Uint8Array | null): Promise<readonly Sum[]> {
    const own = but && (await this.chain.spendOf(but))
    return sumsOf(this.chain, windows, this.now, { request: but, spend: own })
  }

  async reserve<D extends Decided>(wanted: Wanted, decide: Decide<D>): Promise<D> {
    requireRoom(wanted, this.chain)
    const decision = decide(await this.sums(wanted.windows, wanted.request))
    if ((await this.chain.spendOf(wanted.request)) !== null) return decision
    const there = this.#reservationOf(wanted.request)
    if (decision.outcome !== ALLOWED) {
      if (there) await this.append({ kind: 'release', request: wanted.request })
      return decision
    }
    const process = await thisProcess()
    if (!there || !isSame(there.process, process) || !isEqual(there, wanted)) {
      await this.append({ kind: 'reserve', ...contentOf(wanted), process })
    }
    return decision
  }

  async spend<D extends Decided>(wanted: Wanted, decide: Decide<D>): Promise<D> {
    requireRoom(wanted, this.chain)
    const decision = decide(await this.sums(wanted.windows, wanted.request))
    if (decision.outcome !== ALLOWED || (await this.chain.spendOf(wanted.request)) !== null) return decision
    await this.append({ kind: 'spend', ...contentOf(wanted) })
    return decision
  }

  async release(request: Uint8Array): Promise<boolean> {
    // `settle` has turned into spent what may have left.
    if (!this.#reservationOf(request)) return false
    await this.append({ kind: 'release', request })
    return true
  }

  #reservationOf(request: Uint8Array): Reservation | undefined {
    return this.chain.tally?.open.get(hex(request))
  }
}

function requireRoom({ spending }: Wanted, { tally }: Chain): void {
  const open = [...(tally?.open.values() ?? [])].flatMap((each) => each.spending).length
  const known = tally?.totals.size ?? 0
  if (spending.length > MOST_SPENDING) {
    throw full(
      `this payload moves ${spending.length} assets, and the ledger records ${MOST_SPENDING} at once`,
    )
  }
  if (spending.length + Math.max(open, known) > MOST_AMOUNTS) {
    throw full(`the ledger of this key has amounts of ${MOST_AMOUNTS} assets, and takes no more`)
  }
}

const full = (problem: string): Failure =>
  new Failure('refused', 'E_SPENDING', problem, {
    hint: 'sign payloads that move fewer assets; a policy that names assets keeps strangers out of the ledger',
  })

const contentOf = ({ request, payload, policy, spending }: Wanted) => ({ request, payload, policy, spending })

const isEqual = (a: Reservation, b: Wanted): boolean =>
  equalBytes(a.payload, b.payload) &&
  equalBytes(a.policy, b.policy) &&
  a.spending.length === b.spending.length &&
  a.spending.every(({ chain, contract, amount }, i) => {
    const other = b.spending[i]
    return chain === other?.chain && contract === other.contract && amount === other.amount
  })
