/**
 * Whether a request's asker is still present: it reports every few seconds, and when it leaves. A signer that
 * waits in vain is told, and may go on to another request.
 */
import { Elsewhere } from '../../messaging/session/abort.js'
import { spanOf } from '../../messaging/channel/timeouts.js'
import { Failure } from '../../wire/base/failure.js'
import type { Request } from '../../wire/ceremony/request.js'
import { hex } from '../../wire/base/text.js'
import type { Card } from '../../wire/identity/card.js'
import type { Key } from '../keys/key.js'
import type { RequestList } from './request-list.js'
import type { TakenUp } from './signing-run.js'

/** The other requests that this member could go to. */
export type Others = {
  readonly hasAnother: () => boolean
  /** Whether somebody waits at another one for this member. */
  readonly isCalled: () => boolean
}

export const NO_OTHERS: Others = { hasAnother: () => false, isCalled: () => false }

/** Nobody who is needed for it is there, and another request can be signed. */
export class PassedOver extends Elsewhere {
  override readonly name = 'PassedOver'
}

export class Asker {
  readonly #since: number
  #told = false
  #left = false

  readonly #taken: TakenUp
  readonly #others: Others

  constructor(taken: TakenUp, others: Others) {
    this.#taken = taken
    this.#others = others
    this.#since = taken.world.clock.now()
  }

  /** The reason to stop waiting for the asker, or null. Tells the person once when the asker falls silent. */
  over(): Error | null {
    const { world, key, board, request } = this.#taken
    const isOwn = hex(request.asker) === hex(world.card.fingerprint)
    const isNeeded =
      request.signers === null || request.signers.some((signer) => hex(signer) === hex(request.asker))
    const isHeld = board.isHeld(request)
    if (isOwn && !isHeld) return null
    if (board.isCancelled(request)) {
      if (!this.#left && !isOwn) world.emit({ event: 'withdrawn', party: nameOf(key, request) })
      this.#left = true
      return askerLeft(key, request)
    }
    if (isHeld) return this.#elsewhere()
    const heard = Math.max(this.#since, board.heardAsking(request))
    const isSilent = isNeeded && world.clock.now() - heard >= spanOf(world.patience, 'asker')
    if (isSilent && !this.#told)
      world.emit({ event: 'silent', party: nameOf(key, request), ...this.#newer(heard) })
    this.#told = isSilent
    return isSilent && this.#others.hasAnother() ? new PassedOver('its asker is silent') : null
  }

  /** The reason to leave a request that waits for another: nobody else is at this one. */
  #elsewhere(): Error | null {
    const { world, board, request } = this.#taken
    if (board.presentAt(request).length > 0) return null
    const isLong = world.clock.now() - this.#since >= spanOf(world.patience, 'asker')
    if (this.#others.isCalled() || (isLong && this.#others.hasAnother())) {
      return new PassedOver('nobody else is at it')
    }
    return null
  }

  /** A newer request of the same asker, if any. */
  #newer(than: number): { readonly request?: string } {
    const { board, request } = this.#taken
    const newer = board
      .requests()
      .find((other) => hex(other.asker) === hex(request.asker) && board.heardAsking(other) > than)
    return newer ? { request: hex(newer.id) } : {}
  }
}

/**
 * Asks a person about a request. The question ends once its asker has left, the network has failed, or the person has
 * gone.
 * @throws the signal's reason; whatever `act` throws
 */
export async function whileAsked<T>(
  list: Pick<RequestList, 'signal' | 'onNotice' | 'isCancelled'>,
  key: Pick<Key, 'seated'>,
  request: Request,
  act: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController()
  const leave = () => over.abort(list.signal.reason)
  list.signal.addEventListener('abort', leave)
  list.onNotice = () => {
    if (list.isCancelled(request)) over.abort(askerLeft(key, request))
  }
  list.onNotice()
  try {
    over.signal.throwIfAborted()
    return await act(over.signal)
  } finally {
    list.onNotice = () => {}
    list.signal.removeEventListener('abort', leave)
  }
}

type ByAsker = Pick<Request, 'asker'> & Partial<Pick<Request, 'card'>>

/** The asker's name in this home. No request is let in of somebody without a seat who has a custodian's name. */
export const nameOf = (key: Pick<Key, 'seated'>, request: ByAsker): string =>
  cardOf(key, request)?.name ?? request.card?.name ?? 'its asker'

/** The same for people, with whether it has a share. */
export const askerInWords = (key: Pick<Key, 'seated'>, request: ByAsker): string =>
  `${nameOf(key, request)}${request.card && !cardOf(key, request) ? ' (no custodian)' : ''}`

const cardOf = ({ seated }: Pick<Key, 'seated'>, { asker }: ByAsker): Card | undefined =>
  seated.members.find(({ card }) => hex(card.fingerprint) === hex(asker))?.card

export function askerLeft(key: Pick<Key, 'seated'>, request: Request): Failure {
  const party = nameOf(key, request)
  return new Failure('absent', 'E_ASKER_LEFT', `${party} no longer asks for this signature`, {
    party,
    hint: `nothing of yours was sent; ask ${party}, who can ask again`,
  })
}
