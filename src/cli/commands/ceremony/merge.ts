import { mergeCeremonies, readCeremony } from '../../../ceremony/definition/build.js'
import { writeDefinition } from '../../../wire/ceremony/definition.js'
import type { Context } from '../../runtime/context.js'
import { readNamed, refuseExisting, writeNew } from '../../runtime/read-input.js'
import { definitionData, definitionLines } from '../../views/definition.js'
import type { Result } from '../../runtime/result.js'
import { shellQuote } from '../../terminal/shell-quote.js'

export type Options = { readonly out: string }

export async function run(context: Context, options: Options, paths: readonly string[]): Promise<Result> {
  const files = await Promise.all(
    paths.map(async (path) => ({ path, file: readCeremony(await readNamed(path, 'FILE')) })),
  )
  const merged = mergeCeremonies(files)
  await refuseExisting(options.out)
  const out = await writeNew(options.out, writeDefinition(merged))
  return {
    data: definitionData(merged, out),
    text: await definitionLines(merged, context.now()),
    again: `mpc ceremony show ${shellQuote(options.out)}`,
    next: `mpc ceremony verify ${shellQuote(options.out)}`,
  }
}
