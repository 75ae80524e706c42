/**
 * The statements of approval about the requests on a board. Those count whose speaker is a custodian or has a title in
 * the policy in force, and who speak of the request and the policy as they are here. The last word of each speaker is
 * kept. A home that takes part in a request stores them beside its claims, and repeats them for others once they are on
 * disk: the asker's repetition tells the speaker that it may leave.
 */
import type { Approval } from '../../policy/inputs.js'
import { attempt, equalBytes } from '../../protocol/core/codec.js'
import { Throttle } from '../../messaging/channel/throttle.js'
import { RequestClaims } from '../../storage/home/request-claims.js'
import { Failure } from '../../wire/base/failure.js'
import { fromHex, hex } from '../../wire/base/text.js'
import {
  type ApprovalStatement,
  isAbout,
  namedIn,
  parseApproval,
  replaces,
} from '../../wire/ceremony/approval.js'
import type { Request } from '../../wire/ceremony/request.js'
import type { Seats } from '../keys/key.js'
import { formerIn } from '../keys/former.js'
import type { InForce } from '../policy/policy-in-force.js'
import type { World } from '../world.js'
import type { Announcements } from './announcements.js'
import { aboutOf, countedApprovals } from './counted-approvals.js'

/** New statements of one speaker that are taken a second; the rest is repeated anyway. */
const CHANGES = { perSecond: 4, bytes: Infinity, window: 1000 }

/** Fingerprints of the title holders who have no seat of this key and never had one. */
export function guestsUnder(policy: InForce | null, key: Seats): readonly Uint8Array[] {
  const custodians = key.seated.members.map(({ card }) => card.fingerprint)
  const seats = new Set([...custodians, ...formerIn(key)].map(hex))
  const holders = new Set(policy ? [...policy.policy.titles.values()].flat() : [])
  return [...holders].filter((each) => !seats.has(each)).flatMap((each) => fromHex(each, 32) ?? [])
}

/** Fingerprints of those among them who may ask for signatures. */
export function askersUnder(policy: InForce | null, key: Seats): readonly Uint8Array[] {
  if (policy === null) return []
  const { titles, requests } = policy.policy
  const askers = new Set(requests.from.flatMap((title) => titles.get(title) ?? []))
  return guestsUnder(policy, key).filter((each) => askers.has(hex(each)))
}

type Held = {
  readonly statement: ApprovalStatement
  /** Members who have said that they have it, by fingerprint in hex. */
  readonly heardBy: Set<string>
}

type About = {
  /** By speaker, in hex. */
  readonly held: Map<string, Held>
  /** The files of the request, once this home takes part in it. */
  claims: RequestClaims | null
}

type Options = {
  readonly world: Pick<World, 'home' | 'clock'>
  readonly policy: InForce | null
  readonly key: Seats
  readonly say: Announcements
  /** A request of the board, by its ID in hex. */
  readonly requestOf: (id: string) => Request | undefined
  /** Called for each new statement. */
  readonly changed: () => void
}

export class ApprovalsHeard {
  readonly #options: Options
  readonly #speakers: ReadonlySet<string>
  /** Forgotten with the board's entry. */
  readonly #about = new WeakMap<Request, About>()
  readonly #changes = new Throttle(CHANGES)
  /** Statements are written one after another. */
  #writing: Promise<void> = Promise.resolve()

  constructor(options: Options) {
    this.#options = options
    const { policy, key } = options
    const custodians = key.seated.members.map(({ card }) => card.fingerprint)
    this.#speakers = new Set(policy ? [...custodians, ...guestsUnder(policy, key)].map(hex) : [])
  }

  /**
   * Hears a statement from its speaker, or from a member who repeats it.
   * @param from the member who sent it, as proved; null for a guest's message, whose sender is not proved
   * @returns false if it is to be heard again later: its request is not known yet, or its speaker says too much
   * @throws CodecError for bytes that are no statement of the speaker that they name
   */
  hear(body: Uint8Array, from: Uint8Array | null): boolean {
    const { world, requestOf, changed } = this.#options
    const named = namedIn(body)
    const request = requestOf(hex(named.request))
    if (request === undefined) return false
    if (!this.#speakers.has(hex(named.by))) return true
    const before = this.#of(request).held.get(hex(named.by))
    if (!before || !equalBytes(before.statement.encoded, body)) {
      const statement = parseApproval(body)
      if (!this.#isNews(request, statement)) return true
      if (this.#changes.admit(hex(named.by), 0, world.clock.now()) > 0) return false
      this.#add(request, statement)
      this.#keep(request, statement)
    }
    const held = this.#of(request).held.get(hex(named.by))
    if (from !== null && !equalBytes(from, named.by)) held?.heardBy.add(hex(from))
    changed()
    return true
  }

  /** Publishes this member's own statement, and counts it here. */
  say(request: Request, statement: ApprovalStatement): void {
    this.#add(request, statement)
    this.#options.say.approve(statement)
  }

  /** Takes up statements that this home has read and checked before. */
  recall(request: Request, statements: readonly ApprovalStatement[]): void {
    const ours = statements.filter(({ by }) => this.#speakers.has(hex(by)))
    for (const statement of ours) if (this.#add(request, statement)) this.#keep(request, statement)
  }

  /** Members who have this very statement on their disks, by their own signed words. */
  heardBy(request: Request, { by, encoded }: ApprovalStatement): readonly Uint8Array[] {
    const held = this.#of(request).held.get(hex(by))
    if (!held || !equalBytes(held.statement.encoded, encoded)) return []
    return [...held.heardBy].flatMap((each) => fromHex(each, 32) ?? [])
  }

  /** Takes part in a request: takes up what was stored about it before, and stores and repeats what comes. */
  async take(request: Request): Promise<void> {
    const about = this.#of(request)
    if (about.claims) return
    about.claims = new RequestClaims(this.#options.world.home, request.id)
    for (const bytes of await about.claims.readApprovals()) {
      const statement = this.#stored(bytes)
      if (statement) this.#add(request, statement)
    }
    for (const statement of this.statements(request)) this.#keep(request, statement)
    await this.#writing
    this.#options.changed()
  }

  /** Resolves once everything heard so far is stored and repeated. */
  settled(): Promise<void> {
    return this.#writing
  }

  /** The last word of each speaker about a request. */
  statements(request: Request): readonly ApprovalStatement[] {
    return [...this.#of(request).held.values()].map(({ statement }) => statement)
  }

  /** The approvals that count, for `evaluate`. */
  counted(request: Request): readonly Approval[] {
    return countedApprovals(this.statements(request), request, this.#policyDigest)
  }

  get #policyDigest(): Uint8Array | null {
    return this.#options.policy && this.#options.policy.sha256
  }

  #of(request: Request): About {
    const about = this.#about.get(request) ?? { held: new Map<string, Held>(), claims: null }
    this.#about.set(request, about)
    return about
  }

  /** Whether it is about this request as it is known here, and newer than what its speaker said before. */
  #isNews(request: Request, statement: ApprovalStatement): boolean {
    const before = this.#of(request).held.get(hex(statement.by))
    if (!isAbout(statement, aboutOf(request, this.#policyDigest))) return false
    return !before || replaces(statement, before.statement)
  }

  /** @returns whether it is news */
  #add(request: Request, statement: ApprovalStatement): boolean {
    const isNews = this.#isNews(request, statement)
    if (isNews) this.#of(request).held.set(hex(statement.by), { statement, heardBy: new Set() })
    return isNews
  }

  /** Stores a statement and then repeats it, if this home takes part in the request. */
  #keep(request: Request, statement: ApprovalStatement): void {
    const { claims } = this.#of(request)
    if (claims === null) return
    this.#writing = this.#writing.then(async () => {
      try {
        await claims.keepRequest(request.encoded)
        // Another process of this home may have heard more.
        const there = this.#stored(await claims.readApproval(statement.by))
        const last = there && this.#add(request, there) ? there : statement
        if (last === statement) await claims.keepApproval(statement.by, statement.encoded)
        this.#options.say.approve(last)
      } catch (error) {
        // A statement that cannot be stored is not repeated, so its speaker does not take it for safe.
        if (!(error instanceof Failure)) throw error
      }
    })
  }

  #stored(statement: Uint8Array | null): ApprovalStatement | null {
    const parsed = statement && attempt(() => parseApproval(statement))
    return parsed && this.#speakers.has(hex(parsed.by)) ? parsed : null
  }
}
