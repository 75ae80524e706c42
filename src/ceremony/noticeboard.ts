/**
 * What the custodians of one key say to each other about requests: requests, offers, who is chosen, orders, signatures.
 * Nothing is stored anywhere: a request lives while its asker runs, and is said again whenever somebody asks.
 */
import { NO_SESSION, type Wait } from '../messaging/letters.js'
import { Mailbox } from '../messaging/mailbox.js'
import { spanOf } from '../messaging/patience.js'
import { requestSubjects } from '../messaging/subjects.js'
import { type Order, orderCodec } from '../wire/definition.js'
import type { Kind } from '../wire/envelope.js'
import { Failure } from '../wire/failure.js'
import {
  askingCodec,
  chosenCodec,
  listCodec,
  offerCodec,
  parseRequest,
  refusalCodec,
  type Request,
  signatureCodec,
} from '../wire/request.js'
import { hex } from '../wire/text.js'
import { Meeting } from './behind.js'
import type { Key } from './keys.js'
import { Notices } from './notices.js'
import { leaving, memberOf, type World } from './world.js'

/** Whoever asks is answered at once, and all who ask within a second together. */
const ANSWER_EVERY = 1000
/** What is larger is not said again for whoever asks, but only as often as it is said anyway. */
const LARGE = 1 << 16
/** Of each member, what is remembered of one kind: older things are forgotten first, and only that member's. */
const MOST_REQUESTS = 16
const MOST_NOTICES = 256

type Own = { readonly kind: Kind; readonly bytes: Uint8Array; said: number }

const HERE = { session: NO_SESSION, round: '', to: null }

export class Noticeboard {
  readonly mailbox: Mailbox
  /** Of those who use other epochs of the key. */
  readonly meeting: Meeting
  readonly #requests = new Notices<Request>(MOST_REQUESTS)
  readonly #offers = new Notices<true>(MOST_NOTICES)
  readonly #chosen = new Notices<readonly Uint8Array[]>(MOST_NOTICES)
  readonly #orders = new Notices<Order>(MOST_NOTICES)
  readonly #refusals = new Notices<string>(MOST_NOTICES)
  readonly #signatures = new Notices<Uint8Array>(MOST_NOTICES)
  /** When its asker was last heard to ask for a request. */
  readonly #asked = new Notices<number>(MOST_NOTICES)
  readonly #cancelled = new Notices<true>(MOST_NOTICES)
  /** When each custodian was last heard here, by fingerprint in hex. */
  readonly #heard = new Map<string, number>()
  /** Called when anybody says anything about requests. */
  onNotice: () => void = () => {}
  readonly #own = new Map<string, Own>()
  /** Requests of which this member says that it still asks for them. */
  readonly #asking = new Set<Uint8Array>()
  readonly #timer: NodeJS.Timeout
  readonly #world: World
  readonly #leaving: ReturnType<typeof leaving>
  #answered = Number.NEGATIVE_INFINITY
  #answering: NodeJS.Timeout | undefined

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
      now: world.now,
      emit: world.emit,
      hearing: { heard: ({ fingerprint }) => void this.#heard.set(hex(fingerprint), world.now()) },
      equivocated: () => {},
    })
    const signingOf = (asker: Uint8Array) =>
      members.find(({ fingerprint }) => hex(fingerprint) === hex(asker))?.signing ?? null
    this.meeting = new Meeting(world, key, this.mailbox, () => {
      this.onNotice()
      this.mailbox.look()
    })
    this.mailbox.on('list', ({ body }, { fingerprint }) => {
      this.meeting.heard(listCodec.decode(body), fingerprint)
      this.#answer()
    })
    const hear = (kind: Kind, heard: (body: Uint8Array, by: Uint8Array) => void) =>
      this.mailbox.on(kind, ({ body }, { fingerprint }) => {
        heard(body, fingerprint)
        this.onNotice()
      })
    hear('request', (body, by) => {
      const request = parseRequest(body, signingOf)
      if (hex(request.key_id) !== hex(key.record.key_id)) return
      if (hex(by) === hex(request.asker)) this.meeting.heard(request.record, by)
      // By who says it: nobody can push out what another says.
      this.#requests.set(by, hex(request.id), this.request(hex(request.id)) ?? request)
      if (hex(by) !== hex(request.asker)) return
      this.#cancelled.delete(by, hex(request.id))
      this.#asked.set(by, hex(request.id), world.now())
    })
    hear('working', (body, by) => {
      this.#asked.set(by, hex(askingCodec.decode(body).request), world.now())
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
      this.#refusals.set(by, hex(request), reason)
    })
    hear('signature', (body, by) => {
      const { request, signature } = signatureCodec.decode(body)
      this.#signatures.set(by, hex(request), signature)
    })
    this.#leaving = leaving(world)
    this.#timer = setInterval(() => this.#sayAgain(), this.#again)
  }

  close(): void {
    clearInterval(this.#timer)
    clearTimeout(this.#answering)
    this.#leaving.stop()
    this.mailbox.close()
  }

  /** How many messages came from whoever has no seat here. */
  get strangers(): number {
    return this.mailbox.dropped.get('not a member') ?? 0
  }

  /** When a custodian was last heard to say anything about requests; null for never. */
  lastHeard(fingerprint: Uint8Array): number | null {
    return this.#heard.get(hex(fingerprint)) ?? null
  }

  /** A request that this member has otherwise than by hearing it now. */
  know(request: Request): void {
    const { fingerprint } = this.#world.card
    if (!this.request(hex(request.id))) this.#requests.set(fingerprint, hex(request.id), request)
  }

  /** The request with this id in hex. */
  request(id: string): Request | undefined {
    return this.#requests.about(id)[0]?.said
  }

  /** All that were heard of, each once. */
  requests(): Request[] {
    return [...new Set(this.#requests.all())]
  }

  /** Whether its asker has taken a request back. */
  isCancelled({ asker, id }: Request): boolean {
    return this.#cancelled.get(asker, hex(id)) !== undefined
  }

  /** When the asker of a request was last heard to ask for it; 0 if never. */
  heardAsking({ asker, id }: Request): number {
    return this.#asked.get(asker, hex(id)) ?? 0
  }

  /** Who would sign a request, in the order in which they were heard of. */
  offers(request: Uint8Array): Uint8Array[] {
    return this.#offers.about(hex(request)).map(({ by }) => by)
  }

  /** Whom a member chose to sign a request; its asker is the one that may. */
  chosenBy(member: Uint8Array, request: Uint8Array): readonly Uint8Array[] | undefined {
    return this.#chosen.get(member, hex(request))
  }

  /** Each member's highest order for a request that says it is among its signers; nothing else is checked here. */
  orders(request: Uint8Array): { readonly by: Uint8Array; readonly said: Order }[] {
    return this.#orders.about(hex(request))
  }

  /** Who would not sign a request. */
  refusals(request: Uint8Array): { readonly by: Uint8Array; readonly said: string }[] {
    return this.#refusals.about(hex(request))
  }

  /** What is said to be the signature; whoever uses one verifies it. */
  signatures(request: Uint8Array): Uint8Array[] {
    return this.#signatures.about(hex(request)).map(({ said }) => said)
  }

  /** Fires when the network fails or the person leaves. */
  get signal(): AbortSignal {
    return this.#leaving.signal
  }

  /** Says this now, every 5 s, and whenever somebody asks, until it is taken back: always the same signed bytes. */
  keepSaying(
    kind: 'request' | 'offer' | 'chosen' | 'order' | 'signature' | 'refusal',
    request: Uint8Array,
    body: Uint8Array,
  ): void {
    const bytes = this.mailbox.post(kind, { session: NO_SESSION }, body)
    this.#own.set(`${kind} ${hex(request)}`, { kind, bytes, said: this.#world.now() })
  }

  stopSaying(kind: Kind, request: Uint8Array): void {
    this.#own.delete(`${kind} ${hex(request)}`)
  }

  /** Says a request of this member, and from time to time that it still asks for it. */
  keepAsking({ id, encoded }: Request): void {
    this.keepSaying('request', id, encoded)
    this.#asking.add(id)
  }

  /** Takes back a request of this member. */
  withdraw({ id }: Request): void {
    this.stopSaying('request', id)
    this.#asking.delete(id)
    this.mailbox.post('cancel', { session: NO_SESSION }, askingCodec.encode({ request: id }))
  }

  /** Asks everybody to say what they have. */
  ask(): void {
    this.meeting.say()
  }

  get #again(): number {
    return spanOf(this.#world.patience, 'again')
  }

  #answer(): void {
    clearTimeout(this.#answering)
    const say = () => {
      this.#answered = this.#world.now()
      this.#say(true)
    }
    const early = this.#answered + ANSWER_EVERY - this.#world.now()
    if (early <= 0) say()
    else this.#answering = setTimeout(say, Math.min(early, ANSWER_EVERY)).unref()
  }

  #say(answering: boolean): void {
    const now = this.#world.now()
    for (const own of this.#own.values()) {
      if (answering && own.bytes.length > LARGE && now - own.said < this.#again) continue
      own.said = now
      this.mailbox.send(own.kind, HERE, own.bytes)
    }
  }

  #sayAgain(): void {
    this.#say(false)
    for (const request of this.#asking) {
      this.mailbox.post('working', { session: NO_SESSION }, askingCodec.encode({ request }))
    }
    // Silence is noticed when nobody says anything, too.
    this.onNotice()
    this.mailbox.look()
  }

  /** An order of our own, as if it had been heard. */
  issue(order: Order): void {
    this.keepSaying('order', order.request, orderCodec.encode(order))
    this.#heardOrder(order, this.#world.card.fingerprint)
  }

  #heardOrder(order: Order, by: Uint8Array): void {
    const known = this.#orders.get(by, hex(order.request))
    const mayOrder = order.signers.some(({ fingerprint }) => hex(fingerprint) === hex(by))
    if (mayOrder && order.number > (known?.number ?? 0)) this.#orders.set(by, hex(order.request), order)
  }

  /** Waits for a condition on what was heard. @throws Failure: the deadline (`otherwise`), the network, the person */
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
