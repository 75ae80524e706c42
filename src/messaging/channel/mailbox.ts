/**
 * One member's letters in one ceremony: those sent (`outbox.ts`), those received (`inbox.ts`), and those
 * awaited. Signatures are checked in `ingress.ts`. The mailbox knows no protocols, and not who should speak
 * next.
 */
import { CodecError } from '../../protocol/core/codec.js'
import {
  decodeEnvelope,
  type Envelope,
  type Kind,
  SLOTTED,
  verifyEnvelope,
} from '../../wire/session/envelope.js'
import { Failure } from '../../wire/base/failure.js'
import { hex } from '../../wire/base/text.js'
import type { Emit } from './events.js'
import { type GuestOptions, Guests } from './guests.js'
import type { Listener } from './liveness.js'
import { Intake } from './ingress.js'
import { type Member, primesCodec, type Slot, SHOWN, type Wait } from './letters.js'
import { Outbox, type OutboxOptions } from './outbox.js'
import { Shelf } from './inbox.js'
import type { Rate } from './throttle.js'
import { Waiting } from './await.js'

export type MailboxOptions = OutboxOptions & {
  /** The rate at which one member's messages are looked at, for uses where everything is repeated. */
  readonly arrivals?: Rate
  /** Others, who may say one kind of thing. */
  readonly guests?: GuestOptions
  /** All members that may be heard, with or without this one. */
  readonly members: readonly Member[]
  readonly emit: Emit
  /** Whether deadlines also hold for members that report they are at work. */
  readonly firm?: boolean
  /** Called for each letter of a member in any session, as a sign of life. */
  readonly hearing?: Listener
  /** Called with two different signed envelopes of one member for one slot. */
  readonly equivocated: (member: Member, envelopes: readonly [Envelope, Envelope]) => void
}

export class Mailbox extends Outbox {
  readonly #options: MailboxOptions
  readonly #intake: Intake
  readonly #shelf = new Shelf()
  readonly #heardWorking = new Map<string, number>()
  readonly #heardMaking = new Map<string, number>()
  readonly #handlers = new Map<Kind, (envelope: Envelope, from: Member) => void>()
  readonly #waiting: Waiting
  readonly #unsubscribe: readonly (() => void)[]

  constructor(options: MailboxOptions) {
    super(options)
    this.#options = options
    const { subjects, definition, self, clock } = options
    const others = options.members.filter((member) => hex(member.fingerprint) !== hex(self.fingerprint))
    const accept = (envelope: Envelope, from: Member) => {
      options.hearing?.heard(from)
      this.#accept(envelope, from)
    }
    const { arrivals } = options
    const guests = options.guests && new Guests(options.guests)
    this.#intake = new Intake({ subjects, definition, self, others, clock, accept, arrivals, guests })
    this.#waiting = new Waiting({
      clock,
      ask: (slots, round) => {
        options.emit({ event: 'waiting', round, missing: this.#names(slots) })
        this.want(slots)
        if (this.connected) options.hearing?.look?.()
      },
      workedAt: ({ from }) => ({
        working: this.#heardWorking.get(hex(from)) ?? 0,
        making: this.#heardMaking.get(hex(from)) ?? 0,
      }),
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

  /** Number of dropped messages, by reason. */
  get dropped(): ReadonlyMap<string, number> {
    return this.#intake.dropped
  }

  /** Calls `handler` with every new envelope of a kind. Each kind has one handler. */
  on(kind: Kind, handler: (envelope: Envelope, from: Member) => void): void {
    this.#handlers.set(kind, handler)
  }

  /** Drops an envelope that its handler cannot use yet, so that it is handled when it comes again. */
  forget(envelope: Envelope, why: string): void {
    this.#intake.forget(envelope, why)
  }

  /** Makes letters of this session count from now on, and handles those that came early. */
  enter(session: Uint8Array): void {
    for (const envelope of this.#shelf.enter(session)) {
      this.#accept(envelope, this.#intake.member(envelope.header.from) as Member)
    }
  }

  /** Forgets a session: accepts none of its letters and answers no wants for them. */
  leave(session: Uint8Array): void {
    this.disown(session)
    this.#shelf.leave(session)
  }

  /** All letters that this member holds in one place of a session, its own included. */
  held({ kind, session, round }: Pick<Slot, 'kind' | 'session' | 'round'>): Uint8Array[] {
    const { self, members } = this.#options
    const slot = { kind, session, round, to: null }
    return members.flatMap(({ fingerprint: from }) => {
      const isOwn = hex(from) === hex(self.fingerprint)
      const bytes = isOwn ? this.said(slot) : this.#shelf.get({ ...slot, from })?.bytes
      return bytes ?? []
    })
  }

  /**
   * Takes a letter that another member shows, as if its sender had sent it here.
   * @returns null unless it is a valid letter to all in this session
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
      const there = this.#shelf.get(header)
      if (!own && (!there || hex(there.bytes) !== hex(envelope.bytes))) this.#accept(envelope, member)
      return envelope
    } catch (error) {
      if (error instanceof CodecError) return null
      throw error
    }
  }

  get(slot: Slot): Envelope | undefined {
    return this.#shelf.get(slot)
  }

  /**
   * Waits until every slot has its letter. Asks for missing ones after 2 s, then less and less often.
   * @throws the signal's reason; Failure `E_ABSENT` naming who is missing at the deadline, or `E_BROKER_AWAY`
   * (network) if there is no connection then
   */
  async collect(slots: readonly Slot[], wait: Wait): Promise<Envelope[]> {
    const missing = () => slots.filter((slot) => !this.#shelf.get(slot))
    await this.until(
      () => missing().length === 0,
      wait,
      () => missing(),
    )
    return slots.map((slot) => this.#shelf.get(slot) as Envelope)
  }

  /** Waits until `met` returns true. `missing` lists the slots to ask for meanwhile. */
  until(met: () => boolean, wait: Wait, missing: () => readonly Slot[] = () => []): Promise<void> {
    return this.#waiting.until(met, wait, missing)
  }

  /** Fingerprints, in hex, of the members whose letters are awaited. */
  missing(): ReadonlySet<string> {
    return new Set(this.#waiting.missing().map(({ from }) => hex(from)))
  }

  /** Checks the waits again, after something other than the letters has changed. */
  look(): void {
    this.#waiting.look()
  }

  #accept(envelope: Envelope, member: Member): void {
    const { kind, session } = envelope.header
    try {
      if (SLOTTED.has(kind)) {
        if (!this.#shelf.isLive(session)) return this.#keepEarly(envelope)
        if (!this.#place(envelope, member)) return
        // A member that sends a letter has its primes.
        this.#heardMaking.delete(hex(member.fingerprint))
      } else if (!this.#shelf.isLive(session)) return this.#intake.drop('another session')
      else if (kind === 'want') this.answer(envelope, member)
      else if (kind === 'working') this.#heardWorking.set(hex(member.fingerprint), this.#options.clock.now())
      else if (kind === 'primes') this.#hearMaking(envelope, member)
      this.#handlers.get(kind)?.(envelope, member)
    } catch (error) {
      if (!(error instanceof CodecError)) throw error
      this.#intake.drop('malformed body')
    }
    this.look()
  }

  #hearMaking({ body }: Envelope, { name, fingerprint }: Member): void {
    const { left } = primesCodec.decode(body)
    this.#heardMaking.set(hex(fingerprint), this.#options.clock.now())
    this.#options.emit({ event: 'making', party: name, left })
  }

  /** Puts a letter in its slot; false if the slot is taken. A different letter there is an equivocation. */
  #place(envelope: Envelope, member: Member): boolean {
    const placed = this.#shelf.place(envelope)
    if (placed === 'full') this.#intake.forget(envelope, 'too much')
    else if (placed !== 'placed' && placed !== 'there') this.#options.equivocated(member, [placed, envelope])
    if (placed !== 'placed') return false
    const { kind, round } = envelope.header
    if (kind !== 'hello')
      this.#options.emit({ event: 'letter_received', round: round || kind, party: member.name })
    return true
  }

  #keepEarly(envelope: Envelope): void {
    for (const gone of this.#shelf.keepEarly(envelope)) this.#intake.forget(gone, 'too early')
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
    const { hearing, clock } = this.#options
    const missing = [...new Set(slots.flatMap((slot) => this.#intake.member(slot.from) ?? []))]
    const last = (member: Member): number | null => hearing?.last?.(member) ?? null
    const never = missing.filter((member) => last(member) === null).map(({ name }) => name)
    const who = missing.length === 0 ? ['nobody came in time'] : []
    if (never.length > 0) who.push(`${never.join(', ')} did not come in time`)
    for (const member of missing) {
      const at = last(member)
      if (at === null) continue
      const ago = Math.round((clock.now() - at) / 1000)
      who.push(`${member.name} was last heard ${ago} s ago, and did not send in time what is waited for`)
    }
    return new Failure('absent', 'E_ABSENT', `${who.join('; ')} (${round})`, {
      hint: 'run the same command again when everybody is there; nothing was kept',
      ...(missing[0] && { party: missing[0].name }),
      missing: missing.map(({ name }) => name),
    })
  }
}
