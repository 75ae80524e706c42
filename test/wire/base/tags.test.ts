import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encode, equalBytes, type Value } from '../../../src/protocol/core/codec.js'
import { verifySignature } from '../../../src/wire/base/ed25519.js'
import { SIGNED, type SignedTag, signedBytes } from '../../../src/wire/base/domain-tags.js'
import { alice } from '../support.js'

const tags = Object.values(SIGNED)
const leaf: fc.Arbitrary<Value> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.maxSafeInteger(),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom<Value>(...tags),
  fc.uint8Array({ maxLength: 40 }),
)
const fields = fc.array(fc.oneof(leaf, fc.array(leaf, { maxLength: 3 })), { maxLength: 5 })

describe('what an identity key signs', () => {
  test('the list is complete and holds no tag twice', () => {
    expect([...tags].sort()).toEqual([
      'mpc/accept/v1',
      'mpc/approval/v1',
      'mpc/card/v1',
      'mpc/envelope/v1',
      'mpc/escrow-manifest/v1',
      'mpc/escrow-note/v1',
      'mpc/moved-policies/v1',
      'mpc/prime/v1',
      'mpc/rebind/v1',
      'mpc/receipt/v1',
      'mpc/request/v1',
      'mpc/share-activated/v1',
      'mpc/share-deleted/v1',
      'mpc/share-lost/v1',
    ])
  })

  test('no two records of different tags, or of different fields, are signed alike', () => {
    const tag = fc.constantFrom(...tags)
    fc.assert(
      fc.property(tag, fields, tag, fields, (tagA, a, tagB, b) => {
        const same = equalBytes(encode([tagA, a]), encode([tagB, b]))
        expect(equalBytes(signedBytes(tagA, a), signedBytes(tagB, b))).toBe(same)
      }),
      { numRuns: 1000 },
    )
  })

  test('fields cannot move over to the tag or to each other', () => {
    const [a, b] = ['mpc/card/v1', 'mpc/accept/v1'] as const
    const forms = [
      signedBytes(a, []),
      signedBytes(a, [b]),
      signedBytes(b, [a]),
      signedBytes(a, [[b]]),
      signedBytes(a, [b, '']),
      signedBytes(a, [['', b]]),
      signedBytes(a, [b, null]),
    ]
    expect(new Set(forms.map((form) => Buffer.from(form).toString('hex'))).size).toBe(forms.length)
  })

  test('a signature under one tag is refused under every other', () => {
    const { signing } = alice.identity
    const record: Value[] = [new Uint8Array(32), 'the same fields']
    for (const made of tags) {
      const signature = signing.sign(made, ...record)
      const accepted = tags.filter((tag: SignedTag) =>
        verifySignature(signing.publicKey, signature, tag, ...record),
      )
      expect(accepted).toEqual([made])
    }
  })

  test('no record is text, as the nonce is that a NATS server has signed: it gets nothing of ours', () => {
    const strict = new TextDecoder('utf-8', { fatal: true })
    fc.assert(
      fc.property(fc.constantFrom(...tags), fields, (tag, values) => {
        expect(() => strict.decode(signedBytes(tag, values))).toThrow(TypeError)
      }),
    )
  })
})
