/**
 * The orders under which a request is signed, and what ends an attempt: the signature, a refusal, a higher
 * order.
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

/** An order this far above the last is malicious: it would leave no room for higher ones. */
const FURTHEST_ORDER = 1000

/** The request goes on under a higher order. */
export class Superseded extends Elsewhere {
  override readonly name = 'Superseded'
  /**
   * @param least the lowest number that may be used now
   * @param by name of the member that caused it
   */
  constructor(
    readonly least: number,
    readonly by: string,
  ) {
    super(`superseded by order ${least}`)
  }
}

/** Another member has the signature already. */
export class HandedOver extends Elsewhere {
  override readonly name = 'HandedOver'
  constructor(readonly signature: Uint8Array) {
    super('the signature was handed over')
  }
}

/**
 * The highest known order for this request and exactly these signers, numbered at least `least`. Orders for
 * other signers or another payload are ignored.
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
 * The order under which to sign. The first signer gives it; after 30 s of silence the next one does, and so
 * on.
 * @param gone the reason to stop waiting, or null
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
  // After its share was sent, or after a higher order, a member needs a new order and does not wait its turn.
  const patience = least > 1 ? 0 : place * spanOf(world.patience, 'silence')
  if (patience > 0 && heard() === null) {
    notices.ask()
    await notices
      .until(() => heard() !== null || over() !== null, world.clock.now() + patience, silence)
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

/** The failure if another signer's order has other identities in the seats than this home; otherwise null. */
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

/** The end of a request as others report it: the signature, or a signer's refusal; null while it goes on. */
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
