/**
 * Drives a protocol over a session: seals what it sends, waits for what it needs, and keeps what everybody saw for the
 * transcript. It knows nothing of what the letters say.
 */
import { ProtocolAbort, SplitView } from '../protocol/abort.js'
import {
  echoOf,
  echoRound,
  type Inbox,
  type Job,
  type Outbox,
  type Protocol,
  type Reply,
} from '../protocol/round.js'
import type { PartyId, Session } from '../protocol/session.js'
import { encodeHeader, type Envelope } from '../wire/envelope.js'
import { type Accused, Failure } from '../wire/failure.js'
import { hex } from '../wire/text.js'
import type { Channel, Opened } from './handshake.js'
import type { Member, Slot } from './letters.js'
import type { Room } from './room.js'
import type { Shown } from './showings.js'
import { hashOfKey, keyOfLetter, openLetter, sealLetter } from './seal.js'

/** Runs jobs somewhere else, or here in turns; results by index. */
export type Compute = (jobs: readonly Job[], signal: AbortSignal) => Promise<readonly Uint8Array[]>

export type Run<T> = {
  readonly output: T
  /** The broadcast envelopes of each round, in the order of the participants. */
  readonly rounds: readonly { readonly round: string; readonly letters: readonly Uint8Array[] }[]
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
  /** Told what everybody had said when the protocol accuses somebody. */
  readonly onAccusation?: (rounds: Run<unknown>['rounds']) => void
}

/** Plays `protocol` to its end. @throws Failure with everybody at fault by name, or what ended the attempt */
export async function run<T>(protocol: Protocol<T>, options: RunOptions): Promise<Run<T>> {
  const rounds: { round: string; letters: readonly Uint8Array[] }[] = []
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
      options.onAccusation?.(rounds)
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

async function exchange(
  outbox: Outbox,
  options: RunOptions,
  rounds: { round: string; letters: readonly Uint8Array[] }[],
): Promise<Inbox> {
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
  const direct = outbox.direct ? openAll(options, round, envelopes.slice(-peers.length)) : new Map()

  if (own) {
    const all = session.parties.map((party) => broadcasts.get(party)?.bytes ?? own)
    rounds.push({ round, letters: all })
  }
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

/** Opens the letters for this member. One that does not open accuses the pair: either may have another key (F-19). */
function openAll(
  options: RunOptions,
  round: string,
  envelopes: readonly Envelope[],
): Map<PartyId, Uint8Array> {
  const { room, opened, session, members } = options
  const plaintexts = new Map<PartyId, Uint8Array>()
  session.peers.forEach((party, i) => {
    const { header, body } = envelopes[i] as Envelope
    const { open } = opened.channels.get(hex(header.from)) as Channel
    const key = keyOfLetter(open, round)
    const fits = header.key !== null && hex(hashOfKey(key)) === hex(header.key)
    const plaintext = fits ? openLetter(key, encodeHeader(header), body) : null
    key.fill(0)
    if (plaintext) plaintexts.set(party, plaintext)
  })
  const unopened = session.peers
    .filter((party) => !plaintexts.has(party))
    .map((party) => memberOf(members, party))
  room.blame.accuse(
    round,
    unopened,
    'pair',
    'its letter does not open with the key that this machine has',
    () => false,
  )
  return plaintexts
}

function named({ round, accusations }: ProtocolAbort, { room, members }: RunOptions): Failure {
  const accused = accusations.map(({ party, kind, reason }): Accused => {
    const member = memberOf(members, party)
    return { name: member.name, fingerprint: hex(member.fingerprint), round, kind, reason, evidence: null }
  })
  try {
    room.blame.raise(accused)
  } catch (failure) {
    if (failure instanceof Failure) return failure
    throw failure
  }
  return new Failure('abort', 'E_ABORT', `round ${round} failed`)
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
