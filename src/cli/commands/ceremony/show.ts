import { missingFrom } from '../../../ceremony/definition/build.js'
import { Failure } from '../../../wire/base/failure.js'
import { knownCards, statusOf } from '../../../ceremony/contacts/contacts.js'
import { ceremonyNamed, type NamedCeremony } from '../../args/ceremony.js'
import type { Context } from '../../runtime/context.js'
import { definitionData, definitionLines } from '../../views/definition.js'
import type { Result } from '../../runtime/result.js'

export async function run(context: Context, _options: object, [operand]: readonly string[]): Promise<Result> {
  return shown(context, await ceremonyNamed(context, operand as string))
}

/** `mpc ceremony verify FILE`: exit 5 if participants' signatures are missing. */
export async function runVerify(
  context: Context,
  _options: object,
  [operand]: readonly string[],
): Promise<Result> {
  const named = await ceremonyNamed(context, operand as string)
  const result = await shown(context, named)
  const missing = missingFrom(named.file).map(({ name }) => name)
  if (missing.length === 0) return result
  const failure = new Failure('absent', 'E_UNSIGNED', `not signed yet by ${missing.join(', ')}`, {
    party: missing[0] as string,
    hint: 'they sign with `mpc ceremony sign FILE`, or when they take part',
  })
  return { ...result, failure }
}

/** Shows how far this home, if there is one, trusts each member's card. */
async function shown(context: Context, { file, path }: NamedCeremony): Promise<Result> {
  const known = await context.home().then(knownCards, (error: unknown) => {
    // A ceremony file can be read without a home.
    if (error instanceof Failure && error.code === 'E_HOME') return []
    throw error
  })
  return {
    data: definitionData(file, path),
    text: await definitionLines(file, context.now(), (keys) =>
      known.length === 0 ? null : statusOf(known, keys),
    ),
  }
}
