/** Requests that wait, as they lie in this home, and what became of each. */
import { attempt, equalBytes } from '../../protocol/core/codec.js'
import type { Home } from '../../storage/home/home.js'
import { listWaiting, WaitingFiles } from '../../storage/work/waiting-files.js'
import { hex } from '../../wire/base/text.js'
import { type ApprovalStatement, parseApproval } from '../../wire/ceremony/approval.js'
import {
  ANY_GUEST,
  parseRequest,
  refusalCodec,
  type Request,
  type RequestResult,
  resultCodec,
} from '../../wire/ceremony/request.js'
import type { Card } from '../../wire/identity/card.js'
import { type SigningKeys, signingKeysOf } from '../../wire/identity/roster.js'
import type { Seats } from '../keys/key.js'

export type Kept = {
  readonly request: Request
  /** The last word of each who approves or refuses. */
  readonly statements: readonly ApprovalStatement[]
  /** Custodians who do not sign it, and why. */
  readonly refusals: readonly { readonly by: Uint8Array; readonly reason: string }[]
  readonly isCancelled: boolean
  readonly result: RequestResult | null
}

export const KEPT_STATES = ['waiting', 'signed', 'cancelled', 'refused', 'expired', 'another-epoch'] as const
export type KeptState = (typeof KEPT_STATES)[number]

/** Everybody who has or had a seat of the key: a request outlives a change of seats. */
export const askersOf = ({ record, seated, everyRebind }: Seats): SigningKeys =>
  signingKeysOf([
    ...record.members.map(({ card }) => card),
    ...seated.members.map(({ card }) => card),
    ...everyRebind.map(({ rebind }) => rebind.card),
  ])

/** Whether somebody without a seat would be taken for a custodian, whose name it bears. */
export const hasCustodiansName = ({ seated }: Pick<Seats, 'seated'>, { name }: Card): boolean =>
  seated.members.some(({ card }) => card.name === name)

/** A request of the key, by its ID; null if there is none, or its file is damaged. */
export async function keptRequest(home: Home, seats: Seats, id: Uint8Array): Promise<Request | null> {
  const encoded = await new WaitingFiles(home, id).readRequest()
  const request = encoded && attempt(() => parseRequest(encoded, askersOf(seats), ANY_GUEST))
  const isOurs =
    request !== null && equalBytes(request.id, id) && equalBytes(request.key_id, seats.record.key_id)
  return isOurs ? request : null
}

/** What is known of a request here. */
export async function keptAbout(home: Home, request: Request): Promise<Kept> {
  const files = new WaitingFiles(home, request.id)
  const [approvals, refusals, result] = await Promise.all([
    files.readSpoken('approval'),
    files.readSpoken('refusal'),
    files.readResult(),
  ])
  return {
    request,
    statements: approvals.flatMap(({ body }) => attempt(() => parseApproval(body)) ?? []),
    refusals: refusals.flatMap(({ by, body }) => {
      const said = attempt(() => refusalCodec.decode(body))
      return said ? [{ by, reason: said.reason }] : []
    }),
    isCancelled: await files.isCancelled(),
    result: result && attempt(() => resultCodec.decode(result)),
  }
}

/**
 * The requests of a key, in an order that is the same in every home.
 * @param prefix of the ID in hex; none: all of them
 */
export async function allKept(home: Home, seats: Seats, prefix = ''): Promise<readonly Kept[]> {
  const ids = (await listWaiting(home)).filter((id) => hex(id).startsWith(prefix))
  const requests = await Promise.all(ids.map((id) => keptRequest(home, seats, id)))
  const found = requests.filter((request) => request !== null).sort(inOrder)
  return Promise.all(found.map((request) => keptAbout(home, request)))
}

/** By the date that the asker gave; an asker who lies about it comes first at most by the tolerance of clocks. */
export const inOrder = (one: Request, other: Request): number =>
  one.created - other.created || (hex(one.id) < hex(other.id) ? -1 : 1)

/** @param seats the epoch in use here */
export function stateOf(
  { request, refusals, isCancelled, result }: Kept,
  { record, digest }: Pick<Seats, 'record'> & { readonly digest: Uint8Array },
  now: number,
): KeptState {
  if (result) return 'signed'
  if (isCancelled) return 'cancelled'
  const refused = new Set(refusals.map(({ by }) => hex(by)))
  const isNamed = request.signers?.some((signer) => refused.has(hex(signer))) ?? false
  if (isNamed || refused.size > record.members.length - record.threshold) return 'refused'
  if (request.expires <= now) return 'expired'
  return equalBytes(request.record, digest) ? 'waiting' : 'another-epoch'
}
