/**
 * The notices that the custodians of one key exchange about requests: requests, offers, choices, orders,
 * signatures. Nothing is stored: a request lives while its asker runs, and is repeated on demand.
 */
import { type SigningKeys, signingKeysOf } from '../../wire/identity/roster.js'
import { CodecError } from '../../protocol/core/codec.js'
import type { Wait } from '../../messaging/channel/letters.js'
import { Mailbox } from '../../messaging/channel/mailbox.js'
import { requestSubjects } from '../../messaging/transport/subjects.js'
import { type Order, orderCodec } from '../../wire/ceremony/definition.js'
import type { Kind } from '../../wire/session/envelope.js'
import { Failure } from '../../wire/base/failure.js'
import {
  askingCodec,
  chosenCodec,
  listCodec,
  offerCodec,
  parseRequest,
  passedCodec,
  type PassedOver,
  refusalCodec,
  type Request,
  signedCodec,
} from '../../wire/ceremony/request.js'
import { hex } from '../../wire/base/text.js'
import { Meeting } from '../epochs/tell-behind.js'
import type { Key } from '../keys/key.js'
import { Notices } from './bounded-store.js'
import { Announcements } from './announcements.js'
import { leaving, memberOf, type World } from '../world.js'

/** Limits of each kind of notice per member; the oldest of that member are forgotten first. */
const MOST_REQUESTS = 16
const MOST_NOTICES = 256
/**
 * The rate at which one member's messages are examined. Everything is repeated, so the excess is dropped
 * unread. Twenty processes of a member stay below it, and no member uses up another's share.
 */
const RATE = { perSecond: 100, bytes: 4 << 20, window: 1000 }

/** A co-signer is present and leaves a request to others. */
export type Declined = {
  readonly why: PassedOver
  /** How far its clock is ahead of ours, in milliseconds. */
  readonly ahead: number
}

export class RequestBoard {
  readonly mailbox: Mailbox
  /** Members who use other epochs of the key. */
  readonly meeting: Meeting
  /** This member's own notices. */
  readonly say: Announcements
  readonly #requests = new Notices<Request>(MOST_REQUESTS)
  readonly #offers = new Notices<true>(MOST_NOTICES)
  readonly #chosen = new Notices<readonly Uint8Array[]>(MOST_NOTICES)
  readonly #orders = new Notices<Order>(MOST_NOTICES)
  readonly #refusals = new Notices<string>(MOST_NOTICES)
  readonly #signatures = new Notices<readonly Uint8Array[]>(MOST_NOTICES)
  readonly #declined = new Notices<Declined>(MOST_NOTICES)
  /** Members that sent a malformed request, or one of another key. */
  readonly #unreadable = new Map<string, Uint8Array>()
  /** How far each member's clock is ahead of ours by its last notice, in milliseconds. */
  readonly #ahead = new Map<string, number>()
  /** When each asker last asked for its request. */
  readonly #asked = new Notices<number>(MOST_NOTICES)
  readonly #cancelled = new Notices<true>(MOST_NOTICES)
  /** When each custodian was last heard, by fingerprint in hex. */
  readonly #heard = new Map<string, number>()
  /** Called after every notice. */
  onNotice: () => void = () => {}
  /** Called once per reason when a member leaves a request to others; null: it refused for good. */
  onDeclined: (request: Uint8Array, by: Uint8Array, said: Declined | null) => void = () => {}
  readonly #world: World
  readonly #leaving: ReturnType<typeof leaving>

  constructor(world: World, key: Key) {
    this.#world = world
    const members = key.seated.members.map(({ card }) => memberOf(card, card.fingerprint))
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
    })
    const signing = signingKeysOf(members)
    this.meeting = new Meeting(world, key, this.mailbox, () => {
      this.onNotice()
      this.mailbox.look()
    })
    this.mailbox.on('list', ({ body }, { fingerprint }) => {
      this.meeting.heard(listCodec.decode(body), fingerprint)
      this.say.answer()
    })
    const hear = (kind: Kind, heard: (body: Uint8Array, by: Uint8Array) => void) =>
      this.mailbox.on(kind, ({ header, body }, { fingerprint }) => {
        this.#dated(fingerprint, header.time)
        heard(body, fingerprint)
        this.onNotice()
      })
    hear('request', (body, by) => {
      const request = this.#read(body, by, signing, key)
      if (request === null) return
      if (hex(by) === hex(request.asker)) this.meeting.heard(request.record, by)
      // Stored under the sender, so that nobody can displace another's notices.
      this.#requests.set(by, hex(request.id), this.request(hex(request.id)) ?? request)
      if (hex(by) !== hex(request.asker)) return
      this.#cancelled.delete(by, hex(request.id))
      this.#asked.set(by, hex(request.id), world.clock.now())
    })
    hear('working', (body, by) => {
      this.#asked.set(by, hex(askingCodec.decode(body).request), world.clock.now())
    })
    hear('cancel', (body, by) => this.#cancelled.set(by, hex(askingCodec.decode(body).request), true))
    hear('offer', (body, by) => this.#offers.set(by, hex(offerCodec.decode(body).request), true))
    hear('chosen', (body, by) => {
      const { request, signers } = chosenCodec.decode(body)
      this.#chosen.set(by, hex(request), signers)
    })
    hear('order', (body, by) => {
      const order = orderCodec.decode(body)
      this.#heardOrder(order, by)
    })
    hear('refusal', (body, by) => {
      const { request, reason } = refusalCodec.decode(body)
      const before = this.#refusals.get(by, hex(request))
      this.#refusals.set(by, hex(request), reason)
      if (before === undefined) this.onDeclined(request, by, null)
    })
    hear('signature', (body, by) => {
      const { request, signatures } = signedCodec.decode(body)
      this.#signatures.set(by, hex(request), signatures)
    })
    hear('passed', (body, by) => {
      const { request, why } = passedCodec.decode(body)
      const said = { why, ahead: this.#ahead.get(hex(by)) ?? 0 }
      const before = this.#declined.get(by, hex(request))
      this.#declined.set(by, hex(request), said)
      if (before?.why !== why) this.onDeclined(request, by, said)
    })
    this.#leaving = leaving(world)
    this.say = new Announcements(this.mailbox, world, () => {
      // An asker's silence is noticed even if no notice arrives.
      this.onNotice()
      this.mailbox.look()
    })
  }

  close(): void {
    this.say.stop()
    this.#leaving.stop()
    this.mailbox.close()
  }

  /** A member's request, if it is valid and of this key; otherwise null, and the member is remembered. */
  #read(body: Uint8Array, by: Uint8Array, signing: SigningKeys, key: Key): Request | null {
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

  #dated(by: Uint8Array, time: number): void {
    // A repeated notice keeps its first date, so the date furthest ahead is the newest.
    const ahead = time - this.#world.clock.now()
    this.#ahead.set(hex(by), Math.max(ahead, this.#ahead.get(hex(by)) ?? ahead))
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
    const { fingerprint } = this.#world.card
    if (!this.request(hex(request.id))) this.#requests.set(fingerprint, hex(request.id), request)
  }

  /** The request with this ID in hex. */
  request(id: string): Request | undefined {
    return this.#requests.about(id)[0]?.said
  }

  /** All known requests, each once. */
  requests(): Request[] {
    return [...new Set(this.#requests.all())]
  }

  /** Whether its asker has withdrawn a request. */
  isCancelled({ asker, id }: Request): boolean {
    return this.#cancelled.get(asker, hex(id)) !== undefined
  }

  /** When the asker last asked for this request; 0 if never. */
  heardAsking({ asker, id }: Request): number {
    return this.#asked.get(asker, hex(id)) ?? 0
  }

  /** Members who offer to sign a request, in the order in which they were first heard. */
  offers(request: Uint8Array): Uint8Array[] {
    return this.#offers.about(hex(request)).map(({ by }) => by)
  }

  /** The signers that a member chose; only the asker's choice counts. */
  chosenBy(member: Uint8Array, request: Uint8Array): readonly Uint8Array[] | undefined {
    return this.#chosen.get(member, hex(request))
  }

  /** Each member's highest order for a request, if it is one of that order's signers; not checked further. */
  orders(request: Uint8Array): { readonly by: Uint8Array; readonly said: Order }[] {
    return this.#orders.about(hex(request))
  }

  /** Members who refuse to sign a request. */
  refusals(request: Uint8Array): { readonly by: Uint8Array; readonly said: string }[] {
    return this.#refusals.about(hex(request))
  }

  /** The signatures that members sent, unverified. */
  signatures(request: Uint8Array): (readonly Uint8Array[])[] {
    return this.#signatures.about(hex(request)).map(({ said }) => said)
  }

  /** Members that are present and leave a request to others. */
  declined(request: Uint8Array): { readonly by: Uint8Array; readonly said: Declined }[] {
    return this.#declined.about(hex(request))
  }

  /** Fires when the network fails or the person leaves. */
  get signal(): AbortSignal {
    return this.#leaving.signal
  }

  /** Asks everybody for their notices. */
  ask(): void {
    this.meeting.say()
  }

  /** Publishes our own order, and stores it as if it had been received. */
  issue(order: Order): void {
    this.say.keep('order', order.request, orderCodec.encode(order))
    this.#heardOrder(order, this.#world.card.fingerprint)
  }

  #heardOrder(order: Order, by: Uint8Array): void {
    const known = this.#orders.get(by, hex(order.request))
    const mayOrder = order.signers.some(({ fingerprint }) => hex(fingerprint) === hex(by))
    if (mayOrder && order.number > (known?.number ?? 0)) this.#orders.set(by, hex(order.request), order)
  }

  /**
   * Waits for a condition on the notices. @throws Failure: `otherwise` at the deadline, the network, the
   * person
   */
  async until(met: () => boolean, deadline: number, otherwise: () => Failure): Promise<void> {
    const wait: Wait = { deadline, signal: this.signal, round: 'request' }
    this.#world.emit({ event: 'waiting', round: 'request' })
    try {
      await this.mailbox.until(() => this.meeting.over !== null || met(), wait)
    } catch (error) {
      throw error instanceof Failure && error.code === 'E_ABSENT' ? otherwise() : error
    }
    if (this.meeting.over) throw this.meeting.over
  }
}
