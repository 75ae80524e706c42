/** Approvers of requests: a policy that names them, and their seat at a key's subject without a share. */
import { findKey } from '../../src/ceremony/epochs/find-key.js'
import type { InForce } from '../../src/ceremony/requests/approvals-heard.js'
import { aboutOf } from '../../src/ceremony/requests/counted-approvals.js'
import { parsePolicy } from '../../src/policy/parse.js'
import { sha256 } from '../../src/wire/base/hash.js'
import { hex } from '../../src/wire/base/text.js'
import {
  type About,
  type ApprovalStatement,
  makeApproval,
  parseApproval,
  type Said,
} from '../../src/wire/ceremony/approval.js'
import { makeRequest, type Request, type RequestFields } from '../../src/wire/ceremony/request.js'
import { clock } from './clock.js'
import { type Person, rng } from './members.js'
import { somePayload } from './signing.js'
import type { Custodian } from './worlds.js'

const HOUR = 3_600_000

/** The file of a policy that gives these titles, under which texts and bytes need an approval of each. */
export function policyFile(titles: Readonly<Record<string, readonly Person[]>>): Uint8Array {
  const holders = (people: readonly Person[]) =>
    people.map(({ card }) => `"${hex(card.fingerprint)}"`).join(', ')
  const lines = [
    'format: mpc/policy/v1',
    'titles:',
    ...Object.entries(titles).map(([title, people]) => `  ${title}: [${holders(people)}]`),
    'rules:',
    '  - name: whatever is asked',
    '    when: { type: [text, raw], effect: [none, unknown] }',
    `    approvals: [${Object.keys(titles)
      .map((title) => `{ title: ${title}, of: 1 }`)
      .join(', ')}]`,
  ]
  return Buffer.from(`${lines.join('\n')}\n`)
}

export async function policyFor(titles: Readonly<Record<string, readonly Person[]>>): Promise<InForce> {
  const bytes = policyFile(titles)
  return { sha256: sha256(bytes), policy: await parsePolicy(bytes, 'the policy of a test') }
}

/** A request of this custodian for the key `treasury` in its home. */
export async function requestOf(who: Custodian, changes: Partial<RequestFields> = {}): Promise<Request> {
  const { record, digest } = await findKey(who.home, 'treasury')
  return makeRequest(
    {
      format: 'mpc/request/v1',
      key_id: record.key_id,
      record: digest,
      type: 'raw',
      payload: somePayload(),
      path: null,
      policy: null,
      reason: '',
      signers: null,
      created: clock.now(),
      expires: clock.now() + HOUR,
      nonce: rng(32),
      asker: who.card.fingerprint,
      ...changes,
    },
    who.identity.signing,
  )
}

/** A person's statement about a request under a policy. */
export const statementOf = (
  { card, identity }: Person,
  request: Request,
  policy: Pick<InForce, 'sha256'>,
  said: Partial<Said> = {},
  about: Partial<About> = {},
): ApprovalStatement =>
  parseApproval(
    makeApproval(
      { ...aboutOf(request, policy.sha256), ...about },
      { verdict: 'approve', reason: '', at: clock.now(), expires: clock.now() + HOUR, ...said },
      { card, signing: identity.signing },
    ),
  )
