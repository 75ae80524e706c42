/**
 * The notices that the custodians of one key exchange about requests, beside what `RequestList` holds: offers, choices,
 * orders, and who leaves a request to others.
 */
import { type Order, orderCodec } from '../../wire/ceremony/definition.js'
import type { Failure } from '../../wire/base/failure.js'
import {
  chosenCodec,
  listCodec,
  offerCodec,
  passedCodec,
  type PassedOver,
  type Request,
} from '../../wire/ceremony/request.js'
import { spanOf } from '../../messaging/channel/timeouts.js'
import type { Kind } from '../../wire/session/envelope.js'
import { hex } from '../../wire/base/text.js'
import { Meeting } from '../epochs/tell-behind.js'
import type { Key } from '../keys/key.js'
import type { World } from '../world.js'
import type { InForce } from '../policy/policy-in-force.js'
import { Notices } from './bounded-store.js'
import { MOST_NOTICES, RequestList } from './request-list.js'

/** Who is there repeats what it says; this many intervals without a word are an absence. */
const PRESENT = 3

/** A co-signer is present and leaves a request to others. */
export type Declined = {
  readonly why: PassedOver
  /** How far its clock is ahead of ours, in milliseconds. */
  readonly ahead: number
}

export class RequestBoard extends RequestList {
  /** Members who use other epochs of the key. */
  readonly meeting: Meeting
  readonly #offers = new Notices<true>(MOST_NOTICES)
  readonly #chosen = new Notices<readonly Uint8Array[]>(MOST_NOTICES)
  readonly #orders = new Notices<Order>(MOST_NOTICES)
  readonly #declined = new Notices<Declined>(MOST_NOTICES)
  /** How far each member's clock is ahead of ours by its last notice, in milliseconds. */
  readonly #ahead = new Map<string, number>()
  /** Called once per reason when a member leaves a request to others; null: it refused for good. */
  onDeclined: (request: Uint8Array, by: Uint8Array, said: Declined | null) => void = () => {}

  constructor(world: World, key: Key, policy: InForce | null) {
    super(world, key, policy)
    this.meeting = new Meeting(world, key, this.mailbox, () => {
      this.onNotice()
      this.mailbox.look()
    })
    this.mailbox.on('list', ({ body }, { fingerprint }) => {
      this.meeting.heard(listCodec.decode(body), fingerprint)
      this.say.answer(fingerprint)
    })
    this.hear('offer', (body, by) => this.#offers.set(by, hex(offerCodec.decode(body).request), true))
    this.hear('chosen', (body, by) => {
      const { request, signers } = chosenCodec.decode(body)
      this.#chosen.set(by, hex(request), signers)
    })
    this.hear('order', (body, by) => this.#heardOrder(orderCodec.decode(body), by))
    this.hear('passed', (body, by) => {
      const { request, why } = passedCodec.decode(body)
      const said = { why, ahead: this.#ahead.get(hex(by)) ?? 0 }
      const before = this.#declined.get(by, hex(request))
      this.#declined.set(by, hex(request), said)
      if (before?.why !== why) this.onDeclined(request, by, said)
    })
  }

  protected override hear(kind: Kind, heard: (body: Uint8Array, by: Uint8Array, time: number) => void): void {
    super.hear(kind, (body, by, time) => {
      this.#dated(by, time)
      heard(body, by, time)
    })
  }

  protected override heardAsker({ record, asker }: Request): void {
    this.meeting.heard(record, asker)
  }

  protected override heardRefusal(request: Uint8Array, by: Uint8Array): void {
    this.onDeclined(request, by, null)
  }

  #dated(by: Uint8Array, time: number): void {
    // A repeated notice keeps its first date, so the date furthest ahead is the newest.
    const ahead = time - this.world.clock.now()
    this.#ahead.set(hex(by), Math.max(ahead, this.#ahead.get(hex(by)) ?? ahead))
  }

  /** Members who offer to sign a request, in the order in which they were first heard. */
  offers(request: Uint8Array): Uint8Array[] {
    return this.#offers.about(hex(request)).map(({ by }) => by)
  }

  /** Other members who may sign a request that waits, and are at it now. */
  presentAt({ id, signers }: Request): readonly Uint8Array[] {
    const since = this.#presentSince
    const mayIt = (by: Uint8Array) => signers === null || signers.some((signer) => hex(signer) === hex(by))
    return this.saidWorking(id, since).filter(mayIt)
  }

  /** Whether a member was heard on the board lately. */
  isPresent(fingerprint: Uint8Array): boolean {
    return (this.lastHeard(fingerprint) ?? 0) >= this.#presentSince
  }

  get #presentSince(): number {
    return this.world.clock.now() - PRESENT * spanOf(this.world.patience, 'again')
  }

  /**
   * Whether somebody waits at another request for whoever is at this one, and not in vain: of two members who could sign
   * either, the one at the later request comes to the earlier.
   */
  calls(other: Request, than: Request): boolean {
    const present = this.presentAt(other).map(hex)
    const couldCome = than.signers === null || than.signers.some((signer) => present.includes(hex(signer)))
    const requests = this.requests()
    return present.length > 0 && (!couldCome || requests.indexOf(other) < requests.indexOf(than))
  }

  /** The signers that a member chose; only the asker's choice counts. */
  chosenBy(member: Uint8Array, request: Uint8Array): readonly Uint8Array[] | undefined {
    return this.#chosen.get(member, hex(request))
  }

  /** Each member's highest order for a request, if it is one of that order's signers; not checked further. */
  orders(request: Uint8Array): { readonly by: Uint8Array; readonly said: Order }[] {
    return this.#orders.about(hex(request))
  }

  /** Members that are present and leave a request to others. */
  declined(request: Uint8Array): { readonly by: Uint8Array; readonly said: Declined }[] {
    return this.#declined.about(hex(request))
  }

  /** Asks everybody for their notices. */
  ask(): void {
    this.meeting.say()
  }

  /** Publishes our own order, and stores it as if it had been received. */
  issue(order: Order): void {
    this.say.keep('order', order.request, orderCodec.encode(order))
    this.#heardOrder(order, this.world.card.fingerprint)
  }

  #heardOrder(order: Order, by: Uint8Array): void {
    const known = this.#orders.get(by, hex(order.request))
    const mayOrder = order.signers.some(({ fingerprint }) => hex(fingerprint) === hex(by))
    if (mayOrder && order.number > (known?.number ?? 0)) this.#orders.set(by, hex(order.request), order)
  }

  override async until(met: () => boolean, deadline: number, otherwise: () => Failure): Promise<void> {
    await super.until(() => this.meeting.over !== null || met(), deadline, otherwise)
    if (this.meeting.over) throw this.meeting.over
  }
}
