/**
 * The plan of a key ceremony in people's words: from flags, or from a YAML plan that was reviewed beforehand.
 * `build.ts` turns names into cards and texts into times.
 */
import { SCHEMES } from '../../protocol/group/scheme.js'
import { Failure } from '../../wire/base/failure.js'
import { NAME, NAME_RULE, visible } from '../../wire/base/text.js'
import { didYouMean } from '../../wire/base/did-you-mean.js'
import { parseSpan, parseTime } from '../../wire/base/duration.js'
import { type Fields, readYaml } from '../../wire/base/yaml.js'

export type KeygenPlan = {
  readonly key: string
  readonly scheme: string
  /** How many must sign. */
  readonly threshold: number
  /** The custodians. */
  readonly members: readonly string[]
  readonly observers: readonly string[]
  /** The path of the policy's file; null: none. */
  readonly policy: string | null
  /** RFC 3339; null: now. */
  readonly notBefore: string | null
  /** RFC 3339, or a span from not-before; null: 7 days. */
  readonly expires: string | null
}

/** A field as named in a plan (its flag has a leading `--`), and its problem. */
export type Problem = { readonly field: string; readonly problem: string }

const FORMAT = 'mpc/plan/v1'
const KINDS = ['keygen', 'reshare', 'refresh', 'policy']

/** People whom the policy of a key names by their titles. */
const OF_POLICIES = ['operators', 'approvers']

/** All problems of a plan, before anything is made of it. */
export function problemsOf(plan: KeygenPlan): readonly Problem[] {
  const problems: Problem[] = []
  const check = (field: string, ok: boolean, problem: string): void => {
    if (!ok) problems.push({ field, problem })
  }
  const count = plan.members.length
  check('key', NAME.test(plan.key), `is a name of ${NAME_RULE}`)
  const known = (SCHEMES as readonly string[]).includes(plan.scheme)
  check('scheme', known, `is one of ${SCHEMES.join(', ')}.${didYouMean(plan.scheme, SCHEMES)}`.trimEnd())
  check('members', count >= 2, 'are at least 2: a key of one custodian exists in one place')
  check('threshold', plan.threshold >= 2, 'is at least 2: else one custodian alone could sign')
  check('threshold', plan.threshold <= count, `is ${plan.threshold}, but there are only ${count} custodians`)
  const seen = new Map<string, string>()
  for (const [field, names] of rolesOf(plan)) {
    for (const name of names) {
      check(field, NAME.test(name), `are names of ${NAME_RULE}`)
      check(
        field,
        !seen.has(name),
        `name ${visible(name)} again, who is among ${seen.get(name)}: each has one role`,
      )
      seen.set(name, field)
    }
  }
  const { notBefore, expires } = plan
  check(
    'not-before',
    notBefore === null || parseTime(notBefore) !== null,
    'is a time like 2030-01-31T09:00:00Z',
  )
  check(
    'expires',
    expires === null || parseTime(expires) !== null || parseSpan(expires) !== null,
    'is a time like 2030-01-31T09:00:00Z, or a span like 12h or 7d',
  )
  return problems
}

/** The lists of names in a plan, by field. */
export function rolesOf(plan: KeygenPlan): readonly (readonly [string, readonly string[]])[] {
  const { members, observers } = plan
  return [
    ['members', members],
    ['observers', observers],
  ]
}

/** @throws Failure (usage) `E_USAGE`, `E_PLAN` unless a plan can define this kind of ceremony */
export function checkKind(kind: string): void {
  if (kind === 'keygen') return
  if (!KINDS.includes(kind)) {
    throw new Failure('usage', 'E_USAGE', `there is no such kind of ceremony: ${visible(kind)}`, {
      hint: `there is keygen.${didYouMean(kind, KINDS)} See \`mpc ceremony new --help\``,
    })
  }
  throw new Failure(
    'usage',
    'E_PLAN',
    `a ${kind} is not made from a plan: it begins with a key that is here`,
    {
      hint: `\`mpc ceremony new ${kind} --key NAME -o FILE\` makes one; its --help shows the flags`,
    },
  )
}

/** @throws Failure (usage) `E_PLAN` with line and column of every problem; as `checkKind` */
export async function parsePlan(file: Uint8Array, path: string): Promise<KeygenPlan> {
  const refuse = (problems: readonly string[]): Failure =>
    new Failure('usage', 'E_PLAN', problems.map((problem) => `${path}:${problem}`).join('; '), {
      hint: 'the plans in ceremonies/ show how one is written',
    })
  return readYaml(file, readPlan, refuse)
}

function readPlan(fields: Fields): KeygenPlan {
  if (fields.text('format') !== FORMAT) fields.reject('format', `is ${FORMAT}`)
  const kind = fields.text('kind')
  if (kind === null) fields.reject('kind', 'is missing')
  else checkKind(kind)
  const threshold = fields.integer('threshold')
  for (const field of OF_POLICIES) {
    if (fields.list(field) !== null) fields.reject(field, 'are titles in a policy: policy: FILE')
  }
  const plan: KeygenPlan = {
    key: fields.text('key') ?? '',
    scheme: fields.text('scheme') ?? '',
    threshold: threshold ?? 0,
    members: fields.list('members') ?? [],
    observers: fields.list('observers') ?? [],
    policy: fields.text('policy'),
    notBefore: fields.text('not-before'),
    expires: fields.text('expires'),
  }
  for (const { field, problem } of problemsOf(plan)) fields.reject(field, problem)
  return plan
}
