/**
 * What the custodians of one key say to each other about requests: requests, offers, who is chosen, orders, signatures.
 * Nothing is stored anywhere: a request lives while its asker runs, and is said again whenever somebody asks.
 */
import { encode, type Value } from '../protocol/codec.js'
import { NO_SESSION, type Wait } from '../messaging/letters.js'
import { Mailbox } from '../messaging/mailbox.js'
import { requestSubjects } from '../messaging/subjects.js'
import { type Order, orderCodec } from '../wire/definition.js'
import type { Kind } from '../wire/envelope.js'
import { Failure } from '../wire/failure.js'
import {
  chosenCodec,
  offerCodec,
  parseRequest,
  refusalCodec,
  type Request,
  signatureCodec,
} from '../wire/request.js'
import { fromHex, hex } from '../wire/text.js'
import type { Key } from './keys.js'
import { leaving, memberOf, type World } from './world.js'

const AGAIN = 5000
/** Whoever asks is answered at once, and all who ask within a second together. */
const ANSWER_EVERY = 1000
/** Of each member, what is remembered of one kind: older things are forgotten first, and only that member's. */
const MOST_REQUESTS = 16
const MOST_NOTICES = 256

/** What each member has said about requests, by the request's id in hex: its last word, and boundedly much. */
class Notices<T> {
  readonly #byMember = new Map<string, Map<string, T>>()

  constructor(readonly most: number) {}

  set(by: Uint8Array, request: string, said: T): void {
    const theirs = this.#byMember.get(hex(by)) ?? new Map<string, T>()
    this.#byMember.set(hex(by), theirs)
    theirs.delete(request)
    theirs.set(request, said)
    if (theirs.size > this.most) theirs.delete(theirs.keys().next().value as string)
  }

  get(by: Uint8Array, request: string): T | undefined {
    return this.#byMember.get(hex(by))?.get(request)
  }

  /** What all members say of a request, in the order in which they were first heard of. */
  about(request: string): { readonly by: Uint8Array; readonly said: T }[] {
    return [...this.#byMember].flatMap(([by, theirs]) => {
      const said = theirs.get(request)
      return said === undefined ? [] : [{ by: fromHex(by, 32) as Uint8Array, said }]
    })
  }

  all(): T[] {
    return [...this.#byMember.values()].flatMap((theirs) => [...theirs.values()])
  }
}

export class Noticeboard {
  readonly mailbox: Mailbox
  readonly #requests = new Notices<Request>(MOST_REQUESTS)
  readonly #offers = new Notices<true>(MOST_NOTICES)
  readonly #chosen = new Notices<readonly Uint8Array[]>(MOST_NOTICES)
  readonly #orders = new Notices<Order>(MOST_NOTICES)
  readonly #refusals = new Notices<string>(MOST_NOTICES)
  readonly #signatures = new Notices<Uint8Array>(MOST_NOTICES)
  /** Called when anybody says anything about requests. */
  onNotice: () => void = () => {}
  readonly #own = new Map<string, { kind: Kind; body: Uint8Array }>()
  readonly #timer: NodeJS.Timeout
  readonly #world: World
  readonly #leaving: ReturnType<typeof leaving>
  #answered = Number.NEGATIVE_INFINITY
  #answering: NodeJS.Timeout | undefined

  constructor(world: World, key: Key) {
    this.#world = world
    const members = key.record.members.map(({ card }) => memberOf(card, card.fingerprint))
    this.mailbox = new Mailbox({
      transport: world.transport,
      subjects: requestSubjects(key.record.key_id, world.card.fingerprint),
      definition: key.record.key_id,
      self: memberOf(world.card, world.card.fingerprint),
      key: world.identity.signing,
      members,
      now: world.now,
      emit: world.emit,
      equivocated: () => {},
    })
    const signingOf = (asker: Uint8Array) =>
      members.find(({ fingerprint }) => hex(fingerprint) === hex(asker))?.signing ?? null
    this.mailbox.on('list', () => this.#answer())
    const hear = (kind: Kind, heard: (body: Uint8Array, by: Uint8Array) => void) =>
      this.mailbox.on(kind, ({ body }, { fingerprint }) => {
        heard(body, fingerprint)
        this.onNotice()
      })
    hear('request', (body) => {
      const request = parseRequest(body, signingOf)
      if (hex(request.key_id) === hex(key.record.key_id)) this.know(request)
    })
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
    this.#timer = setInterval(() => this.sayAll(), AGAIN)
  }

  close(): void {
    clearInterval(this.#timer)
    clearTimeout(this.#answering)
    this.#leaving.stop()
    this.mailbox.close()
  }

  /** A request of this member, or one that was heard: the first that has its id. */
  know(request: Request): void {
    if (!this.request(hex(request.id))) this.#requests.set(request.asker, hex(request.id), request)
  }

  /** The request with this id in hex. */
  request(id: string): Request | undefined {
    return this.#requests.about(id)[0]?.said
  }

  requests(): Request[] {
    return this.#requests.all()
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
  orders(request: Uint8Array): Order[] {
    return this.#orders.about(hex(request)).map(({ said }) => said)
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

  /** Says this now, every 5 s, and whenever somebody asks, until it is taken back. */
  keepSaying(
    kind: 'request' | 'offer' | 'chosen' | 'order' | 'signature' | 'refusal',
    request: Uint8Array,
    body: Uint8Array,
  ): void {
    this.#own.set(`${kind} ${hex(request)}`, { kind, body })
    this.mailbox.post(kind, { session: NO_SESSION }, body)
  }

  stopSaying(kind: Kind, request: Uint8Array): void {
    this.#own.delete(`${kind} ${hex(request)}`)
  }

  /** Asks everybody to say what they have. */
  ask(): void {
    this.mailbox.post('list', { session: NO_SESSION }, encode(null as Value))
  }

  #answer(): void {
    clearTimeout(this.#answering)
    const say = () => {
      this.#answered = this.#world.now()
      this.sayAll()
    }
    const early = this.#answered + ANSWER_EVERY - this.#world.now()
    if (early <= 0) say()
    else this.#answering = setTimeout(say, Math.min(early, ANSWER_EVERY)).unref()
  }

  sayAll(): void {
    for (const { kind, body } of this.#own.values()) this.mailbox.post(kind, { session: NO_SESSION }, body)
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
      await this.mailbox.until(met, wait)
    } catch (error) {
      throw error instanceof Failure && error.code === 'E_ABSENT' ? otherwise() : error
    }
  }
}
