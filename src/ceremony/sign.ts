/**
 * Signing: somebody asks, as many custodians as must sign approve each for themselves, one of them gives the order, and
 * the order is the definition of a ceremony like any other. Nothing is replayed: a signer that is killed begins again
 * with fresh nonces, under a higher order if its share may have left (F-12, F-13).
 */
import { inSession } from '../messaging/attempts.js'
import type { Opened } from '../messaging/handshake.js'
import { Elsewhere, Restarted } from '../messaging/abort.js'
import { tryDecode } from '../messaging/blame.js'
import { slotsOf } from '../messaging/letters.js'
import { type Room } from '../messaging/room.js'
import { run } from '../messaging/run.js'
import { givesAway, signMessage, wipeSigningKey } from '../protocol/engine.js'
import { Session } from '../protocol/session.js'
import { CeremonyFiles } from '../storage/ceremonies.js'
import { RequestClaims } from '../storage/claims.js'
import { definitionId, type Order } from '../wire/definition.js'
import { Failure } from '../wire/failure.js'
import { encodeRecord, type KeyRecord } from '../wire/record.js'
import { orderFor, type Request, signatureCodec } from '../wire/request.js'
import {
  type Holder,
  makeCertificate,
  makeReceipt,
  type Ran,
  type Receipt,
  receiptCodec,
  resultDigest,
  verifyReceipt,
} from '../wire/result.js'
import { fromHex, hex } from '../wire/text.js'
import { transcriptHead } from '../wire/transcript.js'
import type { Noticeboard } from './noticeboard.js'
import { indexIn, type Key, openShare } from './keys.js'
import { requireVerified, unverifiedAmong } from './people.js'
import { openingOf, seated } from './seats.js'
import { isSignature, targetOf } from './target.js'
import { encodeTranscript, seenIn } from './transcripts.js'
import { memberOf, type World } from './world.js'
import { cardOf, nobodyCame, refusalAmong, signersOf } from './signers.js'

export type Signed = {
  readonly request: Request
  readonly order: Order
  readonly signature: Uint8Array
  /** Absolute paths; null for a certificate that lacks receipts. */
  readonly certificate: string | null
  readonly transcript: string | null
}

const NEXT_ORDERS_AFTER = 30_000
const RECEIPTS_WITHIN = 5000
const HANDED_OVER_AFTER = 3000
/** How long one that is done already, and was started again, hands the signature to those who are not. */
const HANDING_OVER = 10_000
const MOST_ORDERS = 8
/** An order further above the last than this is nobody's honest one, and would leave no room above it. */
const FURTHEST_ORDER = 1000

/** The same request goes on under a higher order. */
class Superseded extends Elsewhere {
  override readonly name = 'Superseded'
  /** @param least the lowest number that will do */
  constructor(readonly least: number) {
    super(`superseded by order ${least}`)
  }
}

/** Somebody else has the signature already. */
class HandedOver extends Elsewhere {
  override readonly name = 'HandedOver'
  constructor(readonly signature: Uint8Array) {
    super('the signature was handed over')
  }
}

/**
 * Signs a request that this member has approved, together with the others, or learns the signature from them.
 * @throws Failure: nobody came (absent), refused by a peer, accused (abort), in doubt once the own share has left
 */
export async function carryOut(
  world: World,
  key: Key,
  notices: Noticeboard,
  request: Request,
): Promise<Signed> {
  const self = world.card.fingerprint
  const signers = await signersOf(world, key, notices, request)
  if (!signers.some(({ fingerprint }) => hex(fingerprint) === hex(self)))
    return watch(world, key, notices, request, signers)
  const cards = signers.map(({ index }) => cardOf(key.record, index))
  requireVerified(await unverifiedAmong(world.home, cards), world.person.present)
  const claims = new RequestClaims(world.home, request.id)
  const { claim, left, end } = await claims.status()
  if (end) return handOver(world, key, notices, request, signers, end, claim?.order ?? 1)
  // What has left under one order is answered under a higher one only.
  let least = claim ? claim.order + (left ? 1 : 0) : 1
  for (let orders = 1; ; orders++) {
    let order = orderFor(request, signers, least)
    try {
      if (orders > MOST_ORDERS) throw tooManyOrders(request)
      order = await orderOf(world, key, notices, request, signers, least)
      return await underOrder(world, key, notices, request, order, claims)
    } catch (error) {
      if (error instanceof HandedOver) {
        const { signature } = error
        notices.keepSaying('signature', request.id, signatureCodec.encode({ request: request.id, signature }))
        await claims.finish('done', hex(signature))
        return { request, order, signature, certificate: null, transcript: null }
      }
      if (!(error instanceof Superseded)) throw await inDoubtIfLeft(error, request, claims)
      least = error.least
    }
  }
}

/** One that is done with a request, and is asked again, has the signature for those who are not. */
async function handOver(
  world: World,
  key: Key,
  notices: Noticeboard,
  request: Request,
  signers: Order['signers'],
  { outcome, note }: { readonly outcome: string; readonly note: string },
  number: number,
): Promise<Signed> {
  const signature = outcome === 'done' ? fromHex(note, 64) : null
  if (!signature || !isSignature(key, request, signature)) {
    throw new Failure('conflict', 'E_REQUEST_ENDED', `this request has ended here: ${outcome}`, {
      hint: 'make a new request',
    })
  }
  notices.keepSaying('signature', request.id, signatureCodec.encode({ request: request.id, signature }))
  const others = () => notices.signatures(request.id).some((theirs) => isSignature(key, request, theirs))
  const deadline = world.now() + Math.min(world.linger, HANDING_OVER)
  await notices.until(others, deadline, silence).catch(() => {})
  const order = orderFor(request, signers, number)
  return { request, order, signature, certificate: null, transcript: null }
}

/**
 * The highest order that was heard for this request and these signers, if its number is at least `least`. What any
 * other order says, for other signers or another payload, is not for this member.
 */
function heardOrder(
  notices: Noticeboard,
  request: Request,
  signers: Order['signers'],
  least: number,
): Order | null {
  const isOurs = (order: Order): boolean =>
    order.number >= least &&
    order.number <= least + FURTHEST_ORDER &&
    hex(definitionId(order)) === hex(definitionId(orderFor(request, signers, order.number)))
  const heard = notices.orders(request.id).filter(isOurs)
  return heard.sort((a, b) => b.number - a.number)[0] ?? null
}

/** The order under which to sign: the first signer gives it; after 30 s of silence the next one does, and so on. */
async function orderOf(
  world: World,
  key: Key,
  notices: Noticeboard,
  request: Request,
  signers: Order['signers'],
  least: number,
): Promise<Order> {
  const heard = () => heardOrder(notices, request, signers, least)
  const over = () => endOf(key, notices, request, signers)
  const place = signers.findIndex(({ fingerprint }) => hex(fingerprint) === hex(world.card.fingerprint))
  // Whoever must have a higher order because its share left, or was superseded, does not wait for its turn.
  const patience = least > 1 ? 0 : place * (world.patience.silence ?? NEXT_ORDERS_AFTER)
  if (patience > 0 && heard() === null) {
    notices.ask()
    await notices
      .until(() => heard() !== null || over() !== null, world.now() + patience, silence)
      .catch((error: unknown) => {
        if (!(error instanceof Failure) || error.code !== 'E_SILENCE') throw error
      })
  }
  const end = over()
  if (end) throw end
  const known = heard()
  if (known) return known
  const order = orderFor(request, signers, least)
  notices.issue(order)
  return order
}

/** What others say that ends a request for this member: the signature itself, or that one of the signers refuses. */
function endOf(key: Key, notices: Noticeboard, request: Request, signers: Order['signers']): Error | null {
  const signature = notices.signatures(request.id).find((each) => isSignature(key, request, each))
  if (signature) return new HandedOver(signature)
  const cards = signers.map(({ index }) => ({ card: cardOf(key.record, index) }))
  const refused = notices.refusals(request.id).map(({ by }) => hex(by))
  if (!cards.some(({ card }) => refused.includes(hex(card.fingerprint)))) return null
  return refusalAmong(key.record, notices, request, cards)
}

const silence = (): Failure => new Failure('absent', 'E_SILENCE', 'nobody gave the order')

const tooManyOrders = (request: Request): Failure =>
  new Failure(
    'absent',
    'E_RESTARTS',
    `request ${hex(request.id).slice(0, 16)} was ordered ${MOST_ORDERS} times without getting further`,
    { hint: 'find out whose program keeps restarting, then run the same command again' },
  )

// ------------------------------------------------------------------------------------------------------ the ceremony

async function underOrder(
  world: World,
  key: Key,
  notices: Noticeboard,
  request: Request,
  order: Order,
  claims: RequestClaims,
): Promise<Signed> {
  await claims.keepRequest(request.encoded)
  await claims.take(order.number)
  const id = definitionId(order)
  const files = new CeremonyFiles(world.home, id)
  const cast = {
    id,
    participants: order.signers.map(({ index }) => cardOf(key.record, index)),
    onlookers: [],
    validity: { notBefore: 0, expires: order.expires },
  }
  return seated(world, cast, files, async (room) => {
    notices.onNotice = () => follow(key, notices, request, order, room)
    notices.onNotice()
    try {
      const opening = openingOf(world, cast, files, [])
      return await inSession(room, opening, (opened, signal) =>
        play(world, key, notices, request, order, claims, files, room, opened, signal),
      )
    } finally {
      notices.onNotice = () => {}
    }
  })
}

/** Meanwhile others may be done already, or go on under a higher order, or refuse: then this ceremony is over. */
function follow(key: Key, notices: Noticeboard, request: Request, order: Order, room: Room): void {
  const higher = heardOrder(notices, request, order.signers, order.number + 1)
  if (higher) return room.end(new Superseded(higher.number))
  const end = endOf(key, notices, request, order.signers)
  // In a session this member is about to have it by itself, with a transcript; unless a letter was lost for good.
  if (end instanceof HandedOver && room.hasSession) setTimeout(() => room.end(end), HANDED_OVER_AFTER).unref()
  else if (end) room.end(end)
}

async function play(
  world: World,
  key: Key,
  notices: Noticeboard,
  request: Request,
  order: Order,
  claims: RequestClaims,
  files: CeremonyFiles,
  room: Room,
  opened: Opened,
  signal: AbortSignal,
): Promise<Signed> {
  const { record } = key
  const members = new Map(
    order.signers.map(({ index }) => {
      const card = cardOf(record, index)
      return [index, memberOf(card, card.fingerprint)]
    }),
  )
  const session = new Session(opened.sid, indexIn(key, world.card), [...members.keys()])
  const { shift, message } = targetOf(key, request)
  const own = await openShare(world.home, key, world.identity, world.card)
  let hasLeft = false
  const beforeSend = async (round: string): Promise<void> => {
    if (round !== givesAway(record.scheme)) return
    await claims.markLeft(request.payloadSha256)
    room.mayAbort = false
    hasLeft = true
  }
  const protocol = signMessage(session, { ...own, epoch: key.digest, shift }, message, world.nonces)
  const options = { room, opened, session, members, signal, compute: world.compute, beforeSend }
  const { output: signature, rounds } = await run(protocol, options)
    .catch((error: unknown) => {
      // One that begins again is not answered twice under one order: what has left is not taken back.
      throw hasLeft && error instanceof Restarted ? new Superseded(order.number + 1) : error
    })
    .finally(() => wipeSigningKey(own))
  notices.onNotice = () => {}
  if (!isSignature(key, request, signature)) {
    throw new Error('the signature that the protocol accepted does not verify')
  }
  notices.keepSaying('signature', request.id, signatureCodec.encode({ request: request.id, signature }))
  await claims.finish('done', hex(signature))

  const seen = seenIn(order, encodeRecord(record), opened, rounds)
  const ran: Ran = { definition: room.definition, sid: opened.sid, head: transcriptHead(seen) }
  const receipts = await gatherReceipts(world, record, order, room, ran, signature, world.signal)
  const complete = receipts.every((receipt) => receipt !== null)
  const given = receipts.filter((receipt) => receipt !== null)
  const transcript = await files.writeTranscript(
    opened.sid,
    encodeTranscript(seen, request.payload, signature, given),
  )
  const digest = resultDigest(ran, signature)
  const certificate = complete ? await files.writeCertificate(makeCertificate(ran, digest, given)) : null
  return { request, order, signature, certificate, transcript }
}

/** Everybody's receipt over the signature, as far as they come within 5 s. Without proofs: nothing new was shared. */
async function gatherReceipts(
  world: World,
  record: KeyRecord,
  order: Order,
  room: Room,
  ran: Ran,
  signature: Uint8Array,
  signal: AbortSignal,
): Promise<(Receipt | null)[]> {
  const digest = resultDigest(ran, signature)
  const mine = makeReceipt(world.identity.signing, world.card.fingerprint, ran, digest, null)
  room.mailbox.post('receipt', { session: ran.sid }, receiptCodec.encode(mine))
  room.emit({ event: 'receipt_sent' })
  const slots = slotsOf(room.peers, 'receipt', ran.sid)
  const missing = () => slots.filter((slot) => room.mailbox.get(slot) === undefined)
  const wait = { deadline: world.now() + RECEIPTS_WITHIN, signal, round: 'receipt' }
  await room.mailbox.until(() => missing().length === 0, wait, missing).catch(() => {})
  await room.mailbox.flush()
  room.emit({ event: 'done' })
  return signersAsHolders(record, order).map((holder) => {
    if (hex(holder.fingerprint) === hex(world.card.fingerprint)) return mine
    const slot = slots.find(({ from }) => hex(from) === hex(holder.fingerprint))
    const envelope = slot && room.mailbox.get(slot)
    const receipt = envelope && tryDecode(envelope, receiptCodec)
    return receipt && verifyReceipt(receipt, holder, ran, digest) ? receipt : null
  })
}

/** The signers of an order as those whose receipts certify its signature. */
export const signersAsHolders = (record: KeyRecord, order: Order): Holder[] =>
  order.signers.map(({ index }) => {
    const card = cardOf(record, index)
    return { fingerprint: card.fingerprint, signing: card.signing, share: null }
  })

// ------------------------------------------------------------------------------------------------- the others' result

/** One that asked and does not sign waits for the signature. */
async function watch(
  world: World,
  key: Key,
  notices: Noticeboard,
  request: Request,
  signers: Order['signers'],
): Promise<Signed> {
  const deadline = world.now() + (world.patience.total ?? world.patience.join)
  const signed = () => notices.signatures(request.id).find((each) => isSignature(key, request, each))
  const end = () => endOf(key, notices, request, signers)
  await notices.until(
    () => end() !== null,
    deadline,
    () => nobodyCame(request, 'it was not signed in time'),
  )
  const signature = signed()
  if (!signature) throw end() as Error
  const order = heardOrder(notices, request, signers, 1) ?? orderFor(request, signers, 1)
  return { request, order, signature, certificate: null, transcript: null }
}

async function inDoubtIfLeft(error: unknown, request: Request, claims: RequestClaims): Promise<unknown> {
  const { left } = await claims.status()
  // Whoever cheats with its own share has the others': it may have the signature, whatever it shows.
  if (left === null || !(error instanceof Failure) || error.kind === 'conflict') return error
  return new Failure(
    'doubt',
    'E_IN_DOUBT',
    `this member's part has left, and the signature did not come: ${error.message}`,
    {
      cause: error,
      hint: `the signature may exist: \`mpc sign --join ${hex(request.id)}\`, here and there, ends it, and counts once`,
      accused: error.accused,
      ...(error.party && { party: error.party }),
    },
  )
}
