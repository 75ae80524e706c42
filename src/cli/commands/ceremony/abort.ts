import { type Abandoning, endHere, tellOthers } from '../../../ceremony/session/abort.js'
import { checkMember } from '../../../ceremony/definition/build.js'
import { isVoted } from '../../../wire/ceremony/key-definition.js'
import { Failure } from '../../../wire/base/failure.js'
import { ceremonyNamed } from '../../args/ceremony.js'
import type { Context } from '../../runtime/context.js'
import { definitionData } from '../../views/definition.js'
import type { Result } from '../../runtime/result.js'
import { inWorld } from '../../runtime/world.js'

/** `mpc ceremony abort FILE|ID`: ends this member's part in a ceremony, and tells the members who wait. */
export async function run(context: Context, _options: object, [operand]: readonly string[]): Promise<Result> {
  const { file, path } = await ceremonyNamed(context, operand as string)
  const { definition } = file
  if (!isVoted(definition)) {
    throw new Failure(
      'usage',
      'E_KIND',
      `the file defines a ${definition.kind}, which leaves nothing to abort`,
      {
        hint: 'press Ctrl-C where it runs',
      },
    )
  }
  const card = await context.card()
  checkMember(file, card)
  const told = await end(context, { ...file, definition })
  return {
    data: { ...definitionData(file, path), told },
    text: [
      'The ceremony is aborted here. This home will never vote in it.',
      told.length === 0
        ? 'Nobody was waiting. Tell the others yourself.'
        : `Told ${told.join(', ')}, who ${told.length === 1 ? 'was' : 'were'} waiting.`,
    ],
    next: 'mpc ceremony list',
  }
}

/** Aborts here even without a server; then nobody is told. */
async function end(context: Context, file: Abandoning): Promise<readonly string[]> {
  const home = await context.home()
  const seating = { card: await context.card(), waitingFor: 'Aborting', ceremony: file.id }
  try {
    return await inWorld(context, seating, async (world) => {
      await endHere(home, file, context.now())
      return tellOthers(world, file)
    })
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== 'network') throw error
    await endHere(home, file, context.now())
    context.terminal.say(`The others could not be told: ${error.message}`)
    return []
  }
}
