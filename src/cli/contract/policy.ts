/** The output about policies. */
import { view } from './signing.js'
import { count, hex, list, name, object, oneOf, orNull, path, text, time } from './schema.js'

const amount = { type: 'string', pattern: '^(0|[1-9][0-9]*)$' } as const

/** A policy of a key by its number and digest. */
export const policy = object({ number: count(1), sha256: hex(32) })

/** What the policy of a key says of a payload. */
const explained = object({
  key: name,
  type: text,
  payload_sha256: hex(32),
  path: orNull(text),
  asker: text,
  view,
  /** Null where the key has none; then everything may be signed that its custodians approve. */
  policy: orNull(policy),
  decision: oneOf('allow', 'deny', 'needs'),
  /** Names of the rules that allow it; of a denial those that deny. */
  rules: list(text),
  unattended: { type: 'boolean' },
  /** `title` of approvals, `of` and `have` of approvals and custodians, `until` of a delay; else null. */
  needs: list(
    object({
      what: oneOf('approvals', 'custodians', 'delay'),
      title: orNull(text),
      of: orNull(count(1)),
      have: orNull(count(0)),
      until: orNull(time),
    }),
  ),
  /** Amounts in the asset's smallest unit. `used` null: used up; `adds` null: not known. */
  limits: list(
    object({
      rule: text,
      limit: text,
      asset: text,
      decimals: count(0),
      used: orNull(amount),
      adds: orNull(amount),
      max: amount,
      fits: { type: 'boolean' },
    }),
  ),
  explanation: list(text),
})

const bounded = { rule: text, limit: text, asset: text, decimals: count(0) }

/** Of a policy that is no key's yet. With mistakes (exit 2) the lists about its meaning are empty. */
const checked = object({
  /** Null: from stdin. */
  file: orNull(path),
  policy_sha256: hex(32),
  /** By which the worst cases were computed; null: they were not. */
  threshold: orNull(count(2)),
  custodians: orNull(count(2)),
  /** Line and column count from 1. */
  mistakes: list(object({ line: count(1), column: count(1), problem: text })),
  rules: list(
    object({
      name: text,
      deny: { type: 'boolean' },
      sentence: text,
      approvals: list(object({ title: text, of: count(1) })),
      custodians: count(0),
      delay_seconds: count(0),
      lapse_seconds: orNull(count(1)),
      unattended: { type: 'boolean' },
    }),
  ),
  /** Amounts in the asset's smallest unit. `window_seconds` null: within one request. */
  limits: list(object({ ...bounded, window_seconds: orNull(count(1)), max: amount })),
  /** What a limit lets through at most, by the number of corrupt custodians, from none on. */
  worst_case: list(object({ ...bounded, amounts: list(amount) })),
  /** Gaps that its author may not have meant. */
  advice: list(text),
  /** With --names: who has which title, then the cards known here that have none. `name` null: no card is here. */
  names: orNull(
    list(
      object({
        title: orNull(text),
        fingerprint: hex(32),
        name: orNull(name),
        status: oneOf('self', 'verified', 'unverified', null),
      }),
    ),
  ),
})

export const policyData = {
  'policy check': checked,
  'policy explain': explained,
  'policy apply': object({
    key: name,
    policy,
    definition_id: hex(32),
    attempt: text,
    certificate: path,
    already: { type: 'boolean' },
  }),
  'policy import': object({
    key: name,
    policy: orNull(policy),
    /** Numbers of the policies that were not here before. */
    added: list(count(1)),
  }),
  'policy show': object({
    key: name,
    policy: orNull(object({ number: count(1), sha256: hex(32), yaml: text })),
    /** Titles that name identities whose seat another one has taken. */
    former: list(object({ title: text, fingerprint: hex(32), now: orNull(name) })),
    file: orNull(path),
  }),
}
