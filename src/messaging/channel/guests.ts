/**
 * Guests: identities that are no members and may say one kind of thing, whose bodies prove their speakers by themselves.
 * They are listed beforehand, so that a message of anybody else costs a lookup, as it does without guests. What is
 * looked at is bounded for each of them and for all together, and nothing is kept here. Members have limits of their
 * own, so guests delay nobody.
 */
import { CodecError } from '../../protocol/core/codec.js'
import { hex } from '../../wire/base/text.js'
import { decodeEnvelope, type Envelope, type Kind } from '../../wire/session/envelope.js'
import { memberToken } from '../transport/subjects.js'
import { type Rate, Throttle } from './throttle.js'

const EACH: Rate = { perSecond: 10, bytes: 1 << 17, window: 1000 }
const ALL: Rate = { perSecond: 40, bytes: 1 << 19, window: 1000 }

export type GuestOptions = {
  /** Fingerprints of those who may speak. */
  readonly fingerprints: readonly Uint8Array[]
  readonly kind: Kind
  /** The largest envelope, in bytes. */
  readonly limit: number
  /**
   * Hears a body. It must prove its speaker by itself: the envelope's own signature is not checked.
   * @throws CodecError for a body that does not
   */
  readonly hear: (body: Uint8Array) => void
}

export class Guests {
  readonly #options: GuestOptions
  readonly #tokens: ReadonlyMap<string, string>
  readonly #each = new Throttle(EACH)
  readonly #all = new Throttle(ALL)

  constructor(options: GuestOptions) {
    this.#options = options
    this.#tokens = new Map(options.fingerprints.map((each) => [memberToken(each), hex(each)]))
  }

  /**
   * Hears a message under a token of no member.
   * @param definition the definition or key to which it must belong
   * @returns why it is dropped; null if it was heard
   */
  arrive(token: string, message: Uint8Array, definition: Uint8Array, now: number): string | null {
    const fingerprint = this.#tokens.get(token)
    if (fingerprint === undefined) return 'not a member'
    if (message.length > this.#options.limit) return 'too large'
    if (this.#each.admit(token, message.length, now) > 0) return 'too much of a guest'
    if (this.#all.admit('', message.length, now) > 0) return 'too much of guests'
    try {
      const { header, body } = decodeEnvelope(message)
      if (!this.#isWelcome(header, fingerprint, definition)) return 'not for a guest'
      this.#options.hear(body)
      return null
    } catch (error) {
      if (error instanceof CodecError) return 'malformed guest'
      throw error
    }
  }

  #isWelcome(
    { kind, from, definition }: Envelope['header'],
    fingerprint: string,
    expected: Uint8Array,
  ): boolean {
    return kind === this.#options.kind && hex(from) === fingerprint && hex(definition) === hex(expected)
  }
}
