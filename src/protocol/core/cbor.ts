/**
 * Strict, deterministic CBOR (RFC 8949, section 4.2.1): equal values give equal bytes, and bytes that encode
 * a value in another way are refused.
 */
import { decode as cborDecode, encode as cborEncode, rfc8949EncodeOptions } from 'cborg'

/** An encodable value: no floats, no undefined, no integers beyond 2^53, only well-formed text. */
export type Value =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | readonly Value[]
  | ReadonlyMap<string, Value>
  | { readonly [field: string]: Value }

/** The bytes or the value are invalid; `at` names the field. The message never quotes the bytes. */
export class CodecError extends Error {
  override readonly name = 'CodecError'
  constructor(
    readonly at: string,
    readonly problem: string,
    cause?: unknown,
  ) {
    super(at === '' ? problem : `${at}: ${problem}`, { cause })
  }
}

const DEPTH = 16
/** More items than any record of ours has. Larger inputs are refused before anything is built from them. */
export const MOST_ITEMS = 20_000

/** Deterministic CBOR of a value: equal values give equal bytes, different values different ones. */
export function encode(value: Value): Uint8Array {
  // In Node cborg may return a Buffer, whose `slice` shares memory instead of copying. Callers expect a plain
  // array.
  const { buffer, byteOffset, byteLength } = cborEncode(encodable(value, '', 0), rfc8949EncodeOptions)
  return new Uint8Array(buffer, byteOffset, byteLength)
}

/**
 * Decodes deterministic CBOR. Maps come back as `Map`.
 * @throws CodecError on anything else. The value is encoded again, so a second way to write it is refused.
 */
export function decode(bytes: Uint8Array, mostItems = MOST_ITEMS): Value {
  if (!holdsAtMost(bytes, mostItems)) throw new CodecError('', 'holds too many items')
  let value: Value
  let again: Uint8Array
  try {
    value = cborDecode(bytes, {
      strict: true,
      allowIndefinite: false,
      allowUndefined: false,
      allowInfinity: false,
      allowNaN: false,
      allowBigInt: false,
      rejectDuplicateMapKeys: true,
      useMaps: true,
    }) as Value
    again = encode(value)
  } catch {
    // The message quotes nothing from the bytes: field names in them are somebody else's text.
    throw new CodecError('', 'not well-formed CBOR of the kind used here')
  }
  if (!equalBytes(bytes, again)) throw new CodecError('', 'not in deterministic form')
  return value
}

/**
 * Whether `bytes` hold at most `most` CBOR items. It walks through the heads and builds nothing, so a
 * megabyte of empty maps costs no more than its first `most` items.
 */
function holdsAtMost(bytes: Uint8Array, most: number): boolean {
  let at = 0
  for (let items = 0; at < bytes.length; items++) {
    if (items >= most) return false
    const head = bytes[at] as number
    const short = head & 0x1f
    const width = short < 24 ? 0 : short < 28 ? 1 << (short - 24) : 0
    let length = short
    if (width > 0) length = bytes.subarray(at + 1, at + 1 + width).reduce((sum, byte) => 256 * sum + byte, 0)
    const isString = head >> 5 === 2 || head >> 5 === 3
    at += 1 + width + (isString ? length : 0)
  }
  return true
}

function encodable(value: Value, at: string, depth: number): unknown {
  if (depth > DEPTH) throw new CodecError(at, 'nested too deeply')
  if (value === null || typeof value === 'boolean' || value instanceof Uint8Array) return value
  if (typeof value === 'string') {
    if (!isWellFormed(value)) throw new CodecError(at, 'text is not well-formed Unicode')
    return value
  }
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new CodecError(at, 'number is not a safe integer')
    return value === 0 ? 0 : value
  }
  if (Array.isArray(value)) return value.map((item: Value, i) => encodable(item, `${at}[${i}]`, depth + 1))
  if (typeof value !== 'object') throw new CodecError(at, 'not a value that can be encoded')
  const entries = value instanceof Map ? [...value.entries()] : Object.entries(value)
  return new Map(
    entries.map(([key, item]: [unknown, Value]) => {
      if (typeof key !== 'string' || !isWellFormed(key)) throw new CodecError(at, 'a field name is not text')
      return [key, encodable(item, join(at, key), depth + 1)]
    }),
  )
}

/** Whether a string has no lone surrogate, which UTF-8 cannot tell from U+FFFD. */
function isWellFormed(text: string): boolean {
  return !/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/.test(text)
}

/** Equality of public bytes. For secrets use `equalSecret`. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}

/** The path to a field, for messages. */
export function join(at: string, field: string): string {
  return at === '' ? field : field === '' ? at : `${at}.${field}`
}
