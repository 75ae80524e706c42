import { nameOf } from '../../../ceremony/requests/requester.js'
import { requestEnded } from '../../../storage/home/request-claims.js'
import { Failure } from '../../../wire/base/failure.js'
import { hex } from '../../../wire/base/text.js'
import { requestIdIn } from '../../args/short-id.js'
import { deskOf, oneWaiting } from '../../args/waiting.js'
import type { Context } from '../../runtime/context.js'
import type { Result } from '../../runtime/result.js'
import { inWorld } from '../../runtime/world.js'
import type { ExportedFiles } from '../approval/exported-key.js'
import { knownKeys } from './known-keys.js'

/** `mpc request cancel ID`: takes back a request of one's own, unless it is signed. Again it changes nothing. */
export async function run(
  context: Context,
  options: ExportedFiles,
  [which]: readonly string[],
): Promise<Result> {
  const id = requestIdIn(which)
  const card = await context.card()
  const keys = await knownKeys(context, options)
  const { key, policy } = await oneWaiting(context, keys, id)
  const seating = { card, waitingFor: 'Telling the server', ceremony: key.record.key_id }
  const request = await inWorld(context, seating, async (world) => {
    const desk = await deskOf(world, key, await policy())
    await desk.exchange()
    const { kept, state } = await oneWaiting(context, [{ key, policy }], id)
    if (hex(kept.request.asker) !== hex(card.fingerprint)) throw notAsker(nameOf(key, kept.request))
    if (state === 'signed') throw requestEnded('done')
    if (!kept.isCancelled) await desk.cancel(kept.request)
    return kept.request
  })
  return {
    data: { request_id: hex(request.id), key: key.name, state: 'cancelled' },
    text: [
      'Taken back. Nobody signs it from the moment on at which they hear of it; who signs it right now may still do so.',
    ],
  }
}

const notAsker = (party: string): Failure =>
  new Failure('refused', 'E_NOT_ASKER', `${party} asks for this signature, and alone may take it back`, {
    party,
    hint: 'a custodian refuses it at the question of `mpc sign`; who has a title in the policy: `mpc refuse`',
  })
