/**
 * Signing: somebody asks, as many custodians as must sign approve each for themselves, one of them gives the order, and
 * the order is the definition of a ceremony like any other. Nothing is replayed: a signer that is killed begins again
 * with fresh nonces, under a higher order if its share may have left.
 */
import { inSession } from '../../messaging/session/restart-loop.js'
import type { Opened } from '../../messaging/session/handshake.js'
import { Restarted } from '../../messaging/session/abort.js'
import { joinUntil, spanOf } from '../../messaging/channel/timeouts.js'
import { tooOften } from '../../messaging/session/restart-counter.js'
import { type Room } from '../../messaging/session/session.js'
import { type Run, run } from '../../messaging/session/run.js'
import { givesAway, signMessages, wipeSigningKey } from '../../protocol/engines/engine.js'
import { Session } from '../../protocol/core/session.js'
import { CeremonyFiles } from '../../storage/home/ceremonies.js'
import { RequestClaims, requestEnded } from '../../storage/home/request-claims.js'
import { definitionCodec, definitionId, type Order } from '../../wire/ceremony/definition.js'
import { Failure } from '../../wire/base/failure.js'
import { type Request, signatureCodec } from '../../wire/ceremony/request.js'
import { makeCertificate, type Ran, resultDigest } from '../../wire/ceremony/certificate.js'
import { encodeSeating } from '../../wire/key/seated-record.js'
import { hex } from '../../wire/base/text.js'
import { transcriptHead } from '../../wire/session/transcript.js'
import type { Asker } from '../requests/requester.js'
import { largestInSigning, requirePayload } from '../session/largest-letter.js'
import type { RequestBoard } from '../requests/request-board.js'
import { openToSign } from '../epochs/find-key.js'
import { indexIn, type Key } from '../keys/key.js'
import { endOf, HandedOver, heardOrder, orderOf, Superseded } from '../requests/attempts.js'
import { requireVerified, unverifiedAmong } from '../contacts/require-verified.js'
import { gatherReceipts } from './receipts.js'
import { type Cast, openingOf, seated } from '../session/join.js'
import { isSignature, targetOf } from '../keys/signing-target.js'
import { encodeFailed, encodeTranscript, seenIn } from '../session/keep-transcript.js'
import { memberOf, type World } from '../world.js'
import { keepSigned, messageOf, type Signed } from './finished-signature.js'
import { cardOf, nobodyCame, orderBy, rebindsOf, signersOf } from '../requests/signer-set.js'

const MOST_ORDERS = 8

/**
 * Signs a request that this member has approved, together with the others, or learns the signature from them.
 * @param asker says when its asker need not be waited for any longer
 * @throws Failure: nobody came (absent), refused by a peer, accused (abort), in doubt once the own share has left
 */
export async function carryOut(
  world: World,
  key: Key,
  notices: RequestBoard,
  request: Request,
  asker: Pick<Asker, 'over'> = { over: () => null },
): Promise<Signed> {
  const self = world.card.fingerprint
  const signers = await signersOf(world, key, notices, request, () => asker.over())
  if (!signers.some(({ fingerprint }) => hex(fingerprint) === hex(self)))
    return watch(world, key, notices, request, signers)
  const cards = signers.map(({ index }) => cardOf(key.seated, index))
  requireVerified(await unverifiedAmong(world.home, cards), world.person.present)
  const claims = new RequestClaims(world.home, request.id)
  const { claim, left, end, unsettled } = await claims.status()
  if (end) throw requestEnded(end.outcome)
  if (unsettled) throw requestEnded('refused')
  // Before an order is given: a higher one would take the others away from the process that has it.
  const elsewhere = await claims.elsewhere()
  if (elsewhere) throw elsewhere
  // What has left is waited for, over whichever server.
  if (!left)
    requirePayload(
      world.transport,
      largestInSigning(key.record.scheme, signers.length, request.encoded.length),
    )
  // What may have left is not given up because somebody else is away.
  const gone = left ? () => null : () => asker.over()
  const ordered = new Map<string, number>()
  // What has left under one order is answered under a higher one only.
  let least = claim ? claim.order + (left ? 1 : 0) : 1
  for (let orders = 1; ; orders++) {
    let order = orderBy(key, request, signers, least)
    try {
      if (orders > MOST_ORDERS) {
        throw tooOften(
          `request ${hex(request.id).slice(0, 16)} was ordered`,
          MOST_ORDERS,
          'ordered it',
          ordered,
        )
      }
      order = await orderOf(world, key, notices, request, signers, least, gone)
      return await underOrder(world, key, notices, request, order, claims, gone)
    } catch (error) {
      if (error instanceof HandedOver) {
        const { signature } = error
        notices.say.keep('signature', request.id, signatureCodec.encode({ request: request.id, signature }))
        const unkept = await keepSigned(claims, request, order, signature)
        return { request, order, signature, certificate: null, transcript: null, unkept }
      }
      if (!(error instanceof Superseded)) throw await inDoubtIfLeft(error, key, request, claims)
      least = error.least
      ordered.set(error.by, (ordered.get(error.by) ?? 0) + 1)
    }
  }
}

// ------------------------------------------------------------------------------------------------------ the ceremony

async function underOrder(
  world: World,
  key: Key,
  notices: RequestBoard,
  request: Request,
  order: Order,
  claims: RequestClaims,
  gone: () => Error | null,
): Promise<Signed> {
  await claims.keepRequest(request.encoded)
  await claims.take(order.number)
  const id = definitionId(order)
  const files = new CeremonyFiles(world.home, id)
  const cast: Cast = {
    id,
    kind: 'sign',
    epoch: key.digest,
    participants: order.signers.map(({ index }) => cardOf(key.seated, index)),
    onlookers: [],
    validity: { notBefore: 0, expires: order.expires },
    definition: definitionCodec.encode(order),
    record: encodeSeating(key.record, rebindsOf(key, order.signers)),
  }
  return seated(world, cast, files, async (room) => {
    notices.onNotice = () => follow(world, key, notices, request, order, room, gone)
    notices.onNotice()
    try {
      const opening = openingOf(world, cast, files, [])
      return await inSession(room, opening, (opened, signal) =>
        play(world, key, notices, request, order, claims, files, room, opened, signal),
      )
    } catch (error) {
      throw heardElsewhere(error, world, notices, room)
    } finally {
      notices.onNotice = () => {}
    }
  })
}

/** Somebody who says nothing in this ceremony, and was heard about requests, is connected: that is said too. */
function heardElsewhere(error: unknown, { clock }: World, notices: RequestBoard, room: Room): unknown {
  if (!(error instanceof Failure) || error.code !== 'E_ABSENT') return error
  const member = room.peers.find(({ name }) => name === error.party)
  const last = member ? notices.lastHeard(member.fingerprint) : null
  if (!member || last === null) return error
  const ago = Math.round((clock.now() - last) / 1000)
  const { name } = member
  const message = `${error.message}; ${name} is connected: it was heard ${ago} s ago about requests`
  return new Failure('absent', 'E_ABSENT', message, {
    hint: `ask what the screen of ${name} says: the server may keep its letters back. Then run the same command again`,
    party: name,
    cause: error,
  })
}

/** Meanwhile others may be done already, or go on under a higher order, or refuse: then this ceremony is over. */
function follow(
  world: World,
  key: Key,
  notices: RequestBoard,
  request: Request,
  order: Order,
  room: Room,
  gone: () => Error | null,
): void {
  const higher = heardOrder(key, notices, request, order.signers, order.number + 1)
  if (higher) {
    const issuer = room.participants.find(({ fingerprint }) => hex(fingerprint) === hex(higher.by))
    return room.end(new Superseded(higher.said.number, issuer?.name ?? world.card.name))
  }
  const end = endOf(key, notices, request, order.signers)
  const handedOver = end instanceof HandedOver
  // In a session this member is about to have it by itself, with a transcript; unless a letter was lost for good.
  if (handedOver && room.sid) {
    world.clock.after(spanOf(world.patience, 'handOver'), () => room.end(end))
  } else if (end) room.end(end)
  // Who has come to the table is waited for there.
  else if (room.mayAbort && !room.sid) {
    const left = gone()
    if (left) room.end(left)
  }
}

async function play(
  world: World,
  key: Key,
  notices: RequestBoard,
  request: Request,
  order: Order,
  claims: RequestClaims,
  files: CeremonyFiles,
  room: Room,
  opened: Opened,
  signal: AbortSignal,
): Promise<Signed> {
  const { record, seated } = key
  const members = new Map(
    order.signers.map(({ index }) => {
      const card = cardOf(seated, index)
      return [index, memberOf(card, card.fingerprint)]
    }),
  )
  const session = new Session(opened.sid, indexIn(key, world.card), [...members.keys()])
  const { shift, message } = targetOf(key, request)
  const own = await openToSign(world.home, key, world.identity, world.card)
  let hasLeft = false
  const beforeSend = async (round: string): Promise<void> => {
    if (round !== givesAway(record.scheme)) return
    await claims.markLeft(request.payloadSha256)
    room.mayAbort = false
    hasLeft = true
  }
  const protocol = signMessages(session, { ...own, epoch: key.digest }, [{ message, shift }], world.nonces)
  const seenOf = (rounds: Run<unknown>['rounds']) =>
    seenIn(order, encodeSeating(record, rebindsOf(key, order.signers)), opened, rounds)
  room.blame.file = (rounds, claims) => encodeFailed(seenOf(rounds), request.payload, claims)
  const { compute } = world
  const options = { room, opened, session, members, signal, compute, beforeSend }
  const { output, rounds } = await run(protocol, options)
    .catch((error: unknown) => {
      // One that begins again is not answered twice under one order: what has left is not taken back.
      throw hasLeft && error instanceof Restarted ? new Superseded(order.number + 1, error.by.name) : error
    })
    .finally(() => wipeSigningKey(own))
  notices.onNotice = () => {}
  const [signature] = output as readonly [Uint8Array]
  if (!isSignature(key, request, signature)) {
    throw new Error('the signature that the protocol accepted does not verify')
  }
  notices.say.keep('signature', request.id, signatureCodec.encode({ request: request.id, signature }))
  let unkept = await keepSigned(claims, request, order, signature)

  const seen = seenOf(rounds)
  const ran: Ran = { definition: room.definition, sid: opened.sid, head: transcriptHead(seen) }
  const receipts = await gatherReceipts(world, seated, order, room, ran, signature, world.signal)
  const complete = receipts.every((receipt) => receipt !== null)
  const given = receipts.filter((receipt) => receipt !== null)
  // A file that could not be written is named beside the signature, and takes nothing from it.
  const written = async (write: Promise<string>): Promise<string | null> =>
    write.catch((error: unknown) => {
      unkept ??= messageOf(error)
      return null
    })
  const transcript = await written(
    files.writeTranscript(opened.sid, encodeTranscript(seen, request.payload, signature, given)),
  )
  const digest = resultDigest(ran, signature)
  const certificate = complete
    ? await written(files.writeCertificate(makeCertificate(ran, digest, given)))
    : null
  return { request, order, signature, certificate, transcript, unkept }
}

// ------------------------------------------------------------------------------------------------- the others' result

/** One that asked and does not sign waits for the signature. */
async function watch(
  world: World,
  key: Key,
  notices: RequestBoard,
  request: Request,
  signers: Order['signers'],
): Promise<Signed> {
  const deadline = joinUntil(world.patience, world.clock.now())
  const signed = () => notices.signatures(request.id).find((each) => isSignature(key, request, each))
  const end = () => endOf(key, notices, request, signers)
  await notices.until(
    () => end() !== null,
    deadline,
    () => nobodyCame(request, 'it was not signed in time'),
  )
  const signature = signed()
  if (!signature) throw end() as Error
  const order = heardOrder(key, notices, request, signers, 1)?.said ?? orderBy(key, request, signers, 1)
  const unkept = await keepSigned(new RequestClaims(world.home, request.id), request, order, signature)
  return { request, order, signature, certificate: null, transcript: null, unkept }
}

async function inDoubtIfLeft(
  error: unknown,
  { name }: Key,
  request: Request,
  claims: RequestClaims,
): Promise<unknown> {
  const { left } = await claims.status()
  // Whoever cheats with its own share has the others': it may have the signature, whatever it shows.
  if (left === null || !(error instanceof Failure) || error.kind === 'conflict') return error
  return new Failure(
    'doubt',
    'E_IN_DOUBT',
    `this member's part has left, and the signature did not come: ${error.message}`,
    {
      cause: error,
      hint: `the signature may exist: \`mpc sign --key ${name} --join ${hex(request.id)}\`, here and there, ends it, and counts once`,
      accused: error.accused,
      ...(error.party && { party: error.party }),
    },
  )
}
