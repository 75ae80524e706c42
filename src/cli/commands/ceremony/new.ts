import { dirname, isAbsolute, join } from 'node:path'
import { dealersWhoHold } from '../../../ceremony/epochs/tell-behind.js'
import { buildKeygen, commandOf, unsigned } from '../../../ceremony/definition/build.js'
import { findKey } from '../../../ceremony/epochs/find-key.js'
import { checkKind, type KeygenPlan, parsePlan } from '../../../ceremony/definition/keygen-plan.js'
import { buildReshare, type ResharePlan } from '../../../ceremony/definition/build-reshare.js'
import { buildPolicy } from '../../../ceremony/definition/build-policy.js'
import { policyInForce } from '../../../ceremony/policy/policy-in-force.js'
import type { VotedDefinition } from '../../../wire/ceremony/key-definition.js'
import { type Known, knownCards, whereNamed } from '../../../ceremony/contacts/contacts.js'
import { writtenPolicy } from '../../../ceremony/policy/agreed-policy.js'
import type { Home } from '../../../storage/home/home.js'
import type { Card } from '../../../wire/identity/card.js'
import { writeDefinition } from '../../../wire/ceremony/definition.js'
import { Failure } from '../../../wire/base/failure.js'
import { fromHex, hex, NAME } from '../../../wire/base/text.js'
import type { Context } from '../../runtime/context.js'
import { cardIn } from '../../args/holders.js'
import { readNamed, refuseExisting, writeNew } from '../../runtime/read-input.js'
import { definitionData, definitionLines } from '../../views/definition.js'
import type { Result } from '../../runtime/result.js'
import { shellQuote } from '../../terminal/shell-quote.js'
import { takeUpWaiting } from '../../args/take-up.js'

export type Options = {
  readonly key?: string
  readonly scheme?: string
  readonly threshold?: number
  readonly dealers?: readonly string[]
  readonly minority?: boolean
  readonly supersedes?: readonly string[]
  readonly members?: readonly string[]
  readonly observers?: readonly string[]
  readonly policy?: string
  readonly notBefore?: string
  readonly expires?: string
  readonly from?: string
  readonly out: string
}

/** `mpc ceremony new`: writes a ceremony file without signatures. */
export async function run(context: Context, given: Options, [kind]: readonly string[]): Promise<Result> {
  const { options, cards } = await withNames(given)
  const build = await builderOf(options, kind)
  await refuseExisting(options.out)
  await takeUpWaiting(context)
  const home = await context.home()
  const known = withCards(await knownCards(home), cards)
  const clock = { now: context.now(), rng: context.rng }
  const definition = await whereNamed(home, async () => build(home, known, clock))
  const file = unsigned(definition)
  const path = await writeNew(options.out, writeDefinition(file))
  return {
    data: definitionData(file, path),
    text: await definitionLines(file, context.now()),
    again: `mpc ceremony show ${shellQuote(options.out)}`,
    next: `mpc ${commandOf(definition)} --definition ${shellQuote(options.out)}`,
    ...(['keygen', 'policy'].includes(definition.kind) && {
      others: `mpc ${commandOf(definition)} --join ${hex(file.id)}`,
    }),
  }
}

/** Replaces card files among the members by the names on them, and returns the cards. */
async function withNames(options: Options): Promise<{ options: Options; cards: readonly Card[] }> {
  const cards: Card[] = []
  const members: string[] = []
  for (const each of options.members ?? []) {
    if (NAME.test(each)) members.push(each)
    else {
      const card = await cardIn(each, '--members')
      cards.push(card)
      members.push(card.name)
    }
  }
  return { options: options.members ? { ...options, members } : options, cards }
}

/** The known cards with these added; naming a card here does not make it known. */
const withCards = (known: readonly Known[], cards: readonly Card[]): readonly Known[] => [
  ...known,
  ...cards
    .filter((card) => known.every((each) => hex(each.card.fingerprint) !== hex(card.fingerprint)))
    .map((card): Known => ({ card, status: 'unverified', since: null, how: 'import', beside: false })),
]

type Build = (
  home: Home,
  known: readonly Known[],
  at: Parameters<typeof buildKeygen>[2],
) => Promise<VotedDefinition>

/** Checks the command line before anything is read. */
async function builderOf(options: Options, kind: string | undefined): Promise<Build> {
  if (kind === 'policy' && options.from === undefined) return changeOf(options)
  if ((kind !== 'reshare' && kind !== 'refresh') || options.from !== undefined) {
    const plan = await planOf(options, kind)
    const policy = plan.policy === null ? null : await policyFor(plan.policy, options.from)
    return (_home, known, at) => Promise.resolve(buildKeygen(plan, known, at, policy))
  }
  const { key } = options
  if (key === undefined) throw usage('missing: --key')
  if (options.scheme !== undefined) throw usage('a reshare keeps the scheme of the key: leave out --scheme')
  if (options.policy !== undefined) throw usage('a reshare keeps the policy of the key: leave out --policy')
  if (options.observers !== undefined) throw usage('a reshare has no observers')
  const plan: ResharePlan = {
    kind,
    threshold: options.threshold ?? null,
    members: options.members ?? null,
    dealers: options.dealers ?? null,
    minority: options.minority ?? false,
    supersedes: options.supersedes?.map((id) => fromHex(id, 32) as Uint8Array) ?? null,
    notBefore: options.notBefore ?? null,
    expires: options.expires ?? null,
  }
  return async (home, known, at) => {
    const held = await findKey(home, key)
    const dealers = plan.dealers ?? (await dealersWhoHold(home, held))
    const policy = await policyInForce(home, held)
    return buildReshare({ ...plan, dealers }, held, known, { ...at, policy })
  }
}

/** The policy that a flag names, or a plan, in which the path begins at the plan's folder. */
async function policyFor(path: string, plan: string | undefined): Promise<Uint8Array> {
  const file = plan === undefined ? path : join(dirname(plan), path)
  return writtenPolicy(await readNamed(isAbsolute(path) ? path : file, '--policy'), path)
}

/** A policy change: everything else of the key stays. */
async function changeOf(options: Options): Promise<Build> {
  const { key, policy, supersedes, notBefore = null, expires = null, out: _, ...others } = options
  const needed = [...(key === undefined ? ['--key'] : []), ...(policy === undefined ? ['--policy'] : [])]
  if (needed.length > 0) throw usage(`missing: ${needed.join(', ')}`)
  if (Object.keys(others).length > 0) {
    throw usage('a policy change keeps everything else of the key: give --key and --policy')
  }
  const bytes = await policyFor(policy as string, undefined)
  const replaced = supersedes?.map((id) => fromHex(id, 32) as Uint8Array) ?? null
  return async (home, _known, at) => {
    const held = await findKey(home, key as string)
    const plan = { policy: bytes, supersedes: replaced, notBefore, expires }
    return buildPolicy(plan, held, await policyInForce(home, held), at)
  }
}

async function planOf(options: Options, kind: string | undefined): Promise<KeygenPlan> {
  const { from, out: _, ...flags } = options
  const given = Object.keys(flags)
  if (from !== undefined) {
    if (given.length > 0) throw usage('--from takes everything from the plan: leave out the other flags')
    if (kind !== undefined) checkKind(kind)
    return parsePlan(await readNamed(from, '--from'), from)
  }
  if (kind === undefined) throw usage('name the kind of ceremony, or a plan with --from')
  checkKind(kind)
  if (options.dealers !== undefined || options.minority || options.supersedes !== undefined) {
    throw usage('--dealers, --minority and --supersedes are for a reshare or refresh')
  }
  const needed = (['key', 'scheme', 'threshold', 'members'] as const).filter(
    (name) => options[name] === undefined,
  )
  if (needed.length > 0) throw usage(`missing: ${needed.map((name) => `--${name}`).join(', ')}`)
  return {
    key: options.key as string,
    scheme: options.scheme as string,
    threshold: options.threshold as number,
    members: options.members as readonly string[],
    observers: options.observers ?? [],
    policy: options.policy ?? null,
    notBefore: options.notBefore ?? null,
    expires: options.expires ?? null,
  }
}

const usage = (problem: string): Failure =>
  new Failure('usage', 'E_USAGE', problem, { hint: 'see `mpc ceremony new --help`' })
