/**
 * One member's place in one ceremony: who takes part, how long to wait, what ends an attempt early, and who
 * is to blame. Attempts, rounds and endings run in it; it runs none itself.
 */
import type { SigningKey } from '../../wire/base/ed25519.js'
import { decodeEnvelope, type Envelope, type Header } from '../../wire/session/envelope.js'
import { Failure } from '../../wire/base/failure.js'
import { helloCodec, PROTOCOL, protocolIn } from '../../wire/session/handshake.js'
import { hex, rfc3339 } from '../../wire/base/text.js'
import { abortCodec, abortFor, failureOf, Restarted } from './abort.js'
import { accusation, Blame } from './blame.js'
import { CLOCKS_APART, clockFailure, clocksDiffer } from '../channel/clock.js'
import type { Emit } from '../channel/events.js'
import { helloSlot, type Member, NO_SESSION, type Slot, slotsOf } from '../channel/letters.js'
import { Hearing } from '../channel/liveness.js'
import { Mailbox } from '../channel/mailbox.js'
import { joinUntil, type Patience, roundUntil, spanOf, type Validity } from '../channel/timeouts.js'
import { Restarts } from './restart-counter.js'
import { type Place, Showings } from './echo-evidence.js'
import { ceremonySubjects } from '../transport/subjects.js'
import type { Transport } from '../transport/transport.js'

export type RoomOptions = {
  readonly transport: Transport
  /** Definition id. */
  readonly definition: Uint8Array
  readonly self: Member
  readonly key: SigningKey
  /** The participants in the order of the definition, this member included. */
  readonly participants: readonly Member[]
  /** Members that are shown and logged. The ceremony never waits for them. */
  readonly onlookers: readonly Member[]
  readonly program: string
  readonly patience: Patience
  /** The time in which the definition allows the ceremony; null: any time. */
  readonly validity: Validity | null
  readonly now: () => number
  readonly emit: Emit
  /** Fires when this member's own person leaves. */
  readonly signal: AbortSignal
}

const HELLO_AGAIN = 50
/** The others are about to see a fault that one member reports. They get this long to see it themselves. */
const GRACE = 1000

export class Room {
  readonly mailbox: Mailbox
  readonly definition: Uint8Array
  readonly self: Member
  readonly participants: readonly Member[]
  readonly peers: readonly Member[]
  /** Everybody that the definition names: participants and onlookers. */
  readonly members: readonly Member[]
  readonly program: string
  readonly emit: Emit
  /** The letters that the others show where members disagree. */
  readonly showings: Showings
  readonly blame: Blame
  /** Whether this participant's new start ends the attempt; false once this member has voted. */
  mayLeave: (by: Member) => boolean = () => true
  /** Whether aborts and faults of others end the attempt; false once this member has voted. */
  mayAbort = true
  #attempt = new AbortController()
  /** The error that ended the ceremony here, for this attempt and all others. */
  #over: Error | null = null
  /** Set when a participant's program speaks another protocol. No attempt can succeed then. */
  #otherProtocol: Failure | null = null
  #start = 0
  readonly #restarts = new Restarts()
  #answering: NodeJS.Timeout | null = null
  /** While this member computes: the deferred aborts of others. */
  #after: (() => void)[] | null = null
  readonly #sessions: Uint8Array[] = []
  /** When this member began the current attempt. */
  #began: number
  readonly #unsubscribe: () => void
  readonly #options: RoomOptions

  constructor(options: RoomOptions) {
    this.#options = options
    this.#began = options.now()
    this.definition = options.definition
    this.self = options.self
    this.participants = options.participants
    this.peers = options.participants.filter(
      (member) => hex(member.fingerprint) !== hex(options.self.fingerprint),
    )
    this.members = [...options.participants, ...options.onlookers]
    this.blame = new Blame(options.participants)
    this.program = options.program
    this.emit = options.emit
    this.mailbox = new Mailbox({
      transport: options.transport,
      subjects: ceremonySubjects(options.definition, options.self.fingerprint),
      definition: options.definition,
      self: options.self,
      key: options.key,
      members: this.members,
      now: options.now,
      emit: options.emit,
      firm: options.patience.total !== null,
      hearing: new Hearing(options.now, options.emit),
      equivocated: (member, envelopes) => this.#equivocated(member, envelopes),
    })
    this.showings = new Showings(this.mailbox, this.peers)
    const stopFailure = options.transport.onFailure((failure) => this.end(failure))
    const leave = () => this.end(options.signal.reason as Error)
    options.signal.addEventListener('abort', leave)
    if (options.signal.aborted) leave()
    this.#unsubscribe = () => {
      stopFailure()
      options.signal.removeEventListener('abort', leave)
    }
    this.mailbox.on('hello', (envelope, from) => this.#heardHello(envelope, from))
    this.mailbox.on('abort', (envelope, from) => this.#heardAbort(envelope, from))
  }

  // ------------------------------------------------------------------------------------------------ attempts

  /**
   * Begins an attempt; its signal fires when something ends it.
   * @param committed whether this member voted in it before it was restarted
   */
  begin(start: number, committed = false): AbortSignal {
    for (const session of this.#sessions.splice(0)) this.mailbox.leave(session)
    this.showings.clear()
    this.blame.begin()
    this.#start = start
    this.#began = this.#options.now()
    this.#attempt = new AbortController()
    this.#after = null
    this.mayLeave = () => !committed
    this.mayAbort = !committed
    const over = this.#over ?? (committed ? null : this.#otherProtocol)
    if (over) this.interrupt(over)
    const others = this.peers.map(({ name }) => name)
    this.emit({ event: 'joined', attempt: String(start), others })
    for (const by of this.#restarts.all) this.#followStart(by)
    // A participant may have aborted this start before this member came to it.
    for (const by of this.peers) {
      const [slot] = slotsOf([by], 'abort', NO_SESSION, String(start)) as [Slot]
      const said = this.mailbox.get(slot)
      if (said) this.#heardAbort(said, by)
    }
    return this.#attempt.signal
  }

  /** Ends the current attempt: everything that waits in it throws `reason`. */
  interrupt(reason: Error): void {
    this.#attempt.abort(reason)
  }

  /** Ends the ceremony here, whether in an attempt or between two of them. */
  end(reason: Error): void {
    this.#over ??= reason
    this.interrupt(reason)
  }

  /**
   * Called once the vote, or something else that cannot be undone, is about to leave. Neither a restart nor
   * an abort ends this member's part after that.
   */
  commit(): void {
    this.mayLeave = () => false
    this.mayAbort = false
  }

  /** Enters a session of the current attempt: first the attempt id, then the sid. */
  enter(session: Uint8Array): void {
    this.#sessions.push(session)
    this.mailbox.enter(session)
  }

  /** Records that all hellos are in. @throws Failure `E_RESTARTS` after too many sets of hellos */
  helloSetComplete(start: number): void {
    this.emit({ event: 'round_started', round: 'reveal', attempt: String(start) })
    this.#restarts.countSet()
  }

  /** Tells the others that this member leaves because of `error`, so that they do not wait in vain. */
  async abort(error: unknown): Promise<void> {
    const session = this.#sessions.at(-1)
    const body = abortCodec.encode(abortFor(error, this.peers))
    this.mailbox.post('abort', session ? { session } : helloSlot(this.#start), body)
    // `flush` does not throw, so an abort that cannot be sent does not hide the original error.
    await this.mailbox.flush()
  }

  #heardHello(envelope: Envelope, from: Member): void {
    if (!this.#isParticipant(from)) return
    try {
      this.checkProtocol(envelope.header, envelope.body)
    } catch (error) {
      this.#otherProtocol = error as Failure
      if (this.mayAbort) this.interrupt(error as Failure)
      return
    }
    const { start } = helloCodec.decode(envelope.body)
    if (String(start) !== envelope.header.round) return
    this.emit({ event: 'hello', party: from.name, attempt: String(start) })
    if (!this.#restarts.heard(from, start, this.#start)) return
    this.#followStart(from)
    // A newcomer missed what was sent before it came, so our hello is repeated. One answer serves all that
    // come at once.
    this.#answering ??= setTimeout(() => {
      this.#answering = null
      this.mailbox.repeat({ kind: 'hello', ...helloSlot(this.#start), from: this.self.fingerprint, to: null })
    }, HELLO_AGAIN)
  }

  /** Follows a participant that has begun again, if this member may leave. */
  #followStart(by: Member): void {
    const start = this.#restarts.ahead(by, this.#start)
    if (start === null || !this.mayLeave(by)) return
    this.#restarts.follow(by, start)
    this.interrupt(new Restarted(start, by))
  }

  #heardAbort(envelope: Envelope, from: Member): void {
    const { session, round } = envelope.header
    const abort = abortCodec.decode(envelope.body)
    const before = hex(session) === hex(NO_SESSION)
    const current = before
      ? round === String(this.#start)
      : this.#sessions.some((mine) => hex(mine) === hex(session))
    if (!current || !this.#isParticipant(from)) return
    this.emit({ event: 'aborted', party: from.name })
    const attempt = this.#attempt
    const missing = this.mailbox.missing()
    const heard = this.now()
    const end = () => {
      // If a member aborts over another one's clock, it accepts this one's clock.
      const isOurs = abort.text === 'E_CLOCK' && clocksDiffer(envelope.header.time, heard, from.name) !== null
      const failure = isOurs
        ? clockFailure(from, envelope.header.time, heard)
        : failureOf(abort, from, this.participants, missing)
      if (this.mayAbort) attempt.abort(failure)
    }
    const endOrWait = () => (this.#after ? void this.#after.push(end) : end())
    if (abort.why === 'fault') setTimeout(endOrWait, GRACE).unref()
    else endOrWait()
  }

  /**
   * This member computes on the letters it has. Aborts of others wait until it is done: it may be about to
   * find who broke the protocol, and the culprit may be the first to leave.
   */
  computes(): void {
    this.#after ??= []
  }

  /** This member waits for the others again, or is done. Deferred aborts take effect now. */
  listens(): void {
    const after = this.#after ?? []
    this.#after = null
    for (const end of after) end()
  }

  #equivocated(member: Member, envelopes: readonly [Envelope, Envelope]): void {
    const { kind, round } = envelopes[0].header
    if (!this.#isParticipant(member) || !this.mayAbort) return
    if (kind === 'hello') {
      if (Number(round) < this.#start) return
      this.end(
        new Failure(
          'abort',
          'E_TWO_HOMES',
          `${member.name} said two different hellos: two homes, or an old copy of one`,
          {
            party: member.name,
            accused: [accusation(member, 'hello', 'witnessed', 'two different hellos of one start')],
            hint: `${member.name} must use one home only`,
          },
        ),
      )
      return
    }
    if (this.blame.evidence.has(hex(member.fingerprint))) return
    this.blame.evidence.set(
      hex(member.fingerprint),
      envelopes.map((envelope) => envelope.bytes),
    )
    // A member that has only one of the two gets the other from here, and need not trust anybody's word.
    for (const { header, bytes } of envelopes) this.showings.show(header, bytes)
    this.interrupt(
      new Failure('abort', 'E_EQUIVOCATION', `${member.name} said two different things in one round`, {
        party: member.name,
        accused: [accusation(member, round || kind, 'proven', 'two different signed letters for one round')],
      }),
    )
  }

  /**
   * Makes all members show their letters of a round that they disagree about, for a few seconds.
   * @returns the members that have not shown all of them
   * @throws the signal's reason, which names any member found to have sent two different letters
   */
  compare(places: readonly Place[], signal: AbortSignal): Promise<readonly Member[]> {
    const { kind, round } = places[0] as Place
    const deadline = this.now() + spanOf(this.#options.patience, 'showing')
    return this.showings.exchange(places, this.participants, { deadline, signal, round: round || kind })
  }

  /** The sid of the current attempt; null until it is known. */
  get sid(): Uint8Array | null {
    return this.#sessions[1] ?? null
  }

  /** Decodes an envelope of our own. */
  decode(own: Uint8Array): Envelope {
    return decodeEnvelope(own)
  }

  /** @throws Failure `E_PROTOCOL` (configuration) for a hello of a program that speaks another protocol */
  checkProtocol({ from }: Header, hello: Uint8Array): void {
    const theirs = protocolIn(hello)
    if (theirs === PROTOCOL) return
    const { name } = this.#participant(from)
    const spoken = theirs === null ? 'no protocol that this one knows' : `protocol ${theirs}`
    throw new Failure(
      'configuration',
      'E_PROTOCOL',
      `${name}'s program speaks ${spoken}, this one ${PROTOCOL}`,
      {
        party: name,
        hint: 'run the same version of mpc everywhere; nothing was kept, and nobody is accused',
      },
    )
  }

  /**
   * @throws Failure `E_CLOCK` for a letter dated further ahead than the tolerance, or outside the ceremony's
   * time
   */
  checkClock(header: Header): void {
    const { notBefore, expires } = this.#options.validity ?? { notBefore: 0, expires: Infinity }
    const now = this.#options.now()
    const isAhead = header.time > now + CLOCKS_APART
    if (!isAhead && header.time >= notBefore - CLOCKS_APART && header.time < expires) return
    throw clockFailure(this.#participant(header.from), header.time, now)
  }

  /** @throws Failure `E_EXPIRED` (absent); expiry ends everything except doubt */
  checkExpiry(): void {
    const expires = this.#options.validity?.expires ?? Infinity
    if (this.#options.now() < expires) return
    throw new Failure('absent', 'E_EXPIRED', `the definition expired on ${rfc3339(expires)}`, {
      hint: 'its author can make a new one; nothing was kept',
    })
  }

  #participant(fingerprint: Uint8Array): Member {
    return this.participants.find((member) => hex(member.fingerprint) === hex(fingerprint)) as Member
  }

  #isParticipant(member: Member): boolean {
    return this.participants.some(({ fingerprint }) => hex(fingerprint) === hex(member.fingerprint))
  }

  // ---------------------------------------------------------------------------------------------------- time

  now(): number {
    return this.#options.now()
  }

  joinDeadline(): number {
    return joinUntil(this.#options.patience, this.#began)
  }

  /** For `ready`, which waits for people too. */
  readyDeadline(): number {
    return joinUntil(this.#options.patience, this.#options.now())
  }

  roundDeadline(): number {
    return roundUntil(this.#options.patience, this.#options.now())
  }

  close(): void {
    if (this.#answering) clearTimeout(this.#answering)
    this.mailbox.close()
    this.#unsubscribe()
  }
}
