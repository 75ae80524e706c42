/** The statements that count as approvals, as the policy's inputs. */
import { describe, expect, test } from 'vitest'
import { aboutOf, countedApprovals, lastWords } from '../../../src/ceremony/requests/counted-approvals.js'
import { type About, makeApproval, parseApproval, type Said } from '../../../src/wire/ceremony/approval.js'
import { makeRequest } from '../../../src/wire/ceremony/request.js'
import { hex } from '../../../src/wire/base/text.js'
import { alice, bob, carol, filled, utf8 } from '../../wire/support.js'

const CREATED = 1_800_000_000_000
const request = makeRequest(
  {
    format: 'mpc/request/v1',
    key_id: filled(1),
    record: filled(2),
    type: 'raw',
    payload: utf8('pay nobody'),
    path: null,
    policy: null,
    reason: 'the rent',
    signers: null,
    created: CREATED,
    expires: CREATED + 1000,
    nonce: filled(3),
    asker: alice.card.fingerprint,
  },
  alice.identity.signing,
)
const policy = filled(7)

const says = (who: typeof alice, said: Partial<Said> = {}, about: Partial<About> = {}) =>
  parseApproval(
    makeApproval(
      { ...aboutOf(request, policy), ...about },
      { verdict: 'approve', reason: '', at: CREATED + 10, expires: CREATED + 500, ...said },
      { card: who.card, signing: who.identity.signing },
    ),
  )
const named = ({ card }: typeof alice) => hex(card.fingerprint)
const counted = (...statements: ReturnType<typeof says>[]) =>
  countedApprovals(statements, request, policy).map(({ fingerprint }) => fingerprint)

describe('approvals', () => {
  test('count once for each speaker, with the newest date, and sorted by fingerprint', () => {
    const all = [says(bob), says(carol), says(bob, { at: CREATED + 20 })]
    expect(countedApprovals(all, request, policy)).toEqual(
      [
        { fingerprint: named(bob), at: CREATED + 20, expires: CREATED + 500 },
        { fingerprint: named(carol), at: CREATED + 10, expires: CREATED + 500 },
      ].sort((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1)),
    )
    expect(counted(...all.toReversed())).toEqual(counted(...all))
  })

  test('are taken back by a later refusal, in whatever order they come, and given again after it', () => {
    const approved = says(bob)
    const refused = says(bob, { verdict: 'refuse', at: CREATED + 20 })
    expect(counted(approved, refused)).toEqual([])
    expect(counted(refused, approved)).toEqual([])
    expect(counted(refused, says(bob, { at: CREATED + 30 }))).toEqual([named(bob)])
    expect(counted(approved, says(bob, { verdict: 'refuse' }))).toEqual([])
    expect(lastWords([approved, refused], aboutOf(request, policy))).toEqual([refused])
  })

  test('of another request, payload, type, path, epoch, key or policy do not count, nor take anything back', () => {
    const others: Partial<About>[] = [
      { id: filled(9) },
      { payloadSha256: filled(9) },
      { type: 'text' },
      { path: 'm/0' },
      { record: filled(9) },
      { key_id: filled(9) },
      { policy: filled(9) },
      { policy: null },
    ]
    for (const other of others) {
      expect(counted(says(bob, {}, other))).toEqual([])
      expect(counted(says(bob), says(bob, { verdict: 'refuse', at: CREATED + 20 }, other))).toEqual([
        named(bob),
      ])
    }
  })

  test('end with the request, whatever they say themselves', () => {
    const [ends] = countedApprovals([says(bob, { expires: CREATED + 1_000_000 })], request, policy)
    expect(ends?.expires).toBe(request.expires)
  })
})
