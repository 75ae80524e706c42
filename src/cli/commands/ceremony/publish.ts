import { resolve } from 'node:path'
import { commandOf, readCeremony } from '../../../ceremony/definition/build.js'
import { checkPublishable, publish } from '../../../ceremony/definition/publish.js'
import { hex } from '../../../wire/base/text.js'
import type { Context } from '../../runtime/context.js'
import { readNamed } from '../../runtime/read-input.js'
import { definitionData, definitionLines } from '../../views/definition.js'
import type { Result } from '../../runtime/result.js'
import { inWorld } from '../../runtime/world.js'
import { shellQuote } from '../../terminal/shell-quote.js'

/** `mpc ceremony publish FILE`: sends a ceremony file to its members until all have it. */
export async function run(context: Context, _options: object, [operand]: readonly string[]): Promise<Result> {
  const path = operand as string
  const file = readCeremony(await readNamed(path, 'FILE'))
  const card = await context.card()
  const command = commandOf(checkPublishable(file, card, context.now()))
  const id = hex(file.id)
  context.terminal.say(
    ...(await definitionLines(file, context.now())),
    '',
    'Give this line to the others:',
    `  mpc ${command} --join ${id}`,
    '',
  )
  const seating = { card, waitingFor: 'Publishing', ceremony: file.id }
  const fetched = await inWorld(context, seating, (world) => publish(world, file))
  return {
    data: { ...definitionData(file, resolve(path)), fetched },
    text: [`Sent to ${fetched.join(', ')}.`],
    next: `mpc ${command} --definition ${shellQuote(path)}`,
  }
}
