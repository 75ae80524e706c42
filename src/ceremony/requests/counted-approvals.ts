/** The approvals that count: what title holders last said about one request under one policy. */
import type { Approval } from '../../policy/inputs.js'
import { type About, type ApprovalStatement, isAbout, replaces } from '../../wire/ceremony/approval.js'
import type { Request } from '../../wire/ceremony/request.js'
import { hex } from '../../wire/base/text.js'

/** A request under the policy in force. */
export const aboutOf = (request: Request, policy: Uint8Array | null): About => ({ ...request, policy })

/** The last statement of each speaker about this request under this policy, in the order of their fingerprints. */
export function lastWords(
  statements: readonly ApprovalStatement[],
  about: About,
): readonly ApprovalStatement[] {
  const last = new Map<string, ApprovalStatement>()
  for (const statement of statements.filter((each) => isAbout(each, about))) {
    const before = last.get(hex(statement.by))
    if (before === undefined || replaces(statement, before)) last.set(hex(statement.by), statement)
  }
  return [...last].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, statement]) => statement)
}

/**
 * The approvals among these statements, for `evaluate`: one for each speaker whose last word is an approval. None holds
 * longer than the request itself.
 * @param policy SHA-256 of the policy in force; null if the key has none
 */
export const countedApprovals = (
  statements: readonly ApprovalStatement[],
  request: Request,
  policy: Uint8Array | null,
): readonly Approval[] =>
  lastWords(statements, aboutOf(request, policy))
    .filter(({ verdict }) => verdict === 'approve')
    .map(({ by, at, expires }) => ({
      fingerprint: hex(by),
      at,
      expires: Math.min(expires, request.expires),
    }))
