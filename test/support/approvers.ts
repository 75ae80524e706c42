/** Approvers of requests: a policy that names them, and their seat at a key's subject without a share. */
import { findKey } from '../../src/ceremony/epochs/find-key.js'
import type { InForce } from '../../src/ceremony/policy/policy-in-force.js'
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
export function policyFile(
  titles: Readonly<Record<string, readonly Person[]>>,
  from: readonly string[] = ['custodians'],
): Uint8Array {
  const holders = (people: readonly Person[]) =>
    people.map(({ card }) => `"${hex(card.fingerprint)}"`).join(', ')
  const lines = [
    'format: mpc/policy/v1',
    'titles:',
    ...Object.entries(titles).map(([title, people]) => `  ${title}: [${holders(people)}]`),
    `requests: { from: [${from.join(', ')}] }`,
    'rules:',
    '  - name: whatever is asked',
    '    when: { type: [text, raw], effect: [none, unknown] }',
    `    approvals: [${Object.keys(titles)
      .map((title) => `{ title: ${title}, of: 1 }`)
      .join(', ')}]`,
  ]
  return Buffer.from(`${lines.join('\n')}\n`)
}

export async function policyFor(
  titles: Readonly<Record<string, readonly Person[]>>,
  from?: readonly string[],
): Promise<InForce> {
  const bytes = policyFile(titles, from)
  return { sha256: sha256(bytes), policy: await parsePolicy(bytes, 'the policy of a test') }
}

/** A request of this custodian for the key `treasury` in its home. */
export async function requestOf(who: Custodian, changes: Partial<RequestFields> = {}): Promise<Request> {
  return makeRequest(await fieldsOf(who, changes), who.identity.signing)
}

/** A request of somebody without a share for the key `treasury` of this custodian. */
export async function guestRequestOf(
  guest: Person,
  custodian: Custodian,
  changes: Partial<RequestFields> = {},
): Promise<Request> {
  const asker = guest.card.fingerprint
  return makeRequest(await fieldsOf(custodian, { asker, ...changes }), guest.identity.signing, guest.card)
}

async function fieldsOf(who: Custodian, changes: Partial<RequestFields>): Promise<RequestFields> {
  const { record, digest } = await findKey(who.home, 'treasury')
  return {
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
  }
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
