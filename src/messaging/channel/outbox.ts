/**
 * What one member says in one ceremony. Nothing leaves it unsigned; what has a place of its own is kept, and whoever asks
 * for it is answered by the same bytes.
 */
import type { SigningKey } from '../../wire/base/ed25519.js'
import { type Envelope, type Header, type Kind, sealEnvelope, SLOTTED } from '../../wire/session/envelope.js'
import { hex } from '../../wire/base/text.js'
import { ANYBODY, type Member, NO_SESSION, primesCodec, type Slot, slotKey, wantCodec } from './letters.js'
import type { Subjects } from '../transport/subjects.js'
import type { Transport } from '../transport/transport.js'
import { WORKING_EVERY } from './await.js'

/** A little less than lies between two wants: the second must not be refused because the first took longer. */
const ANSWER_EVERY = 1800

const LAST_WORDS_WITHIN = 5000

export type OutboxOptions = {
  readonly transport: Transport
  readonly subjects: Subjects
  /** Definition id, or the key id where requests are exchanged. */
  readonly definition: Uint8Array
  readonly self: Member
  readonly key: SigningKey
  readonly now: () => number
}

type Place = {
  readonly session: Uint8Array
  readonly round?: string
  readonly to?: Uint8Array | null
}

export class Outbox {
  readonly #options: OutboxOptions
  readonly #sent = new Map<string, { readonly bytes: Uint8Array; readonly subject: string }>()
  readonly #answered = new Map<string, number>()

  constructor(options: OutboxOptions) {
    this.#options = options
  }

  get connected(): boolean {
    return this.#options.transport.connected
  }

  /** Whether everything said before has reached the server. */
  flush(): Promise<boolean> {
    return this.#options.transport.flush()
  }

  /**
   * Resolves to true once the server has everything. Where the connection is lost on the way, our letters of these slots
   * are said again when it is back; to false where that takes too long: who misses them asks others for the rest.
   */
  async lastWords(slots: readonly Slot[]): Promise<boolean> {
    const deadline = this.#options.now() + LAST_WORDS_WITHIN
    while (!(await this.flush())) {
      const left = deadline - this.#options.now()
      if (left <= 0 || !(await isBack(this.#options.transport, left))) return false
      for (const slot of slots) this.repeat(slot)
    }
    return true
  }

  /** Signs and publishes. What has a slot is kept, and the same bytes answer whoever asks again. */
  post(
    kind: Kind,
    place: Place & { readonly key?: Uint8Array | null },
    body: Uint8Array | ((header: Header) => Uint8Array),
  ): Uint8Array {
    const sealed = this.write(kind, place, body)
    this.send(kind, { session: place.session, round: place.round ?? '', to: place.to ?? null }, sealed)
    return sealed
  }

  /** Signs, and leaves it to the caller when to `send`: what must be on disk first is written in between. */
  write(
    kind: Kind,
    { session, round = '', to = null, key = null }: Place & { readonly key?: Uint8Array | null },
    body: Uint8Array | ((header: Header) => Uint8Array),
  ): Uint8Array {
    const { self, key: signing, definition, now } = this.#options
    const from = self.fingerprint
    const header: Header = { v: 1, kind, definition, session, round, from, to, time: now(), key }
    return sealEnvelope(signing, header, typeof body === 'function' ? body(header) : body)
  }

  /** Publishes an envelope of ours that exists already, and answers for it from now on. */
  send(kind: Kind, slot: Omit<Slot, 'kind' | 'from'>, sealed: Uint8Array): void {
    const subject = this.#options.subjects.outbound(kind, slot.to)
    if (SLOTTED.has(kind)) this.#sent.set(this.#ownKey({ ...slot, kind }), { bytes: sealed, subject })
    this.#options.transport.publish(subject, sealed)
  }

  /** Answers from now on whoever asks what this ceremony is. @param definition encoded, as its id is the hash of */
  handOut(definition: Uint8Array): void {
    const slot = { kind: 'definition', session: NO_SESSION, round: '', to: null } as const
    const bytes = this.write('definition', slot, definition)
    this.#sent.set(this.#ownKey(slot), {
      bytes,
      subject: this.#options.subjects.outbound('definition', null),
    })
  }

  /** Says our letter of a slot again, if there is one. */
  repeat(slot: Slot): void {
    const sent = this.#sent.get(slotKey(slot))
    if (sent) this.#options.transport.publish(sent.subject, sent.bytes)
  }

  /** Tells the others every 10 s that this member is still at it, until the returned function is called. */
  working(session: Uint8Array): () => void {
    return this.#repeatedly(() => this.post('working', { session }, new Uint8Array()))
  }

  /** The same while it makes primes, of which so many are left. */
  making(session: Uint8Array, left: () => number): () => void {
    return this.#repeatedly(() => this.post('primes', { session }, primesCodec.encode({ left: left() })))
  }

  #repeatedly(say: () => void): () => void {
    say()
    const timer = setInterval(say, WORKING_EVERY)
    return () => clearInterval(timer)
  }

  /** Asks for letters of others, one message a session. */
  protected want(slots: readonly Slot[]): void {
    const bySession = new Map<string, Slot[]>()
    for (const slot of slots)
      bySession.set(hex(slot.session), [...(bySession.get(hex(slot.session)) ?? []), slot])
    for (const asked of bySession.values()) {
      const body = asked.slice(0, 256).map(({ kind, round, from, to }) => ({ kind, round, from, to }))
      this.post('want', { session: (asked[0] as Slot).session }, wantCodec.encode(body))
    }
  }

  /** Says again what somebody wants and this member has said, not too often. @throws CodecError if it is no want */
  protected answer({ header, body }: Envelope, from: Member): void {
    const { self, now } = this.#options
    for (const slot of wantCodec.decode(body)) {
      const isOurs = hex(slot.from) === hex(slot.kind === 'definition' ? ANYBODY : self.fingerprint)
      if (!isOurs || (slot.to && hex(slot.to) !== hex(from.fingerprint))) continue
      const key = this.#ownKey({ ...slot, session: header.session })
      const who = `${key} ${hex(from.fingerprint)}`
      const last = this.#answered.get(who) ?? Number.NEGATIVE_INFINITY
      const sent = this.#sent.get(key)
      if (!sent || now() - last < ANSWER_EVERY) continue
      this.#answered.set(who, now())
      this.#options.transport.publish(sent.subject, sent.bytes)
    }
  }

  /** What this member has said in one place of a session. */
  protected said(slot: Omit<Slot, 'from'>): Uint8Array | undefined {
    return this.#sent.get(this.#ownKey(slot))?.bytes
  }

  /** What was said in this session is answered for no more. */
  protected disown(session: Uint8Array): void {
    const of = ` ${hex(session)} `
    for (const key of this.#sent.keys()) if (key.includes(of)) this.#sent.delete(key)
  }

  #ownKey(slot: Omit<Slot, 'from'>): string {
    return slotKey({ ...slot, from: this.#options.self.fingerprint })
  }
}

/** Whether there is a connection within so many milliseconds. */
function isBack(transport: Transport, span: number): Promise<boolean> {
  if (transport.connected) return Promise.resolve(true)
  return new Promise((resolve) => {
    const settle = (back: boolean): void => {
      clearTimeout(timer)
      stop()
      resolve(back)
    }
    const timer = setTimeout(() => settle(false), span)
    const stop = transport.onReconnect(() => settle(true))
  })
}
