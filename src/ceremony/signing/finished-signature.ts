/**
 * A request that this home has signed. Its signature is printed again on demand, and handed to signers who
 * still wait for it. Nothing is signed anew, and no secret is needed.
 */
import { signingKeysOf } from '../../wire/identity/roster.js'
import { areSignatures, type Target, targetOf } from '../../payload/registry/target.js'
import { attempt } from '../../protocol/core/codec.js'
import { CeremonyFiles } from '../../storage/home/ceremonies.js'
import { RequestClaims } from '../../storage/home/request-claims.js'
import type { Home } from '../../storage/home/home.js'
import { readState } from '../../storage/home/epochs.js'
import { definitionId, type Order, orderCodec } from '../../wire/ceremony/definition.js'
import { Failure } from '../../wire/base/failure.js'
import { ANY_GUEST, parseRequest, type Request, signedCodec } from '../../wire/ceremony/request.js'
import { signaturesFrom, signaturesText } from '../../wire/ceremony/signature.js'
import { fromHex, hex } from '../../wire/base/text.js'
import { epochHere } from '../epochs/find-key.js'
import type { Key } from '../keys/key.js'
import type { RequestBoard } from '../requests/request-board.js'
import { silence } from '../requests/attempts.js'
import { orderBy } from '../requests/signer-set.js'
import type { World } from '../world.js'

export type Signed = {
  readonly request: Request
  readonly order: Order
  readonly target: Target
  /** A signature of 64 bytes for each message, in order. */
  readonly signatures: readonly Uint8Array[]
  /** Absolute paths; null for a certificate that lacks receipts. */
  readonly certificate: string | null
  readonly transcript: string | null
  /** Why a file could not be written here, if so. */
  readonly unkept?: string | undefined
}

/** How long the signature is handed to members who still wait, in milliseconds. */
const HANDING_OVER = 10_000

export type SignedBefore = Signed & {
  /** The epoch that signed it; a newer one may be in use. */
  readonly key: Omit<Key, 'status'>
}

/**
 * This home's signatures for a request, by its ID in hex; null if there is none or its files are incomplete.
 */
export async function signedBefore(home: Home, name: string, id: string): Promise<SignedBefore | null> {
  const state = await readState(home, name)
  const claims = new RequestClaims(home, fromHex(id, 32) as Uint8Array)
  const { end } = await claims.status()
  const signatures = end?.outcome === 'done' ? signaturesFrom(end.note) : null
  const kept = signatures && (await claims.readRequest())
  if (!state || !signatures || !kept) return null
  for (const { digest } of state.epochs) {
    const key = await epochHere(home, name, state, digest)
    const request = requestIn(key, kept)
    const target = request && (await targetOf(key.record, request).catch(nullIfRefused))
    if (!target || !areSignatures(target, signatures)) continue
    const order = await orderOf(claims, key, request)
    if (!order) continue
    return {
      key,
      request,
      target,
      order,
      signatures,
      ...(await new CeremonyFiles(home, definitionId(order)).proofs()),
    }
  }
  return null
}

/**
 * Stores the signatures with their request, so that they can be printed again.
 * @returns the problem if that fails; the signatures are valid anyway
 */
export async function keepSigned(
  claims: RequestClaims,
  request: Request,
  order: Order,
  signatures: readonly Uint8Array[],
): Promise<string | undefined> {
  try {
    await claims.keepRequest(request.encoded)
    await claims.keepOrder(orderCodec.encode(order))
    await claims.finish('done', signaturesText(signatures))
    return undefined
  } catch (error) {
    return failureMessage(error)
  }
}

/** The message of a failure. @throws any other error */
export function failureMessage(error: unknown): string {
  if (error instanceof Failure) return error.message
  throw error
}

/** Publishes the signatures, so that every member can have them. */
export function announce(board: RequestBoard, { id }: Request, signatures: readonly Uint8Array[]): void {
  board.say.keep('signature', id, signedCodec.encode({ request: id, signatures }))
}

/** Publishes the signatures for members who wait, for a while or until another member publishes them too. */
export async function handOver(
  world: Pick<World, 'clock' | 'linger'>,
  board: RequestBoard,
  { request, target, signatures }: SignedBefore,
): Promise<void> {
  announce(board, request, signatures)
  const others = () => board.signatures(request.id).some((theirs) => areSignatures(target, theirs))
  const deadline = world.clock.now() + Math.min(world.linger, HANDING_OVER)
  await board.until(others, deadline, silence).catch(() => {})
}

/** Null for a refusal. @throws any other error */
function nullIfRefused(error: unknown): null {
  if (error instanceof Failure) return null
  throw error
}

/** The request, if it is for this epoch. */
function requestIn({ digest, record, seated }: Omit<Key, 'status'>, kept: Uint8Array): Request | null {
  const cards = [...seated.members, ...record.members].map(({ card }) => card)
  const request = attempt(() => parseRequest(kept, signingKeysOf(cards), ANY_GUEST))
  return request && hex(request.record) === hex(digest) ? request : null
}

/** The order under which it was signed; if that was not stored, the first one for the named signers. */
async function orderOf(
  claims: RequestClaims,
  key: Omit<Key, 'status'>,
  request: Request,
): Promise<Order | null> {
  const kept = await claims.readOrder()
  const order = kept && attempt(() => orderCodec.decode(kept))
  if (order && hex(order.request) === hex(request.id)) return order
  const signers = key.record.members.flatMap(({ index }, i) => {
    const { fingerprint } = (key.seated.members[i] as (typeof key.seated.members)[number]).card
    return request.signers?.some((named) => hex(named) === hex(fingerprint)) ? [{ index, fingerprint }] : []
  })
  return request.signers ? orderBy({ key, policy: key.record.policy, request, signers }, 1) : null
}
