import { resolve } from 'node:path'
import { checkNotExpired, readCeremony, signCeremony } from '../../ceremony/definitions.js'
import { wipeIdentity } from '../../ceremony/identity.js'
import { voteAhead } from '../../ceremony/reshare.js'
import { isReshare, isWatcher } from '../../wire/definition-key.js'
import { writeDefinition } from '../../wire/definition.js'
import { acceptCeremony } from '../accept.js'
import { confirmSevere } from '../agree.js'
import type { Context } from '../context.js'
import { readNamed, replace } from '../inputs.js'
import { definitionData, definitionLines } from '../render/definition.js'
import type { Result } from '../result.js'
import { shellQuote } from '../shell.js'

export type Options = { readonly accept?: string; readonly confirm?: string }

/** `mpc ceremony sign FILE`: adds the own signature to the file. */
export async function run(context: Context, options: Options, [operand]: readonly string[]): Promise<Result> {
  const path = operand as string
  const file = readCeremony(await readNamed(path, 'FILE'))
  const { definition } = file
  const card = await context.card()
  checkNotExpired(file, context.now())
  await acceptCeremony(context, file, options.accept ?? null)
  // For who takes no part in the rounds this is the whole of its yes.
  if (isReshare(definition) && isWatcher(definition, card)) {
    await confirmSevere(context, definition, options.confirm ?? null)
  }
  const identity = await context.openIdentity()
  try {
    await voteAhead(await context.home(), card, file)
    const signed = signCeremony(file, card, identity)
    await replace(path, writeDefinition(signed))
    return {
      data: definitionData(signed, resolve(path)),
      text: definitionLines(signed, context.now()),
      next: `mpc ceremony merge ${shellQuote(path)} OTHERS... -o ALL.mpc   (with the copies that others have signed)`,
    }
  } finally {
    wipeIdentity(identity)
  }
}
