import { signingsIn } from '../../../ceremony/signing/list-signings.js'
import { ceremoniesIn, keysIn } from '../../../ceremony/home/status.js'
import type { Context } from '../../runtime/context.js'
import { ceremonyData, ceremonyLines, signingData, signingLines } from '../../views/status.js'
import type { Result } from '../../runtime/result.js'

export type Options = { readonly all?: true }

/** `mpc ceremony list`: this home's ceremonies and their states; with --all, its signatures too. */
export async function run(context: Context, { all }: Options): Promise<Result> {
  const { home } = await context.existingHome()
  const ceremonies = home ? await ceremoniesIn(home, await keysIn(home), context.now()) : []
  const signings = home && all ? await signingsIn(home) : []
  const next = ceremonies.find((each) => each.next !== null)?.next
  const lines = [
    ...ceremonies.flatMap(ceremonyLines),
    ...signings.flatMap((each) => signingLines(each, context.now())),
  ]
  return {
    data: { ceremonies: ceremonies.map(ceremonyData), ...(all && { signings: signings.map(signingData) }) },
    text: lines.length === 0 ? ['none yet'] : lines,
    ...(next && { next }),
  }
}
