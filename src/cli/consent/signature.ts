/** The questions before a signature: of the member that asks for it, and of one that is asked. */
import type { Key } from '../../ceremony/keys/key.js'
import type { Verdict } from '../../ceremony/policy/refusals.js'
import type { Seen } from '../../ceremony/requests/approval.js'
import { askerInWords } from '../../ceremony/requests/requester.js'
import type { Decoded } from '../../payload/decoder.js'
import { hex, visible } from '../../wire/base/text.js'
import type { Request } from '../../wire/ceremony/request.js'
import type { Context } from '../runtime/context.js'
import type { Rows } from '../views/payload.js'
import { humanTime } from '../views/time.js'
import { NO_POLICY, verdictRow } from '../views/verdict.js'
import type { Policy } from '../../policy/language.js'
import { amountsToType } from '../../policy/typed-amounts.js'
import { approve } from './approve.js'

/** The one asked. */
type Asked = Pick<Context, 'terminal' | 'signal'>

/** A request that this member will make. */
export type Asking = {
  readonly payload: Uint8Array
  readonly decoded: Decoded
  readonly path: string | null
  readonly reason: string
  /** Names; null for whoever comes. */
  readonly signers: readonly string[] | null
  /** What the policy says of it; null: the key has none. */
  readonly verdict: Verdict | null
}

/** Before this member asks: what it is about to sign. @param self its name */
export async function confirmAsking(
  context: Asked,
  key: Key,
  self: string,
  { payload, decoded, path, reason, signers, verdict }: Asking,
): Promise<void> {
  const others = signers?.filter((name) => name !== self).join(' and ')
  const signs = !signers || signers.includes(self)
  await approve(
    context,
    `You ask ${others ?? 'whoever comes'} for this signature${signs ? ', and sign it yourself' : '; you do not sign it yourself'}:`,
    {
      key: keyLine(key, path),
      signers: signers?.join(' and ') ?? `you, and whoever comes first`,
      decoded,
      payload,
      reason,
      ...policyPart(verdict),
    },
    context.signal,
  )
}

type AskedKey = Pick<Key, 'name' | 'record' | 'seated'>

/** Before this member signs what another asks for. */
export async function consent(
  context: Pick<Context, 'terminal' | 'now'>,
  { request, target: { decoded }, verdict }: { readonly request: Request } & Seen,
  key: Key,
  signal: AbortSignal,
): Promise<void> {
  const { headline, asked } = askedBy(context, request, decoded, key)
  await approve(context, headline, { ...asked, ...policyPart(verdict) }, signal)
}

/** A request as somebody sees it who approves it for others to sign. */
export type ToApprove = {
  readonly request: Request
  readonly decoded: Decoded
  readonly policy: Policy
  /** Of the person who is asked. */
  readonly titles: readonly string[]
  /** What others have said about it. */
  readonly notes: Rows
}

/** Before somebody approves what another asks others to sign. */
export async function consentToApprove(
  context: Pick<Context, 'terminal' | 'now'>,
  { request, decoded, policy, titles, notes }: ToApprove,
  key: AskedKey,
  signal: AbortSignal,
): Promise<void> {
  const { headline, asked } = askedBy(context, request, decoded, key)
  const byPolicy = { policy: `you are ${titles.join(', ')}`, amounts: amountsToType(policy, decoded.view) }
  await approve(context, headline, { ...asked, ...byPolicy, notes }, signal, 'Approve it?')
}

function askedBy({ now }: Pick<Context, 'now'>, request: Request, decoded: Decoded, key: AskedKey) {
  const { members } = key.seated
  const signerOf = (fingerprint: Uint8Array) =>
    members.find(({ card }) => hex(card.fingerprint) === hex(fingerprint))?.card.name ?? 'somebody'
  const asker = askerInWords(key, request)
  const open = request.card ? 'whoever comes first' : `whom ${asker} chooses of those who come`
  const asked = {
    key: keyLine(key, request.path),
    signers: request.signers?.map(signerOf).join(' and ') ?? open,
    decoded,
    payload: request.payload,
    reason: request.reason,
  }
  return { headline: `${asker} asks for this signature, ${humanTime(request.created, now())}:`, asked }
}

const policyPart = (verdict: Verdict | null) => ({
  policy: verdict ? verdictRow(verdict) : NO_POLICY,
  amounts: verdict ? amountsToType(verdict.policy.policy, verdict.view) : [],
})

const keyLine = ({ name, record }: Pick<Key, 'name' | 'record'>, path: string | null): string =>
  `${name}${path === null ? '' : `, derived at ${visible(path)}`}; ${record.threshold} of ${record.members.length} must sign`
