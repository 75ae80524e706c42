import { generateHybridIdentity, identityToRecipient } from 'age-encryption'
import { describe, expect, test } from 'vitest'
import {
  type About,
  APPROVAL_LIMIT,
  isAbout,
  makeApproval,
  parseApproval,
  replaces,
  type Said,
} from '../../../src/wire/ceremony/approval.js'
import { cardOfIdentity } from '../../../src/wire/identity/identity.js'
import { alice, another, bob, codecErrorOf, filled, flip, leaves, mallory, rewrite } from '../support.js'

const about: About = {
  id: filled(1),
  key_id: filled(2),
  record: filled(3),
  payloadSha256: filled(4),
  type: 'evm-tx',
  path: 'm/0/1',
  policy: filled(5),
}
const said: Said = {
  verdict: 'approve',
  reason: 'the rent',
  at: 1_800_000_000_000,
  expires: 1_800_003_600_000,
}
const speakerOf = ({ card, identity }: typeof alice) => ({ card, signing: identity.signing })
const encoded = makeApproval(about, said, speakerOf(alice))
const refused = (bytes: Uint8Array): string => codecErrorOf(() => parseApproval(bytes)).message
const remade = (change: Partial<Said>, changed: Partial<About> = {}) =>
  makeApproval({ ...about, ...changed }, { ...said, ...change }, speakerOf(alice))

describe('a statement of approval', () => {
  test('round trip, and it is small', () => {
    const statement = parseApproval(encoded)
    expect(statement).toMatchObject({
      ...said,
      by: alice.card.fingerprint,
      request: about.id,
      policy: about.policy,
    })
    expect(statement.card).toEqual(alice.card)
    expect(isAbout(statement, about)).toBe(true)
    expect(encoded.length).toBeLessThan(1500)
    const bare = parseApproval(remade({ verdict: 'refuse', reason: '' }, { path: null, policy: null }))
    expect(isAbout(bare, { ...about, path: null, policy: null })).toBe(true)
    expect(isAbout(bare, { ...about, path: null })).toBe(false)
  })

  test('with any field changed or taken away is refused: the speaker signed each', () => {
    for (const path of leaves(encoded)) {
      refused(rewrite(encoded, path, another))
      refused(rewrite(encoded, path, () => undefined))
    }
    refused(rewrite(encoded, ['path'], () => null))
    refused(rewrite(encoded, ['policy'], () => null))
    refused(rewrite(encoded, ['verdict'], () => 'refuse'))
    refused(rewrite(encoded, ['title'], () => 'head'))
  })

  test('with any bit changed is refused', () => {
    for (let at = 0; at < encoded.length; at++) refused(flip(encoded, at, at % 8))
  })

  test('with the card of another, whole and well signed, is refused', () => {
    refused(rewrite(encoded, ['card'], () => mallory.card.line))
    const whose = rewrite(encoded, ['by'], () => mallory.card.fingerprint)
    expect(refused(whose)).toContain('not that of the speaker')
    expect(refused(rewrite(whose, ['card'], () => mallory.card.line))).toContain('signature')
    const stolen = () => makeApproval(about, said, { card: alice.card, signing: mallory.identity.signing })
    expect(codecErrorOf(stolen).message).toContain('not that of the speaker')
  })

  test('signed for another purpose is refused', () => {
    const { signing } = alice.identity
    const unsigned = { ...parseApproval(encoded) }
    refused(rewrite(encoded, ['signature'], () => signing.sign('mpc/request/v1', unsigned.request)))
    refused(rewrite(encoded, ['signature'], () => signing.signBytes(encoded)))
  })

  test.each<[string, Partial<Said>, Partial<About>, string]>([
    ['an expiry at its date', { expires: said.at }, {}, 'expires'],
    ['an expiry after the year 9999', { expires: 253_402_300_800_000 }, {}, 'expires'],
    ['a reason of 201 characters', { reason: 'x'.repeat(201) }, {}, 'reason'],
    ['another verdict', { verdict: 'maybe' as never }, {}, 'verdict'],
    ['a path of 129 characters', {}, { path: 'x'.repeat(129) }, 'path'],
    ['no name of a type', {}, { type: 'Evm tx' }, 'type'],
    ['a short digest', {}, { payloadSha256: filled(4, 31) }, 'payload_sha256'],
    ['a long policy', {}, { policy: filled(4, 33) }, 'policy'],
  ])('with %s is never made', (_, change, changed, problem) => {
    expect(codecErrorOf(() => remade(change, changed)).message).toContain(problem)
  })

  test('is about one request, epoch, payload, type, path and policy, and no other', () => {
    const statement = parseApproval(encoded)
    const others: Partial<About>[] = [
      { id: filled(9) },
      { key_id: filled(9) },
      { record: filled(9) },
      { payloadSha256: filled(9) },
      { type: 'raw' },
      { path: 'm/0/2' },
      { path: null },
      { policy: filled(9) },
      { policy: null },
    ]
    expect(new Set(others.flatMap(Object.keys))).toEqual(new Set(Object.keys(about)))
    for (const other of others) expect(isAbout(statement, { ...about, ...other })).toBe(false)
  })

  test('replaces an older one; of two with one date the refusal holds', () => {
    const at = (verdict: Said['verdict'], later: number) =>
      parseApproval(remade({ verdict, at: said.at + later }))
    expect(replaces(at('approve', 1), at('refuse', 0))).toBe(true)
    expect(replaces(at('refuse', 0), at('approve', 1))).toBe(false)
    expect(replaces(at('refuse', 0), at('approve', 0))).toBe(true)
    expect(replaces(at('approve', 0), at('refuse', 0))).toBe(false)
    expect(replaces(at('approve', 0), at('approve', 0))).toBe(false)
  })

  test('of a post-quantum identity fits, with the longest reason and path', async () => {
    const age = await identityToRecipient(await generateHybridIdentity())
    const card = cardOfIdentity(bob.identity, age)
    const longest = makeApproval(
      { ...about, path: '\u20ac'.repeat(128) },
      { ...said, reason: '\u20ac'.repeat(200) },
      { card, signing: bob.identity.signing },
    )
    expect(parseApproval(longest).card.line).toBe(card.line)
    expect(longest.length).toBeLessThan(APPROVAL_LIMIT)
  })
})
