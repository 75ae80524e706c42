import { resolve } from 'node:path'
import { commandOf, readCeremony } from '../../../ceremony/definition/build.js'
import { leaveDefinition, requireDurable } from '../../../ceremony/definition/durable.js'
import { checkPublishable, publish } from '../../../ceremony/definition/publish.js'
import { hex } from '../../../wire/base/text.js'
import type { Context } from '../../runtime/context.js'
import { readNamed } from '../../runtime/read-input.js'
import { definitionData, definitionLines } from '../../views/definition.js'
import type { Result } from '../../runtime/result.js'
import { inWorld } from '../../runtime/world.js'
import { shellQuote } from '../../terminal/shell-quote.js'

export type Options = { readonly durable?: true }

/** `mpc ceremony publish FILE`: sends a ceremony file to its members until all have it, or leaves it on the server. */
export async function run(context: Context, options: Options, [operand]: readonly string[]): Promise<Result> {
  const path = operand as string
  const file = readCeremony(await readNamed(path, 'FILE'))
  const card = await context.card()
  const definition = checkPublishable(file, card, context.now())
  const { durable = false } = options
  if (durable) requireDurable(definition)
  const command = commandOf(definition)
  const id = hex(file.id)
  context.terminal.say(
    ...(await definitionLines(file, context.now())),
    '',
    'Give this line to the others:',
    `  mpc ${command} --join ${id}`,
    '',
  )
  const seating = { card, waitingFor: 'Publishing', ceremony: file.id }
  const fetched = await inWorld(context, seating, async (world) => {
    if (!durable) return publish(world, file)
    await leaveDefinition(world, file)
    return []
  })
  return {
    data: { ...definitionData(file, resolve(path)), fetched, durable },
    text: [durable ? 'It waits on the server: you may leave.' : `Sent to ${fetched.join(', ')}.`],
    next: `mpc ${command} --definition ${shellQuote(path)}`,
  }
}
