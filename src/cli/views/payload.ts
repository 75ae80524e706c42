/** A payload to sign, as machines and people see it: whole, or a summary that says how much it leaves out. */
import type { Decoded, Message, Row, View } from '../../payload/decoder.js'
import { isPlain } from '../../payload/registry/registry.js'
import { sha256 } from '../../wire/base/hash.js'
import { hex, visible } from '../../wire/base/text.js'
import { fields } from '../terminal/style.js'

export type Rows = readonly (readonly [string, string])[]

/** How many rows of a view a summary shows. A chain decoder's rows are all shown, except very many. */
const MOST_ROWS = 40
/** Bytes without a meaning that is known here are shown as far as a small screen has room. */
const MOST_PLAIN_ROWS = 7
const MOST_DIGESTS = 4

export const viewData = ({ type, sentence, effects, warnings, rows }: View) => ({
  type,
  sentence,
  effects: effects.map(({ chain, kind, asset, amount, recipient }) => ({
    chain,
    kind,
    asset,
    // In decimals: no number of JSON holds 256 bits.
    amount: amount === null ? null : String(amount),
    recipient,
  })),
  warnings,
  rows: rows.map(({ label, value }) => ({ label, value })),
})

export const messageData = (messages: readonly Message[]) =>
  messages.map(({ path, message }) => ({ path, digest: digestOf(message) }))

/** The digest that a second device compares: the message itself if it has 32 bytes, else its SHA-256. */
const digestOf = (message: Uint8Array): string => hex(message.length === 32 ? message : sha256(message))

/** A request for a signature; everything that others have a say in is made visible. */
export type Asked = {
  /** The key's name here, and how many of its custodians must sign. */
  readonly key: string
  readonly signers: string
  readonly decoded: Shown
  readonly payload: Uint8Array
  readonly reason: string
  /** What the policy says of it, in a line. */
  readonly policy: string
  /** Amounts that the person types, as `amountsToType` gives them. */
  readonly amounts: readonly string[]
  /** More about the request, such as who approves it. */
  readonly notes?: Rows
}

/** A payload, understood; without messages where no key is named. */
type Shown = Pick<Decoded, 'view'> & { readonly messages: readonly Message[] | null }

/** A summary, and whether it leaves something out. Warnings are never left out. */
export function payloadSummary({ key, signers, decoded, payload, reason, policy, notes = [] }: Asked): {
  readonly lines: string[]
  readonly isPart: boolean
} {
  const { view, messages } = decoded
  const shown = view.rows.slice(0, isPlain(view.type) ? MOST_PLAIN_ROWS : MOST_ROWS)
  const hidden = view.rows.length - shown.length
  const isFew = messages === null || messages.length <= MOST_DIGESTS
  const digests = isFew
    ? messageRows(decoded, payload)
    : [['signs', `${messages.length} digests; "view" shows them`] as const]
  const lines = [
    view.sentence,
    '',
    ...fields([
      ...warningRows(view),
      ['key', key],
      ['signers', signers],
      ['policy', policy],
      ...(reason === '' ? [] : [['reason', visible(reason)] as const]),
      ...notes,
      ...payloadRows(view, payload),
      ...digests,
    ]),
    '',
    ...fields([
      ...shown.map(rowOf),
      ...(hidden > 0 ? [['NOT SHOWN', `${hidden} more lines; "view" shows them`] as const] : []),
    ]),
  ]
  return { lines, isPart: hidden > 0 || !isFew }
}

/** All of a payload. */
export const payloadLines = (decoded: Shown, payload: Uint8Array): string[] => [
  decoded.view.sentence,
  '',
  ...fields([
    ...warningRows(decoded.view),
    ...payloadRows(decoded.view, payload),
    ...messageRows(decoded, payload),
  ]),
  '',
  ...fields(decoded.view.rows.map(rowOf)),
]

const payloadRows = ({ type }: View, payload: Uint8Array): Rows => [
  ['type', type],
  ['sha256', hex(sha256(payload))],
]

const warningRows = ({ warnings }: View): Rows => warnings.map((warning) => ['WARNING', warning] as const)

const rowOf = ({ label, value }: Row): readonly [string, string] => [label, value]

/**
 * The digests that are signed, each with the path of its key where there are several; none where the only one is that
 * of the payload.
 */
function messageRows({ messages }: Shown, payload: Uint8Array): Rows {
  const [only, ...others] = messages ?? []
  if (!only) return []
  if (others.length === 0) {
    const digest = digestOf(only.message)
    return digest === hex(sha256(payload)) ? [] : [['signs', digest]]
  }
  return [only, ...others].map(({ path, message }, i) => [
    `signs ${i + 1}`,
    `${digestOf(message)}, by ${path === null ? 'the key itself' : `the key at ${visible(path)}`}`,
  ])
}
