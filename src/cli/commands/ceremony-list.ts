import { ceremoniesIn, keysIn } from '../../ceremony/status.js'
import type { Context } from '../context.js'
import { ceremonyData, ceremonyLines } from '../render/status.js'
import type { Result } from '../result.js'

/** `mpc ceremony list`: the ceremonies that this home took part in, and how far each came here. */
export async function run(context: Context): Promise<Result> {
  const { home } = await context.existingHome()
  const ceremonies = home ? await ceremoniesIn(home, await keysIn(home), context.now()) : []
  const next = ceremonies.find((each) => each.next !== null)?.next
  return {
    data: { ceremonies: ceremonies.map(ceremonyData) },
    text: ceremonies.length === 0 ? ['none yet'] : ceremonies.flatMap(ceremonyLines),
    ...(next && { next }),
  }
}
