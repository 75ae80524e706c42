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

export const policyData = {
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
    file: orNull(path),
  }),
}
