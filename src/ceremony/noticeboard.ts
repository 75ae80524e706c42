/**
 * What the custodians of one key say to each other about requests: requests, offers, who is chosen, orders, signatures.
 * Nothing is stored anywhere: a request lives while its asker runs, and is said again whenever somebody asks.
 */
import { encode, type Value } from '../protocol/codec.js'
import { Mailbox, type Member, NO_SESSION, type Wait } from '../messaging/mailbox.js'
import { requestSubjects } from '../messaging/subjects.js'
import { definitionCodec, type Order } from '../wire/definition.js'
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
import { hex } from '../wire/text.js'
import type { Key } from './keys.js'
import { memberOf, type World } from './world.js'

const AGAIN = 5000

export class Noticeboard {
  readonly mailbox: Mailbox
  /** By id in hex, in the order in which they were heard of. */
  readonly requests = new Map<string, Request>()
  readonly offers = new Map<string, Set<string>>()
  readonly chosen = new Map<string, { readonly by: Member; readonly signers: readonly Uint8Array[] }>()
  /** The order with the highest number of each request, and who issued it. */
  readonly orders = new Map<string, { readonly order: Order; readonly by: Member }>()
  readonly refusals = new Map<string, { readonly by: Member; readonly reason: string }>()
  readonly signatures = new Map<string, Uint8Array[]>()
  /** Called when an order arrives that is higher than the one known. */
  onOrder: (order: Order) => void = () => {}
  /** Called when somebody says that a request is signed. */
  onSignature: () => void = () => {}
  readonly #own = new Map<string, { kind: Kind; body: Uint8Array }>()
  readonly #timer: NodeJS.Timeout
  readonly #stopFailure: () => void
  readonly #world: World
  #failure = new AbortController()

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
    this.mailbox.on('list', () => this.sayAll())
    this.mailbox.on('request', ({ body }) => {
      const request = parseRequest(body, signingOf)
      const current = hex(request.key_id) === hex(key.record.key_id)
      if (current && !this.requests.has(hex(request.id))) this.requests.set(hex(request.id), request)
    })
    this.mailbox.on('offer', ({ body }, from) => {
      const id = hex(offerCodec.decode(body).request)
      this.offers.set(id, (this.offers.get(id) ?? new Set()).add(hex(from.fingerprint)))
    })
    this.mailbox.on('chosen', ({ body }, by) => {
      const { request, signers } = chosenCodec.decode(body)
      this.chosen.set(hex(request), { by, signers })
    })
    this.mailbox.on('order', ({ body }, by) => {
      const order = definitionCodec.decode(body)
      if (order.kind === 'sign') this.#heardOrder(order, by)
    })
    this.mailbox.on('refusal', ({ body }, by) => {
      const { request, reason } = refusalCodec.decode(body)
      this.refusals.set(hex(request), { by, reason })
    })
    this.mailbox.on('signature', ({ body }) => {
      const { request, signature } = signatureCodec.decode(body)
      const known = this.signatures.get(hex(request)) ?? []
      if (known.length < 8) this.signatures.set(hex(request), [...known, signature])
      this.onSignature()
    })
    this.#stopFailure = world.transport.onFailure((failure) => this.#failure.abort(failure))
    this.#timer = setInterval(() => this.sayAll(), AGAIN)
    world.signal.addEventListener('abort', () => this.#failure.abort(world.signal.reason))
    if (world.signal.aborted) this.#failure.abort(world.signal.reason)
  }

  close(): void {
    clearInterval(this.#timer)
    this.#stopFailure()
    this.mailbox.close()
  }

  /** Fires when the network fails or the person leaves. */
  get signal(): AbortSignal {
    return this.#failure.signal
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

  sayAll(): void {
    for (const { kind, body } of this.#own.values()) this.mailbox.post(kind, { session: NO_SESSION }, body)
  }

  /** An order of our own, as if it had been heard. */
  issue(order: Order): void {
    this.keepSaying('order', order.request, definitionCodec.encode(order))
    this.#heardOrder(order, memberOf(this.#world.card, this.#world.card.fingerprint))
  }

  #heardOrder(order: Order, by: Member): void {
    const known = this.orders.get(hex(order.request))
    const mayOrder = order.signers.some(({ fingerprint }) => hex(fingerprint) === hex(by.fingerprint))
    if (!mayOrder || (known && known.order.number >= order.number)) return
    this.orders.set(hex(order.request), { order, by })
    this.onOrder(order)
  }

  /** Waits for a condition on what was heard. @throws Failure: the deadline (`otherwise`), the network, the person */
  async until(met: () => boolean, deadline: number, otherwise: () => Failure): Promise<void> {
    const wait: Wait = { deadline, signal: this.signal, round: 'request' }
    try {
      await this.mailbox.until(met, wait)
    } catch (error) {
      throw error instanceof Failure && error.code === 'E_ABSENT' ? otherwise() : error
    }
  }
}
