/**
 * Findings about announced requests: what they ask to have signed, and what the policy says of it. One request is decoded
 * at a time, and all share one reading of the ledger, so that many requests cannot keep this home busy.
 */
import { windowsOf } from '../../policy/limits.js'
import type { Target } from '../../payload/registry/target.js'
import { Ledger } from '../../storage/ledger/ledger.js'
import { Failure } from '../../wire/base/failure.js'
import type { Request } from '../../wire/ceremony/request.js'
import { hex } from '../../wire/base/text.js'
import { likelySigners } from '../policy/judge.js'
import type { PolicyInForce } from '../policy/policy-in-force.js'
import type { Verdict } from '../policy/refusals.js'
import { nameOf } from '../requests/requester.js'
import type { TakenUp } from '../requests/signing-run.js'
import { signable, untimely } from './fitness.js'
import { type Case, caseOf } from './policy-case.js'

/** Milliseconds from one reading of the ledger to the next: for requests that have no sums yet, and for those held. */
const SOON = 500
const LATER = 15_000

export type Finding = {
  /** Why its payload cannot be signed, whatever the time; null also before decoding. */
  unfit: Failure | null
  /** Its decoded target; null before decoding, and if it is unfit. */
  target: Target | null
  /** Why it could not be judged when it last was tried, by this home's disk or clock; it is tried again. */
  trouble: Failure | null
  /** What the policy says at this moment; null before it is known, and for a key without a policy. */
  ruling: Ruling | null
}

export type Ruling = {
  readonly verdict: () => Verdict
  /** The refusal without which the policy cannot do, if there is one. */
  readonly refusal: () => Failure | null
}

export class Rulings {
  readonly #taken: Pick<TakenUp, 'world' | 'key' | 'policy' | 'board'>
  /** Each request is decoded once, and forgotten with the board's entry. */
  readonly #findings = new WeakMap<Request, Finding>()
  readonly #cases = new WeakMap<Request, Case>()
  readonly #undecoded = new Set<Request>()
  #isBusy = false
  #read = Number.NEGATIVE_INFINITY

  constructor(taken: Pick<TakenUp, 'world' | 'key' | 'policy' | 'board'>) {
    this.#taken = taken
  }

  /** What is known of a request by now. */
  of(request: Request): Finding {
    const before = this.#findings.get(request)
    if (before) return before
    const finding: Finding = { unfit: null, target: null, trouble: null, ruling: null }
    this.#findings.set(request, finding)
    return finding
  }

  /** Whether the request can be judged, or why not. */
  isReady(request: Request): boolean {
    const { unfit, target, trouble, ruling } = this.of(request)
    const isRuled = this.#taken.policy === null || ruling !== null
    return unfit !== null || trouble !== null || (target !== null && isRuled)
  }

  /** Has a request decoded that is not yet; the mailbox is looked at once it is. */
  want(request: Request): void {
    const { unfit, target } = this.of(request)
    if (unfit !== null || target !== null) return
    this.#undecoded.add(request)
    void this.#work()
  }

  /** Has the policy judge a decoded request, and later again, as long as it is held by what this home's ledger says. */
  judge(request: Request): void {
    const { target, trouble, ruling } = this.of(request)
    if (this.#taken.policy === null || target === null) return
    const since = this.#taken.world.clock.now() - this.#read
    if (since >= (ruling === null && trouble === null ? SOON : LATER)) void this.#work(this.#taken.policy)
  }

  /** @param policy with it, the ledger is read too */
  async #work(policy: PolicyInForce | null = null): Promise<void> {
    if (this.#isBusy) return
    this.#isBusy = true
    let isNews = policy !== null
    try {
      for (const request of this.#undecoded) {
        this.#undecoded.delete(request)
        if (!this.#isLive(request)) continue
        await this.#decode(request)
        isNews = true
      }
      if (policy) await this.#judgeAll(policy)
    } finally {
      this.#isBusy = false
    }
    if (isNews) this.#taken.board.mailbox.look()
  }

  /** Whether it is still on the board, and its dates fit. */
  #isLive(request: Request): boolean {
    const { board, key, world } = this.#taken
    const isThere = board.request(hex(request.id)) !== undefined
    return isThere && untimely(request, nameOf(key, request), world.clock.now()) === null
  }

  async #decode(request: Request): Promise<void> {
    const finding = this.of(request)
    try {
      finding.target = await signable(this.#taken.key, request, this.#taken.policy)
    } catch (error) {
      finding.unfit = failure(error)
    }
  }

  async #judgeAll(policy: PolicyInForce): Promise<void> {
    const { board, key, world } = this.#taken
    const requests = board.requests().filter((each) => this.of(each).target !== null && this.#isLive(each))
    try {
      const ledger = new Ledger(world.home, key.record.key_id, world.clock)
      const ids = requests.map(({ id }) => id)
      const spent = await ledger.spentWithout(windowsOf(policy.policy), ids)
      for (const [i, request] of requests.entries()) await this.#rule(request, policy, spent[i] ?? [])
    } catch (error) {
      for (const request of requests) this.of(request).trouble = failure(error)
    }
    this.#read = world.clock.now()
  }

  async #rule(request: Request, policy: PolicyInForce, spent: Parameters<Case['decide']>[0]): Promise<void> {
    const finding = this.of(request)
    try {
      const about = await this.#caseOf(request, policy)
      await about.record(about.decide(spent))
      finding.ruling = {
        verdict: () => about.verdict(about.decide(spent)),
        refusal: () => about.refusal(about.decide(spent)),
      }
      finding.trouble = null
    } catch (error) {
      finding.trouble = failure(error)
    }
  }

  async #caseOf(request: Request, policy: PolicyInForce): Promise<Case> {
    const { key, world } = this.#taken
    const target = this.of(request).target as Target
    const signers = likelySigners(key, request, world.card.fingerprint)
    const about =
      this.#cases.get(request) ?? (await caseOf({ ...this.#taken, policy, request, target }, signers))
    this.#cases.set(request, about)
    return about
  }
}

function failure(error: unknown): Failure {
  if (error instanceof Failure) return error
  throw error
}
