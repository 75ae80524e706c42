/** The values of EIP-712 typed data: shown, and encoded, in one walk. */
import { keccak_256 } from '@noble/hashes/sha3.js'
import { fromHex, visible } from '../../../wire/base/text.js'
import { eip55, isChecked } from '../../address.js'
import { badPayload } from '../../bad-payload.js'
import type { Report } from '../base/report.js'
import { isList, isObject, type Json, JsonNumber } from './json.js'
import type { Schema, Type } from './schema.js'

/** A value: its encoding, 32 bytes ("Definition of encodeData"), and itself; a struct as the list of its fields. */
export type Typed = { readonly encoded: Uint8Array; readonly value: unknown }

const MOST_VALUES = 4096
const MOST_DEPTH = 32

/** The state of a walk. */
type Walk = { readonly schema: Schema; readonly out: Report; left: number }

/**
 * Reads a struct of `types`, with a row for each value.
 * @param label what labels begin with: `message` for `message.to.wallet`
 * @throws Failure `E_PAYLOAD` (verification): a field that is missing, left over, or of another type
 */
export function readStruct(
  schema: Schema,
  name: string,
  json: Json | undefined,
  label: string,
  out: Report,
): Typed {
  return read({ schema, out, left: MOST_VALUES }, { kind: 'struct', name }, json, label, 0)
}

function read(walk: Walk, type: Type, json: Json | undefined, label: string, depth: number): Typed {
  if (depth > MOST_DEPTH) throw badPayload(`${label} is nested more than ${MOST_DEPTH} deep`)
  walk.left -= 1
  if (walk.left < 0) throw badPayload(`there are more than ${MOST_VALUES} values`)
  if (type.kind === 'struct') return readFields(walk, type.name, json, label, depth)
  if (type.kind === 'list') return readList(walk, type, json, label, depth)
  return readAtom(walk.out, type, json, label)
}

function readFields(walk: Walk, name: string, json: Json | undefined, label: string, depth: number): Typed {
  if (!isObject(json)) throw mismatch(label, name)
  const fields = walk.schema.structs.get(name) ?? []
  const names = new Set(fields.map((field) => field.name))
  for (const key of json.keys()) {
    if (!names.has(key)) throw badPayload(`${label} has ${visible(key)}, which ${name} has not`)
  }
  if (fields.length === 0) walk.out.row(label, 'no fields')
  const values = fields.map((field) => {
    if (!json.has(field.name)) throw badPayload(`${label} has no ${field.name}`)
    return read(walk, field.type, json.get(field.name), `${label}.${field.name}`, depth + 1)
  })
  const parts = [walk.schema.typeHash(name), ...values.map(({ encoded }) => encoded)]
  return { encoded: keccak_256(Buffer.concat(parts)), value: values.map(({ value }) => value) }
}

function readList(
  walk: Walk,
  { item, length }: Extract<Type, { kind: 'list' }>,
  json: Json | undefined,
  label: string,
  depth: number,
): Typed {
  if (!isList(json)) throw mismatch(label, 'list')
  if (length !== null && json.length !== length) throw badPayload(`${label} has not ${length} entries`)
  if (json.length === 0) walk.out.row(label, 'an empty list')
  const values = json.map((each, i) => read(walk, item, each, `${label}[${i}]`, depth + 1))
  return {
    encoded: keccak_256(Buffer.concat(values.map(({ encoded }) => encoded))),
    value: values.map(({ value }) => value),
  }
}

const mismatch = (label: string, type: string): Error => badPayload(`${label} is no ${type}`)

function readAtom(
  out: Report,
  type: Exclude<Type, { kind: 'list' | 'struct' }>,
  json: Json | undefined,
  label: string,
): Typed {
  switch (type.kind) {
    case 'string': {
      if (typeof json !== 'string') throw mismatch(label, 'text')
      out.text(label, json)
      return { encoded: keccak_256(new TextEncoder().encode(json)), value: json }
    }
    case 'bool': {
      if (typeof json !== 'boolean') throw mismatch(label, 'bool')
      out.row(label, `${json}`)
      return { encoded: word(json ? 1n : 0n), value: json }
    }
    case 'address': {
      const bytes = bytesIn(json, label)
      if (bytes.length !== 20 || !isChecked(json as string)) throw mismatch(label, 'address')
      const address = eip55(bytes)
      out.row(label, address)
      return { encoded: word(BigInt(address)), value: address }
    }
    case 'bytes': {
      const bytes = bytesIn(json, label)
      if (type.length !== 0 && bytes.length !== type.length)
        throw badPayload(`${label} has not ${type.length} bytes`)
      out.bytes(label, bytes)
      const encoded =
        type.length === 0 ? keccak_256(bytes) : Uint8Array.from({ length: 32 }, (_, i) => bytes[i] ?? 0)
      return { encoded, value: bytes }
    }
    default: {
      const number = numberIn(json, label)
      const signed = type.kind === 'int'
      const [least, most] = signed
        ? [-(2n ** BigInt(type.bits - 1)), 2n ** BigInt(type.bits - 1) - 1n]
        : [0n, 2n ** BigInt(type.bits) - 1n]
      if (number < least || number > most) throw badPayload(`${label} is beyond ${type.kind}${type.bits}`)
      out.row(label, `${number}`)
      return { encoded: word(BigInt.asUintN(256, number)), value: number }
    }
  }
}

const word = (value: bigint): Uint8Array => fromHex(value.toString(16).padStart(64, '0'), 32) as Uint8Array

/** In one case, or with the capitals of EIP-55, which catch a mistyped digit. */

function bytesIn(json: Json | undefined, label: string): Uint8Array {
  if (typeof json !== 'string' || !/^0x[0-9a-fA-F]*$/.test(json) || json.length % 2 !== 0) {
    throw badPayload(`${label} is not hex with 0x`)
  }
  return Uint8Array.from(Buffer.from(json.slice(2), 'hex'))
}

/** Exact: a number that every program reads alike, or text in decimal or in hex with 0x. */
function numberIn(json: Json | undefined, label: string): bigint {
  if (json instanceof JsonNumber && /^(?:0|-?[1-9]\d{0,15})$/.test(json.digits)) {
    const number = BigInt(json.digits)
    if (Number.isSafeInteger(Number(number))) return number
  }
  if (json instanceof JsonNumber) throw badPayload(`${label} is no exact integer: write it as text`)
  if (typeof json === 'string' && /^(?:0|-?[1-9]\d{0,77}|0x[0-9a-fA-F]{1,64})$/.test(json))
    return BigInt(json)
  throw mismatch(label, 'integer')
}
