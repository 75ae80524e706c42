/**
 * Signing under one order: the session of its signers, the run that signs all messages, and the files of its
 * result. The order is the definition of a ceremony like any other.
 */
import type { Opened } from '../../messaging/session/handshake.js'
import { Restarted } from '../../messaging/session/abort.js'
import { inSession } from '../../messaging/session/restart-loop.js'
import { type Run, run } from '../../messaging/session/run.js'
import type { Room } from '../../messaging/session/session.js'
import { spanOf } from '../../messaging/channel/timeouts.js'
import { areSignatures, toSign } from '../../payload/registry/target.js'
import { Session } from '../../protocol/core/session.js'
import { signMessages, wipeSigningKey } from '../../protocol/engines/engine.js'
import { engineOf } from '../../protocol/engines/registry.js'
import { CeremonyFiles } from '../../storage/home/ceremonies.js'
import { Failure } from '../../wire/base/failure.js'
import { hex } from '../../wire/base/text.js'
import { makeCertificate, type Ran, resultDigest } from '../../wire/ceremony/certificate.js'
import { definitionCodec, definitionId, type Order } from '../../wire/ceremony/definition.js'
import { signaturesCodec } from '../../wire/ceremony/signature.js'
import { encodeSeating } from '../../wire/key/seated-record.js'
import { type Seen, transcriptHead } from '../../wire/session/transcript.js'
import { openToSign } from '../epochs/find-key.js'
import { indexIn } from '../keys/key.js'
import { endOf, HandedOver, heardOrder, otherPolicy, Superseded } from '../requests/attempts.js'
import { cardOf, rebindsOf } from '../requests/signer-set.js'
import { requireInForce } from '../policy/policy-in-force.js'
import type { SigningRun } from '../requests/signing-run.js'
import { type Cast, openingOf, seated } from '../session/join.js'
import { encodeFailed, encodeTranscript, seenIn } from '../session/keep-transcript.js'
import { memberOf } from '../world.js'
import { announce, keepSigned, failureMessage, type Signed } from './finished-signature.js'
import { gatherReceipts } from './receipts.js'

/** A run under one order. */
type OrderedRun = SigningRun & {
  readonly order: Order
  readonly files: CeremonyFiles
  readonly room: Room
  /** The encoded record with the signers' seats, as transcripts contain it. */
  readonly record: Uint8Array
}

/** @throws Superseded if the request goes on under a higher order; HandedOver if others have the signatures */
export async function signUnder(run: SigningRun, order: Order): Promise<Signed> {
  const { world, key, board, request, claims } = run
  await claims.keepRequest(request.encoded)
  await claims.take(order.number)
  const id = definitionId(order)
  const files = new CeremonyFiles(world.home, id)
  const record = encodeSeating(key.record, rebindsOf(key, order.signers))
  const cast: Cast = {
    id,
    kind: 'sign',
    epoch: key.digest,
    participants: order.signers.map(({ index }) => cardOf(key.seated, index)),
    onlookers: [],
    validity: { notBefore: 0, expires: order.expires },
    definition: definitionCodec.encode(order),
    record,
  }
  return seated(world, cast, files, async (room) => {
    const ordered: OrderedRun = { ...run, order, files, room, record }
    board.onNotice = () => follow(ordered)
    board.onNotice()
    try {
      const opening = openingOf(world, cast, files, [])
      return await inSession(room, opening, (opened, signal) => play(ordered, opened, signal))
    } catch (error) {
      throw heardElsewhere(error, ordered)
    } finally {
      board.onNotice = () => {}
    }
  })
}

/** Adds to an absence that the member is connected, if it was heard on the request board. */
function heardElsewhere(error: unknown, { world, board, room }: OrderedRun): unknown {
  if (!(error instanceof Failure) || error.code !== 'E_ABSENT') return error
  const member = room.peers.find(({ name }) => name === error.party)
  const last = member ? board.lastHeard(member.fingerprint) : null
  if (!member || last === null) return error
  const ago = Math.round((world.clock.now() - last) / 1000)
  const { name } = member
  const message = `${error.message}; ${name} is connected: it was heard ${ago} s ago about requests`
  return new Failure('absent', 'E_ABSENT', message, {
    hint: `ask what the screen of ${name} says: the server may keep its letters back. Then run the same command again`,
    party: name,
    cause: error,
  })
}

/** Ends this ceremony if others are done, continue under a higher order, or refuse. */
function follow(run: OrderedRun): void {
  const { world, order, room, gone } = run
  const higher = heardOrder(run, order.number + 1)
  if (higher) {
    const issuer = room.participants.find(({ fingerprint }) => hex(fingerprint) === hex(higher.by))
    return room.end(new Superseded(higher.said.number, issuer?.name ?? world.card.name))
  }
  const end = endOf(run)
  const handedOver = end instanceof HandedOver
  // In a session, this member is about to have the signatures itself, with a transcript; the delay covers a
  // lost letter.
  if (handedOver && room.sid) {
    world.clock.after(spanOf(world.patience, 'handOver'), () => room.end(end))
  } else if (end) room.end(end)
  // A member that has joined the session is waited for there.
  else if (room.mayAbort && !room.sid) {
    const left = otherPolicy(run) ?? gone()
    if (left) room.end(left)
  }
}

async function play(ordered: OrderedRun, opened: Opened, signal: AbortSignal): Promise<Signed> {
  const { board, request, target, claims, order, room, record } = ordered
  const seenOf = (rounds: Run<unknown>['rounds']) => seenIn(order, record, opened, rounds)
  room.blame.file = (rounds, claims) => encodeFailed(seenOf(rounds), request.payload, claims)
  const { signatures, rounds } = await makeSignatures(ordered, opened, signal)
  board.onNotice = () => {}
  if (!areSignatures(target, signatures)) {
    throw new Error('the signatures that the protocol accepted do not verify')
  }
  announce(board, request, signatures)
  const unkept = await keepSigned(claims, request, order, signatures)
  const kept = await attest(ordered, opened.sid, seenOf(rounds), signatures)
  return { request, target, order, signatures, ...kept, unkept: unkept ?? kept.unkept }
}

/** Runs the rounds. Before this member's share is sent, its disk says so. */
async function makeSignatures(
  { world, key, request, target, claims, clearance, order, room }: OrderedRun,
  opened: Opened,
  signal: AbortSignal,
): Promise<{ readonly signatures: readonly Uint8Array[]; readonly rounds: Run<unknown>['rounds'] }> {
  const members = new Map(
    order.signers.map(({ index }) => {
      const card = cardOf(key.seated, index)
      return [index, memberOf(card, card.fingerprint)]
    }),
  )
  const session = new Session(opened.sid, indexIn(key, world.card), [...members.keys()])
  const own = await openToSign(world.home, key, world.identity, world.card)
  let hasLeft = false
  const beforeSend = async (round: string): Promise<void> => {
    if (round !== engineOf(key.record.scheme).givesAway) return
    await requireInForce(world.home, key, order.policy)
    await clearance.spend()
    await claims.markLeft(request.payloadSha256)
    room.mayAbort = false
    hasLeft = true
  }
  const protocol = signMessages(session, { ...own, epoch: key.digest }, toSign(target), world.nonces)
  const { compute } = world
  const options = { room, opened, session, members, signal, compute, beforeSend }
  const { output, rounds } = await run(protocol, options)
    .catch((error: unknown) => {
      // A signer that starts over is not answered twice under one order: a sent share cannot be taken back.
      throw hasLeft && error instanceof Restarted ? new Superseded(order.number + 1, error.by.name) : error
    })
    .finally(() => wipeSigningKey(own))
  return { signatures: output, rounds }
}

/**
 * Exchanges receipts, and writes transcript and certificate. A failed write does not affect the signatures.
 */
async function attest(
  { world, key, request, order, files, room }: OrderedRun,
  sid: Uint8Array,
  seen: Seen,
  signatures: readonly Uint8Array[],
): Promise<Pick<Signed, 'certificate' | 'transcript' | 'unkept'>> {
  const outcome = signaturesCodec.encode(signatures)
  const ran: Ran = { definition: room.definition, sid, head: transcriptHead(seen) }
  const receipts = await gatherReceipts(world, { record: key.seated, order, room, ran, outcome })
  const given = receipts.filter((receipt) => receipt !== null)
  let unkept: string | undefined
  const written = async (write: Promise<string>): Promise<string | null> =>
    write.catch((error: unknown) => {
      unkept ??= failureMessage(error)
      return null
    })
  const transcript = await written(
    files.writeTranscript(sid, encodeTranscript(seen, request.payload, outcome, given)),
  )
  const isWhole = given.length === receipts.length
  const digest = resultDigest(ran, outcome)
  const certificate = isWhole
    ? await written(files.writeCertificate(makeCertificate(ran, digest, given)))
    : null
  return { certificate, transcript, unkept }
}
