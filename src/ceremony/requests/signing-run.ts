/** A request on its way to its signatures, as this member carries it out. */
import type { Target } from '../../payload/registry/target.js'
import type { RequestClaims } from '../../storage/home/request-claims.js'
import type { Order } from '../../wire/ceremony/definition.js'
import type { Request } from '../../wire/ceremony/request.js'
import type { Key } from '../keys/key.js'
import type { World } from '../world.js'
import type { RequestBoard } from './request-board.js'

/** A request that this member has taken up, before it is known who signs. */
export type TakenUp = {
  readonly world: World
  readonly key: Key
  readonly board: RequestBoard
  readonly request: Request
  /** Of the request: decoded once, and handed along. */
  readonly target: Target
}

/** The same with its signers, in the order of the record. */
export type Signing = TakenUp & { readonly signers: Order['signers'] }

/** The same for one of the signers: what stays as it is over all orders. */
export type SigningRun = Signing & {
  /** What this home has done for the request. */
  readonly claims: RequestClaims
  /** The reason to stop waiting for the asker, or null. */
  readonly gone: () => Error | null
}
