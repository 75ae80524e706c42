import { describe, expect, test } from 'vitest'
import { decode, type Value } from '../../../src/protocol/core/codec.js'
import type { Secret } from '../../../src/protocol/core/secret.js'
import { encodeRecord, type KeyRecord } from '../../../src/wire/key/record.js'
import {
  type Holder,
  makeCertificate,
  makeReceipt,
  parseCertificate,
  proveShare,
  type Ran,
  type Receipt,
  receiptCodec,
  resultDigest,
  verifyReceipt,
} from '../../../src/wire/ceremony/certificate.js'
import { hex } from '../../../src/wire/base/text.js'
import { type Person, rng } from '../../support/members.js'
import {
  alice,
  another,
  bob,
  carol,
  codecErrorOf,
  failureOf,
  filled,
  flip,
  leaves,
  madeKey,
  mallory,
  rewrite,
} from '../support.js'

const everybody = [alice, bob, carol]
const ran: Ran = { definition: filled(1), sid: filled(2), head: filled(3) }

/** A whole ending: the receipts of all over one key, as each gives it. */
function ending(scheme: 'eddsa-ed25519' | 'schnorr-taproot', over: Ran = ran) {
  const { record, shares } = madeKey(scheme)
  const outcome = encodeRecord(record)
  const result = resultDigest(over, outcome)
  const holders = everybody.map((_, i) => holderOf(record, i))
  const receipts = everybody.map((who, i) => receiptOf(who, record, i, shares[i] as Secret, over, result))
  return { record, shares, outcome, result, holders, receipts }
}
function holderOf({ scheme, members }: KeyRecord, i: number): Holder {
  const { card, index, public_share } = members[i] as KeyRecord['members'][number]
  return {
    fingerprint: card.fingerprint,
    signing: card.signing,
    share: { scheme, index, publicShare: public_share },
  }
}
function receiptOf(
  who: Person,
  { scheme }: KeyRecord,
  i: number,
  share: Secret,
  over: Ran,
  result: Uint8Array,
): Receipt {
  const proof = proveShare(scheme, result, i + 1, share, rng)
  return makeReceipt(who.identity.signing, who.card.fingerprint, over, result, proof)
}

const { record, shares, outcome, result, holders, receipts } = ending('eddsa-ed25519')
const [hers, his] = receipts as [Receipt, Receipt, Receipt]
const [herself, himself] = holders as [Holder, Holder, Holder]
const others: [string, Ran][] = [
  ['another definition', { ...ran, definition: filled(9) }],
  ['another run', { ...ran, sid: filled(9) }],
  ['another transcript', { ...ran, head: filled(9) }],
]

describe('a result', () => {
  test('changes with definition, run, transcript and outcome', () => {
    const all = [
      resultDigest(ran, outcome),
      ...others.map(([, other]) => resultDigest(other, outcome)),
      resultDigest(ran, flip(outcome, 0)),
      resultDigest(ran, filled(5, 64)),
      resultDigest({ definition: ran.sid, sid: ran.definition, head: ran.head }, outcome),
    ]
    expect(new Set(all.map(hex)).size).toBe(all.length)
  })
})

describe('a receipt', () => {
  test.each(['eddsa-ed25519', 'schnorr-taproot'] as const)('%s: verifies, and round trip', (scheme) => {
    const { receipts, holders, result } = ending(scheme)
    receipts.forEach((receipt, i) => {
      const back = receiptCodec.decode(receiptCodec.encode(receipt))
      expect(back).toEqual(receipt)
      expect(verifyReceipt(back, holders[i] as Holder, ran, result)).toBe(true)
    })
  })

  test('without a share carries no proof; one is not accepted in place of the other', () => {
    const plain = makeReceipt(alice.identity.signing, alice.card.fingerprint, ran, result, null)
    expect(verifyReceipt(plain, { ...herself, share: null }, ran, result)).toBe(true)
    expect(verifyReceipt(plain, herself, ran, result)).toBe(false)
    expect(verifyReceipt(hers, { ...herself, share: null }, ran, result)).toBe(false)
    expect(verifyReceipt({ ...hers, proof: null }, herself, ran, result)).toBe(false)
    expect(verifyReceipt({ ...hers, proof: null }, { ...herself, share: null }, ran, result)).toBe(false)
  })

  test('with any field changed is refused', () => {
    const encoded = receiptCodec.encode(hers)
    for (const path of leaves(encoded)) {
      const changed = receiptCodec.decode(rewrite(encoded, path, another))
      expect(verifyReceipt(changed, herself, ran, result), path.join('.')).toBe(false)
      codecErrorOf(() => receiptCodec.decode(rewrite(encoded, path, () => undefined)))
    }
  })

  test('of another member, or in its name, is refused', () => {
    expect(verifyReceipt(his, herself, ran, result)).toBe(false)
    expect(verifyReceipt({ ...his, fingerprint: hers.fingerprint }, herself, ran, result)).toBe(false)
    const forged = receiptOf(mallory, record, 0, shares[0] as Secret, ran, result)
    expect(verifyReceipt({ ...forged, fingerprint: hers.fingerprint }, herself, ran, result)).toBe(false)
  })

  test.each(others)('of %s is refused', (_, other) => {
    const result2 = resultDigest(other, outcome)
    const theirs = receiptOf(alice, record, 0, shares[0] as Secret, other, result2)
    expect(verifyReceipt(theirs, herself, other, result2)).toBe(true)
    expect(verifyReceipt(theirs, herself, ran, result)).toBe(false)
    expect(verifyReceipt(hers, herself, other, result2)).toBe(false)
    if (hex(other.head) === hex(ran.head)) expect(verifyReceipt(hers, herself, other, result)).toBe(false)
  })

  test('with a proof of another share, index or result is refused, though she signed it', () => {
    const sign = (proof: Receipt['proof']) =>
      makeReceipt(alice.identity.signing, hers.fingerprint, ran, result, proof)
    const prove = (index: number, share: Secret, over: Uint8Array) =>
      proveShare('eddsa-ed25519', over, index, share, rng)
    const [x1, x2] = shares as [Secret, Secret]
    expect(verifyReceipt(sign(prove(1, x1, result)), herself, ran, result)).toBe(true)
    expect(verifyReceipt(sign(prove(1, x2, result)), herself, ran, result)).toBe(false)
    expect(verifyReceipt(sign(prove(2, x1, result)), herself, ran, result)).toBe(false)
    expect(verifyReceipt(sign(prove(1, x1, filled(9))), herself, ran, result)).toBe(false)
    expect(verifyReceipt(sign(his.proof), herself, ran, result)).toBe(false)
    expect(verifyReceipt(sign({ R: filled(0), z: filled(0) }), herself, ran, result)).toBe(false)
    const share = herself.share as NonNullable<Holder['share']>
    const asTaproot: Holder = { ...herself, share: { ...share, scheme: 'schnorr-taproot' } }
    expect(verifyReceipt(hers, asTaproot, ran, result)).toBe(false)
    expect(verifyReceipt(hers, { ...herself, share: { ...share, index: 2 } }, ran, result)).toBe(false)
  })
})

describe('a certificate', () => {
  const certificate = makeCertificate(ran, result, receipts)
  const refused = (encoded: Uint8Array, who = holders, over: Value = outcome): string => {
    const failure = failureOf(() => parseCertificate(encoded, who, over))
    expect(failure).toMatchObject({ kind: 'verification', code: 'E_CERTIFICATE' })
    return failure.message
  }

  test('is all receipts over one result, in order; round trip', () => {
    const parsed = parseCertificate(certificate, holders, outcome)
    expect(parsed).toMatchObject({ ...ran, result, receipts })
    expect(makeCertificate(parsed, parsed.result, parsed.receipts)).toEqual(certificate)
  })

  test('with any field changed, missing, or one more is refused', () => {
    for (const path of leaves(certificate)) {
      refused(rewrite(certificate, path, another))
      refused(rewrite(certificate, path, () => undefined))
    }
    refused(rewrite(certificate, ['note'], () => 'x'))
  })

  test('with a bit changed, here and there, is refused', () => {
    for (let at = 0; at < certificate.length; at += 4) refused(flip(certificate, at, at % 8))
  })

  const list = (...which: number[]) =>
    makeCertificate(
      ran,
      result,
      which.map((i) => receipts[i] as Receipt),
    )
  test.each([
    ['one receipt missing', list(0, 1), 'lacks receipts'],
    ['one alone', list(0), 'lacks receipts'],
    ['one too many', list(0, 1, 2, 2), 'lacks receipts'],
    ['two swapped', list(1, 0, 2), 'does not verify'],
    ['one twice in place of another', list(0, 1, 1), 'does not verify'],
  ])('with %s is refused', (_, encoded, problem) => {
    expect(refused(encoded)).toContain(problem)
  })

  test('without any receipts is refused', () => {
    expect(refused(makeCertificate(ran, result, []))).toContain('receipts')
    expect(refused(makeCertificate(ran, result, []), [])).toContain('receipts')
  })

  test('is of exactly these holders: fewer or others do not take it', () => {
    expect(refused(certificate, holders.slice(0, 2))).toContain('lacks receipts')
    const stranger = { ...himself, fingerprint: mallory.card.fingerprint, signing: mallory.card.signing }
    expect(refused(certificate, [herself, stranger, holders[2] as Holder])).toContain('does not verify')
    expect(refused(certificate, [...holders].reverse())).toContain('does not verify')
  })

  test('of another record is refused, and a signature in place of a record', () => {
    const other = ending('schnorr-taproot')
    const theirs = makeCertificate(ran, other.result, other.receipts)
    expect(refused(theirs)).toContain('another result')
    expect(refused(certificate, other.holders, other.outcome)).toContain('another result')
    expect(refused(certificate, holders, filled(5, 64))).toContain('another result')
  })

  test.each(others)('of %s, under the names of this one, is refused', (_, other) => {
    const theirs = ending('eddsa-ed25519', other)
    expect(refused(makeCertificate(ran, theirs.result, theirs.receipts))).toContain('another result')
    expect(refused(makeCertificate(ran, result, theirs.receipts))).toContain('does not verify')
    expect(refused(makeCertificate(other, theirs.result, receipts))).toContain('does not verify')
  })

  test('with a receipt of another run in it is refused', () => {
    const theirs = ending('eddsa-ed25519', { ...ran, sid: filled(9) })
    const mixed = [hers, theirs.receipts[1] as Receipt, receipts[2] as Receipt]
    expect(refused(makeCertificate(ran, result, mixed))).toContain('does not verify')
  })

  test('names the run that its receipts are of', () => {
    expect([...(decode(certificate) as Map<string, Value>).keys()].sort()).toEqual([
      'definition',
      'format',
      'head',
      'receipts',
      'result',
      'sid',
    ])
  })
})
