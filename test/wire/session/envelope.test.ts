import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Value } from '../../../src/protocol/core/codec.js'
import { verifySignature } from '../../../src/wire/base/ed25519.js'
import {
  decodeEnvelope,
  encodeHeader,
  ENVELOPE_LIMIT,
  type Header,
  KINDS,
  sealEnvelope,
  verifyEnvelope,
} from '../../../src/wire/session/envelope.js'
import { sha256 } from '../../../src/wire/base/hash.js'
import { SIGNED } from '../../../src/wire/base/domain-tags.js'
import {
  alice,
  another,
  bob,
  codecErrorOf,
  filled,
  flip,
  leaves,
  mallory,
  rewrite,
  utf8,
} from '../support.js'

const { signing } = alice.identity
const header: Header = {
  v: 1,
  kind: 'letter',
  definition: filled(1),
  session: filled(2),
  round: 'commit',
  from: alice.card.fingerprint,
  to: bob.card.fingerprint,
  time: 1_800_000_000_000,
  key: filled(3),
}
const body = utf8('a letter')
const sealed = sealEnvelope(signing, header, body)
const refused = (encoded: Uint8Array): string => codecErrorOf(() => decodeEnvelope(encoded)).message
const isAlices = (encoded: Uint8Array): boolean => verifyEnvelope(decodeEnvelope(encoded), alice.card.signing)

describe('an envelope', () => {
  test.each(KINDS)('of kind %s: round trip', (kind) => {
    for (const to of [null, bob.card.fingerprint]) {
      const made = sealEnvelope(signing, { ...header, kind, to, key: null }, body)
      const back = decodeEnvelope(made)
      expect(back).toMatchObject({ header: { ...header, kind, to, key: null }, body })
      expect(back.bytes).toEqual(made)
      expect(verifyEnvelope(back, alice.card.signing)).toBe(true)
    }
  })

  test('is the same bytes whenever it is made of the same letter', () => {
    expect(sealEnvelope(signing, header, body)).toEqual(sealed)
  })

  const mutations: { [K in Exclude<keyof Header, 'v'>]: readonly Header[K][] } = {
    kind: ['hello', 'receipt', 'abort'],
    definition: [filled(9), flip(header.definition, 31)],
    session: [filled(0), flip(header.session, 0)],
    round: ['', 'open', 'commit.echo', 'Commit'],
    from: [bob.card.fingerprint, flip(header.from, 0)],
    to: [null, alice.card.fingerprint],
    time: [0, header.time - 1, header.time + 1],
    key: [null, filled(4)],
  }
  test.each(Object.entries(mutations))('its signature binds %s', (field, values) => {
    for (const value of values) {
      const changed = rewrite(sealed, ['header', field], () => value)
      expect(isAlices(changed)).toBe(false)
    }
  })

  test('the table above has every field of a header, and its signature binds each', () => {
    const fields = leaves(sealed).flatMap((path) => (path[0] === 'header' ? [path[1] as string] : []))
    expect([...fields].sort()).toEqual(['v', ...Object.keys(mutations)].sort())
  })

  test('its signature binds the body, whole', () => {
    for (let at = 0; at < body.length; at++) {
      expect(isAlices(rewrite(sealed, ['body'], () => flip(body, at)))).toBe(false)
    }
    for (const other of [new Uint8Array(), body.slice(1), Uint8Array.of(...body, 0), sha256(body)]) {
      expect(isAlices(rewrite(sealed, ['body'], () => other))).toBe(false)
    }
  })

  test('with any bit of its signature changed is refused', () => {
    for (let at = 0; at < 64; at++) {
      const changed = rewrite(sealed, ['signature'], (old) => flip(old as Uint8Array, at, at % 8))
      expect(isAlices(changed)).toBe(false)
    }
  })

  test('with any byte of it changed is malformed, or is nobody’s', () => {
    for (let at = 0; at < sealed.length; at++) {
      const changed = flip(sealed, at, at % 8)
      try {
        expect(isAlices(changed)).toBe(false)
      } catch (error) {
        expect(error).toMatchObject({ name: 'CodecError' })
      }
    }
  })

  test('forged by another member in her name is not hers', () => {
    const forged = sealEnvelope(mallory.identity.signing, header, body)
    expect(isAlices(forged)).toBe(false)
    expect(verifyEnvelope(decodeEnvelope(forged), mallory.card.signing)).toBe(true)
    const copied = sealEnvelope(mallory.identity.signing, { ...header, from: mallory.card.fingerprint }, body)
    expect(isAlices(copied)).toBe(false)
  })

  test('is signed over the hash of the body, under its own tag', () => {
    const { signature } = decodeEnvelope(sealed)
    const form = { ...header } as unknown as Value
    const verify = (tag: 'envelope' | 'request', last: Uint8Array) =>
      verifySignature(alice.card.signing, signature, SIGNED[tag], form, last)
    expect(verify('envelope', sha256(body))).toBe(true)
    expect(verify('envelope', body)).toBe(false)
    expect(verify('request', sha256(body))).toBe(false)
  })

  test.each<[string, (string | number)[], Value | undefined, string]>([
    ['another version', ['header', 'v'], 2, 'header.v'],
    ['no version', ['header', 'v'], undefined, 'header.v'],
    ['an unknown kind', ['header', 'kind'], 'gossip', 'header.kind'],
    ['a field of Object for a kind', ['header', 'kind'], 'constructor', 'header.kind'],
    ['a field more in the header', ['header', 'seq'], 1, 'header'],
    ['a field more beside it', ['seq'], 1, 'a field that is not known here'],
    ['a short definition id', ['header', 'definition'], filled(1, 31), 'header.definition'],
    ['a long session', ['header', 'session'], filled(1, 33), 'header.session'],
    ['a round of 65 characters', ['header', 'round'], 'x'.repeat(65), 'header.round'],
    ['a recipient that is text', ['header', 'to'], '*', 'header.to'],
    ['a sender that is nobody', ['header', 'from'], null, 'header.from'],
    ['a time before 1970', ['header', 'time'], -1, 'header.time'],
    ['a time after the year 9999', ['header', 'time'], 253_402_300_800_000, 'header.time'],
    ['a time that is text', ['header', 'time'], '2026', 'header.time'],
    ['a short key hash', ['header', 'key'], filled(1, 16), 'header.key'],
    ['no body', ['body'], undefined, 'body'],
    ['a body that is text', ['body'], 'a letter', 'body'],
    ['a body that is null', ['body'], null, 'body'],
    ['a signature of 63 bytes', ['signature'], filled(1, 63), 'signature'],
    ['no signature', ['signature'], undefined, 'signature'],
  ])('with %s is refused', (_, path, value, at) => {
    expect(refused(rewrite(sealed, path, () => value))).toContain(at)
  })

  test('each field is needed', () => {
    for (const path of leaves(sealed))
      expect(refused(rewrite(sealed, path, () => undefined))).toContain('missing')
  })

  test('beyond a megabyte is refused unread; up to a NATS server’s limit there is room', () => {
    const most = new Uint8Array(ENVELOPE_LIMIT - 1024)
    const large = sealEnvelope(signing, header, most)
    expect(large.length).toBeLessThanOrEqual(ENVELOPE_LIMIT)
    expect(isAlices(large)).toBe(true)
    expect(refused(sealEnvelope(signing, header, new Uint8Array(most.length + 1)))).toContain('body')
    expect(refused(new Uint8Array(ENVELOPE_LIMIT + 1))).toContain('longer than')
    expect(ENVELOPE_LIMIT).toBeLessThan(1 << 20)
  })

  test('a byte more, and random bytes, are refused with a CodecError and nothing else', () => {
    refused(Uint8Array.of(...sealed, 0))
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void refused(bytes)))
  })

  test('the associated data of sealed letters is the header: it changes with every field', () => {
    const encoded = encodeHeader(header)
    const seen = new Set([Buffer.from(encoded).toString('hex')])
    for (const path of leaves(encoded)) seen.add(Buffer.from(rewrite(encoded, path, another)).toString('hex'))
    const all = Object.entries(mutations).flatMap(([field, values]) =>
      (values as readonly unknown[]).map((value) => encodeHeader({ ...header, [field]: value })),
    )
    for (const one of all) expect(one).not.toEqual(encoded)
    expect(seen.size).toBe(leaves(encoded).length + 1)
  })
})
