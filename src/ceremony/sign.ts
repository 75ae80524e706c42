/**
 * Signing: somebody asks, as many custodians as must sign approve each for themselves, one of them gives the order, and
 * the order is the definition of a ceremony like any other. Nothing is replayed: a signer that is killed begins again
 * with fresh nonces, under a higher order if its share may have left (F-12, F-13).
 */
import { inSession } from '../messaging/attempts.js'
import type { Opened } from '../messaging/handshake.js'
import type { Room } from '../messaging/room.js'
import { run } from '../messaging/run.js'
import { sign } from '../protocol/frost/sign.js'
import { Session } from '../protocol/session.js'
import { CeremonyFiles } from '../storage/ceremonies.js'
import { RequestClaims } from '../storage/claims.js'
import { definitionId, type Order } from '../wire/definition.js'
import { Failure } from '../wire/failure.js'
import { encodeRecord, type KeyRecord, recordPublicKey } from '../wire/record.js'
import { chosenCodec, offerCodec, orderFor, type Request, signatureCodec } from '../wire/request.js'
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
import { verifiesUnder } from '../wire/signature.js'
import { hex } from '../wire/text.js'
import { transcriptHead } from '../wire/transcript.js'
import type { Noticeboard } from './noticeboard.js'
import { indexIn, type Key, openShare } from './keys.js'
import { requireVerified, unverifiedAmong } from './people.js'
import { openingOf, seated } from './seats.js'
import { encodeTranscript, seenIn } from './transcripts.js'
import { memberOf, type World } from './world.js'

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

/** A higher order for the same request: whoever works under the lower one goes over to it. */
class Superseded extends Error {
  override readonly name = 'Superseded'
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
    return watch(world, key, notices, request)
  const cards = signers.map(({ index }) => cardOf(key.record, index))
  requireVerified(await unverifiedAmong(world.home, cards), world.person.present)
  const claims = new RequestClaims(world.home, request.id)
  const { claim, left, end } = await claims.status()
  if (end) {
    throw new Failure('conflict', 'E_REQUEST_ENDED', `this request has ended here: ${end.outcome}`, {
      hint: 'make a new request',
    })
  }
  // What has left under one order is answered under a higher one only.
  let least = claim ? claim.order + (left ? 1 : 0) : 1
  for (;;) {
    const order = await orderOf(world, notices, request, signers, least)
    try {
      return await underOrder(world, key, notices, request, order, claims)
    } catch (error) {
      if (!(error instanceof Superseded)) throw await inDoubtIfLeft(error, claims)
      least = order.number + 1
    }
  }
}

/** Who signs: those whom the request names, or those whom its asker chooses among who offered. */
async function signersOf(
  world: World,
  key: Key,
  notices: Noticeboard,
  request: Request,
): Promise<Order['signers']> {
  const self = world.card.fingerprint
  const named = request.signers ?? (await chosen())
  return inRecordOrder(key.record, named)

  async function chosen(): Promise<readonly Uint8Array[]> {
    const id = hex(request.id)
    const wanted = key.record.threshold
    const deadline = world.now() + (world.patience.total ?? world.patience.join)
    if (hex(request.asker) !== hex(self)) {
      notices.keepSaying('offer', request.id, offerCodec.encode({ request: request.id }))
      const byAsker = () =>
        hex(notices.chosen.get(id)?.by.fingerprint ?? new Uint8Array()) === hex(request.asker)
      await notices.until(byAsker, deadline, () => nobodyCame(request, 'the asker chose nobody'))
      notices.stopSaying('offer', request.id)
      const { signers } = notices.chosen.get(id) as { signers: readonly Uint8Array[] }
      return signers
    }
    const offers = () => [...(notices.offers.get(id) ?? [])]
    await notices.until(
      () => offers().length >= wanted - 1,
      deadline,
      () => nobodyCame(request, `${offers().length + 1} of ${wanted} custodians who must sign are here`),
    )
    const others = offers().slice(0, wanted - 1)
    const signers = [self, ...others.map((fingerprint) => Uint8Array.from(Buffer.from(fingerprint, 'hex')))]
    notices.keepSaying('chosen', request.id, chosenCodec.encode({ request: request.id, signers }))
    return signers
  }
}

/** @throws Failure `E_SIGNERS` unless they are exactly as many distinct custodians as must sign */
export function inRecordOrder(record: KeyRecord, named: readonly Uint8Array[]): Order['signers'] {
  const wanted = new Set(named.map(hex))
  const signers = record.members
    .filter(({ card }) => wanted.has(hex(card.fingerprint)))
    .map(({ card, index }) => ({ index, fingerprint: card.fingerprint }))
  if (named.length === record.threshold && signers.length === record.threshold) return signers
  throw new Failure(
    'usage',
    'E_SIGNERS',
    `${record.threshold} of ${record.members.length} must sign, not ${named.length}`,
    {
      hint: `name exactly ${record.threshold} of ${record.members.map(({ card }) => card.name).join(', ')} with --signers`,
    },
  )
}

/** The order under which to sign: the first signer gives it; after 30 s of silence the next one does, and so on. */
async function orderOf(
  world: World,
  notices: Noticeboard,
  request: Request,
  signers: Order['signers'],
  least: number,
): Promise<Order> {
  const heard = (): Order | null => {
    const known = notices.orders.get(hex(request.id))?.order
    const number = known?.number ?? 0
    const same = known && hex(definitionId(known)) === hex(definitionId(orderFor(request, signers, number)))
    return same && number >= least ? known : null
  }
  const place = signers.findIndex(({ fingerprint }) => hex(fingerprint) === hex(world.card.fingerprint))
  const mine = () =>
    Math.max(least, (notices.orders.get(hex(request.id))?.order.number ?? 0) + (heard() ? 0 : 1))
  // Whoever must have a higher order because its share left, or was superseded, does not wait for its turn.
  const patience = least > 1 ? 0 : place * NEXT_ORDERS_AFTER
  if (patience > 0 && heard() === null) {
    notices.ask()
    await notices
      .until(() => heard() !== null, world.now() + patience, silence)
      .catch((error: unknown) => {
        if (!(error instanceof Failure) || error.code !== 'E_SILENCE') throw error
      })
  }
  const known = heard()
  if (known) return known
  const order = orderFor(request, signers, mine())
  notices.issue(order)
  return order
}

const silence = (): Failure => new Failure('absent', 'E_SILENCE', 'nobody gave the order')

// ------------------------------------------------------------------------------------------------------ the ceremony

async function underOrder(
  world: World,
  key: Key,
  notices: Noticeboard,
  request: Request,
  order: Order,
  claims: RequestClaims,
): Promise<Signed> {
  await claims.take(order.number)
  const id = definitionId(order)
  const files = new CeremonyFiles(world.home, id)
  const cast = {
    id,
    participants: order.signers.map(({ index }) => cardOf(key.record, index)),
    onlookers: [],
  }
  return seated(world, cast, files, async (room) => {
    notices.onOrder = (higher) => {
      if (higher.number > order.number && hex(higher.request) === hex(request.id))
        room.interrupt(new Superseded())
    }
    watchForSignature(notices, key, request, room)
    try {
      const opening = openingOf(world, cast, files, [])
      return await inSession(room, opening, (opened, signal) =>
        play(world, key, notices, request, order, claims, files, room, opened, signal),
      )
    } catch (error) {
      if (!(error instanceof HandedOver)) throw error
      await claims.finish('done', 'the signature was handed over')
      return { request, order, signature: error.signature, certificate: null, transcript: null }
    } finally {
      notices.onOrder = () => {}
      notices.onSignature = () => {}
    }
  })
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
  const share = await openShare(world.home, key, world.identity, world.card)
  using secret = share.share
  void secret
  const beforeSend = async (round: string): Promise<void> => {
    if (round !== 'share') return
    await claims.markLeft(request.payloadSha256)
    room.mayLeave = () => false
    room.mayAbort = false
  }
  const protocol = sign(session, { share, message: request.payload }, world.nonces)
  const options = { room, opened, session, members, signal, compute: world.compute, beforeSend }
  const { output: signature, rounds } = await run(protocol, options)
  if (!verifiesUnder(record.scheme, recordPublicKey(record), request.payload, signature)) {
    throw new Error('the signature that the protocol accepted does not verify')
  }
  notices.keepSaying('signature', request.id, signatureCodec.encode({ request: request.id, signature }))
  await claims.finish('done', hex(signature))

  const seen = seenIn(order, encodeRecord(record), opened, rounds)
  const ran: Ran = { definition: room.definition, sid: opened.sid, head: transcriptHead(seen) }
  const receipts = await gatherReceipts(world, record, order, room, ran, signature, signal)
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
  const slots = room.peers.map(({ fingerprint: from }) => ({
    kind: 'receipt' as const,
    session: ran.sid,
    round: '',
    from,
    to: null,
  }))
  const missing = () => slots.filter((slot) => room.mailbox.get(slot) === undefined)
  const wait = { deadline: world.now() + RECEIPTS_WITHIN, signal, round: 'receipt' }
  await room.mailbox.until(() => missing().length === 0, wait, missing).catch(() => {})
  await room.mailbox.flush()
  room.emit({ event: 'done' })
  return signersAsHolders(record, order).map((holder) => {
    if (hex(holder.fingerprint) === hex(world.card.fingerprint)) return mine
    const slot = slots.find(({ from }) => hex(from) === hex(holder.fingerprint))
    const envelope = slot && room.mailbox.get(slot)
    const receipt = envelope && room.tryDecode(envelope, receiptCodec)
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

/** Somebody else has the signature already. */
class HandedOver extends Error {
  override readonly name = 'HandedOver'
  constructor(readonly signature: Uint8Array) {
    super('the signature was handed over')
  }
}

function handedOver(notices: Noticeboard, key: Key, request: Request): Uint8Array | null {
  const heard = notices.signatures.get(hex(request.id)) ?? []
  const publicKey = recordPublicKey(key.record)
  return heard.find((s) => verifiesUnder(key.record.scheme, publicKey, request.payload, s)) ?? null
}

/** While others may be done already: a signature that verifies ends this member's part, wherever it stands. */
function watchForSignature(notices: Noticeboard, key: Key, request: Request, room: Room): void {
  notices.onSignature = () => {
    const signature = handedOver(notices, key, request)
    if (!signature) return
    // In a session this member is about to have it by itself, with a transcript; unless a letter was lost for good.
    const take = () => room.interrupt(new HandedOver(signature))
    if (room.hasSession) setTimeout(take, HANDED_OVER_AFTER).unref()
    else take()
  }
  notices.onSignature()
}

/** One that asked and does not sign waits for the signature. */
async function watch(world: World, key: Key, notices: Noticeboard, request: Request): Promise<Signed> {
  const deadline = world.now() + (world.patience.total ?? world.patience.join)
  await notices.until(
    () => handedOver(notices, key, request) !== null,
    deadline,
    () => nobodyCame(request, 'it was not signed in time'),
  )
  const signature = handedOver(notices, key, request) as Uint8Array
  const signers = inRecordOrder(
    key.record,
    request.signers ?? notices.chosen.get(hex(request.id))?.signers ?? [],
  )
  const order = notices.orders.get(hex(request.id))?.order ?? orderFor(request, signers, 1)
  return { request, order, signature, certificate: null, transcript: null }
}

const nobodyCame = (request: Request, what: string): Failure =>
  new Failure('absent', 'E_NO_SIGNERS', `request ${hex(request.id).slice(0, 16)}: ${what}`, {
    hint: 'the others run `mpc sign --key KEY --next`; ask again when they are there, or name others with --signers',
  })

async function inDoubtIfLeft(error: unknown, claims: RequestClaims): Promise<unknown> {
  const { left } = await claims.status()
  if (left === null || !(error instanceof Failure) || error.accused.length > 0) return error
  return new Failure(
    'doubt',
    'E_IN_DOUBT',
    `this member's part has left, and the signature did not come: ${error.message}`,
    {
      cause: error,
      hint: 'the signature may exist; run the same command again to sign the same request, which counts once',
      ...(error.party && { party: error.party }),
    },
  )
}

const cardOf = (record: KeyRecord, index: number) =>
  (record.members[index - 1] as KeyRecord['members'][number]).card
