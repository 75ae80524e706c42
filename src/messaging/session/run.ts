/**
 * Drives a protocol over a session: seals what it sends, waits for what it needs, and keeps what everybody saw for the
 * transcript. It knows nothing of what the letters say.
 */
import { ProtocolAbort, SplitView } from '../../protocol/core/abort.js'
import { equalBytes } from '../../protocol/core/codec.js'
import {
  echoOf,
  echoRound,
  type Inbox,
  type Job,
  type Outbox,
  type Protocol,
  type Reply,
} from '../../protocol/core/round.js'
import type { PartyId, Session } from '../../protocol/core/session.js'
import { encodeHeader, type Envelope, type Header } from '../../wire/session/envelope.js'
import { type Accused, Failure } from '../../wire/base/failure.js'
import { hashOfKey, keyOfLetter, openLetter, sealLetter } from '../../wire/session/sealing.js'
import { hex } from '../../wire/base/text.js'
import { accusation, failureFor, type Said } from './blame.js'
import { claim } from './claims.js'
import type { Channel, Opened } from './handshake.js'
import type { Member, Slot } from '../channel/letters.js'
import type { Room } from './session.js'
import type { Shown } from './echo-evidence.js'

/** Runs jobs somewhere else, or here in turns; results by index. */
export type Compute = (jobs: readonly Job[], signal: AbortSignal) => Promise<readonly Uint8Array[]>

export type Run<T> = {
  readonly output: T
  /** The broadcasts of each round. */
  readonly rounds: readonly Said[]
}

export type RunOptions = {
  readonly room: Room
  readonly opened: Opened
  readonly session: Session
  /** Who plays each party of the session. */
  readonly members: ReadonlyMap<PartyId, Member>
  readonly compute: Compute
  readonly signal: AbortSignal
  /** Awaited before the letters of a round leave: what must be on disk first is written here. */
  readonly beforeSend?: (round: string) => Promise<void>
}

/** Plays `protocol` to its end. @throws Failure with everybody at fault by name, or what ended the attempt */
export async function run<T>(protocol: Protocol<T>, options: RunOptions): Promise<Run<T>> {
  const rounds: Said[] = []
  options.room.blame.rounds = rounds
  try {
    let step = protocol.next(undefined as unknown as Reply)
    while (!step.done) {
      const reply: Reply =
        step.value.kind === 'exchange'
          ? await exchange(step.value.outbox, options, rounds)
          : await working(options, step.value.jobs)
      options.signal.throwIfAborted()
      step = protocol.next(reply)
    }
    return { output: step.value, rounds }
  } catch (error) {
    if (error instanceof ProtocolAbort) {
      for (const { party, dealt } of error.accusations) if (dealt) claimOf(options, error.round, party)
      throw named(error, options)
    }
    if (error instanceof SplitView) throw await whoSplit(error, options)
    throw error
  } finally {
    options.room.listens()
    // Ends the generator's scopes, so that its secrets are wiped also when a deadline fires.
    protocol.return(undefined as T)
  }
}

async function working({ room, opened, compute, signal }: RunOptions, jobs: readonly Job[]): Promise<Reply> {
  const stop = room.mailbox.working(opened.sid)
  room.computes()
  try {
    return await compute(jobs, signal)
  } finally {
    stop()
  }
}

async function exchange(outbox: Outbox, options: RunOptions, rounds: Said[]): Promise<Inbox> {
  const { room, opened, session, members, signal } = options
  const { round } = outbox
  room.emit({ event: 'round_started', round })
  const own = await send(outbox, options)
  room.emit({ event: 'letter_sent', round })
  room.listens()

  const slot = (party: PartyId, to: Uint8Array | null): Slot => ({
    kind: 'letter',
    session: opened.sid,
    round,
    from: memberOf(members, party).fingerprint,
    to,
  })
  const peers = session.peers
  const wanted = [
    ...(outbox.broadcast ? peers.map((party) => slot(party, null)) : []),
    ...(outbox.direct ? peers.map((party) => slot(party, room.self.fingerprint)) : []),
  ]
  const envelopes = await room.mailbox.collect(wanted, { deadline: room.roundDeadline(), signal, round })
  const broadcasts = new Map(peers.map((party, i) => [party, outbox.broadcast ? envelopes[i] : undefined]))
  if (own) {
    const all = session.parties.map((party) => broadcasts.get(party)?.bytes ?? own)
    rounds.push({ round, letters: all })
  }
  const direct = outbox.direct ? openAll(options, round, envelopes.slice(-peers.length)) : new Map()
  return new Map(
    peers.map((party) => {
      const all = broadcasts.get(party)?.body
      const mine = direct.get(party) as Uint8Array | undefined
      return [party, { ...(all && { broadcast: all }), ...(mine && { direct: mine }) }]
    }),
  )
}

/** Publishes this party's letters of a round; returns its broadcast envelope. The plaintexts are wiped. */
async function send(
  { round, broadcast, direct }: Outbox,
  { room, opened, members, beforeSend, signal }: RunOptions,
): Promise<Uint8Array | undefined> {
  try {
    await beforeSend?.(round)
    signal.throwIfAborted()
    for (const [party, plaintext] of direct ?? []) {
      const to = memberOf(members, party).fingerprint
      const { seal } = opened.channels.get(hex(to)) as Channel
      const key = keyOfLetter(seal, round)
      room.mailbox.post('letter', { session: opened.sid, round, to, key: hashOfKey(key) }, (header) =>
        sealLetter(key, encodeHeader(header), plaintext),
      )
      key.fill(0)
    }
  } finally {
    for (const plaintext of direct?.values() ?? []) plaintext.fill(0)
  }
  return broadcast && room.mailbox.post('letter', { session: opened.sid, round }, broadcast)
}

/**
 * Opens the letters for this member. Both have confirmed the key: one that names another, or does not open with it, is its
 * sender's fault. That the key which it names does not open it is shown to everybody.
 */
function openAll(
  options: RunOptions,
  round: string,
  envelopes: readonly Envelope[],
): Map<PartyId, Uint8Array> {
  const { room, session, members } = options
  const plaintexts = new Map<PartyId, Uint8Array>()
  const strange: PartyId[] = []
  const garbled: PartyId[] = []
  session.peers.forEach((party, i) => {
    const { header, body } = envelopes[i] as Envelope
    using key = keyFrom(options, round, party)
    const plaintext = key.names(header) ? openLetter(key.bytes, encodeHeader(header), body) : null
    if (plaintext) plaintexts.set(party, plaintext)
    else if (key.names(header)) garbled.push(party)
    else strange.push(party)
  })
  if (plaintexts.size === session.peers.length) return plaintexts
  for (const plaintext of plaintexts.values()) plaintext.fill(0)
  for (const party of garbled) claimOf(options, round, party)
  const accused = (parties: readonly PartyId[], reason: string): Accused[] =>
    parties.map((party) => accusation(memberOf(members, party), round, 'witnessed', reason))
  room.blame.raise([
    ...accused(garbled, 'its letter does not open with the key that it names'),
    ...accused(strange, 'its letter names another key than the one that both have confirmed'),
  ])
  return plaintexts
}

/** The key of a peer's letter in a round; wiped with the scope. */
function keyFrom({ opened, members }: RunOptions, round: string, party: PartyId) {
  const { open } = opened.channels.get(hex(memberOf(members, party).fingerprint)) as Channel
  const bytes = keyOfLetter(open, round)
  return {
    bytes,
    /** Whether a header names this key as the one that seals its body. */
    names: ({ key }: Header): boolean => key !== null && equalBytes(hashOfKey(bytes), key),
    [Symbol.dispose]: () => void bytes.fill(0),
  }
}

/** Shows everybody the letter of a peer that this party alone got, as one that does not hold. */
function claimOf(options: RunOptions, round: string, party: PartyId): void {
  const { room, opened, members } = options
  const from = memberOf(members, party).fingerprint
  const letter = room.mailbox.get({
    kind: 'letter',
    session: opened.sid,
    round,
    from,
    to: room.self.fingerprint,
  })
  using key = keyFrom(options, round, party)
  if (letter) claim(room, opened.sid, letter, key.bytes)
}

function named({ round, accusations }: ProtocolAbort, { members }: RunOptions): Failure {
  const accused = accusations.map(({ party, kind, reason }) =>
    accusation(memberOf(members, party), round, kind, reason),
  )
  return failureFor(accused)
}

/**
 * After an echo that differs, everybody shows the signed letters of the round and of its echo. Two different ones for
 * a place are found by the mailbox, which ends the attempt; an echo that is not the digest of what its sender shows is
 * a false one. If neither comes to light, the view is split and nobody is accused (F-29).
 */
async function whoSplit(split: SplitView, { room, opened, session, members, signal }: RunOptions) {
  const at = (round: string) => ({ kind: 'letter' as const, session: opened.sid, round })
  const [said, echoed] = [at(split.round), at(echoRound(split.round))]
  const senders = [...members.values()]
  let silent: readonly Member[]
  try {
    silent = await room.compare([said, echoed], signal)
  } catch (error) {
    return error
  }
  const proof: Envelope[] = []
  const falseEchoes = room.peers.filter((peer) => {
    const shown = room.showings.by(peer, said, senders)
    const echo = room.mailbox.get({ ...echoed, from: peer.fingerprint, to: null })
    if (shown.size !== senders.length || !echo) return false
    const letters = [...members].map(([party, { fingerprint }]) => {
      const { letter } = shown.get(hex(fingerprint)) as Shown
      return [party, letter.body] as const
    })
    // The body is the encoded digest: a head of constant length, then the 32 bytes.
    const isTrue = hex(echo.body).endsWith(hex(echoOf(session, split.round, new Map(letters))))
    if (!isTrue) proof.push(echo, ...[...shown.values()].map(({ by }) => by))
    return !isTrue
  })
  try {
    const reason = 'its echo is not of the letters that it shows'
    room.blame.accuse(echoed.round, falseEchoes, 'proven', reason, () => false, proof)
  } catch (failure) {
    return failure
  }
  const names = silent.map(({ name }) => name).join(', ')
  const who = names === '' ? '' : `, and ${names} did not show what they hold`
  return new Failure(
    'abort',
    'E_SPLIT_VIEW',
    `round ${split.round}: not everybody saw the same letters${who}`,
    {
      hint: 'nobody is accused: the network may have done it. Run the same command again, over another server if it recurs',
      ...(silent[0] && { party: silent[0].name }),
    },
  )
}

function memberOf(members: ReadonlyMap<PartyId, Member>, party: PartyId): Member {
  return members.get(party) as Member
}
