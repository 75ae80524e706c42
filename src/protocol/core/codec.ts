/**
 * The one encoding of records, envelopes and files. A `Shape` describes a valid value. Bytes are parsed once,
 * at the edge, into a type that cannot be wrong. The module that declares a shape gives the bytes their
 * meaning.
 */
import { CodecError, decode, encode, join, MOST_ITEMS, type Value } from './cbor.js'

export { CodecError, decode, encode, equalBytes, type Value } from './cbor.js'

/** The result of `parse`, or null if it throws a CodecError: for checks that answer yes or no. */
export function attempt<T>(parse: () => T): T | null {
  try {
    return parse()
  } catch (error) {
    if (error instanceof CodecError) return null
    throw error
  }
}

/** XOR of one or more values of equal length. Joint random strings are made this way. */
export function xorAll(values: readonly Uint8Array[]): Uint8Array {
  return values.reduce((a, b) => a.map((byte, k) => byte ^ (b[k] as number)))
}

/** A `T` as a `Value`: `parse` throws a CodecError that names the field; `form` is its inverse. */
export type Shape<T> = {
  parse(value: Value, at: string): T
  form(value: T): Value
}

/** The type that a shape parses to. */
export type Of<S> = S extends Shape<infer T> ? T : never

/** A shape down to bytes. Letters and files are declared as codecs. */
export type Codec<T> = {
  encode(value: T): Uint8Array
  decode(bytes: Uint8Array): T
}

/** The codec of a shape. It refuses more than `limit` bytes or `items` CBOR items before it parses them. */
export function codec<T>(shape: Shape<T>, limit = 1 << 20, items = MOST_ITEMS): Codec<T> {
  return {
    encode: (value) => encode(shape.form(value)),
    decode: (bytes) => {
      if (bytes.length > limit) throw new CodecError('', `longer than ${limit} bytes`)
      return shape.parse(decode(bytes, items), '')
    },
  }
}

function leaf<T extends Value>(accepts: (value: Value) => value is T, expected: string): Shape<T> {
  return {
    parse: (value, at) => {
      if (!accepts(value)) throw new CodecError(at, `expected ${expected}`)
      return value
    },
    form: (value) => value,
  }
}

/** Exactly `length` bytes. */
export const bytes = (length: number): Shape<Uint8Array> =>
  leaf((v): v is Uint8Array => v instanceof Uint8Array && v.length === length, `${length} bytes`)

/** From `min` to `max` bytes. */
export const bytesUpTo = (max: number, min = 0): Shape<Uint8Array> =>
  leaf(
    (v): v is Uint8Array => v instanceof Uint8Array && v.length <= max && v.length >= min,
    `${min} to ${max} bytes`,
  )

/** An integer from `min` to `max`. */
export const uint = (max: number = Number.MAX_SAFE_INTEGER, min = 0): Shape<number> =>
  leaf(
    (v): v is number => typeof v === 'number' && Number.isSafeInteger(v) && v >= min && v <= max,
    `an integer from ${min} to ${max}`,
  )

/** Milliseconds since 1970, up to the end of the year 9999, the last time that RFC 3339 can write. */
export const time = (): Shape<number> => uint(253_402_300_799_999)

/** Text of at most `max` UTF-16 units. */
export const text = (max: number): Shape<string> =>
  leaf((v): v is string => typeof v === 'string' && v.length <= max, `text of at most ${max} characters`)

/** Text that matches a pattern. */
export const pattern = (regex: RegExp, what: string): Shape<string> =>
  leaf((v): v is string => typeof v === 'string' && regex.test(v), what)

export const flag: Shape<boolean> = leaf((v): v is boolean => typeof v === 'boolean', 'true or false')

/** One of a fixed list of words. */
export const oneOf = <const W extends readonly string[]>(words: W): Shape<W[number]> =>
  leaf((v): v is W[number] => typeof v === 'string' && words.includes(v), `one of ${words.join(', ')}`)

/** The value or null. */
export const nullable = <T>(shape: Shape<T>): Shape<T | null> => ({
  parse: (value, at) => (value === null ? null : shape.parse(value, at)),
  form: (value) => (value === null ? null : shape.form(value)),
})

/** A list of `min` to `max` items; one number means an exact length. */
export const list = <T>(shape: Shape<T>, min: number, max = min): Shape<readonly T[]> => ({
  parse: (value, at) => {
    if (!Array.isArray(value)) throw new CodecError(at, 'expected a list')
    const items = value as readonly Value[]
    if (items.length < min || items.length > max) {
      throw new CodecError(at, `expected ${min === max ? min : `${min} to ${max}`} items`)
    }
    return items.map((item, i) => shape.parse(item, `${at}[${i}]`))
  },
  form: (items) => items.map((item) => shape.form(item)),
})

/** A list of exactly these items, each of its own shape. */
export const tuple = <const F extends readonly Shape<unknown>[]>(
  ...shapes: F
): Shape<{ readonly [K in keyof F]: Of<F[K]> }> => {
  type Items = { readonly [K in keyof F]: Of<F[K]> }
  return {
    parse: (value, at) => {
      if (!Array.isArray(value) || value.length !== shapes.length) {
        throw new CodecError(at, `expected ${shapes.length} items`)
      }
      return shapes.map((shape, i) => shape.parse(value[i] as Value, `${at}[${i}]`)) as unknown as Items
    },
    form: (items) => shapes.map((shape, i) => shape.form(items[i])),
  }
}

/** A record of exactly these fields: missing and unknown fields are refused. */
export function record<F extends Record<string, Shape<unknown>>>(
  fields: F,
): Shape<{ readonly [K in keyof F]: Of<F[K]> }> {
  const names = Object.keys(fields)
  return {
    parse: (value, at) => {
      if (!(value instanceof Map)) throw new CodecError(at, 'expected a record')
      const map = value as ReadonlyMap<string, Value>
      for (const name of map.keys()) {
        if (!Object.hasOwn(fields, name)) throw new CodecError(at, 'a field that is not known here')
      }
      const parsed = names.map((name) => {
        const field = map.get(name)
        if (field === undefined) throw new CodecError(join(at, name), 'missing')
        return [name, (fields[name] as Shape<unknown>).parse(field, join(at, name))]
      })
      return Object.fromEntries(parsed) as { readonly [K in keyof F]: Of<F[K]> }
    },
    form: (value) =>
      Object.fromEntries(
        names.map((name) => [name, (fields[name] as Shape<unknown>).form(value[name as keyof F])]),
      ),
  }
}

/** A tagged union: the text in `field` selects the shape, and each shape has its own exact fields. */
export function variants<T>(field: string, shapes: Record<string, Shape<unknown>>): Shape<T> {
  return {
    parse: (value, at) => {
      const which = value instanceof Map ? (value as ReadonlyMap<string, Value>).get(field) : undefined
      if (typeof which !== 'string' || !Object.hasOwn(shapes, which)) {
        throw new CodecError(join(at, field), `expected one of ${Object.keys(shapes).join(', ')}`)
      }
      return (shapes[which] as Shape<unknown>).parse(value, at) as T
    },
    form: (value) => {
      const which = (value as Record<string, unknown>)[field] as string
      return (shapes[which] as Shape<unknown>).form(value)
    },
  }
}

/** A shape mapped through `to` and its inverse `from`; the message of an Error from `to` is the problem. */
export const mapped = <A, B>(shape: Shape<A>, to: (a: A) => B, from: (b: B) => A): Shape<B> => ({
  parse: (value, at) => {
    const inner = shape.parse(value, at)
    try {
      return to(inner)
    } catch (cause) {
      if (cause instanceof CodecError) throw new CodecError(join(at, cause.at), cause.problem, cause)
      throw new CodecError(at, cause instanceof Error ? cause.message : 'not acceptable', cause)
    }
  },
  form: (value) => shape.form(from(value)),
})
