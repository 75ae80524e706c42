/** Refusals that end a request, and those that others can make up for. */
import { describe, expect, test } from 'vitest'
import { endedByRefusal, type Judged } from '../../../src/ceremony/requests/needed-refusals.js'
import type { ApprovalStatement } from '../../../src/wire/ceremony/approval.js'
import { hex } from '../../../src/wire/base/text.js'
import type { Person } from '../../support/members.js'
import { policyFor, statementOf } from '../../support/approvers.js'
import { makeRequest } from '../../../src/wire/ceremony/request.js'
import { alice, bob, carol, filled, mallory, memberOf, utf8 } from '../../wire/support.js'

const dora = memberOf('dora')
const named = ({ card }: Person): string => hex(card.fingerprint)
const request = makeRequest(
  {
    format: 'mpc/request/v1',
    key_id: filled(1),
    record: filled(2),
    type: 'raw',
    payload: utf8('pay nobody'),
    path: null,
    policy: filled(7),
    reason: '',
    signers: null,
    created: 1,
    expires: 2_000_000_000_000,
    nonce: filled(3),
    asker: alice.card.fingerprint,
  },
  alice.identity.signing,
)
const says = (who: Person, verdict: 'approve' | 'refuse', reason = ''): ApprovalStatement =>
  statementOf(who, request, { sha256: filled(7) }, { verdict, reason })

async function judged(demands: Judged['demands'], statements: readonly ApprovalStatement[]): Promise<Judged> {
  const { policy } = await policyFor({ head: [dora], compliance: [carol, dora, mallory] })
  const asked: Judged['request'] = {
    type: 'raw',
    size: 10,
    paths: [null],
    foreignInputs: false,
    asker: named(alice),
    signers: [named(alice), named(bob)],
    custodians: [alice, bob, carol].map(named),
    former: [],
    firstSeen: 0,
  }
  return { policy, request: asked, demands, statements }
}
const head = { title: 'head', of: 1 }
const compliance = (of: number) => ({ title: 'compliance', of })
const ended = async (demands: Judged['demands'], ...statements: readonly ApprovalStatement[]) =>
  endedByRefusal(await judged(demands, statements))

describe('a refusal', () => {
  test('of somebody who alone has a title that is asked for ends the request, with its reason made visible', async () => {
    const failure = await ended({ approvals: [head], custodians: 0 }, says(dora, 'refuse', 'not \u202ethis'))
    expect(failure).toMatchObject({
      kind: 'refused',
      code: 'E_PEER_REFUSED',
      party: 'dora',
      message: 'dora refuses this request: "not \\u{202e}this"',
    })
  })

  test('ends nothing while others with the title are enough', async () => {
    expect(await ended({ approvals: [compliance(1)], custodians: 0 }, says(carol, 'refuse'))).toBeNull()
    expect(
      await ended({ approvals: [compliance(1)], custodians: 0 }, says(carol, 'refuse'), says(dora, 'refuse')),
    ).toBeNull()
  })

  test('ends it once they are not, and names all whose approvals are needed', async () => {
    const demands = { approvals: [compliance(2)], custodians: 0 }
    const failure = await ended(
      demands,
      says(carol, 'refuse', 'no'),
      says(mallory, 'refuse'),
      says(dora, 'approve'),
    )
    expect(failure?.message).toBe('carol refuses this request: "no"; mallory refuses this request')
  })

  test('counts across titles that one person has: each approval fills one place', async () => {
    for (const approvals of [
      [head, compliance(2)],
      [compliance(2), head],
    ]) {
      const failure = await ended({ approvals, custodians: 0 }, says(carol, 'refuse'))
      expect(failure?.party).toBe('carol')
      expect(
        await ended({ approvals: [head, compliance(1)], custodians: 0 }, says(carol, 'refuse')),
      ).toBeNull()
    }
  })

  test('of a custodian ends it if all custodians must approve', async () => {
    expect((await ended({ approvals: [], custodians: 3 }, says(carol, 'refuse')))?.party).toBe('carol')
    expect(await ended({ approvals: [], custodians: 2 }, says(carol, 'refuse'))).toBeNull()
  })

  test('of somebody whose title is not asked for ends nothing, nor does an approval', async () => {
    expect(await ended({ approvals: [head], custodians: 0 }, says(carol, 'refuse'))).toBeNull()
    expect(await ended({ approvals: [head], custodians: 0 }, says(dora, 'approve'))).toBeNull()
    expect(await ended({ approvals: [], custodians: 0 }, says(dora, 'refuse'))).toBeNull()
    expect(await ended({ approvals: [head], custodians: 0 })).toBeNull()
  })
})
