import { type Abandoning, endHere, tellOthers } from '../../../ceremony/session/abort.js'
import { checkMember } from '../../../ceremony/definition/build.js'
import { isKeyDefinition } from '../../../wire/ceremony/key-definition.js'
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
  if (!isKeyDefinition(definition)) {
    throw new Failure('usage', 'E_KIND', `this defines a ${definition.kind}, of which nothing is kept`, {
      hint: 'Ctrl-C ends it where it runs',
    })
  }
  const card = await context.card()
  checkMember(file, card)
  const told = await end(context, { ...file, definition })
  return {
    data: { ...definitionData(file, path), told },
    text: [
      'This ceremony is ended here: this home never votes in it.',
      told.length === 0
        ? 'Nobody was waiting for you. Tell the others, so that they do not.'
        : `${told.join(', ')} waited for you, and ${told.length === 1 ? 'was' : 'were'} told.`,
    ],
    next: 'mpc ceremony list',
  }
}

/** Aborts here even without a server; then nobody is told. */
async function end(context: Context, file: Abandoning): Promise<readonly string[]> {
  const home = await context.home()
  const seating = { card: await context.card(), waitingFor: 'Ending', ceremony: file.id }
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
