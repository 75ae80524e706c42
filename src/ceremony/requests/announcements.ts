/**
 * This member's notices about requests. They are repeated every few seconds and on demand, always as the same
 * signed bytes. A limit on each answer keeps others from making this member sign or send much.
 */
import { NO_SESSION } from '../../messaging/channel/letters.js'
import type { Mailbox } from '../../messaging/channel/mailbox.js'
import { every } from '../../messaging/channel/clock.js'
import { spanOf } from '../../messaging/channel/timeouts.js'
import { Throttle } from '../../messaging/channel/throttle.js'
import type { Kind } from '../../wire/session/envelope.js'
import type { ApprovalStatement } from '../../wire/ceremony/approval.js'
import { askingCodec, passedCodec, type PassedOver, type Request } from '../../wire/ceremony/request.js'
import { hex } from '../../wire/base/text.js'
import type { World } from '../world.js'

/** A member's question is answered at once; more of its own within a second, and too many of all, get one answer later. */
const ANSWERS_EACH = { perSecond: 1, bytes: Infinity, window: 1000 }
const ANSWERS = { perSecond: 8, bytes: Infinity, window: 1000 }
/** Size of a notice in bytes above which a question does not repeat it. */
const LARGE = 1 << 16
/** Requests of one asker that this member reports as passed over, in all and anew per second. */
const MOST_PASSED = 4
const PASSED_RATE = { perSecond: 2, bytes: Infinity, window: 1000 }

const HERE = { session: NO_SESSION, round: '', to: null }

type Own = { readonly kind: Kind; readonly bytes: Uint8Array; said: number }
type Said = 'request' | 'approval' | 'offer' | 'chosen' | 'order' | 'signature' | 'refusal' | 'passed'

export class Announcements {
  readonly #mailbox: Mailbox
  readonly #world: Pick<World, 'clock' | 'patience'>
  readonly #own = new Map<string, Own>()
  /** This member's own requests that it still waits for, and those that wait and that it is at. */
  readonly #asking = new Set<Uint8Array>()
  /** Requests passed over: the newest few of each asker. */
  readonly #passed = new Map<string, Uint8Array[]>()
  readonly #passing = new Throttle(PASSED_RATE)
  readonly #stopRepeating: () => void
  readonly #each = new Throttle(ANSWERS_EACH)
  readonly #all = new Throttle(ANSWERS)
  /** Set while an answer is due. */
  #stopAnswering: (() => void) | null = null

  /** @param said called after each repetition */
  constructor(mailbox: Mailbox, world: Pick<World, 'clock' | 'patience'>, said: () => void) {
    this.#mailbox = mailbox
    this.#world = world
    this.#stopRepeating = every(world.clock, this.#again, () => {
      this.#sayAll(false)
      for (const request of this.#asking) this.#sayWorking(request)
      said()
    })
  }

  stop(): void {
    this.#stopRepeating()
    this.#stopAnswering?.()
  }

  /**
   * Publishes this now, every 5 s, and on demand, until it is dropped: always the same signed bytes.
   * @param of tells notices of one kind about one request apart
   */
  keep(kind: Said, request: Uint8Array, body: Uint8Array, of = ''): void {
    const bytes = this.#mailbox.post(kind, { session: NO_SESSION }, body)
    this.#own.set(`${kind} ${hex(request)}${of}`, { kind, bytes, said: this.#world.clock.now() })
  }

  /** Publishes and repeats a statement of approval, this member's own or another's. */
  approve({ request, by, encoded }: ApprovalStatement): void {
    this.keep('approval', request, encoded, ` ${hex(by)}`)
  }

  /** Stops repeating these. */
  drop(request: Uint8Array, ...kinds: readonly Said[]): void {
    const names = kinds.map((kind) => `${kind} ${hex(request)}`)
    for (const name of this.#own.keys()) {
      if (names.some((dropped) => name.startsWith(dropped))) this.#own.delete(name)
    }
  }

  /** Announces a request of this member, and keeps reporting that it still waits for it. */
  ask({ id, encoded }: Request): void {
    this.keep('request', id, encoded)
    this.#asking.add(id)
  }

  /** Says now and again that this member is at a request that waits, until it leaves it. */
  attend({ id }: Request): void {
    this.#asking.add(id)
    this.#sayWorking(id)
  }

  /** Goes to another request. */
  leave({ id }: Request): void {
    this.#asking.delete(id)
  }

  #sayWorking(request: Uint8Array): void {
    this.#mailbox.post('working', { session: NO_SESSION }, askingCodec.encode({ request }))
  }

  /** Withdraws a request of this member. */
  withdraw({ id }: Request): void {
    this.drop(id, 'request')
    this.#asking.delete(id)
    this.#mailbox.post('cancel', { session: NO_SESSION }, askingCodec.encode({ request: id }))
  }

  /**
   * Tells the asker that this member is present and leaves the request to others.
   * @returns false if the asker has too many requests; then it is told later
   */
  passOver({ id, asker }: Request, why: PassedOver): boolean {
    if (this.#passing.admit(hex(asker), 0, this.#world.clock.now()) > 0) return false
    const told = [...(this.#passed.get(hex(asker)) ?? []), id]
    for (const old of told.splice(0, told.length - MOST_PASSED)) this.drop(old, 'passed')
    this.#passed.set(hex(asker), told)
    this.keep('passed', id, passedCodec.encode({ request: id, why }))
    return true
  }

  /** Answers a member's question for everything known. Everybody hears the answer. */
  answer(asking: Uint8Array): void {
    const { clock } = this.#world
    const now = clock.now()
    const wait = Math.max(this.#each.wait(hex(asking), 0, now), this.#all.wait('', 0, now))
    const say = () => {
      this.#stopAnswering?.()
      this.#stopAnswering = null
      this.#each.charge(hex(asking), 0, clock.now())
      this.#all.charge('', 0, clock.now())
      this.#sayAll(true)
    }
    if (wait === 0) say()
    else this.#stopAnswering ??= clock.after(wait, say)
  }

  get #again(): number {
    return spanOf(this.#world.patience, 'again')
  }

  #sayAll(answering: boolean): void {
    const now = this.#world.clock.now()
    for (const own of this.#own.values()) {
      if (answering && own.bytes.length > LARGE && now - own.said < this.#again) continue
      own.said = now
      this.#mailbox.send(own.kind, HERE, own.bytes)
    }
  }
}
