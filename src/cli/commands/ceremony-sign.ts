import { resolve } from 'node:path'
import { readCeremony, signCeremony } from '../../ceremony/definitions.js'
import { wipeIdentity } from '../../ceremony/identity.js'
import { writeDefinition } from '../../wire/definition.js'
import { acceptCeremony } from '../accept.js'
import type { Context } from '../context.js'
import { readNamed, replace } from '../inputs.js'
import { definitionData, definitionLines } from '../render/definition.js'
import type { Result } from '../result.js'

export type Options = { readonly accept?: string }

/** `mpc ceremony sign FILE`: adds the own signature to the file. */
export async function run(context: Context, options: Options, [operand]: readonly string[]): Promise<Result> {
  const path = operand as string
  const file = readCeremony(await readNamed(path, 'FILE'))
  await acceptCeremony(context, file, options.accept ?? null)
  const identity = await context.openIdentity()
  try {
    const signed = signCeremony(file, await context.card(), identity)
    await replace(path, writeDefinition(signed))
    return {
      data: definitionData(signed, resolve(path)),
      text: definitionLines(signed, context.now()),
      next: `mpc ceremony merge ${path} OTHERS... -o ALL.mpc   (with the copies that others have signed)`,
    }
  } finally {
    wipeIdentity(identity)
  }
}
