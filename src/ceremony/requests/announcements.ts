/**
 * The notices of this member about requests. It repeats them every few seconds and for anybody who asks, always
 * as the same signed bytes. Nothing that others do makes it sign or send more than a little.
 */
import { NO_SESSION } from '../../messaging/channel/letters.js'
import type { Mailbox } from '../../messaging/channel/mailbox.js'
import { spanOf } from '../../messaging/channel/timeouts.js'
import { Throttle } from '../../messaging/channel/throttle.js'
import type { Kind } from '../../wire/session/envelope.js'
import { askingCodec, passedCodec, type PassedOver, type Request } from '../../wire/ceremony/request.js'
import { hex } from '../../wire/base/text.js'
import type { World } from '../world.js'

/** A member that asks is answered at once, and all who ask within a second together. */
const ANSWER_EVERY = 1000
/** A larger notice is not said again for whoever asks, but only as often as it is said anyway. */
const LARGE = 1 << 16
/** Of each asker's requests this member says of so many that it passes them over, and of so many anew in a second. */
const MOST_PASSED = 4
const PASSED_RATE = { perSecond: 2, bytes: Infinity, window: 1000 }

const HERE = { session: NO_SESSION, round: '', to: null }

type Own = { readonly kind: Kind; readonly bytes: Uint8Array; said: number }
type Said = 'request' | 'offer' | 'chosen' | 'order' | 'signature' | 'refusal' | 'passed'

export class Announcements {
  readonly #mailbox: Mailbox
  readonly #world: Pick<World, 'now' | 'patience'>
  readonly #own = new Map<string, Own>()
  /** Requests of which this member says that it still asks for them. */
  readonly #asking = new Set<Uint8Array>()
  /** Requests that it passes over, of each asker the newest few. */
  readonly #passed = new Map<string, Uint8Array[]>()
  readonly #passing = new Throttle(PASSED_RATE)
  readonly #timer: NodeJS.Timeout
  #answered = Number.NEGATIVE_INFINITY
  #answering: NodeJS.Timeout | undefined

  /** @param said called whenever all of it was said again */
  constructor(mailbox: Mailbox, world: Pick<World, 'now' | 'patience'>, said: () => void) {
    this.#mailbox = mailbox
    this.#world = world
    this.#timer = setInterval(() => {
      this.#sayAll(false)
      for (const request of this.#asking) {
        this.#mailbox.post('working', { session: NO_SESSION }, askingCodec.encode({ request }))
      }
      said()
    }, this.#again)
  }

  stop(): void {
    clearInterval(this.#timer)
    clearTimeout(this.#answering)
  }

  /** Says this now, every 5 s, and whenever somebody asks, until it is taken back: always the same signed bytes. */
  keep(kind: Said, request: Uint8Array, body: Uint8Array): void {
    const bytes = this.#mailbox.post(kind, { session: NO_SESSION }, body)
    this.#own.set(`${kind} ${hex(request)}`, { kind, bytes, said: this.#world.now() })
  }

  /** Says these no longer. */
  drop(request: Uint8Array, ...kinds: readonly Said[]): void {
    for (const kind of kinds) this.#own.delete(`${kind} ${hex(request)}`)
  }

  /** Says a request of this member, and from time to time that it still asks for it. */
  ask({ id, encoded }: Request): void {
    this.keep('request', id, encoded)
    this.#asking.add(id)
  }

  /** Takes back a request of this member. */
  withdraw({ id }: Request): void {
    this.drop(id, 'request')
    this.#asking.delete(id)
    this.#mailbox.post('cancel', { session: NO_SESSION }, askingCodec.encode({ request: id }))
  }

  /**
   * Tells the asker of a request that this member is there and leaves it to others.
   * @returns whether it is said; if not, the asker asks for so much that it has to wait
   */
  passOver({ id, asker }: Request, why: PassedOver): boolean {
    if (this.#passing.admit(hex(asker), 0, this.#world.now()) > 0) return false
    const told = [...(this.#passed.get(hex(asker)) ?? []), id]
    for (const old of told.splice(0, told.length - MOST_PASSED)) this.drop(old, 'passed')
    this.#passed.set(hex(asker), told)
    this.keep('passed', id, passedCodec.encode({ request: id, why }))
    return true
  }

  /** Somebody asks what there is. */
  answer(): void {
    clearTimeout(this.#answering)
    const say = () => {
      this.#answered = this.#world.now()
      this.#sayAll(true)
    }
    const early = this.#answered + ANSWER_EVERY - this.#world.now()
    if (early <= 0) say()
    else this.#answering = setTimeout(say, Math.min(early, ANSWER_EVERY)).unref()
  }

  get #again(): number {
    return spanOf(this.#world.patience, 'again')
  }

  #sayAll(answering: boolean): void {
    const now = this.#world.now()
    for (const own of this.#own.values()) {
      if (answering && own.bytes.length > LARGE && now - own.said < this.#again) continue
      own.said = now
      this.#mailbox.send(own.kind, HERE, own.bytes)
    }
  }
}
