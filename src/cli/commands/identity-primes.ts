import { wipeIdentity } from '../../ceremony/identity.js'
import { PRIMES_A_KEY } from '../../ceremony/primes.js'
import { makeAhead, primesText } from '../ahead.js'
import type { Context } from '../context.js'
import type { Result } from '../result.js'

export type Options = { readonly count?: number }

/** `mpc identity primes`: the slow part of a threshold ECDSA key, before anybody waits for it. */
export async function run(context: Context, options: Options): Promise<Result> {
  const home = await context.home()
  const card = await context.card()
  const identity = await context.openIdentity()
  try {
    const ended = await makeAhead(context, { home, card, identity }, options.count ?? PRIMES_A_KEY)
    const { made, primes, failure } = ended
    return {
      data: { made, primes },
      text: [`Made ${made}. Large primes: ${primesText(primes)}.`],
      again: 'mpc status',
      ...(failure && { failure }),
    }
  } finally {
    wipeIdentity(identity)
  }
}
