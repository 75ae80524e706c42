/**
 * Payloads that may be signed at all, and the approval of one. Checked before any person is asked and before
 * any secret is opened.
 */
import { isBareDigest } from '../../payload/opaque.js'
import { isPlain } from '../../payload/registry/registry.js'
import type { Target } from '../../payload/registry/target.js'
import { Failure } from '../../wire/base/failure.js'
import { sha256 } from '../../wire/base/hash.js'
import { PAYLOAD_LIMIT, type Request } from '../../wire/ceremony/request.js'
import { hex, visible } from '../../wire/base/text.js'
import type { Verdict } from '../policy/refusals.js'

/**
 * The approval of a request. A script names payloads (SHA-256 in hex) for one type and path, or leaves it to the rules of
 * the policy that are unattended; a person sees the request, and `ask` throws on refusal.
 */
export type Approval =
  | { readonly payloads: ReadonlySet<string>; readonly type: string; readonly path: string | null }
  | { readonly by: 'policy' }
  | { readonly ask: (request: Request, seen: Seen, signal: AbortSignal) => Promise<void> }

/** A request as a person sees it. */
export type Seen = {
  readonly target: Target
  /** What the policy says of it; null: the key has none. */
  readonly verdict: Verdict | null
}

/**
 * Refuses payloads that nobody may approve; `isBareDigest` says why 32 bytes are among them.
 * @throws Failure `E_PAYLOAD` (usage), `E_DIGEST` (refused)
 */
export function checkPayload(type: string, payload: Uint8Array): void {
  requireSize(payload)
  if (needsLeave(type, payload)) {
    const problem = type === 'digest' ? 'signing a bare digest' : 'these 32 bytes may be a digest: that'
    throw new Failure('refused', 'E_DIGEST', `${problem} needs leave of the key's policy`, {
      hint: 'ask for the message itself, which says what is signed; a policy may have requests: { digests: true }',
    })
  }
}

/** Whether only a policy could let a payload be signed. */
export const needsLeave = (type: string, payload: Uint8Array): boolean =>
  isPlain(type) && isBareDigest(payload)

/** @throws Failure `E_PAYLOAD` (usage) */
export function requireSize(payload: Uint8Array): void {
  if (payload.length <= PAYLOAD_LIMIT) return
  throw new Failure('usage', 'E_PAYLOAD', `the payload has more than ${PAYLOAD_LIMIT} bytes`, {
    hint: 'sign a hash of it as text, and keep the file beside it',
  })
}

/**
 * @throws Failure `E_APPROVE` for another payload (verification), `E_APPROVE_TYPE` for another type or path
 *   (refused)
 */
export function requireApproved(
  { payloadSha256, type, path }: Pick<Request, 'payloadSha256' | 'type' | 'path'>,
  approval: Extract<Approval, { payloads: unknown }>,
): void {
  if (!approval.payloads.has(hex(payloadSha256))) {
    throw new Failure(
      'verification',
      'E_APPROVE',
      `the payload is sha256:${hex(payloadSha256)}, which is not approved`,
      {
        hint: 'compare it with what you were told to sign; --approve names its SHA-256',
      },
    )
  }
  if (approval.type === type && approval.path === path) return
  const keyAt = (at: string | null): string => (at === null ? 'the key itself' : visible(at))
  throw new Failure(
    'refused',
    'E_APPROVE_TYPE',
    approval.type === type
      ? `asked for ${keyAt(path)}; your approval covers ${keyAt(approval.path)}`
      : `asked for as ${type}; your approval is for ${approval.type}`,
    {
      hint: 'an approval holds for the --type and --path of the same command',
    },
  )
}

/** SHA-256 of a payload in hex, as `--approve` takes it. */
export const payloadHash = (payload: Uint8Array): string => hex(sha256(payload))
