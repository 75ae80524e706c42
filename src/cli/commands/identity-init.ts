import { createIdentity, refuseSecondIdentity } from '../../ceremony/identity.js'
import type { Known } from '../../ceremony/trust.js'
import { NAME } from '../../wire/text.js'
import type { Context } from '../context.js'
import { identityData, identityLines } from '../render/identity.js'
import type { Result } from '../result.js'

export type Options = { readonly name?: string; readonly postQuantum?: true }

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
  return {
    data: identityData(known),
    text: [
      ...identityLines(known, now()),
      '',
      `Sealed in ${home.identity}. Keep a copy of it, and how to open it.`,
    ],
    next: `mpc identity export > ${name}.card   (and give it to the others)`,
  }
}

const checkName = (text: string): string | null =>
  NAME.test(text) ? null : 'a name is a-z, 0-9 and -, at most 32 characters'
