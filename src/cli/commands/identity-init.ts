import {
  createIdentity,
  openIdentity,
  refuseSecondIdentity,
  type Unlock,
  wipeIdentity,
} from '../../ceremony/identity.js'
import type { Known } from '../../ceremony/trust.js'
import type { Home } from '../../storage/home.js'
import type { Card } from '../../wire/card.js'
import { NAME } from '../../wire/text.js'
import { makeAhead, type Made, primesText } from '../ahead.js'
import type { Context } from '../context.js'
import { identityData, identityLines } from '../render/identity.js'
import type { Result } from '../result.js'

export type Options = {
  readonly name?: string
  readonly postQuantum?: true
  readonly primes?: number
}
const NONE: Made = { made: 0, primes: 0, failure: null }

/** `mpc identity init`. */
export async function run(context: Context, options: Options): Promise<Result> {
  const { terminal, now, rng } = context
  const name =
    options.name ?? (await terminal.ask('Your name for the others:', { flag: '--name NAME' }, checkName))
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
  const sealed = `Sealed in ${home.identity}. Keep a copy of it, and how to open it.`
  const count = options.primes ?? (await askForPrimes(context))
  const ended = count === 0 ? NONE : await makePrimes(context, { home, card, seal: wanted.seal }, count)
  return {
    data: { ...identityData(known), primes: ended.primes },
    text: [
      ...identityLines(known, now()),
      ...(ended.primes > 0 ? [`  Large primes: ${primesText(ended.primes)}.`] : []),
      '',
      sealed,
    ],
    next: `mpc identity export > ${name}.card   (and give it to the others)`,
  }
}

/** How many to make now; nobody is kept from going on. */
async function askForPrimes({ terminal }: Context): Promise<number> {
  if (!terminal.interactive) return 0
  terminal.say(
    '',
    'Your identity is made. A threshold ECDSA key needs four large primes of each of its holders; they take a minute',
    'or two, and can be made now, or with `mpc identity primes`, or when the key is made.',
  )
  const answer = await terminal.ask(
    'How many to make now? Enter for none:',
    { flag: '--primes N' },
    checkCount,
  )
  return Number(answer)
}

async function makePrimes(
  context: Context,
  { home, card, seal }: { readonly home: Home; readonly card: Card; readonly seal: Unlock },
  count: number,
): Promise<Made> {
  const identity = await openIdentity(home, seal)
  try {
    return await makeAhead(context, { home, card, identity }, count)
  } finally {
    wipeIdentity(identity)
  }
}

const checkCount = (text: string): string | null =>
  /^([0-9]{1,2})?$/.test(text) ? null : 'a number like 4, or nothing'

const checkName = (text: string): string | null =>
  NAME.test(text) ? null : 'a name is a-z, 0-9 and -, at most 32 characters'
