/**
 * The ending of a ceremony that makes shares: prepare, vote, certificate. A member that has voted and does
 * not know the outcome is in doubt. It keeps its result; two results of one ceremony can never both be
 * certified.
 *
 * Every letter is on disk before it is sent, and is repeated byte for byte. A killed process resumes from its
 * files alone.
 */
import { type Member, type Slot, slotsOf, type Wait } from '../../messaging/channel/letters.js'
import { Restarted } from '../../messaging/session/abort.js'
import { requireUnexpired } from '../../messaging/session/admission.js'
import { tryDecode } from '../../messaging/session/blame.js'
import { type Room } from '../../messaging/session/session.js'
import type { CeremonyFiles, PendingFiles } from '../../storage/home/ceremonies.js'
import { decodeEnvelope, type Envelope, type Kind } from '../../wire/session/envelope.js'
import { Failure } from '../../wire/base/failure.js'
import { preparedCodec } from '../../wire/session/prepared.js'
import {
  type Holder,
  makeCertificate,
  makeReceipt,
  parseCertificate,
  type Ran,
  type Receipt,
  receiptCodec,
  verifyReceipt,
} from '../../wire/ceremony/certificate.js'
import { hex } from '../../wire/base/text.js'
import { type Seen, transcriptParts } from '../../wire/session/transcript.js'
import { splitOver } from './split-view.js'
import type { World } from '../world.js'

/** The result of this member's run, ready to be declared. */
export type Result = {
  readonly ran: Ran
  /** The digest that receipts cover. */
  readonly digest: Uint8Array
  /** The letters that the result follows from. */
  readonly seen: Seen
  /** The encoded record, which the digest covers. */
  readonly outcome: Uint8Array
  /** The participants, in the order of the definition. */
  readonly holders: readonly Holder[]
  /** This member's proof that it holds its share; null if it holds none. */
  readonly prove: () => Receipt['proof']
  /** Awaited before the vote, to write what must be on disk first. @throws Failure if it may not vote */
  readonly mayVote: () => Promise<void>
}

/** Writes the result to disk with the `prepared` letter that will declare it. Publishes nothing. */
export async function prepare(
  room: Room,
  files: CeremonyFiles,
  { ran, digest, seen }: Pick<Result, 'ran' | 'digest' | 'seen'>,
  pending: Omit<PendingFiles, 'prepared.cbor'>,
): Promise<void> {
  const prepared = room.mailbox.write(
    'prepared',
    { session: ran.sid },
    preparedCodec.encode({ result: digest, parts: transcriptParts(seen) }),
  )
  await files.writePending({ ...pending, 'prepared.cbor': prepared })
}

/**
 * Takes a prepared result to its certificate.
 * @returns the encoded certificate, which is on disk
 * @throws before the vote: Restarted, Failure; after it: Failure `E_IN_DOUBT` (doubt)
 */
export async function agree(
  world: World,
  room: Room,
  files: CeremonyFiles,
  result: Result,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const known = await files.readCertificate()
  if (known) return known
  const ending: Ending = { room, files, result, heard: hearCertificate(room, result), signal }
  const early = (await files.readReceipt()) === null ? await declare(ending) : null
  return keep(room, files, early ?? (await vote(world, ending)))
}

type Ending = {
  readonly room: Room
  readonly files: CeremonyFiles
  readonly result: Result
  readonly heard: Heard
  readonly signal: AbortSignal
}

/** Step 1, prepare: publishes `prepared`; waits for all over the same digest, or for a certificate. */
async function declare({ room, files, result, heard, signal }: Ending): Promise<Uint8Array | null> {
  const { ran, digest, seen } = result
  const own = (await files.readPending('prepared.cbor')) as Uint8Array
  // Follows a restart only by a participant that has not prepared, and so cannot have voted.
  room.mayLeave = (by) => letterOf(room, 'prepared', ran.sid, by) === undefined
  room.mailbox.send('prepared', { session: ran.sid, round: '', to: null }, own)
  room.emit({ event: 'letter_sent', round: 'prepared' })
  const slots = slotsOf(room.peers, 'prepared', ran.sid)
  const missing = () => slots.filter((slot) => room.mailbox.get(slot) === undefined)
  const wait: Wait = { deadline: room.roundDeadline(), signal, round: 'prepared' }
  try {
    await room.mailbox.until(() => heard.certificate !== null || missing().length === 0, wait, missing)
  } catch (error) {
    // The next run resumes this result, so nobody is told and nothing is set aside.
    const isAway = error instanceof Failure && (error.kind === 'network' || !signal.aborted)
    if (isAway) room.mayAbort = false
    throw error
  }
  if (heard.certificate) return heard.certificate
  const declared = slots.map((slot) => room.mailbox.get(slot) as Envelope)
  const envelopes = [...declared, decodeEnvelope(own)]
  const by = room.blame.decodeBodies('prepared', envelopes, preparedCodec.decode)
  if ([...by.values()].every((said) => hex(said.result) === hex(digest))) return null
  throw await splitOver(room, seen, ran.sid, { by, envelopes }, signal)
}

/**
 * Step 2, vote: writes the receipt to disk, then publishes it. It is always the same bytes. From here on only
 * a certificate ends the doubt.
 */
async function vote(world: World, { room, files, result, heard, signal }: Ending): Promise<Uint8Array> {
  const { ran, digest, holders, prove, mayVote } = result
  let own = await files.readReceipt()
  if (own === null) {
    signal.throwIfAborted()
    requireUnexpired(room.validity, room.now())
    await mayVote()
  }
  room.commit()
  if (own === null) {
    const receipt = makeReceipt(world.identity.signing, world.card.fingerprint, ran, digest, prove())
    own = room.mailbox.write('receipt', { session: ran.sid }, receiptCodec.encode(receipt))
    await files.writeReceipt(own)
  }
  room.mailbox.send('receipt', { session: ran.sid, round: '', to: null }, own)
  const prepared = await files.readPending('prepared.cbor')
  if (prepared) room.mailbox.send('prepared', { session: ran.sid, round: '', to: null }, prepared)
  room.emit({ event: 'receipt_sent' })

  const mine = receiptCodec.decode(decodeEnvelope(own).body)
  const receipts = (): (Receipt | null)[] =>
    holders.map((holder) => {
      if (hex(holder.fingerprint) === hex(world.card.fingerprint)) return mine
      const envelope = letterOf(room, 'receipt', ran.sid, holder)
      const receipt = envelope && tryDecode(envelope, receiptCodec)
      return receipt && verifyReceipt(receipt, holder, ran, digest) ? receipt : null
    })
  const slots = slotsOf(room.peers, 'receipt', ran.sid)
  const missing = () => slots.filter((slot) => room.mailbox.get(slot) === undefined)
  const met = () =>
    heard.certificate !== null || (missing().length === 0 && receipts().every((r) => r !== null))
  try {
    await room.mailbox.until(met, { deadline: room.roundDeadline(), signal, round: 'receipt' }, missing)
  } catch (cause) {
    const given = receipts()
    const names = room.participants.filter((_, i) => given[i] === null).map(({ name }) => name)
    throw inDoubt(cause, names)
  }
  return heard.certificate ?? makeCertificate(ran, digest, receipts() as Receipt[])
}

/** Step 3, certificate: stores it before anything else. */
async function keep(room: Room, files: CeremonyFiles, certificate: Uint8Array): Promise<Uint8Array> {
  room.commit()
  await files.writeCertificate(certificate)
  room.emit({ event: 'certificate' })
  return certificate
}

type Heard = { certificate: Uint8Array | null }

/** Certificates examined per participant: each costs a signature and a proof for every participant. */
const MOST_CERTIFICATES = 3

/** Listens for the certificate of this result. Only a participant has one. */
function hearCertificate(room: Room, { outcome, holders }: Result): Heard {
  const heard: Heard = { certificate: null }
  const looks = new Map(room.peers.map(({ fingerprint }) => [hex(fingerprint), MOST_CERTIFICATES]))
  room.mailbox.on('certificate', ({ body }, { fingerprint }) => {
    const left = looks.get(hex(fingerprint)) ?? 0
    if (left === 0 || heard.certificate) return
    looks.set(hex(fingerprint), left - 1)
    try {
      parseCertificate(body, holders, outcome)
      heard.certificate = body
    } catch (error) {
      if (!(error instanceof Failure)) throw error
    }
  })
  return heard
}

/** A member's letter of one kind in a session, if it has come. */
function letterOf(
  room: Room,
  kind: Kind,
  session: Uint8Array,
  from: Pick<Member, 'fingerprint'>,
): Envelope | undefined {
  const [slot] = slotsOf([from], kind, session) as [Slot]
  return room.mailbox.get(slot)
}

function inDoubt(cause: unknown, missing: readonly string[]): Failure {
  const whose = missing.length === 0 ? 'some' : missing.join(', ')
  const why = cause instanceof Failure ? `: ${cause.message}` : ''
  return new Failure(
    'doubt',
    'E_IN_DOUBT',
    `this member has voted, and the receipt of ${whose} is missing${why}`,
    {
      cause,
      hint: 'run the same command again when they are there, or `mpc ceremony finish FILE --certificate CERT`',
      ...(missing[0] && { party: missing[0] }),
    },
  )
}

/**
 * Sets aside the result of a run that can no longer be certified: a participant has started over without
 * having prepared it, or a signed abort of the run exists. After any other failure the result stays, because
 * the others may have voted for it.
 */
export async function setAsideOn(
  error: unknown,
  room: Room,
  files: CeremonyFiles,
  sid: Uint8Array,
): Promise<void> {
  const isOver = error instanceof Restarted || room.mayAbort
  if (isOver && (await files.readReceipt()) === null) await files.setPendingAside(sid)
}
