/** The requests that wait, read from the server before they are looked at here, where that can be done. */
import { openStream } from '../../messaging/stream/stream.js'
import { findKey } from '../../ceremony/epochs/find-key.js'
import type { Key } from '../../ceremony/keys/key.js'
import { type InForce, policyInForce } from '../../ceremony/policy/policy-in-force.js'
import { Desk, type KnownKey } from '../../ceremony/work/desk.js'
import { allKept, stateOf } from '../../ceremony/work/kept.js'
import type { World } from '../../ceremony/world.js'
import { listKeys } from '../../storage/home/epochs.js'
import type { Home } from '../../storage/home/home.js'
import { Failure } from '../../wire/base/failure.js'
import { hex } from '../../wire/base/text.js'
import type { Context } from '../runtime/context.js'
import { inWorld } from '../runtime/world.js'
import type { Waiting } from '../views/waiting.js'
import { requestOf } from './short-id.js'

/** A key, and the policy under which its people speak: by this home, or by exported files. */
export type Known = { readonly key: KnownKey; readonly policy: () => Promise<InForce | null> }

/** The keys of this home, or the named one. @throws Failure as `findKey` for the named one */
export async function keysOf(context: Context, name: string | undefined): Promise<readonly Known[]> {
  const home = await context.home()
  return (await keysHere(home, name)).map((key) => ({ key, policy: () => policyInForce(home, key) }))
}

async function keysHere(home: Home, name: string | undefined): Promise<readonly Key[]> {
  if (name !== undefined) return [await findKey(home, name)]
  const found = await Promise.all(
    (await listKeys(home)).map((each) =>
      findKey(home, each).catch((error: unknown) => {
        // A key without an active epoch here has no requests either.
        if (error instanceof Failure) return null
        throw error
      }),
    ),
  )
  return found.filter((key) => key !== null)
}

/**
 * Reads the server for these keys, and sends what is unsent, if the identity can be opened without a question.
 * @returns whether it was read; if not, what is here is shown all the same
 */
export async function readServer(context: Context, keys: readonly Known[]): Promise<boolean> {
  const [first] = keys
  if (first === undefined || !(await context.opensUnasked())) return false
  const seating = {
    card: await context.card(),
    waitingFor: 'Reading what waits on the server',
    ceremony: first.key.record.key_id,
  }
  try {
    await inWorld(context, seating, async (world) => {
      for (const known of keys) await (await deskOf(world, known.key, await known.policy())).exchange()
    })
    return true
  } catch (error) {
    if (!(error instanceof Failure) || !NO_SERVER.includes(error.kind)) throw error
    context.terminal.say(`The server was not read: ${error.message}`)
    return false
  }
}
const NO_SERVER: readonly string[] = ['network', 'configuration']

/** A desk with its stream. @throws Failure as `openStream` */
export async function deskOf(world: World, key: KnownKey, policy: InForce | null): Promise<Desk> {
  const stream = await openStream(world.transport, key.record.key_id, world.card.fingerprint)
  return new Desk({ world, key, policy, stream })
}

/** The requests of these keys. @param prefix of the ID in hex; none: all of them */
export async function waitingHere(
  context: Context,
  keys: readonly Known[],
  prefix = '',
): Promise<readonly (Waiting & Known)[]> {
  const home = await context.home()
  const all = await Promise.all(
    keys.map(async ({ key, policy }) =>
      (await allKept(home, key, prefix)).map((kept) => ({
        key,
        policy,
        kept,
        state: stateOf(kept, key, context.now()),
      })),
    ),
  )
  return all.flat()
}

/** @param which the ID, or its first digits @throws Failure `E_NO_REQUEST` (absent), `E_ID_AMBIGUOUS` (usage) */
export const oneWaiting = async (
  context: Context,
  keys: readonly Known[],
  which: string,
): Promise<Waiting & Known> =>
  requestOf(await waitingHere(context, keys, which), which, ({ kept }) => hex(kept.request.id))
