/** The wire form of Protocol Buffers, as far as it takes to see which fields a message has. */

export type Field = {
  readonly number: number
  /** A number where the field is a varint, else its bytes. */
  readonly value: bigint | Uint8Array
}

const VARINT = 0
const FIXED_64 = 1
const BYTES = 2
const FIXED_32 = 5
const MOST_VARINT_BYTES = 10

/** The fields of a message in their order; null unless the bytes are exactly a list of fields. */
export function fieldsIn(bytes: Uint8Array): Field[] | null {
  const fields: Field[] = []
  let at = 0
  const varint = (): bigint | null => {
    let value = 0n
    for (let i = 0; i < MOST_VARINT_BYTES && at < bytes.length; i++) {
      const byte = bytes[at++] as number
      value |= BigInt(byte & 0x7f) << BigInt(7 * i)
      if (byte < 0x80) return value
    }
    return null
  }
  const take = (length: bigint): Uint8Array | null => {
    if (length > BigInt(bytes.length - at)) return null
    at += Number(length)
    return bytes.subarray(at - Number(length), at)
  }
  const valueOf = (wire: number): bigint | Uint8Array | null => {
    if (wire === VARINT) return varint()
    if (wire === FIXED_64) return take(8n)
    if (wire === FIXED_32) return take(4n)
    const length = wire === BYTES ? varint() : null
    return length === null ? null : take(length)
  }
  while (at < bytes.length) {
    const tag = varint()
    if (tag === null || tag < 8n || tag >= 1n << 32n) return null
    const value = valueOf(Number(tag & 7n))
    if (value === null) return null
    fields.push({ number: Number(tag >> 3n), value })
  }
  return fields
}

/** The bytes of every field of this number; null if one of them is a number. */
export function bytesOf(fields: readonly Field[], number: number): Uint8Array[] | null {
  const values = fields.filter((field) => field.number === number).map(({ value }) => value)
  return values.every((value) => value instanceof Uint8Array) ? values : null
}

/** The bytes of the only field of this number; null unless there is exactly one. */
export function onlyBytes(fields: readonly Field[], number: number): Uint8Array | null {
  const all = bytesOf(fields, number)
  return all?.length === 1 ? (all[0] as Uint8Array) : null
}
