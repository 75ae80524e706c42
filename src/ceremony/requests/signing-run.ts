/** A request on its way to its signatures, as this member carries it out. */
import type { Target } from '../../payload/registry/target.js'
import type { RequestClaims } from '../../storage/home/request-claims.js'
import type { Order } from '../../wire/ceremony/definition.js'
import type { Request } from '../../wire/ceremony/request.js'
import type { Key } from '../keys/key.js'
import type { PolicyInForce } from '../policy/policy-in-force.js'
import type { World } from '../world.js'
import type { RequestBoard } from './request-board.js'

/** A request that this member has taken up, before its signers are known. */
export type TakenUp = {
  readonly world: World
  readonly key: Key
  /** In force here; null: the key has none. */
  readonly policy: PolicyInForce | null
  /** Nobody has approved it here but the policy, so only rules that are unattended let it be signed. */
  readonly isUnattended: boolean
  readonly board: RequestBoard
  readonly request: Request
  /** The decoded target of the request. */
  readonly target: Target
}

/** A request with its signers, in the order of the record. */
export type Signing = TakenUp & { readonly signers: Order['signers'] }

/** The way of a request past the policy: what it spends is reserved before the first round. */
export type Clearance = {
  /**
   * Called before the share leaves.
   * @throws Failure `E_POLICY_DENIES` (refused), `E_POLICY_NEEDS` (absent) if the policy no longer allows it
   */
  spend(): Promise<void>
  /** Called when the request is given up; changes nothing once a share may have left. */
  release(): Promise<void>
}

/** A request at one of its signers: everything that is the same for all orders. */
export type SigningRun = Signing & {
  /** This home's claims on the request. */
  readonly claims: RequestClaims
  /** What the policy asks for before the share leaves. */
  readonly clearance: Clearance
  /** The reason to stop waiting for the asker, or null. */
  readonly gone: () => Error | null
}
