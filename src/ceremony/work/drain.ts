/**
 * Signs every request that may be signed here, one after another, until none is left for which the others are there. A
 * request that fails is noted, and holds up no other.
 */
import { RequestClaims } from '../../storage/home/request-claims.js'
import { Failure } from '../../wire/base/failure.js'
import { hex } from '../../wire/base/text.js'
import type { Request } from '../../wire/ceremony/request.js'
import type { Key } from '../keys/key.js'
import type { PolicyInForce } from '../policy/policy-in-force.js'
import { noPolicy } from '../policy/refusals.js'
import type { Approval } from '../requests/approval.js'
import type { Feed } from '../requests/held-requests.js'
import type { RequestBoard } from '../requests/request-board.js'
import { PassedOver } from '../requests/requester.js'
import { ELSEWHERE, onBoard, takeUp } from '../signing/ask-and-join.js'
import type { Signed } from '../signing/finished-signature.js'
import { Finder } from '../signing/pick-request.js'
import type { World } from '../world.js'

/** How long nothing may be found before it is over, in milliseconds: all who are there have spoken by then. */
const QUIET = 4000

export type Drain = {
  readonly approval: Approval
  readonly feed: Feed
  /** Milliseconds for which to wait for requests that come, and for others. */
  readonly wait: number
  /** Called after each signature. */
  readonly signed: (signed: Signed) => Promise<void>
  /** Called for each request that failed here. */
  readonly failed: (request: Request, why: Failure) => void
}

/** @throws Failure if the network fails, the person leaves, or the key has no policy to approve by */
export async function drain(
  world: World,
  key: Key,
  policy: PolicyInForce | null,
  { approval, feed, wait, signed, failed }: Drain,
): Promise<void> {
  const isUnattended = 'by' in approval
  if (isUnattended && policy === null) throw noPolicy(key.name)
  const until = world.clock.now() + wait
  await onBoard({ world, key, policy, feed }, async (board) => {
    const hopes = new Hopes(world, key, board)
    const finder = new Finder({ world, key, policy, board }, approval, {
      isHopeful: (request) => hopes.has(request),
    })
    let last: Request | null = null
    for (;;) {
      const deadline = Math.max(until, world.clock.now() + QUIET)
      const picked = await finder.next(deadline).catch((error: unknown) => {
        if (error instanceof Failure && world.clock.now() >= deadline && !FOR_ALL.includes(error.kind))
          return null
        throw error
      })
      if (picked === null) return
      const { request } = picked
      try {
        const taken = { world, key, policy, isUnattended, board, ...picked }
        // Somebody who does not come to this one is needed for others too, so they are all tried anew.
        const others = { ...finder.othersThan(request), hasAnother: () => true }
        await signed(await takeUp(taken, approval, others))
        hopes.giveUp(request)
        // What is repeated of many would be more than others listen to; the last may still be waited for.
        if (last) board.say.drop(last.id, 'signature', 'approval', 'chosen', 'order')
        last = request
      } catch (error) {
        if (error instanceof PassedOver) hopes.leave(request)
        else if (!(error instanceof Failure) || FOR_ALL.includes(error.kind)) throw error
        else if (ELSEWHERE.includes(error.code)) {
          finder.taken(request, error)
          continue
        } else {
          hopes.giveUp(request)
          if (!(await isSettled(world, request))) failed(request, error)
        }
        finder.pass(request)
      }
    }
  })
}

/** Failures that are no matter of one request. */
const FOR_ALL: readonly string[] = ['network', 'interrupted', 'configuration']

/** Whether another process of this home has signed it meanwhile. */
const isSettled = async ({ home }: World, { id }: Request): Promise<boolean> =>
  (await new RequestClaims(home, id).status()).end?.outcome === 'done'

/** The requests for which it makes sense to wait: not those for people who did not come. */
class Hopes {
  readonly #self: string
  readonly #key: Key
  readonly #board: RequestBoard
  readonly #over = new Set<string>()
  readonly #left = new Set<string>()
  /** Members who were waited for in vain, by fingerprint in hex. */
  readonly #away = new Set<string>()

  constructor({ card }: Pick<World, 'card'>, key: Key, board: RequestBoard) {
    this.#self = hex(card.fingerprint)
    this.#key = key
    this.#board = board
  }

  /** Never again. */
  giveUp({ id }: Request): void {
    this.#over.add(hex(id))
  }

  /** Nobody came; only if somebody comes to it. */
  leave(request: Request): void {
    this.#left.add(hex(request.id))
    for (const other of this.#others(request)) this.#away.add(hex(other))
  }

  has(request: Request): boolean {
    if (this.#over.has(hex(request.id))) return false
    if (!this.#board.isHeld(request) || this.#board.presentAt(request).length > 0) return true
    if (this.#left.has(hex(request.id))) return false
    const others = this.#others(request)
    const likely = others.filter((by) => !this.#away.has(hex(by)) || this.#board.isPresent(by))
    return likely.length >= (request.signers ? others.length : this.#key.record.threshold - 1)
  }

  #others({ signers }: Request): readonly Uint8Array[] {
    const all = signers ?? this.#key.seated.members.map(({ card }) => card.fingerprint)
    return all.filter((each) => hex(each) !== this.#self)
  }
}
