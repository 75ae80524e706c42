import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  bytes,
  codec,
  CodecError,
  decode,
  encode,
  equalBytes,
  list,
  nullable,
  oneOf,
  record,
  text,
  uint,
  type Value,
  variants,
} from '../../../src/protocol/core/codec.js'
import { digest, Session } from '../../../src/protocol/core/session.js'

const values: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.string({ unit: 'binary' }),
    fc.uint8Array({ maxLength: 40 }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string({ maxLength: 5, unit: 'binary' }), tie('value'), { maxKeys: 4 }),
  ),
})).value

/** A decoded value with its maps written as objects, for comparison. */
const plain = (value: Value): Value =>
  value instanceof Map
    ? Object.fromEntries([...(value as ReadonlyMap<string, Value>)].map(([k, v]) => [k, plain(v)]))
    : Array.isArray(value)
      ? (value as Value[]).map(plain)
      : value instanceof Uint8Array
        ? Uint8Array.from(value)
        : value

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))

describe('deterministic CBOR', () => {
  test('what is encoded is decoded', () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(plain(decode(encode(value)))).toEqual(plain(value))
      }),
    )
  })

  test('no two different records hash the same input', () => {
    fc.assert(
      fc.property(fc.array(values), fc.array(values), (a, b) => {
        const same = fc.stringify(a.map(plain)) === fc.stringify(b.map(plain))
        expect(equalBytes(encode(['tag', ...a]), encode(['tag', ...b]))).toBe(same)
      }),
      { numRuns: 500 },
    )
  })

  test('bytes moved between neighbouring fields, and fields moved between lists, change the digest', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), fc.uint8Array(), (a, b) => {
        const moved = [a.slice(0, -1), Uint8Array.of(a.at(-1) as number, ...b)]
        expect(digest('t', a, b)).not.toEqual(digest('t', ...moved))
        expect(digest('t', [a], b)).not.toEqual(digest('t', a, [b]))
        expect(digest('t', [a, b])).not.toEqual(digest('t', a, b))
      }),
    )
  })

  test.each([
    ['an integer in a longer form', '1801'],
    ['unsorted keys', 'a2 6162 01 6161 02'],
    ['a duplicate key', 'a2 6161 01 6161 02'],
    ['an indefinite length', '9f01ff'],
    ['a float', 'fb3ff0000000000000'],
    ['half a float', 'f93c00'],
    ['undefined', 'f7'],
    ['a tag', 'c101'],
    ['text that is not UTF-8', '61ff'],
    ['trailing bytes', '0101'],
    ['a number key', 'a10101'],
    ['an integer beyond 2^53', '1bffffffffffffffff'],
    ['deep nesting', `${'81'.repeat(5000)}01`],
    ['a huge declared length', '9affffffff'],
    ['nothing', ''],
  ])('%s is refused', (_, bytes) => {
    expect(() => decode(hex(bytes))).toThrow(CodecError)
  })

  test('random bytes never throw anything but a CodecError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (input) => {
        try {
          expect(encode(decode(input))).toEqual(input)
        } catch (error) {
          expect(error).toBeInstanceOf(CodecError)
        }
      }),
      { numRuns: 2000 },
    )
  })

  test.each([
    ['a float', 1.5],
    ['a lone surrogate', '\ud800'],
    ['an unsafe integer', 2 ** 53],
    ['undefined', undefined],
  ])('%s cannot be encoded', (_, value) => {
    expect(() => encode(value as Value)).toThrow(CodecError)
  })
})

describe('shapes', () => {
  const Thing = codec(
    record({
      kind: oneOf(['a', 'b']),
      id: bytes(2),
      n: uint(9),
      note: nullable(text(3)),
      list: list(uint(), 1, 2),
    }),
    100,
  )
  const good = { kind: 'a', id: Uint8Array.of(1, 2), n: 3, note: null, list: [1] } as const

  test('a record comes back as it was', () => {
    expect(Thing.decode(Thing.encode(good))).toEqual(good)
  })

  test.each<[string, Record<string, Value>, string]>([
    ['a missing field', { id: Uint8Array.of(1, 2), n: 3, note: null, list: [1] }, 'kind: missing'],
    ['a further field', { ...good, more: 1 }, 'a field that is not known here'],
    ['a prototype key', { ...good, ['__proto__']: 1 }, 'a field that is not known here'],
    ['another type', { ...good, n: '3' }, 'n: expected an integer'],
    ['out of range', { ...good, n: 10 }, 'n: expected an integer'],
    ['negative', { ...good, n: -1 }, 'n: expected an integer'],
    ['too long', { ...good, note: 'long' }, 'note: expected text'],
    ['too many', { ...good, list: [1, 2, 3] }, 'list: expected 1 to 2 items'],
    ['a bad item', { ...good, list: [1, 'x'] }, 'list[1]: expected an integer'],
    ['another length', { ...good, id: Uint8Array.of(1) }, 'id: expected 2 bytes'],
    ['another word', { ...good, kind: 'c' }, 'kind: expected one of a, b'],
  ])('%s is refused by name', (_, value, message) => {
    expect(() => Thing.decode(encode(value))).toThrow(message)
  })

  test('too many bytes are refused unread', () => {
    expect(() => Thing.decode(new Uint8Array(101))).toThrow('longer than 100 bytes')
  })

  test('variants are told apart by one field', () => {
    type Either = { readonly kind: 'x'; readonly a: number } | { readonly kind: 'y'; readonly b: string }
    const Either = codec(
      variants<Either>('kind', {
        x: record({ kind: oneOf(['x']), a: uint() }),
        y: record({ kind: oneOf(['y']), b: text(5) }),
      }),
    )
    expect(Either.decode(Either.encode({ kind: 'y', b: 'hi' }))).toEqual({ kind: 'y', b: 'hi' })
    expect(() => Either.decode(encode({ kind: 'x', b: 'hi' }))).toThrow(CodecError)
    expect(() => Either.decode(encode({ kind: 'z' }))).toThrow('kind: expected one of x, y')
  })
})

describe('sessions', () => {
  test('parties are ascending, distinct and include self', () => {
    const sid = new Uint8Array(32)
    expect(new Session(sid, 2, [1, 2, 5]).peers).toEqual([1, 5])
    for (const parties of [
      [2, 1],
      [1, 1, 2],
      [1, 3],
      [0, 2],
    ]) {
      expect(() => new Session(sid, 2, parties)).toThrow(RangeError)
    }
  })

  test('digests are bound to the run', () => {
    const a = new Session(new Uint8Array(32).fill(1), 1, [1, 2])
    const b = new Session(new Uint8Array(32).fill(2), 1, [1, 2])
    expect(a.digest('t', 1)).not.toEqual(b.digest('t', 1))
  })
})

describe('what others send', () => {
  test('a megabyte of empty maps is refused after its first few items', () => {
    expect(() => decode(new Uint8Array(1_000_000).fill(0xa0))).toThrow('holds too many items')
    expect(() => codec(list(uint(), 0, 9), 1 << 20, 3).decode(encode([1, 2, 3]))).toThrow(
      'holds too many items',
    )
  })

  test('field names of others never reach a message', () => {
    const name = '\u001b[2J\u202e'
    for (const bytes of [
      encode({ [name]: 1 }),
      Uint8Array.of(0xa1, 0x62, 0x1b, 0x5b, 0xfb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0),
    ]) {
      try {
        codec(record({ a: uint() })).decode(bytes)
        expect.unreachable()
      } catch (error) {
        expect((error as Error).message).not.toMatch(/[\u001b\u202e]/)
      }
    }
  })
})
