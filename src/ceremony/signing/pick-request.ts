/**
 * Picks the next request to sign from those announced: the named one, or the first approved one whose asker
 * is present. A request that this home cannot serve is passed over and listed, and its asker is told; it ends
 * nothing.
 */
import { RequestClaims } from '../../storage/home/request-claims.js'
import { Failure } from '../../wire/base/failure.js'
import type { Request } from '../../wire/ceremony/request.js'
import { hex } from '../../wire/base/text.js'
import { type Approval, requireApproved, type Seen } from '../requests/approval.js'
import { denied, stillNeeds, wantsPerson } from '../policy/refusals.js'
import { askerLeft, nameOf, type Others } from '../requests/requester.js'
import type { Target } from '../../payload/registry/target.js'
import { failureIn, requireOurs, toldAs, unapproved, untimely } from './fitness.js'
import type { Key } from '../keys/key.js'
import type { RequestBoard } from '../requests/request-board.js'
import { noSeat } from '../keys/rebinds.js'
import { keptRequest } from './kept-request.js'
import { type Finding, Rulings } from './rulings.js'
import { noRequest, Skipped, unread } from './skipped.js'
import type { TakenUp } from '../requests/signing-run.js'
import type { World } from '../world.js'

const LISTEN_FIRST = 700

/** A request that can be signed here, with its decoded target. */
export type Picked = { readonly request: Request } & Seen

/** The findings about a request since it was first seen. */
type Judged = {
  /** Why this home has no part in it; null if it has. */
  readonly foreign: Failure | null
  readonly finding: Finding
  /** Why a script does not approve it by its payload. */
  readonly unapproved: Failure | null
  /** The state of this home's claims when last read. */
  claims: 'unknown' | 'free' | 'taken' | 'ended'
  /** When they were read; milliseconds since 1970. */
  looked: number
  /** Whether its asker was told that it is passed over. */
  told: boolean
}

type Choosing = {
  /** Whether to take a request that may be signed here. */
  readonly isHopeful?: (request: Request) => boolean
  /** Takes the first that fits as soon as it is heard, rather than listening for others first. */
  readonly atOnce?: boolean
}

export class Finder {
  readonly #world: World
  readonly #key: Key
  readonly #policy: TakenUp['policy']
  readonly #board: RequestBoard
  readonly #approval: Approval
  readonly #isHopeful: (request: Request) => boolean
  readonly #skipped: Skipped
  readonly #rulings: Rulings
  /** Each request is judged once, and forgotten with the board's entry. */
  readonly #judged = new WeakMap<Request, Judged>()
  /** Requests left because their askers are silent, and when; by ID. */
  readonly #passed = new Map<string, number>()
  /** Set once every member has had time to announce its requests; before, none is picked. */
  #listened = false
  /** Claims are read one at a time, so that many requests cannot keep the disk busy. */
  #looking = false

  constructor(
    { world, key, policy, board }: Pick<TakenUp, 'world' | 'key' | 'policy' | 'board'>,
    approval: Approval,
    { isHopeful = () => true, atOnce = false }: Choosing = {},
  ) {
    this.#isHopeful = isHopeful
    this.#listened = atOnce
    this.#world = world
    this.#key = key
    this.#policy = policy
    this.#rulings = new Rulings({ world, key, policy, board })
    this.#board = board
    this.#approval = approval
    this.#skipped = new Skipped(world.emit)
    board.ask()
    if (atOnce) return
    world.clock.after(LISTEN_FIRST, () => {
      this.#listened = true
      board.mailbox.look()
    })
  }

  /**
   * The request with this ID in hex. @throws Failure `E_NO_REQUEST` (absent), or the reason not to sign it
   */
  async named(id: string, deadline: number): Promise<Picked> {
    // Nobody may announce any more what this member worked on before.
    const kept = await keptRequest(this.#world.home, this.#key, id)
    if (kept) this.#board.know(kept)
    await this.#board.until(
      () => this.#board.request(id) !== undefined,
      deadline,
      () => noRequest(`request ${id.slice(0, 16)}`),
    )
    const request = this.#board.request(id) as Request
    const judged = this.#judge(request)
    await this.#board.until(
      () => this.#refusal(request) !== null || this.#isJudged(request),
      deadline,
      () => noRequest(`request ${id.slice(0, 16)}`),
    )
    const unfit = this.#refusal(request)
    if (unfit) {
      this.#tell(request, unfit)
      throw unfit
    }
    if ('payloads' in this.#approval) requireApproved(request, this.#approval)
    await this.#board.until(
      () => this.#holds(request)?.code !== 'E_POLICY_NEEDS' || this.#board.isCancelled(request),
      deadline,
      () => this.#held(judged) as Failure,
    )
    const held = this.#held(judged)
    if (held) {
      this.#tell(request, held)
      throw held
    }
    return seenOf(request, judged)
  }

  /** Why the policy does not let it be signed here now; null if it does. */
  #held({ finding: { ruling, trouble } }: Judged): Failure | null {
    if (trouble) return trouble
    const now = ruling && ruling.verdict()
    if (now === null) return null
    const { name } = this.#key
    if (now.decision.outcome === 'deny') return denied(name, now)
    if (now.decision.outcome === 'needs') return ruling?.refusal() ?? stillNeeds(name, now)
    return 'by' in this.#approval && !now.decision.demands.unattended ? wantsPerson(name, now) : null
  }

  /** As `#held`, which is judged anew after a while as long as it holds. */
  #holds(request: Request): Failure | null {
    const held = this.#held(this.#judge(request))
    if (held) this.#rulings.judge(request)
    return held
  }

  /** Whether it is known what can be said of the request; if not, it will be. */
  #isJudged(request: Request): boolean {
    if (this.#rulings.isReady(request)) return true
    this.#rulings.want(request)
    this.#rulings.judge(request)
    return false
  }

  /**
   * The first live request that this member may sign. @throws Failure (absent) `E_NO_REQUEST`, `E_ASKER_LEFT`;
   *   `E_PEER_REFUSED` (refused)
   */
  async next(deadline: number): Promise<Picked> {
    const board = this.#board
    const otherwise = (): Failure => {
      const isTakenBack = (request: Request): boolean => {
        const { finding, unapproved, claims } = this.#judge(request)
        const isDecoded = finding.target !== null
        return board.isCancelled(request) && isDecoded && !unapproved && claims !== 'taken'
      }
      const refused = board.requests().flatMap((request) => this.#held(this.#judge(request)) ?? [])
      const ended = refused.find(({ code }) => code === 'E_PEER_REFUSED')
      if (ended) return ended
      const left = board.requests().find(isTakenBack)
      if (left) return askerLeft(this.#key, left)
      return board.strangers > 0
        ? noSeat(`somebody who has no seat in ${this.#key.name} here speaks of signing with it`)
        : this.#skipped.nothing('a request that is covered here')
    }
    for (;;) {
      await board.until(() => this.#suitable() !== null, deadline, otherwise)
      const request = this.#suitable()
      if (request) return seenOf(request, this.#judge(request))
    }
  }

  /** Leaves a request to others until its asker is heard again. */
  pass({ id }: Request): void {
    this.#passed.set(hex(id), this.#world.clock.now())
  }

  /** Notes that another process of this home has it; checked again whenever its asker is heard. */
  taken(request: Request, why: Failure): void {
    Object.assign(this.#judge(request), { claims: 'taken', looked: this.#world.clock.now() })
    this.#skipped.add(nameOf(this.#key, request), request, why)
  }

  /** The requests that could be signed in place of this one. */
  othersThan(than: Request): Others {
    return {
      hasAnother: () => this.#suitable(than) !== null,
      isCalled: () => {
        const other = this.#suitable(than)
        return other !== null && this.#board.calls(other, than)
      },
    }
  }

  /** The first suitable request in the order of arrival, since an asker can choose any date. */
  #suitable(but: Request | null = null): Request | null {
    for (const by of this.#board.unreadable)
      this.#skipped.add(nameOf(this.#key, { asker: by }), null, unread())
    const fitting = this.#board
      .requests()
      .filter((request) => this.#fits(request) && this.#isHopeful(request))
    if (!this.#listened) return null
    const free = fitting.filter((request) => request !== but && this.#judge(request).claims === 'free')
    // Of requests that wait, one at which somebody is goes before others, and one that was left goes last.
    const late = (request: Request): number => {
      if (!this.#board.isHeld(request) || this.#board.presentAt(request).length > 0)
        return Number.NEGATIVE_INFINITY
      return this.#passed.get(hex(request.id)) ?? 0
    }
    return free.sort((one, other) => Math.sign(late(one) - late(other) || 0))[0] ?? null
  }

  /** Whether this member may sign a request now, apart from its claims. */
  #fits(request: Request): boolean {
    const judged = this.#judge(request)
    if (this.#refusal(request) === null && !this.#isJudged(request)) return false
    const why = this.#refusal(request) ?? judged.unapproved ?? this.#holds(request)
    if (why) {
      this.#skip(request, judged, why)
      return false
    }
    const heard = this.#board.heardAsking(request)
    const isStale = judged.claims === 'unknown' || (judged.claims === 'taken' && judged.looked < heard)
    if (isStale) void this.#lookAtClaims(request, judged)
    const passed = this.#passed.get(hex(request.id)) ?? Number.NEGATIVE_INFINITY
    return !this.#board.isCancelled(request) && passed < heard
  }

  #judge(request: Request): Judged {
    const before = this.#judged.get(request)
    if (before) return before
    const judged: Judged = {
      foreign: failureIn(() => requireOurs(this.#world, this.#key, this.#policy, request)),
      finding: this.#rulings.of(request),
      unapproved: unapproved(request, this.#approval),
      claims: 'unknown',
      looked: Number.NEGATIVE_INFINITY,
      told: false,
    }
    this.#judged.set(request, judged)
    return judged
  }

  /** Why it cannot be signed here now, whoever approves it. */
  #refusal(request: Request): Failure | null {
    const { foreign, finding } = this.#judge(request)
    const now = this.#world.clock.now()
    return foreign ?? finding.unfit ?? untimely(request, nameOf(this.#key, request), now)
  }

  #skip(request: Request, judged: Judged, why: Failure): void {
    this.#skipped.add(nameOf(this.#key, request), request, why, judged.finding.target?.decoded.view)
    // What troubles this home is not the request's fault, and may end.
    if (why !== judged.finding.trouble) judged.told ||= this.#tell(request, why)
  }

  /** Tells only an asker that is present, and not about requests for other signers. */
  #tell(request: Request, why: Failure): boolean {
    if (why.code === 'E_NOT_SIGNER' || this.#board.isHeld(request)) return true
    if (this.#board.heardAsking(request) === 0) return false
    return this.#board.say.passOver(request, toldAs(why))
  }

  async #lookAtClaims(request: Request, judged: Judged): Promise<void> {
    if (this.#looking) return
    this.#looking = true
    judged.looked = this.#world.clock.now()
    try {
      const claims = new RequestClaims(this.#world.home, request.id)
      const [{ end, unsettled }, elsewhere] = [await claims.status(), await claims.elsewhere()]
      judged.claims = end || unsettled ? 'ended' : 'free'
      if (judged.claims === 'free' && elsewhere) this.taken(request, elsewhere)
    } catch (error) {
      // A request with unreadable claims is passed over; `--join` with its ID reports why.
      if (!(error instanceof Failure)) throw error
      judged.claims = 'ended'
      this.#skipped.add(nameOf(this.#key, request), request, error)
    } finally {
      this.#looking = false
    }
    this.#board.mailbox.look()
  }
}

const seenOf = (request: Request, { finding: { target, ruling } }: Judged): Picked => ({
  request,
  target: target as Target,
  verdict: ruling && ruling.verdict(),
})
