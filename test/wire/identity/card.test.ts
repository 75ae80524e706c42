import { bech32, bech32m } from '@scure/base'
import { generateHybridIdentity, identityToRecipient } from 'age-encryption'
import { describe, expect, test } from 'vitest'
import { encode } from '../../../src/protocol/core/codec.js'
import { type Card, fingerprintOf, makeCard, parseCard } from '../../../src/wire/identity/card.js'
import { cardOfIdentity } from '../../../src/wire/identity/identity.js'
import { hex } from '../../../src/wire/base/text.js'
import vectors from '../../vectors/wire/ed25519.json' with { type: 'json' }
import {
  alice,
  another,
  bob,
  bytesOf,
  CREATED,
  failureOf,
  filled,
  flip,
  leaves,
  rewrite,
} from '../support.js'

const { signing, nkey } = alice.identity
const unsigned = {
  name: 'alice',
  number: 1,
  signing: signing.publicKey,
  age: alice.card.age,
  nkey: nkey.publicKey,
  created: CREATED,
}
const line = alice.card.line as `mpccard1${string}`

const payloadOf = (card: Card): Uint8Array =>
  Uint8Array.from(bech32m.fromWords(bech32m.decode(card.line as typeof line, false).words))
const lineOf = (payload: Uint8Array, prefix = 'mpccard'): string =>
  bech32m.encode(prefix, bech32m.toWords(payload), false)
const payload = payloadOf(alice.card)

const refused = (text: string): string => {
  const failure = failureOf(() => parseCard(text))
  expect(failure).toMatchObject({ kind: 'authentication', code: 'E_CARD' })
  expect(failure.hint).not.toBeNull()
  return failure.message
}

describe('a card', () => {
  test('is one line that parses back to what was put in', () => {
    const card = makeCard(unsigned, signing, nkey)
    expect(card).toMatchObject(unsigned)
    expect(card.line).toMatch(/^mpccard1[02-9ac-hj-np-z]+$/)
    expect(parseCard(card.line)).toEqual(card)
    expect(lineOf(payloadOf(card))).toBe(card.line)
  })

  test('of a post-quantum identity has its recipient of 1959 characters', async () => {
    const recipient = await identityToRecipient(await generateHybridIdentity())
    expect(recipient).toMatch(/^age1pq1/)
    expect(recipient).toHaveLength(1959)
    const card = cardOfIdentity(alice.identity, recipient)
    expect(parseCard(card.line).age).toBe(recipient)
    expect(hex(card.fingerprint)).not.toBe(hex(alice.card.fingerprint))
  })

  test('with any bit of it changed is refused', () => {
    for (let at = 0; at < payload.length; at++) {
      for (let bit = 0; bit < 8; bit++) refused(lineOf(flip(payload, at, bit)))
    }
  }, 30_000)

  test('with any field changed, left out or added is refused', () => {
    for (const path of leaves(payload)) {
      refused(lineOf(rewrite(payload, path, another)))
      expect(refused(lineOf(rewrite(payload, path, () => undefined)))).toContain('missing')
    }
    refused(lineOf(rewrite(payload, ['role'], () => 'admin')))
  })

  test('with a signature by somebody else, under either key, is refused', () => {
    const other = bob.identity
    for (const forged of [
      () => makeCard(unsigned, other.signing, nkey),
      () => makeCard(unsigned, signing, other.nkey),
      () => makeCard(unsigned, nkey, signing),
    ]) {
      expect(failureOf(forged).message).toContain('does not verify')
    }
    const theirs = payloadOf(bob.card)
    for (const field of ['signature', 'nkey_signature']) {
      const swapped = rewrite(payload, [field], () => {
        const value = new Map<string, Uint8Array>()
        rewrite(theirs, [field], (old) => {
          value.set(field, old as Uint8Array)
          return old
        })
        return value.get(field)
      })
      expect(refused(lineOf(swapped))).toContain('does not verify')
    }
  })

  test.each([
    ['upper case', line.toUpperCase()],
    ['mixed case', `${line.slice(0, -1)}${line.at(-1)?.toUpperCase()}`],
    ['a mixed-case prefix', `M${line.slice(1)}`],
    ['another prefix', lineOf(payload, 'mpckey')],
    ['bech32 in place of bech32m', bech32.encode('mpccard', bech32.toWords(payload), false)],
    ['a space before it', ` ${line}`],
    ['a line break after it', `${line}\n`],
    ['nothing', ''],
    ['a prefix alone', 'mpccard1'],
    ['a damaged checksum', `${line.slice(0, -1)}${line.endsWith('q') ? 'p' : 'q'}`],
    ['two neighbours swapped', `${line.slice(0, 40)}${line[41]}${line[40]}${line.slice(42)}`],
    ['one word of padding more', bech32m.encode('mpccard', [...bech32m.toWords(payload), 0], false)],
    ['a byte more', lineOf(Uint8Array.of(...payload, 0))],
    ['a byte less', lineOf(payload.slice(0, -1))],
    ['nothing inside', lineOf(new Uint8Array())],
    ['more than 8 KiB', lineOf(filled(0, 8193))],
  ])('with %s is refused', (_, text) => {
    refused(text)
  })

  test('with padding that is not zero is refused', () => {
    const words = bech32m.toWords(payload)
    const spare = words.length * 5 - payload.length * 8
    expect(spare).toBeGreaterThan(0)
    words[words.length - 1] = (words.at(-1) as number) | 1
    refused(bech32m.encode('mpccard', words, false))
  })

  test.each([...vectors.small_order, ...vectors.small_order_not_canonical])(
    'with %s for a signing key is refused, although its signatures verify',
    (encoded) => {
      // Under the identity R = identity, S = 0 is a signature of everything, to OpenSSL too.
      const forged = Uint8Array.of(...bytesOf(vectors.small_order[0] as string), ...filled(0))
      for (const field of ['signing', 'nkey'] as const) {
        const signature = field === 'signing' ? 'signature' : 'nkey_signature'
        const bad = rewrite(
          rewrite(payload, [field], () => bytesOf(encoded)),
          [signature],
          () => forged,
        )
        expect(refused(lineOf(bad))).toContain(`${field}: not a point of prime order`)
      }
    },
  )

  test('in which one key serves for signing and for NATS is refused', () => {
    const twice = { ...unsigned, nkey: signing.publicKey }
    expect(failureOf(() => makeCard(twice, signing, signing)).message).toContain('serves two protocols')
  })

  const words = (length: number) => bech32.toWords(filled(7, length))
  test.each([
    ['of 31 bytes', bech32.encode('age', words(31), false)],
    ['of 33 bytes', bech32.encode('age', words(33), false)],
    ['in upper case', alice.card.age.toUpperCase()],
    ['in bech32m', bech32m.encode('age', words(32), false)],
    ['with a damaged checksum', `${alice.card.age.slice(0, -1)}${alice.card.age.endsWith('q') ? 'p' : 'q'}`],
    ['of a plugin', bech32.encode('age1yubikey', words(33), false)],
    ['hybrid, but short', bech32.encode('age1pq', words(1215), false)],
    ['hybrid by name, X25519 by length', bech32.encode('age1pq', words(32), false)],
    ['X25519 by name, hybrid by length', bech32.encode('age', words(1216), false)],
    ['that is a secret', bech32.encode('age-secret-key-', words(32), false)],
    ['that is an SSH key', 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA'],
    ['that is empty', ''],
  ])('with an age recipient %s is refused', (_, age) => {
    expect(failureOf(() => makeCard({ ...unsigned, age }, signing, nkey)).message).toContain('age')
  })

  test.each([
    ['name', ''],
    ['name', 'Alice'],
    ['name', 'x'.repeat(33)],
    ['name', 'a\u001b[2J'],
    ['number', 0],
    ['number', -1],
    ['number', 1_000_001],
    ['created', -1],
    ['created', 253_402_300_800_000],
  ] as const)('with %s %j is refused', (field, value) => {
    const bad = { ...unsigned, [field]: value }
    expect(failureOf(() => makeCard(bad, signing, nkey)).message).toContain(field)
  })

  test.each([
    ['name', 'x'.repeat(32)],
    ['number', 1_000_000],
    ['created', 0],
    ['created', 253_402_300_799_999],
  ] as const)('with %s %j is one', (field, value) => {
    expect(makeCard({ ...unsigned, [field]: value }, signing, nkey)[field]).toBe(value)
  })

  test('in an indefinite or longer encoding is refused', () => {
    const longer = encode(new Map([['a', 1]]))
    refused(lineOf(longer))
    refused(lineOf(Uint8Array.of(0xb8, payload.length, ...payload.slice(1))))
  })
})

describe('a fingerprint', () => {
  const keys = { signing: signing.publicKey, age: alice.card.age, nkey: nkey.publicKey }

  test('is of the three keys and of nothing else', () => {
    const renamed = makeCard({ ...unsigned, name: 'bob', number: 9, created: 1 }, signing, nkey)
    expect(hex(renamed.fingerprint)).toBe(hex(alice.card.fingerprint))
    expect(hex(fingerprintOf(keys))).toBe(hex(alice.card.fingerprint))
  })

  test('changes with each of them, and with their order', () => {
    const all = [
      keys,
      { ...keys, signing: bob.card.signing },
      { ...keys, age: bob.card.age },
      { ...keys, nkey: bob.card.nkey },
      { ...keys, signing: keys.nkey, nkey: keys.signing },
    ]
    expect(new Set(all.map((k) => hex(fingerprintOf(k)))).size).toBe(all.length)
  })
})
