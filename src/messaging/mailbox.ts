/**
 * One member's letters in one ceremony: what was sent and can be asked for again, what came and from whom. It checks
 * who signed what (`intake.ts`); it knows neither protocols nor who ought to be heard next. Nothing leaves it unsigned.
 */
import { CodecError } from '../protocol/codec.js'
import type { SigningKey } from '../wire/ed25519.js'
import {
  decodeEnvelope,
  type Envelope,
  type Header,
  type Kind,
  sealEnvelope,
  verifyEnvelope,
} from '../wire/envelope.js'
import { Failure } from '../wire/failure.js'
import { hex } from '../wire/text.js'
import type { Emit } from './events.js'
import type { Listener } from './hearing.js'
import { Intake } from './intake.js'
import {
  ANYBODY,
  type Member,
  NO_SESSION,
  REPEATED,
  type Slot,
  SHOWN,
  SLOTTED,
  slotKey,
  type Wait,
  wantCodec,
} from './letters.js'
import type { Subjects } from './subjects.js'
import type { Transport } from './transport.js'
import { Waiting, WORKING_EVERY } from './waiting.js'

/** A little less than lies between two wants: the second must not be refused because the first took longer. */
const ANSWER_EVERY = 1800
const EARLY_LETTERS = 64
/** Of one member: what lies in slots, and what came early; each. */
const STORED_BYTES = 16 << 20

export type MailboxOptions = {
  readonly transport: Transport
  readonly subjects: Subjects
  /** Definition id, or the key id where requests are exchanged. */
  readonly definition: Uint8Array
  readonly self: Member
  readonly key: SigningKey
  /** Everybody who may be heard, self included or not. */
  readonly members: readonly Member[]
  readonly now: () => number
  readonly emit: Emit
  /** Whether deadlines hold also for those who say that they are at work. */
  readonly firm?: boolean
  /** Told whose letter has come, in whichever session it is: a sign of life. */
  readonly hearing?: Listener
  /** Called with two different signed envelopes of one member for one slot. */
  readonly equivocated: (member: Member, envelopes: readonly [Envelope, Envelope]) => void
}

export class Mailbox {
  readonly #options: MailboxOptions
  readonly #intake: Intake
  readonly #slots = new Map<string, Envelope>()
  readonly #sent = new Map<string, { readonly bytes: Uint8Array; readonly subject: string }>()
  readonly #early = new Map<string, Envelope[]>()
  readonly #stored = new Map<string, number>()
  readonly #live = new Set([hex(NO_SESSION)])
  readonly #answered = new Map<string, number>()
  readonly #heardWorking = new Map<string, number>()
  readonly #handlers = new Map<Kind, (envelope: Envelope, from: Member) => void>()
  readonly #waiting: Waiting
  readonly #unsubscribe: readonly (() => void)[]

  constructor(options: MailboxOptions) {
    this.#options = options
    const { subjects, definition, self, now } = options
    const others = options.members.filter((member) => hex(member.fingerprint) !== hex(self.fingerprint))
    const accept = (envelope: Envelope, from: Member) => {
      options.hearing?.heard(from)
      this.#accept(envelope, from)
    }
    this.#intake = new Intake({ subjects, definition, self, others, now, accept })
    this.#waiting = new Waiting({
      now,
      ask: (slots, round) => {
        options.emit({ event: 'waiting', round, missing: this.#names(slots) })
        this.#want(slots)
        if (this.connected) options.hearing?.look?.()
      },
      workedAt: ({ from }) => this.#heardWorking.get(hex(from)) ?? 0,
      absent: (slots, round) => this.#absent(slots, round),
      firm: options.firm ?? false,
    })
    const reconnected = options.transport.onReconnect(() => {
      options.emit({ event: 'network' })
      options.hearing?.again?.()
      this.#waiting.hurry()
    })
    const subscriptions = subjects.inbound.map((subject) =>
      options.transport.subscribe(subject, (on, message) => this.#intake.arrive(on, message)),
    )
    this.#unsubscribe = [reconnected, ...subscriptions]
  }

  close(): void {
    this.#intake.close()
    for (const unsubscribe of this.#unsubscribe) unsubscribe()
    this.#waiting.stop()
  }

  /** Messages that were none, by what was wrong with them. */
  get dropped(): ReadonlyMap<string, number> {
    return this.#intake.dropped
  }

  get connected(): boolean {
    return this.#options.transport.connected
  }

  flush(): Promise<void> {
    return this.#options.transport.flush()
  }

  /** Hands every new envelope of a kind to a function; one function a kind. */
  on(kind: Kind, handler: (envelope: Envelope, from: Member) => void): void {
    this.#handlers.set(kind, handler)
  }

  /** Signs and publishes. What has a slot is kept, and the same bytes answer whoever asks again. */
  post(
    kind: Kind,
    letter: { session: Uint8Array; round?: string; to?: Uint8Array | null; key?: Uint8Array | null },
    body: Uint8Array | ((header: Header) => Uint8Array),
  ): Uint8Array {
    const sealed = this.write(kind, letter, body)
    this.send(kind, { session: letter.session, round: letter.round ?? '', to: letter.to ?? null }, sealed)
    return sealed
  }

  /** Signs, and leaves it to the caller when to `send`: what must be on disk first is written in between. */
  write(
    kind: Kind,
    letter: { session: Uint8Array; round?: string; to?: Uint8Array | null; key?: Uint8Array | null },
    body: Uint8Array | ((header: Header) => Uint8Array),
  ): Uint8Array {
    const { self, key, definition, now } = this.#options
    const header: Header = {
      v: 1,
      kind,
      definition,
      session: letter.session,
      round: letter.round ?? '',
      from: self.fingerprint,
      to: letter.to ?? null,
      time: now(),
      key: letter.key ?? null,
    }
    return sealEnvelope(key, header, typeof body === 'function' ? body(header) : body)
  }

  /** Publishes an envelope of ours that exists already, and answers for it from now on. */
  send(kind: Kind, slot: Omit<Slot, 'kind' | 'from'>, sealed: Uint8Array): void {
    const { self, subjects } = this.#options
    const subject = subjects.outbound(kind, slot.to)
    const key = slotKey({ ...slot, kind, from: self.fingerprint })
    if (SLOTTED.has(kind)) this.#sent.set(key, { bytes: sealed, subject })
    this.#options.transport.publish(subject, sealed)
  }

  /** Answers from now on whoever asks what this ceremony is. @param definition encoded, as its id is the hash of */
  handOut(definition: Uint8Array): void {
    const slot = { session: NO_SESSION, round: '', to: null }
    const bytes = this.write('definition', slot, definition)
    const { self, subjects } = this.#options
    const key = slotKey({ ...slot, kind: 'definition', from: self.fingerprint })
    this.#sent.set(key, { bytes, subject: subjects.outbound('definition', null) })
  }

  /** Says our letter of a slot again, if there is one. */
  repeat(slot: Slot): void {
    const sent = this.#sent.get(slotKey(slot))
    if (sent) this.#options.transport.publish(sent.subject, sent.bytes)
  }

  /** From now on letters of this session count; those that came early are looked at now. */
  enter(session: Uint8Array): void {
    this.#live.add(hex(session))
    const isOf = ({ header }: Envelope) => hex(header.session) === hex(session)
    for (const [from, waiting] of this.#early) {
      this.#early.set(
        from,
        waiting.filter((envelope) => !isOf(envelope)),
      )
      for (const envelope of waiting.filter(isOf)) {
        this.#accept(envelope, this.#intake.member(envelope.header.from) as Member)
      }
    }
  }

  /** Forgets a session: its letters are no longer accepted or answered for. */
  leave(session: Uint8Array): void {
    const of = ` ${hex(session)} `
    this.#live.delete(hex(session))
    for (const key of this.#sent.keys()) if (key.includes(of)) this.#sent.delete(key)
    for (const [key, { header, bytes }] of this.#slots) {
      if (!key.includes(of)) continue
      this.#slots.delete(key)
      const from = hex(header.from)
      this.#stored.set(from, (this.#stored.get(from) as number) - bytes.length)
    }
  }

  /** The letters of everybody, its own included, that this member holds in one place of a session. */
  held({ kind, session, round }: Pick<Slot, 'kind' | 'session' | 'round'>): Uint8Array[] {
    const { self, members } = this.#options
    return members.flatMap(({ fingerprint: from }) => {
      const key = slotKey({ kind, session, round, from, to: null })
      const letter = hex(from) === hex(self.fingerprint) ? this.#sent.get(key) : this.#slots.get(key)
      return letter ? [letter.bytes] : []
    })
  }

  /**
   * Somebody shows what a member has said to all in a session: it is looked at as if it had come by itself. Null if it
   * is nothing of the kind.
   */
  examine(shown: Uint8Array, session: Uint8Array): Envelope | null {
    try {
      const envelope = decodeEnvelope(shown)
      const { header } = envelope
      const { definition, self } = this.#options
      if (hex(header.definition) !== hex(definition) || hex(header.session) !== hex(session)) return null
      if (!SHOWN.has(header.kind) || header.to !== null) return null
      const own = hex(header.from) === hex(self.fingerprint)
      const member = own ? self : this.#intake.member(header.from)
      if (!member || !verifyEnvelope(envelope, member.signing)) return null
      const there = this.#slots.get(slotKey(header))
      if (!own && (!there || hex(there.bytes) !== hex(envelope.bytes))) this.#accept(envelope, member)
      return envelope
    } catch (error) {
      if (error instanceof CodecError) return null
      throw error
    }
  }

  /** The letter in a slot, if it has come. */
  get(slot: Slot): Envelope | undefined {
    return this.#slots.get(slotKey(slot))
  }

  /**
   * Waits until every slot has its letter; asks for the missing ones after 2 s, then less and less often.
   * @throws the signal's reason; Failure `E_ABSENT` naming who is missing at the deadline
   */
  async collect(slots: readonly Slot[], wait: Wait): Promise<Envelope[]> {
    const missing = () => slots.filter((slot) => !this.#slots.has(slotKey(slot)))
    await this.until(
      () => missing().length === 0,
      wait,
      () => missing(),
    )
    return slots.map((slot) => this.#slots.get(slotKey(slot)) as Envelope)
  }

  /** Waits for a condition on what has come. `missing` says which slots to ask for meanwhile. */
  until(met: () => boolean, wait: Wait, missing: () => readonly Slot[] = () => []): Promise<void> {
    return this.#waiting.until(met, wait, missing)
  }

  /** Fingerprints, in hex, of those whose letters somebody here waits for. */
  missing(): ReadonlySet<string> {
    return new Set(this.#waiting.missing().map(({ from }) => hex(from)))
  }

  /** Something beside the letters has changed that somebody here waits for. */
  look(): void {
    this.#waiting.look()
  }

  /** Tells the others every 10 s that this member is still at it, until the returned function is called. */
  working(session: Uint8Array): () => void {
    const say = () => this.post('working', { session }, new Uint8Array())
    say()
    const timer = setInterval(say, WORKING_EVERY)
    return () => clearInterval(timer)
  }

  #want(slots: readonly Slot[]): void {
    const bySession = new Map<string, Slot[]>()
    for (const slot of slots)
      bySession.set(hex(slot.session), [...(bySession.get(hex(slot.session)) ?? []), slot])
    for (const asked of bySession.values()) {
      const body = asked.slice(0, 256).map(({ kind, round, from, to }) => ({ kind, round, from, to }))
      this.post('want', { session: (asked[0] as Slot).session }, wantCodec.encode(body))
    }
  }

  #answer(envelope: Envelope, from: Member): void {
    const { self, now } = this.#options
    const wanted = wantCodec.decode(envelope.body)
    for (const slot of wanted) {
      const isOurs = hex(slot.from) === hex(slot.kind === 'definition' ? ANYBODY : self.fingerprint)
      if (!isOurs || (slot.to && hex(slot.to) !== hex(from.fingerprint))) continue
      const key = slotKey({ ...slot, session: envelope.header.session, from: self.fingerprint })
      const who = `${key} ${hex(from.fingerprint)}`
      const last = this.#answered.get(who) ?? Number.NEGATIVE_INFINITY
      const sent = this.#sent.get(key)
      if (!sent || now() - last < ANSWER_EVERY) continue
      this.#answered.set(who, now())
      this.#options.transport.publish(sent.subject, sent.bytes)
    }
  }

  #accept(envelope: Envelope, member: Member): void {
    const { kind, session } = envelope.header
    const from = hex(member.fingerprint)
    try {
      if (SLOTTED.has(kind)) {
        if (!this.#live.has(hex(session))) return this.#keepEarly(envelope, from)
        if (!this.#place(envelope, member, from)) return
      } else if (!this.#live.has(hex(session))) return this.#intake.drop('another session')
      else if (kind === 'want') this.#answer(envelope, member)
      else if (kind === 'working') this.#heardWorking.set(from, this.#options.now())
      this.#handlers.get(kind)?.(envelope, member)
    } catch (error) {
      if (!(error instanceof CodecError)) throw error
      this.#intake.drop('malformed body')
    }
    this.look()
  }

  /** Puts a letter in its slot. False if another one lies there: then its sender has said two things. */
  #place(envelope: Envelope, member: Member, from: string): boolean {
    const key = slotKey(envelope.header)
    const there = this.#slots.get(key)
    if (there) {
      // One that is done and comes back to help others says so again, at another time.
      const same = REPEATED.has(envelope.header.kind) || hex(there.bytes) === hex(envelope.bytes)
      if (!same) this.#options.equivocated(member, [there, envelope])
      return false
    }
    const stored = (this.#stored.get(from) ?? 0) + envelope.bytes.length
    if (stored > STORED_BYTES) {
      this.#intake.forget(envelope, 'too much')
      return false
    }
    this.#stored.set(from, stored)
    this.#slots.set(key, envelope)
    const { kind, round } = envelope.header
    if (kind !== 'hello')
      this.#options.emit({ event: 'letter_received', round: round || kind, party: member.name })
    return true
  }

  #keepEarly(envelope: Envelope, from: string): void {
    const waiting = [...(this.#early.get(from) ?? []), envelope]
    const size = () => waiting.reduce((sum, { bytes }) => sum + bytes.length, 0)
    while (waiting.length > EARLY_LETTERS || size() > STORED_BYTES) {
      this.#intake.forget(waiting.shift() as Envelope, 'too early')
    }
    this.#early.set(from, waiting)
  }

  #names(slots: readonly Slot[]): string[] {
    const names = slots.flatMap((slot) => this.#intake.member(slot.from)?.name ?? [])
    return [...new Set(names)]
  }

  #absent(slots: readonly Slot[], round: string): Failure {
    if (!this.connected) {
      return new Failure('network', 'E_BROKER_AWAY', 'the NATS server stayed away until the deadline', {
        hint: 'run the same command again when it is back',
      })
    }
    const names = this.#names(slots)
    const who = names.length === 0 ? 'nobody came' : `${names.join(', ')} did not come`
    return new Failure('absent', 'E_ABSENT', `${who} in time (${round})`, {
      hint: 'run the same command again when everybody is there; nothing was kept',
      ...(names[0] && { party: names[0] }),
    })
  }
}
