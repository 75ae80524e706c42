/**
 * The orders under which a request is signed, and what ends an attempt: the signature, a refusal, a higher
 * order.
 */
import { Elsewhere } from '../../messaging/session/abort.js'
import { spanOf } from '../../messaging/channel/timeouts.js'
import { definitionId, type Order } from '../../wire/ceremony/definition.js'
import { Failure } from '../../wire/base/failure.js'
import { orderFor } from '../../wire/ceremony/request.js'
import { hex } from '../../wire/base/text.js'
import { areSignatures } from '../../payload/registry/target.js'
import { noSeat } from '../keys/rebinds.js'
import { policyDiffers } from '../policy/policy-differs.js'
import { cardOf, orderBy, refusalAmong } from './signer-set.js'
import type { Signing, SigningRun } from './signing-run.js'

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

/** Another member has the signatures already. */
export class HandedOver extends Elsewhere {
  override readonly name = 'HandedOver'
  constructor(readonly signatures: readonly Uint8Array[]) {
    super('the signatures were handed over')
  }
}

/**
 * The highest known order for this request and exactly these signers, numbered at least `least`. Orders for
 * other signers or another payload are ignored.
 */
export function heardOrder(
  signing: Signing,
  least: number,
): { readonly by: Uint8Array; readonly said: Order } | null {
  const isOurs = ({ said: order }: { readonly said: Order }): boolean =>
    order.number >= least &&
    order.number <= least + FURTHEST_ORDER &&
    hex(definitionId(order)) === hex(definitionId(orderBy(signing, order.number)))
  const heard = signing.board.orders(signing.request.id).filter(isOurs)
  return heard.sort((a, b) => b.said.number - a.said.number)[0] ?? null
}

/**
 * The order under which to sign. The first signer gives it; after 30 s of silence the next one does, and so
 * on.
 */
export async function orderOf(run: SigningRun, least: number): Promise<Order> {
  const { world, board, signers } = run
  const heard = () => heardOrder(run, least)?.said ?? null
  const over = () => endOf(run) ?? reseated(run) ?? run.gone()
  const place = signers.findIndex(({ fingerprint }) => hex(fingerprint) === hex(world.card.fingerprint))
  // After its share was sent, or after a higher order, a member needs a new order and does not wait its turn.
  const patience = least > 1 ? 0 : place * spanOf(world.patience, 'silence')
  if (patience > 0 && heard() === null) {
    board.ask()
    await board
      .until(
        () => heard() !== null || over() !== null || otherPolicy(run) !== null,
        world.clock.now() + patience,
        silence,
      )
      .catch((error: unknown) => {
        if (!(error instanceof Failure) || error.code !== 'E_SILENCE') throw error
      })
  }
  const end = over()
  if (end) throw end
  const differs = otherPolicy(run)
  if (differs) {
    // So that the other one hears of it too.
    board.issue(orderBy(run, least))
    throw differs
  }
  const known = heard()
  if (known) return known
  const order = orderBy(run, least)
  board.issue(order)
  return order
}

/** The failure if another signer's order has other identities in the seats than this home; otherwise null. */
function reseated(signing: Signing): Failure | null {
  const { board, request, signers } = signing
  const own = orderBy(signing, 1).rebinds.map(hex).join()
  const other = board
    .orders(request.id)
    .map(({ said }) => said)
    .find(
      (said) =>
        said.rebinds.map(hex).join() !== own &&
        hex(definitionId(said)) === hex(definitionId(orderFor(request, signers, said.number, said))),
    )
  return other ? noSeat('a signer sits in its seat by a rebind that was not accepted here') : null
}

/** The failure if another signer's order names another policy than the one in force here; otherwise null. */
export function otherPolicy(signing: Signing): Failure | null {
  const { key, policy, board, request } = signing
  const heard = board.orders(request.id).find(({ said }) => {
    const own = orderBy(signing, said.number)
    return (
      hex(said.policy ?? new Uint8Array()) !== hex(own.policy ?? new Uint8Array()) &&
      hex(definitionId(said)) === hex(definitionId({ ...own, policy: said.policy }))
    )
  })
  if (!heard) return null
  const { index } = heard.said.signers.find(
    (signer) => hex(signer.fingerprint) === hex(heard.by),
  ) as Order['signers'][number]
  const party = cardOf(key.seated, index).name
  return policyDiffers(key.name, policy, { party, sha256: heard.said.policy })
}

/** The end of a request as others report it: the signatures, or a signer's refusal; null while it goes on. */
export function endOf({ key, board, request, target, signers }: Signing): Error | null {
  const signatures = board.signatures(request.id).find((each) => areSignatures(target, each))
  if (signatures) return new HandedOver(signatures)
  const cards = signers.map(({ index }) => ({ card: cardOf(key.seated, index) }))
  const { meeting } = board
  const apart = meeting.over ?? meeting.missing(cards.map(({ card }) => card.fingerprint))
  if (apart) return apart
  const refused = board.refusals(request.id).map(({ by }) => hex(by))
  if (!cards.some(({ card }) => refused.includes(hex(card.fingerprint)))) return null
  return refusalAmong(key.seated, board, request, cards)
}

export const silence = (): Failure => new Failure('absent', 'E_SILENCE', 'nobody gave the order')
