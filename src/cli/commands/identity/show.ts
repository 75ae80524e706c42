import { cardNamed, contactsIn, type Known } from '../../../ceremony/contacts/contacts.js'
import { primesIn, primesText } from '../../consent/prime-pool.js'
import type { Context } from '../../runtime/context.js'
import {
  damagedData,
  damagedRows,
  identityData,
  identityRows,
  identityWithWords,
} from '../../views/identity.js'
import type { Result } from '../../runtime/result.js'

export async function run(context: Context, _options: object, [name]: readonly string[]): Promise<Result> {
  const known = name === undefined ? await self(context) : await cardNamed(await context.home(), name)
  const data = identityData(known)
  const lines = identityWithWords(known, context.now())
  if (known.status !== 'self') return { data, text: [...lines, '', known.card.line] }
  const primes = await primesIn(await context.home())
  return {
    data: { ...data, primes },
    text: [...lines, `  Large primes: ${primesText(primes)}.`, '', known.card.line],
  }
}

/** `mpc identity export`: the card alone, for redirection to a file. */
export async function runExport(context: Context): Promise<Result> {
  const known = await self(context)
  return { data: identityData(known), text: [known.card.line] }
}

export async function runList(context: Context): Promise<Result> {
  const { known, damaged } = await contactsIn(await context.home())
  const unverified = known.find(({ status }) => status === 'unverified')
  return {
    data: { identities: known.map(identityData), damaged: damagedData(damaged) },
    text: [...(known.length === 0 ? [EMPTY] : identityRows(known, context.now())), ...damagedRows(damaged)],
    ...(known.length === 0 && { next: 'mpc identity init --name NAME' }),
    ...(unverified && { next: `mpc identity verify ${unverified.card.name}` }),
  }
}

const EMPTY = 'This home has no identity and knows nobody. Make your identity first.'

async function self(context: Context): Promise<Known> {
  return { card: await context.card(), status: 'self', since: null, how: 'init', beside: false }
}
