/**
 * Drives a protocol over a session: seals outgoing letters, waits for incoming ones, and keeps the broadcasts
 * for the transcript. It does not know what the letters mean.
 */
import { ProtocolAbort, SplitView } from '../../protocol/core/abort.js'
import { equalBytes } from '../../protocol/core/codec.js'
import {
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

/** Runs jobs elsewhere, or here in turns; returns the results by index. */
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
  /** The member behind each party of the session. */
  readonly members: ReadonlyMap<PartyId, Member>
  readonly compute: Compute
  readonly signal: AbortSignal
  /** Awaited before the letters of a round are sent. It writes whatever must be on disk first. */
  readonly beforeSend?: (round: string) => Promise<void>
}

/** Runs `protocol` to its end. @throws Failure naming everybody at fault, or the reason of the end */
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
      for (const { party, round, dealt, entry } of error.accusations)
        if (dealt) claimOf(options, round, party, entry)
      throw named(error, options)
    }
    if (error instanceof SplitView) throw await whoSplit(error, options)
    throw error
  } finally {
    options.room.listens()
    // Ends the generator's scopes, so that its secrets are wiped even when a deadline fires.
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

/** Publishes this party's letters of a round and wipes the plaintexts. @returns its broadcast envelope */
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
 * Opens the letters to this member. Both sides have confirmed the key, so a letter that names another key, or
 * does not open with this one, is its sender's fault. If the named key does not open the letter, everybody is
 * shown it.
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
    ...accused(strange, 'its letter names another key than the confirmed one'),
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

/** Shows everybody an invalid letter that a peer sent to this party alone. */
function claimOf(options: RunOptions, round: string, party: PartyId, entry: number | null = null): void {
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
  if (letter) claim(room, opened.sid, letter, { key: key.bytes, entry })
}

function named({ accusations }: ProtocolAbort, { members }: RunOptions): Failure {
  const accused = accusations.map(({ party, round, kind, reason, entry }) =>
    accusation(memberOf(members, party), round, kind, reason, entry),
  )
  return failureFor(accused)
}

/**
 * Finds who caused a mismatch of echoes. Everybody shows the signed letters of the round and of its echo. The
 * mailbox detects two different letters in one slot, and ends the attempt. An echo that is not the digest of
 * the letters its sender shows is false, and proves the sender's fault. If neither appears, the view is split
 * and nobody is accused.
 */
async function whoSplit(split: SplitView, { room, opened, members, signal }: RunOptions) {
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
    const expected = split.echoOf(new Map(letters))
    const isTrue = expected !== null && equalBytes(echo.body, expected)
    if (!isTrue) proof.push(echo, ...[...shown.values()].map(({ by }) => by))
    return !isTrue
  })
  try {
    const reason = 'its echo is not of the letters that it shows'
    const fault = { round: echoed.round, kind: 'proven' as const, reason }
    room.blame.accuse(fault, falseEchoes, () => false, proof)
  } catch (failure) {
    return failure
  }
  const names = silent.map(({ name }) => name).join(', ')
  const who = names === '' ? '' : `, and ${names} did not show their letters`
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
