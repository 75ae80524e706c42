import { cardNamed, markUnverified, markVerified } from '../../../ceremony/contacts/contacts.js'
import { Failure } from '../../../wire/base/failure.js'
import { fingerprintWords } from '../../../wire/identity/card.js'
import { hex } from '../../../wire/base/text.js'
import type { Context } from '../../runtime/context.js'
import { identityData, identityLines } from '../../views/identity.js'
import type { Result } from '../../runtime/result.js'

export type Options = { readonly fingerprint?: string }

export async function run(context: Context, options: Options, [operand]: readonly string[]): Promise<Result> {
  const name = operand as string
  const home = await context.home()
  const stored = await cardNamed(home, name)
  const { card, status } = stored
  if (status === 'self')
    throw new Failure('usage', 'E_USAGE', `${name} is you`, { hint: 'name somebody else' })
  if (options.fingerprint === undefined) {
    const { terminal } = context
    const flag = '--fingerprint HEX'
    const question = `Did ${name} read exactly these 16 words? Type "${name}", or no:`
    terminal.requirePerson(question, { flag })
    await terminal.read([
      `Ask ${name} to read the 16 words of their own \`mpc identity show\` aloud, by voice or in person.`,
      `The stored card of ${name} has these words:`,
      '',
      { words: fingerprintWords(card.fingerprint) },
      '',
    ])
    if ((await terminal.askTyped(question, 'no', [name], { flag })) === null) {
      await markUnverified(home, stored, context.now())
      throw new Failure('refused', 'E_REFUSED', `${name} is not verified`, {
        party: name,
        hint: `somebody may have replaced the card: get it again from ${name}, in person`,
      })
    }
  } else if (options.fingerprint !== hex(card.fingerprint)) {
    throw new Failure(
      'authentication',
      'E_FINGERPRINT',
      `the stored card of ${name} has another fingerprint`,
      {
        party: name,
        hint: `it has ${hex(card.fingerprint)}; ask ${name}, in person: somebody may have replaced the card`,
      },
    )
  }
  const how = options.fingerprint === undefined ? 'words' : 'fingerprint'
  const known = await markVerified(home, card, how, context.now())
  if (known.status !== 'verified') {
    throw new Failure(
      'conflict',
      'E_CARD_DIFFERS',
      `a newer card of ${name}, with another name, was imported meanwhile`,
      {
        party: name,
        hint: '`mpc identity list` shows it; verify that one',
      },
    )
  }
  return { data: identityData(known), text: identityLines(known, context.now()) }
}
