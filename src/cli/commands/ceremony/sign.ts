import { resolve } from 'node:path'
import { checkNotExpired, readCeremony, signCeremony } from '../../../ceremony/definition/build.js'
import { wipeIdentity } from '../../../ceremony/contacts/identity.js'
import { voteAhead } from '../../../ceremony/dkg/reshare.js'
import { isReshare, isWatcher } from '../../../wire/ceremony/key-definition.js'
import { writeDefinition } from '../../../wire/ceremony/definition.js'
import { acceptCeremony } from '../../consent/accept.js'
import { confirmSevere } from '../../consent/agree.js'
import type { Context } from '../../runtime/context.js'
import { readNamed, replace } from '../../runtime/read-input.js'
import { definitionData, definitionLines } from '../../views/definition.js'
import type { Result } from '../../runtime/result.js'
import { shellQuote } from '../../terminal/shell-quote.js'

export type Options = { readonly accept?: string; readonly confirm?: string }

/** `mpc ceremony sign FILE`: adds this member's signature to the file. */
export async function run(context: Context, options: Options, [operand]: readonly string[]): Promise<Result> {
  const path = operand as string
  const file = readCeremony(await readNamed(path, 'FILE'))
  const { definition } = file
  const card = await context.card()
  checkNotExpired(file, context.now())
  await acceptCeremony(context, file, options.accept ?? null)
  // A watcher takes no part in the rounds, so this signature is its whole consent.
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
      text: await definitionLines(signed, context.now()),
      next: `mpc ceremony merge ${shellQuote(path)} OTHERS... -o ALL.mpc   (with the copies that the others signed)`,
    }
  } finally {
    wipeIdentity(identity)
  }
}
