import {
  createIdentity,
  openIdentity,
  refuseSecondIdentity,
  wipeIdentity,
} from '../../../ceremony/contacts/identity.js'
import type { Unlock } from '../../../storage/vault/age-vault.js'
import type { Known } from '../../../ceremony/contacts/contacts.js'
import type { Home } from '../../../storage/home/home.js'
import type { Card } from '../../../wire/identity/card.js'
import { NAME, NAME_RULE } from '../../../wire/base/text.js'
import { makeAhead, type Made, primesText } from '../../consent/prime-pool.js'
import type { Context } from '../../runtime/context.js'
import { identityData, identityLines } from '../../views/identity.js'
import type { Result } from '../../runtime/result.js'

export type Options = {
  readonly name?: string
  readonly postQuantum?: true
  readonly primes?: number
}
const NONE: Made = { made: 0, primes: 0, failure: null }
const AHEAD = 'none; an ECDSA key needs some: `mpc identity primes`'

export async function run(context: Context, options: Options): Promise<Result> {
  const { terminal, now, rng } = context
  const name =
    options.name ??
    (await terminal.ask('Your name, as others will see it:', { flag: '--name NAME' }, checkName))
  const home = await context.makeHome()
  await refuseSecondIdentity(home)
  const wanted = {
    name,
    postQuantum: options.postQuantum ?? false,
    seal: await context.newSecret(),
    now: now(),
    rng,
  }
  const card = await terminal.busy('Sealing your identity', createIdentity(home, wanted))
  const known: Known = { card, status: 'self', since: null, how: 'init', beside: false }
  const count = options.primes ?? 0
  const ended = count === 0 ? NONE : await makePrimes(context, { home, card, seal: wanted.seal }, count)
  return {
    data: { ...identityData(known), primes: ended.primes },
    text: identityLines(known, now(), [
      ['sealed in', `${home.identity} (keep a copy, and its passphrase or age identity)`],
      ['primes', ended.primes > 0 ? primesText(ended.primes) : AHEAD],
    ]),
    again: 'mpc identity show',
    next: `mpc identity export > ${name}.card   (and give it to the others)`,
  }
}

async function makePrimes(
  context: Context,
  { home, card, seal }: { readonly home: Home; readonly card: Card; readonly seal: Unlock },
  count: number,
): Promise<Made> {
  const identity = await context.terminal.busy('Opening your identity', openIdentity(home, seal))
  try {
    return await makeAhead(context, { home, card, identity }, count)
  } finally {
    wipeIdentity(identity)
  }
}

const checkName = (text: string): string | null => (NAME.test(text) ? null : `a name has ${NAME_RULE}`)
