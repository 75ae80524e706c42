/**
 * Turns bytes on a subject into a signed envelope from a known member. The checks run in this order: no answer of the
 * server itself, sender's token, rate for that token, size, bytes seen before, strict decoding, membership, signature, header against
 * subject. A message that fails is dropped and counted; it accuses nobody and gets no answer. A message that
 * passes may be delayed if its sender sends too much.
 */
import { type Envelope, ENVELOPE_LIMIT, LARGEST_SHOWN } from '../../wire/session/envelope.js'
import { sha256 } from '../../wire/base/hash.js'
import { hex } from '../../wire/base/text.js'
import type { Clock } from './clock.js'
import type { Guests } from './guests.js'
import type { Member } from './letters.js'
import { memberToken, type Subjects } from '../transport/subjects.js'
import { provenIn } from './proven.js'
import { type Rate, Throttle } from './throttle.js'

const SEEN = 65_536
/** The limit for each member on messages delayed because they came too fast. */
const DELAYED_BYTES = 16 << 20
/** The least that a delayed message counts for, so that the number of small ones is bounded too. */
const LEAST_DELAYED = 8192
/**
 * The rate of invalid messages under one member's subject. Beyond it the subject is ignored until the second,
 * or the window for bytes, ends. A server may let anybody publish there, so invalid messages do not count
 * against the member's letters. Letters lost meanwhile are asked for again.
 */
const RUBBISH: Rate = { perSecond: 200, bytes: 4 << 20, window: 1000 }

const BRACE = 0x7b

/**
 * Whether this is an answer of a server that keeps messages: JSON, or nothing. The server sends it wherever the question
 * says, so any member can have it come under another's subject. It costs that member none of its rate.
 */
const isServersOwn = (message: Uint8Array): boolean => message.length === 0 || message[0] === BRACE

export type IntakeOptions = {
  readonly subjects: Subjects
  /** Definition id, or the key id where requests are exchanged. */
  readonly definition: Uint8Array
  readonly self: Member
  /** All other members that may be heard. */
  readonly others: readonly Member[]
  readonly clock: Clock
  /**
   * The rate at which messages for one token are looked at, for uses where everything is repeated. A message
   * beyond it costs one lookup and no hash, decoding or signature check. Ceremonies leave it out and lose
   * nothing: they delay messages once the sender is proven.
   */
  readonly arrivals?: Rate | undefined
  /** Those who are no members and may say one kind of thing; their messages come in here. */
  readonly guests?: Guests | undefined
  /** Called with every new envelope. */
  readonly accept: (envelope: Envelope, from: Member) => void
}

export class Intake {
  readonly #options: IntakeOptions
  readonly #members: ReadonlyMap<string, Member>
  /** The tokens of the members: checked before any byte of a message. */
  readonly #tokens: ReadonlySet<string>
  readonly #seen = new Set<string>()
  readonly #delayed = new Map<string, number>()
  readonly #arrivals: Throttle | null
  readonly #throttle = new Throttle()
  readonly #rubbish = new Throttle(RUBBISH)
  #closed = false
  /** Number of dropped messages, by reason. */
  readonly dropped = new Map<string, number>()

  constructor(options: IntakeOptions) {
    this.#options = options
    this.#arrivals = options.arrivals ? new Throttle(options.arrivals) : null
    this.#members = new Map(options.others.map((member) => [hex(member.fingerprint), member]))
    this.#tokens = new Set(options.others.map((member) => memberToken(member.fingerprint)))
  }

  close(): void {
    this.#closed = true
  }

  member(fingerprint: Uint8Array): Member | undefined {
    return this.#members.get(hex(fingerprint))
  }

  arrive(subject: string, message: Uint8Array): void {
    const { subjects, definition, self, clock } = this.#options
    if (isServersOwn(message)) return this.drop("the server's own")
    const now = clock.now()
    const token = subjects.senderOf(subject)
    if (!this.#tokens.has(token)) return this.#hearGuest(token, message, now)
    if (this.#arrivals && this.#arrivals.admit(token, message.length, now) > 0) return this.drop('too much')
    if (this.#rubbish.wait(token, 0, now) > 0) return this.drop('rate limit: too many invalid messages')
    const rubbish = (why: string): void => {
      this.#rubbish.charge(token, message.length, now)
      this.drop(why)
    }
    if (message.length > ENVELOPE_LIMIT) return rubbish('too large')
    const digest = hex(sha256(message))
    if (this.#seen.has(digest)) return this.drop('seen before')
    const proven = provenIn(message, token, { definition, member: (by) => this.member(by) })
    if (typeof proven === 'string') return rubbish(proven)
    const { envelope, member } = proven
    const { header } = envelope
    // Larger letters could not be shown to the others, so nobody could be convicted by one.
    if (header.kind === 'letter' && message.length > LARGEST_SHOWN) return this.drop('too large')
    if (header.to && hex(header.to) !== hex(self.fingerprint)) return this.drop('for another')
    this.#remember(digest)
    this.#admit(envelope, member)
  }

  /** Drops an envelope, but accepts it if it is asked for and comes again. */
  forget({ bytes }: Envelope, why: string): void {
    this.#seen.delete(hex(sha256(bytes)))
    this.drop(why)
  }

  drop(why: string): void {
    this.dropped.set(why, (this.dropped.get(why) ?? 0) + 1)
  }

  #hearGuest(token: string, message: Uint8Array, now: number): void {
    const { guests, definition } = this.#options
    if (this.#closed) return
    const why = guests ? guests.arrive(token, message, definition, now) : 'not a member'
    if (why !== null) this.drop(why)
  }

  #admit(envelope: Envelope, member: Member): void {
    if (this.#closed) return
    const from = hex(member.fingerprint)
    const { clock } = this.#options
    const delay = this.#throttle.admit(from, envelope.bytes.length, clock.now())
    if (delay === 0) return this.#options.accept(envelope, member)
    const waiting = this.#delayed.get(from) ?? 0
    const size = Math.max(envelope.bytes.length, LEAST_DELAYED)
    if (waiting + size > DELAYED_BYTES) return this.forget(envelope, 'too fast')
    this.#delayed.set(from, waiting + size)
    clock.after(delay, () => {
      this.#delayed.set(from, (this.#delayed.get(from) as number) - size)
      this.#admit(envelope, member)
    })
  }

  #remember(digest: string): void {
    this.#seen.add(digest)
    if (this.#seen.size > SEEN) this.#seen.delete(this.#seen.values().next().value as string)
  }
}
