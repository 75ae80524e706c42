/** Bytes that a hostile peer may send in place of a valid letter. */
import fc from 'fast-check'
import { decode, encode, type Value } from '../../src/protocol/core/codec.js'

/** Bytes near a valid letter: cut, extended, or with some of them changed. */
export const near = (letter: Uint8Array): fc.Arbitrary<Uint8Array> =>
  fc.oneof(
    fc.nat(letter.length).map((length) => letter.slice(0, length)),
    fc.uint8Array({ minLength: 1, maxLength: 9 }).map((more) => Uint8Array.of(...letter, ...more)),
    fc
      .array(fc.tuple(fc.nat(letter.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
      .map((changes) => letter.map((byte, i) => changes.find(([at]) => at === i)?.[1] ?? byte)),
  )

/** The letter with one of its byte strings replaced: well-formed, and wrong. */
export const wrong = (letter: Uint8Array): fc.Arbitrary<Uint8Array> => {
  const strings: Uint8Array[] = []
  const walk = (value: Value, replace?: [number, Uint8Array]): Value => {
    if (value instanceof Uint8Array) {
      strings.push(value)
      return replace && strings.length - 1 === replace[0] ? replace[1] : value
    }
    if (Array.isArray(value)) return value.map((item: Value) => walk(item, replace))
    return value instanceof Map
      ? new Map([...(value as ReadonlyMap<string, Value>)].map(([key, item]) => [key, walk(item, replace)]))
      : value
  }
  const value = decode(letter)
  walk(value)
  const found = [...strings]
  return fc.nat(found.length - 1).chain((at) => {
    const { length } = found[at] as Uint8Array
    return fc
      .oneof(
        fc.uint8Array({ minLength: length, maxLength: length }),
        fc.constantFrom(...found),
        fc.constantFrom(0, 1, 255).map((fill) => new Uint8Array(length).fill(fill)),
        fc.uint8Array({ maxLength: 40 }),
      )
      .map((bytes) => {
        strings.length = 0
        return encode(walk(value, [at, bytes]))
      })
  })
}
