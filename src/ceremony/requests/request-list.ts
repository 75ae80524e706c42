/**
 * The requests about one key as everybody knows them who may read its subject: what is asked for, by whom, and whether
 * the asker is still there; who approves and who refuses; what was signed. Nothing but approvals is stored: a request
 * lives while its asker runs, and is repeated on demand.
 */
import type { Approval } from '../../policy/inputs.js'
import { CodecError } from '../../protocol/core/codec.js'
import type { Wait } from '../../messaging/channel/letters.js'
import { Mailbox } from '../../messaging/channel/mailbox.js'
import { requestSubjects } from '../../messaging/transport/subjects.js'
import { type SigningKeys, signingKeysOf } from '../../wire/identity/roster.js'
import type { Kind } from '../../wire/session/envelope.js'
import { Failure } from '../../wire/base/failure.js'
import { APPROVAL_LIMIT, type ApprovalStatement } from '../../wire/ceremony/approval.js'
import {
  askingCodec,
  parseRequest,
  refusalCodec,
  type Request,
  signedCodec,
} from '../../wire/ceremony/request.js'
import { hex } from '../../wire/base/text.js'
import type { Seats } from '../keys/key.js'
import { ApprovalsHeard, guestsUnder } from './approvals-heard.js'
import type { InForce } from '../policy/policy-in-force.js'
import { Notices } from './bounded-store.js'
import { HeldRequests, type Holder, type Waiting } from './held-requests.js'
import { Announcements } from './announcements.js'
import { leaving, memberOf, type World } from '../world.js'

/** Limits of each kind of notice per member; the oldest of that member are forgotten first. */
const MOST_REQUESTS = 16
export const MOST_NOTICES = 256
/**
 * The rate at which one member's messages are examined. Everything is repeated, so the excess is dropped
 * unread. Twenty processes of a member stay below it, and no member uses up another's share.
 */
const RATE = { perSecond: 100, bytes: 4 << 20, window: 1000 }
/** Room for the envelope around a statement. */
const GUEST_LIMIT = APPROVAL_LIMIT + 1024

export class RequestList implements Holder {
  readonly mailbox: Mailbox
  /** This member's own notices. */
  readonly say: Announcements
  /** Called after every notice. */
  onNotice: () => void = () => {}
  protected readonly world: World
  readonly #requests = new Notices<Request>(MOST_REQUESTS)
  readonly #held = new HeldRequests()
  readonly #refusals = new Notices<string>(MOST_NOTICES)
  readonly #signatures = new Notices<readonly Uint8Array[]>(MOST_NOTICES)
  /** When each asker last asked for its request. */
  readonly #asked = new Notices<number>(MOST_NOTICES)
  readonly #cancelled = new Notices<true>(MOST_NOTICES)
  /** Members that sent a malformed request, or one of another key. */
  readonly #unreadable = new Map<string, Uint8Array>()
  /** When each custodian was last heard, by fingerprint in hex. */
  readonly #heard = new Map<string, number>()
  readonly #approvals: ApprovalsHeard
  readonly #leaving: ReturnType<typeof leaving>

  /** @param key with or without a share of it @param policy in force here; null: the key has none, and nobody approves anything */
  constructor(world: World, key: Seats, policy: InForce | null) {
    this.world = world
    const { seated } = key
    const members = seated.members.map(({ card }) => memberOf(card, card.fingerprint))
    this.mailbox = new Mailbox({
      transport: world.transport,
      subjects: requestSubjects(key.record.key_id, world.card.fingerprint),
      definition: key.record.key_id,
      self: memberOf(world.card, world.card.fingerprint),
      key: world.identity.signing,
      members,
      clock: world.clock,
      emit: world.emit,
      hearing: { heard: ({ fingerprint }) => void this.#heard.set(hex(fingerprint), world.clock.now()) },
      equivocated: () => {},
      arrivals: RATE,
      guests: {
        fingerprints: guestsUnder(policy, key),
        kind: 'approval',
        limit: GUEST_LIMIT,
        hear: (body) => void this.#approvals.hear(body, null),
      },
    })
    this.say = new Announcements(this.mailbox, world, () => this.#noticed())
    this.#approvals = new ApprovalsHeard({
      world,
      policy,
      key,
      say: this.say,
      requestOf: (id) => this.request(id),
      changed: () => this.#noticed(),
    })
    const signing = signingKeysOf(members)
    this.hear('request', (body, by) => this.#hearRequest(body, by, signing, key))
    this.hear('working', (body, by) => {
      this.#asked.set(by, hex(askingCodec.decode(body).request), world.clock.now())
    })
    this.hear('cancel', (body, by) => this.#cancelled.set(by, hex(askingCodec.decode(body).request), true))
    this.mailbox.on('approval', (envelope, { fingerprint }) => {
      if (!this.#approvals.hear(envelope.body, fingerprint)) this.mailbox.forget(envelope, 'not yet')
    })
    this.hear('refusal', (body, by) => {
      const { request, reason } = refusalCodec.decode(body)
      const before = this.#refusals.get(by, hex(request))
      this.#refusals.set(by, hex(request), reason)
      if (before === undefined) this.heardRefusal(request, by)
    })
    this.hear('signature', (body, by) => {
      const { request, signatures } = signedCodec.decode(body)
      this.#signatures.set(by, hex(request), signatures)
    })
    this.#leaving = leaving(world)
  }

  close(): void {
    this.say.stop()
    this.#leaving.stop()
    this.mailbox.close()
  }

  /** Calls this with the body of every notice of a kind, its sender, and its date. */
  protected hear(kind: Kind, heard: (body: Uint8Array, by: Uint8Array, time: number) => void): void {
    this.mailbox.on(kind, ({ header, body }, { fingerprint }) => {
      heard(body, fingerprint, header.time)
      this.onNotice()
    })
  }

  /** Called for each request of its asker. */
  protected heardAsker(_request: Request): void {}

  /** Called when a member refuses a request. */
  protected heardRefusal(_request: Uint8Array, _by: Uint8Array): void {}

  /** An asker's silence is noticed even if no notice arrives. */
  #noticed(): void {
    this.onNotice()
    this.mailbox.look()
  }

  #hearRequest(body: Uint8Array, by: Uint8Array, signing: SigningKeys, key: Seats): void {
    const request = this.#read(body, by, signing, key)
    if (request === null) return
    // Stored under the sender, so that nobody can displace another's notices.
    this.#requests.set(by, hex(request.id), this.request(hex(request.id)) ?? request)
    if (hex(by) !== hex(request.asker)) return
    this.heardAsker(request)
    this.#cancelled.delete(by, hex(request.id))
    this.#asked.set(by, hex(request.id), this.world.clock.now())
  }

  /** A member's request, if it is valid and of this key; otherwise null, and the member is remembered. */
  #read(body: Uint8Array, by: Uint8Array, signing: SigningKeys, key: Seats): Request | null {
    try {
      const request = parseRequest(body, signing)
      if (hex(request.key_id) === hex(key.record.key_id)) return request
    } catch (error) {
      if (!(error instanceof CodecError)) throw error
    }
    this.#unreadable.set(hex(by), by)
    return null
  }

  /** Members that sent a malformed request, one not signed by its asker, or one of another key. */
  get unreadable(): readonly Uint8Array[] {
    return [...this.#unreadable.values()]
  }

  /** Number of messages from senders without a seat here. */
  get strangers(): number {
    return this.mailbox.dropped.get('not a member') ?? 0
  }

  /** When a custodian was last heard on the board; null for never. */
  lastHeard(fingerprint: Uint8Array): number | null {
    return this.#heard.get(hex(fingerprint)) ?? null
  }

  /** Adds a request that this member knows from its files or made itself. */
  know(request: Request): void {
    const { fingerprint } = this.world.card
    if (!this.request(hex(request.id))) this.#requests.set(fingerprint, hex(request.id), request)
  }

  hold(waiting: readonly Waiting[]): void {
    const requests = waiting.map(({ request }) => request)
    this.#held.replace(requests, this.world.clock.now())
    for (const { request, statements, refusals } of waiting) {
      this.#approvals.recall(request, statements)
      for (const { by, reason } of refusals) this.#refusals.set(by, hex(request.id), reason)
    }
    this.#noticed()
  }

  endHeld(request: Request, signatures: readonly Uint8Array[] | null): void {
    const id = hex(request.id)
    if (signatures === null) this.#cancelled.set(request.asker, id, true)
    else this.#signatures.set(this.world.card.fingerprint, id, signatures)
    this.#noticed()
  }

  isHeld(request: Request): boolean {
    return this.#held.has(request)
  }

  /** The request with this ID in hex. */
  request(id: string): Request | undefined {
    return this.#held.get(id) ?? this.#requests.about(id)[0]?.said
  }

  /** All known requests, each once. */
  requests(): Request[] {
    return [...new Set([...this.#held.all(), ...this.#requests.all()])]
  }

  /** Whether its asker has withdrawn a request. */
  isCancelled({ asker, id }: Request): boolean {
    return this.#cancelled.get(asker, hex(id)) !== undefined
  }

  /** When the asker last asked for this request, or it was last known to wait; 0 if never. */
  heardAsking(request: Request): number {
    return Math.max(this.#asked.get(request.asker, hex(request.id)) ?? 0, this.#held.asked(request))
  }

  /** Members who said that they are at a request, not before `since`. */
  protected saidWorking(request: Uint8Array, since: number): Uint8Array[] {
    return this.#asked.about(hex(request)).flatMap(({ by, said }) => (said >= since ? [by] : []))
  }

  /** Members who refuse to sign a request. */
  refusals(request: Uint8Array): { readonly by: Uint8Array; readonly said: string }[] {
    return this.#refusals.about(hex(request))
  }

  /** The signatures that members sent, unverified. */
  signatures(request: Uint8Array): (readonly Uint8Array[])[] {
    return this.#signatures.about(hex(request)).map(({ said }) => said)
  }

  /** The approvals of a request that count under the policy in force here, for `evaluate`. */
  approvals(request: Request): readonly Approval[] {
    return this.#approvals.counted(request)
  }

  /** What each custodian and title holder last said about a request under the policy in force here. */
  statements(request: Request): readonly ApprovalStatement[] {
    return this.#approvals.statements(request)
  }

  /** Stores and repeats the statements about a request from now on, those that were stored before included. */
  takePart(request: Request): Promise<void> {
    return this.#approvals.take(request)
  }

  /** Resolves once every statement heard so far is stored and its speaker told, if this home takes part. */
  settled(): Promise<void> {
    return this.#approvals.settled()
  }

  /** Publishes and repeats this member's own statement about a request. */
  approve(request: Request, statement: ApprovalStatement): void {
    this.#approvals.say(request, statement)
  }

  /** Whether the asker has said that it has this statement on its disk. */
  isAcknowledged(request: Request, statement: ApprovalStatement): boolean {
    return this.heardBy(request, statement).some((by) => hex(by) === hex(request.asker))
  }

  /** The members who have said that they have this statement on their disks. */
  heardBy(request: Request, statement: ApprovalStatement): readonly Uint8Array[] {
    return this.#approvals.heardBy(request, statement)
  }

  /** Fires when the network fails or the person leaves. */
  get signal(): AbortSignal {
    return this.#leaving.signal
  }

  /**
   * Waits for a condition on the notices. @throws Failure: `otherwise` at the deadline, the network, the
   * person
   */
  async until(met: () => boolean, deadline: number, otherwise: () => Failure): Promise<void> {
    const wait: Wait = { deadline, signal: this.signal, round: 'request' }
    this.world.emit({ event: 'waiting', round: 'request' })
    try {
      await this.mailbox.until(met, wait)
    } catch (error) {
      throw error instanceof Failure && error.code === 'E_ABSENT' ? otherwise() : error
    }
  }
}
