import { tellOthers } from '../../../ceremony/session/abort.js'
import { type CeremonyFile, checkAcceptedId, readCeremony } from '../../../ceremony/definition/build.js'
import { planKeygen, runKeygen } from '../../../ceremony/dkg/keygen.js'
import type { MadeKey, MakingPlan } from '../../../ceremony/dkg/plan.js'
import { fetchCeremony } from '../../../ceremony/definition/publish.js'
import { storedCeremony } from '../../../ceremony/definition/ceremony-store.js'
import type { World } from '../../../ceremony/world.js'
import { isKeyDefinition } from '../../../wire/ceremony/key-definition.js'
import { Failure } from '../../../wire/base/failure.js'
import { fromHex } from '../../../wire/base/text.js'
import { agreeTo } from '../../consent/agree.js'
import type { Context } from '../../runtime/context.js'
import { readNamed } from '../../runtime/read-input.js'
import type { Result } from '../../runtime/result.js'
import { inWorld } from '../../runtime/world.js'
import { keyData, keyText } from '../../views/key.js'
import { takeUpWaiting } from '../../args/take-up.js'

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

/** `mpc keygen`: makes a key; every custodian runs it. */
export const run = (context: Context, options: Options): Promise<Result> =>
  takePart(context, options, { planOf: planKeygen, make: runKeygen })

/** A ceremony that makes shares. */
export type Making<P extends MakingPlan> = {
  readonly planOf: Parameters<typeof agreeTo<P>>[3]
  readonly make: (world: World, plan: P) => Promise<MadeKey>
  /** The work of its rounds, for people. */
  readonly doing?: string
}

/** Runs a ceremony, from its file or ID to its result. */
export async function takePart<P extends MakingPlan>(
  context: Context,
  options: Options,
  { planOf, make, doing: making }: Making<P>,
): Promise<Result> {
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
    return madeResult(context, await inWorld(context, seating, (world) => make(world, plan)))
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
  const made = await inWorld(context, seating, async (world) => {
    const fetched = await fetchCeremony(world, id as Uint8Array)
    // The wait is over, so nothing may move while the person reads.
    context.terminal.board([]).stop()
    const plan = await agreeTo(context, fetched, { accept, confirm }, planOf).catch((error: unknown) =>
      refused(world, fetched, error),
    )
    return make(world, plan)
  })
  return madeResult(context, made)
}

/** Tells a refusal to members who already wait. The ceremony stays open. */
async function refused(world: World, file: CeremonyFile, error: unknown): Promise<never> {
  const { id, definition, signatures } = file
  if (error instanceof Failure && error.code === 'E_REFUSED' && isKeyDefinition(definition)) {
    await tellOthers(world, { id, definition, signatures }, '')
  }
  throw error
}

const nobodyToAccept = (): Failure =>
  new Failure('usage', 'E_NO_INPUT', 'the ceremony must be accepted, and nobody can be asked', {
    hint: 'give --accept ID, or run it at a terminal',
  })

/** The result of a finished key generation or reshare. */
export async function madeResult(context: Context, made: MadeKey): Promise<Result> {
  const data = {
    ...(await keyData(await context.home(), made)),
    attempt: made.attempt,
    // A watcher received no letters of the rounds.
    ...(made.watched && { transcript: null }),
  }
  if (made.away.length > 0) {
    context.terminal.say(
      `${made.away.join(', ')} had not finished when you left. If they are in doubt, they run:`,
    )
    context.terminal.say('  mpc ceremony finish FILE')
  }
  context.terminal.say('')
  return {
    data,
    text: [
      made.record.epoch > 1
        ? reshared(made)
        : made.already
          ? 'You hold this key already, so nothing was done. These are its 16 words.'
          : 'The key is made, and you hold a share of it. Everybody now reads its 16 words aloud. They must be the same.',
      '',
      ...keyText(made.name, made.record),
    ],
    next: made.holds
      ? `mpc sign --key ${made.name} --in FILE`
      : `mpc share retire --key ${made.name}   (destroys your old share)`,
  }
}

function reshared({ record, already, holds, watched = false }: MadeKey): string {
  if (already) return `Epoch ${record.epoch} of this key is here already, so nothing was done.`
  if (watched) {
    return `The key is reshared to others as epoch ${record.epoch}, with your consent. You can no longer sign with it. Your old share is still here.`
  }
  return holds
    ? `The key is reshared, and you hold a share of epoch ${record.epoch}. The public key is the same. Old shares can still sign together until they are destroyed: \`mpc share list\`.`
    : `The key is reshared to others as epoch ${record.epoch}. You can no longer sign with it. Your old share is still here.`
}
