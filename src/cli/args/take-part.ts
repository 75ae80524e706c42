/** Taking part in a ceremony that members join by its file or its ID. */
import { tellOthers } from '../../ceremony/session/abort.js'
import { type CeremonyFile, checkAcceptedId, readCeremony } from '../../ceremony/definition/build.js'
import { fetchCeremony } from '../../ceremony/definition/publish.js'
import { storedCeremony } from '../../ceremony/definition/ceremony-store.js'
import type { World } from '../../ceremony/world.js'
import { isVoted } from '../../wire/ceremony/key-definition.js'
import { Failure } from '../../wire/base/failure.js'
import { fromHex } from '../../wire/base/text.js'
import { agreeTo, type Part } from '../consent/agree.js'
import type { Context } from '../runtime/context.js'
import { readNamed } from '../runtime/read-input.js'
import { inWorld } from '../runtime/world.js'
import { takeUpWaiting } from './take-up.js'

export type Options = {
  readonly definition?: string
  readonly join?: string
  readonly accept?: string
  /** The key's name again, to confirm a destructive change. */
  readonly confirm?: string
  readonly allowQuarantined?: readonly string[]
  /** Seconds. */
  readonly linger?: number
}

/** A ceremony, from this member's part in it to its result. */
export type Making<P extends Part, M> = {
  readonly planOf: Parameters<typeof agreeTo<P>>[3]
  readonly make: (world: World, plan: P) => Promise<M>
  /** The work of its rounds, for people. */
  readonly doing?: string
}

/** Runs a ceremony, from its file or ID to its result. */
export async function takePart<P extends Part, M>(
  context: Context,
  options: Options,
  { planOf, make, doing: making }: Making<P, M>,
): Promise<M> {
  const { definition, join, accept = null, confirm = null, allowQuarantined: allowed, linger } = options
  if ((definition === undefined) === (join === undefined)) {
    throw new Failure('usage', 'E_KEYGEN_WAY', 'give one of --definition FILE and --join ID', {
      hint: 'the ID is 64 hex digits; ask the author of the ceremony for it',
    })
  }
  await takeUpWaiting(context)
  const home = await context.home()
  const card = await context.card()
  const id = fromHex(join ?? '', 32)
  if (join !== undefined && accept !== null) checkAcceptedId(join, accept)
  const here = id
    ? await storedCeremony(home, id)
    : readCeremony(await readNamed(definition as string, '--definition'))
  if (here) {
    const plan = await agreeTo(context, here, { accept, confirm }, planOf)
    const seating = { card, waitingFor: 'Joining', ceremony: here.id, allowed, linger, making }
    return inWorld(context, seating, (world) => make(world, plan))
  }
  if (accept === null && !context.terminal.interactive) throw nobodyToAccept()
  const seating = {
    card,
    waitingFor: 'Asking for the ceremony file',
    ceremony: id as Uint8Array,
    allowed,
    linger,
    making,
  }
  return inWorld(context, seating, async (world) => {
    const fetched = await fetchCeremony(world, id as Uint8Array)
    // The wait is over, so nothing may move while the person reads.
    context.terminal.board([]).stop()
    const plan = await agreeTo(context, fetched, { accept, confirm }, planOf).catch((error: unknown) =>
      refused(world, fetched, error),
    )
    return make(world, plan)
  })
}

/** Tells a refusal to members who already wait. The ceremony stays open. */
async function refused(world: World, file: CeremonyFile, error: unknown): Promise<never> {
  const { id, definition, signatures } = file
  if (error instanceof Failure && error.code === 'E_REFUSED' && isVoted(definition)) {
    await tellOthers(world, { id, definition, signatures }, '')
  }
  throw error
}

const nobodyToAccept = (): Failure =>
  new Failure('usage', 'E_NO_INPUT', 'the ceremony must be accepted, and nobody can be asked', {
    hint: 'give --accept ID, or run it at a terminal',
  })
