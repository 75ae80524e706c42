import { mergeCeremonies, readCeremony } from '../../ceremony/definitions.js'
import { writeDefinition } from '../../wire/definition.js'
import type { Context } from '../context.js'
import { readNamed, refuseExisting, writeNew } from '../inputs.js'
import { definitionData, definitionLines } from '../render/definition.js'
import type { Result } from '../result.js'
import { shellQuote } from '../shell.js'

export type Options = { readonly out: string }

/** `mpc ceremony merge FILE... -o OUT`. */
export async function run(context: Context, options: Options, paths: readonly string[]): Promise<Result> {
  const files = await Promise.all(
    paths.map(async (path) => ({ path, file: readCeremony(await readNamed(path, 'FILE')) })),
  )
  const merged = mergeCeremonies(files)
  await refuseExisting(options.out)
  const out = await writeNew(options.out, writeDefinition(merged))
  return {
    data: definitionData(merged, out),
    text: definitionLines(merged, context.now()),
    again: `mpc ceremony show ${shellQuote(options.out)}`,
    next: `mpc ceremony verify ${shellQuote(options.out)}`,
  }
}
