/**
 * One member's place in one ceremony: who takes part, how long to wait, what ends an attempt early, and who
 * is to blame. Attempts, rounds and endings run in it; it runs none itself.
 */
import type { SigningKey } from '../../wire/base/ed25519.js'
import type { Envelope } from '../../wire/session/envelope.js'
import type { Failure } from '../../wire/base/failure.js'
import { helloCodec } from '../../wire/session/handshake.js'
import { hex } from '../../wire/base/text.js'
import { abortCodec, abortFor, failureOf, Restarted } from './abort.js'
import { Attempt } from './attempt.js'
import { requireProtocol } from './admission.js'
import { Blame, equivocation, twoHomes } from './blame.js'
import { type Clock, clockFailure, clocksDiffer } from '../channel/clock.js'
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
  readonly clock: Clock
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
  readonly validity: Validity | null
  readonly emit: Emit
  /** The letters that the others show where members disagree. */
  readonly showings: Showings
  readonly blame: Blame
  #attempt: Attempt
  /** The error that ended the ceremony here, for this attempt and all others. */
  #over: Error | null = null
  /** Set when a participant's program speaks another protocol. No attempt can succeed then. */
  #otherProtocol: Failure | null = null
  readonly #restarts = new Restarts()
  #stopAnswering: (() => void) | null = null
  readonly #unsubscribe: () => void
  readonly #options: RoomOptions

  constructor(options: RoomOptions) {
    this.#options = options
    this.#attempt = new Attempt(0, options.clock.now(), false)
    this.definition = options.definition
    this.self = options.self
    this.participants = options.participants
    this.peers = options.participants.filter(
      (member) => hex(member.fingerprint) !== hex(options.self.fingerprint),
    )
    this.members = [...options.participants, ...options.onlookers]
    this.blame = new Blame(options.participants)
    this.program = options.program
    this.validity = options.validity
    this.emit = options.emit
    this.mailbox = new Mailbox({
      ...options,
      subjects: ceremonySubjects(options.definition, options.self.fingerprint),
      members: this.members,
      firm: options.patience.total !== null,
      hearing: new Hearing(options.clock.now, options.emit),
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

  /**
   * Begins an attempt; its signal fires when something ends it.
   * @param committed whether this member voted in it before it was restarted
   */
  begin(start: number, committed = false): AbortSignal {
    for (const session of this.#attempt.sessions) this.mailbox.leave(session)
    this.showings.clear()
    this.blame.begin()
    this.#attempt = new Attempt(start, this.now(), committed)
    const over = this.#over ?? (committed ? null : this.#otherProtocol)
    if (over) this.#attempt.end(over)
    this.emit({ event: 'joined', attempt: String(start), others: this.peers.map(({ name }) => name) })
    for (const by of this.#restarts.all) this.#followStart(by)
    // A participant may have aborted this start before this member came to it.
    for (const by of this.peers) {
      const [slot] = slotsOf([by], 'abort', NO_SESSION, String(start)) as [Slot]
      const said = this.mailbox.get(slot)
      if (said) this.#heardAbort(said, by)
    }
    return this.#attempt.signal
  }

  /** Ends the ceremony here: everything that waits in it throws `reason`, in this attempt and any other. */
  end(reason: Error): void {
    this.#over ??= reason
    this.#attempt.end(reason)
  }

  /** Called before the vote, or another letter that cannot be taken back, is sent: nothing ends it after. */
  commit(): void {
    this.#attempt.commit()
  }

  /** Replaces the rule by which a participant's new start ends the attempt. */
  set mayLeave(rule: (by: Member) => boolean) {
    this.#attempt.mayLeave = rule
  }

  /** Whether aborts and faults of others end the attempt. */
  get mayAbort(): boolean {
    return this.#attempt.mayAbort
  }

  set mayAbort(may: boolean) {
    this.#attempt.mayAbort = may
  }

  /** Enters a session of the current attempt: first the attempt id, then the sid. */
  enter(session: Uint8Array): void {
    this.#attempt.sessions.push(session)
    this.mailbox.enter(session)
  }

  /** Records that all hellos are in. @throws Failure `E_RESTARTS` after too many sets of hellos */
  helloSetComplete(start: number): void {
    this.emit({ event: 'round_started', round: 'reveal', attempt: String(start) })
    this.#restarts.countSet()
  }

  /** Tells the others that this member leaves because of `error`, so that they do not wait in vain. */
  async abort(error: unknown): Promise<void> {
    const { sessions, start } = this.#attempt
    const session = sessions.at(-1)
    const body = abortCodec.encode(abortFor(error, this.peers))
    this.mailbox.post('abort', session ? { session } : helloSlot(start), body)
    // `flush` does not throw, so an abort that cannot be sent does not hide the original error.
    await this.mailbox.flush()
  }

  #heardHello(envelope: Envelope, from: Member): void {
    if (!this.participants.includes(from)) return
    try {
      requireProtocol(from, envelope.body)
    } catch (error) {
      this.#otherProtocol = error as Failure
      if (this.mayAbort) this.#attempt.end(error as Failure)
      return
    }
    const { start } = helloCodec.decode(envelope.body)
    if (String(start) !== envelope.header.round) return
    this.emit({ event: 'hello', party: from.name, attempt: String(start) })
    if (!this.#restarts.heard(from, start, this.#attempt.start)) return
    this.#followStart(from)
    // A newcomer missed what was sent before it came, so our hello is repeated. One answer serves all that
    // come at once.
    this.#stopAnswering ??= this.#options.clock.after(HELLO_AGAIN, () => {
      this.#stopAnswering = null
      const slot = helloSlot(this.#attempt.start)
      this.mailbox.repeat({ kind: 'hello', ...slot, from: this.self.fingerprint, to: null })
    })
  }

  /** Follows a participant that has begun again, if this member may leave. */
  #followStart(by: Member): void {
    const start = this.#restarts.ahead(by, this.#attempt.start)
    if (start === null || !this.#attempt.mayLeave(by)) return
    this.#restarts.follow(by, start)
    this.#attempt.end(new Restarted(start, by))
  }

  #heardAbort(envelope: Envelope, from: Member): void {
    const { session, round } = envelope.header
    const abort = abortCodec.decode(envelope.body)
    const attempt = this.#attempt
    const isCurrent =
      hex(session) === hex(NO_SESSION)
        ? round === String(attempt.start)
        : attempt.sessions.some((mine) => hex(mine) === hex(session))
    if (!isCurrent || !this.participants.includes(from)) return
    this.emit({ event: 'aborted', party: from.name })
    const missing = this.mailbox.missing()
    const heard = this.now()
    const failure = (): Failure => {
      // If a member aborts over another one's clock, it accepts this one's clock.
      const isOurs = abort.text === 'E_CLOCK' && clocksDiffer(envelope.header.time, heard, from.name) !== null
      return isOurs
        ? clockFailure(from, envelope.header.time, heard)
        : failureOf(abort, from, this.participants, missing)
    }
    if (abort.why === 'fault') this.#options.clock.after(GRACE, () => attempt.endByOther(failure))
    else attempt.endByOther(failure)
  }

  /**
   * This member computes on the letters it has. Aborts of others wait until it is done: it may be about to
   * find who broke the protocol, and the culprit may be the first to leave.
   */
  computes(): void {
    this.#attempt.computes()
  }

  /** This member waits for the others again, or is done. Deferred aborts take effect now. */
  listens(): void {
    this.#attempt.listens()
  }

  #equivocated(member: Member, envelopes: readonly [Envelope, Envelope]): void {
    const { kind, round } = envelopes[0].header
    if (!this.participants.includes(member) || !this.mayAbort) return
    if (kind === 'hello') {
      if (Number(round) >= this.#attempt.start) this.end(twoHomes(member))
      return
    }
    if (this.blame.evidence.has(hex(member.fingerprint))) return
    this.blame.evidence.set(
      hex(member.fingerprint),
      envelopes.map((envelope) => envelope.bytes),
    )
    // A member that has only one of the two gets the other from here, and need not trust anybody's word.
    for (const { header, bytes } of envelopes) this.showings.show(header, bytes)
    this.#attempt.end(equivocation(member, round || kind))
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
    return this.#attempt.sessions[1] ?? null
  }

  now(): number {
    return this.#options.clock.now()
  }

  joinDeadline(): number {
    return joinUntil(this.#options.patience, this.#attempt.began)
  }

  /** For `ready`, which waits for people too. */
  readyDeadline(): number {
    return joinUntil(this.#options.patience, this.#options.clock.now())
  }

  roundDeadline(): number {
    return roundUntil(this.#options.patience, this.#options.clock.now())
  }

  close(): void {
    this.#stopAnswering?.()
    this.mailbox.close()
    this.#unsubscribe()
  }
}
