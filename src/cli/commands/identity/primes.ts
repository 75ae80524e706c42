import { wipeIdentity } from '../../../ceremony/contacts/identity.js'
import { PRIMES_A_KEY } from '../../../ceremony/keys/prime-supply.js'
import { makeAhead, primesText } from '../../consent/prime-pool.js'
import type { Context } from '../../runtime/context.js'
import type { Result } from '../../runtime/result.js'

export type Options = { readonly count?: number }

/** `mpc identity primes`: makes primes in advance, the slow part of an ECDSA key generation. */
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
