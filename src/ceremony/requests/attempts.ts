/**
 * Under which order a request is signed, and what ends it: the signature itself, a signer that refuses, a higher order.
 */
import { Elsewhere } from '../../messaging/session/abort.js'
import { spanOf } from '../../messaging/channel/timeouts.js'
import { definitionId, type Order } from '../../wire/ceremony/definition.js'
import { Failure } from '../../wire/base/failure.js'
import { orderFor, type Request } from '../../wire/ceremony/request.js'
import { hex } from '../../wire/base/text.js'
import type { Key } from '../keys/key.js'
import type { RequestBoard } from './request-board.js'
import { noSeat } from '../keys/rebinds.js'
import { cardOf, orderBy, refusalAmong } from './signer-set.js'
import { isSignature } from '../keys/signing-target.js'
import type { World } from '../world.js'

/** An order further above the last than this is nobody's honest one, and would leave no room above it. */
const FURTHEST_ORDER = 1000

/** The same request goes on under a higher order. */
export class Superseded extends Elsewhere {
  override readonly name = 'Superseded'
  /**
   * @param least the lowest number that will do
   * @param by whose doing it is, by name
   */
  constructor(
    readonly least: number,
    readonly by: string,
  ) {
    super(`superseded by order ${least}`)
  }
}

/** Somebody else has the signature already. */
export class HandedOver extends Elsewhere {
  override readonly name = 'HandedOver'
  constructor(readonly signature: Uint8Array) {
    super('the signature was handed over')
  }
}

/**
 * The highest order that was heard for this request and these signers, if its number is at least `least`. What any
 * other order says, for other signers or another payload, is not for this member.
 */
export function heardOrder(
  key: Key,
  notices: RequestBoard,
  request: Request,
  signers: Order['signers'],
  least: number,
): { readonly by: Uint8Array; readonly said: Order } | null {
  const isOurs = ({ said: order }: { readonly said: Order }): boolean =>
    order.number >= least &&
    order.number <= least + FURTHEST_ORDER &&
    hex(definitionId(order)) === hex(definitionId(orderBy(key, request, signers, order.number)))
  const heard = notices.orders(request.id).filter(isOurs)
  return heard.sort((a, b) => b.said.number - a.said.number)[0] ?? null
}

/**
 * The order under which to sign: the first signer gives it; after 30 s of silence the next one does, and so on.
 * @param gone why this member need not wait any longer, if so
 */
export async function orderOf(
  world: World,
  key: Key,
  notices: RequestBoard,
  request: Request,
  signers: Order['signers'],
  least: number,
  gone: () => Error | null,
): Promise<Order> {
  const heard = () => heardOrder(key, notices, request, signers, least)?.said ?? null
  const over = () =>
    endOf(key, notices, request, signers) ?? reseated(key, notices, request, signers) ?? gone()
  const place = signers.findIndex(({ fingerprint }) => hex(fingerprint) === hex(world.card.fingerprint))
  // Whoever must have a higher order because its share left, or was superseded, does not wait for its turn.
  const patience = least > 1 ? 0 : place * spanOf(world.patience, 'silence')
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
  const order = orderBy(key, request, signers, least)
  notices.issue(order)
  return order
}

/** That another signer has ordered this with seats taken otherwise than they are here. */
function reseated(
  key: Key,
  notices: RequestBoard,
  request: Request,
  signers: Order['signers'],
): Failure | null {
  const own = orderBy(key, request, signers, 1).rebinds.map(hex).join()
  const other = notices
    .orders(request.id)
    .map(({ said }) => said)
    .find(
      (said) =>
        said.rebinds.map(hex).join() !== own &&
        hex(definitionId(said)) === hex(definitionId(orderFor(request, signers, said.number, said.rebinds))),
    )
  return other ? noSeat('a signer sits in its seat by a rebind that was not accepted here') : null
}

/** What others say that ends a request for this member: the signature itself, or that one of the signers refuses. */
export function endOf(
  key: Key,
  notices: RequestBoard,
  request: Request,
  signers: Order['signers'],
): Error | null {
  const signature = notices.signatures(request.id).find((each) => isSignature(key, request, each))
  if (signature) return new HandedOver(signature)
  const cards = signers.map(({ index }) => ({ card: cardOf(key.seated, index) }))
  const { meeting } = notices
  const apart = meeting.over ?? meeting.missing(cards.map(({ card }) => card.fingerprint))
  if (apart) return apart
  const refused = notices.refusals(request.id).map(({ by }) => hex(by))
  if (!cards.some(({ card }) => refused.includes(hex(card.fingerprint)))) return null
  return refusalAmong(key.seated, notices, request, cards)
}

export const silence = (): Failure => new Failure('absent', 'E_SILENCE', 'nobody gave the order')
