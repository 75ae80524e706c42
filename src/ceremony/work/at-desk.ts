/** A command that takes requests that wait, wherever they wait: on the server, or in this home alone. */
import { openStream, type Stream } from '../../messaging/stream/stream.js'
import { Failure } from '../../wire/base/failure.js'
import type { InForce } from '../policy/policy-in-force.js'
import type { Feed } from '../requests/held-requests.js'
import type { World } from '../world.js'
import { Desk, type KnownKey } from './desk.js'
import { feedOf } from './feed.js'

/**
 * Tells what is settled here, acts, and tells what is settled then. A server that keeps nothing, or does not answer,
 * changes nothing of what the command does: what is to be told is told by the next one.
 */
export async function atDesk<T>(
  world: World,
  key: KnownKey,
  policy: InForce | null,
  act: (feed: Feed, desk: Desk) => Promise<T>,
): Promise<T> {
  const desk = new Desk({ world, key, policy, stream: await streamIfAny(world, key) })
  await unlessUnreachable(desk.exchange())
  await unlessUnreachable(desk.tellSettled())
  await desk.forgetOld()
  try {
    return await act(feedOf(world, key, desk), desk)
  } finally {
    await unlessUnreachable(desk.tellSettled())
  }
}

/** Null where the server keeps nothing for this key, or not for this identity. */
async function streamIfAny({ transport, card }: World, { record }: KnownKey): Promise<Stream | null> {
  try {
    return await openStream(transport, record.key_id, card.fingerprint)
  } catch (error) {
    if (error instanceof Failure) return null
    throw error
  }
}

async function unlessUnreachable(done: Promise<void>): Promise<void> {
  try {
    await done
  } catch (error) {
    if (!(error instanceof Failure)) throw error
  }
}
