/** The types of EIP-712 typed data. */
import { keccak_256 } from '@noble/hashes/sha3.js'
import { visible } from '../../../wire/base/text.js'
import { badPayload } from '../../bad-payload.js'
import { isList, isObject, type Json } from './json.js'

export type Type =
  | { readonly kind: 'list'; readonly item: Type; readonly length: number | null }
  | { readonly kind: 'struct'; readonly name: string }
  | { readonly kind: 'uint' | 'int'; readonly bits: number }
  /** Length 0 for any length. */
  | { readonly kind: 'bytes'; readonly length: number }
  | { readonly kind: 'address' | 'bool' | 'string' }

export type Field = {
  readonly name: string
  /** As the type is written. */
  readonly written: string
  readonly type: Type
}

export type Schema = {
  readonly structs: ReadonlyMap<string, readonly Field[]>
  /** EIP-712, "Definition of encodeType": the struct, then those that it refers to, in the order of their names. */
  readonly encodeType: (name: string) => string
  readonly typeHash: (name: string) => Uint8Array
  /** The structs that a struct is made of, itself first. */
  readonly reachable: (name: string) => readonly string[]
}

export const DOMAIN = 'EIP712Domain'

/** Names are shown as they are; so they are letters, digits, _ and $, as in Solidity, and not long. */
const IDENTIFIER = /^[A-Za-z_$][A-Za-z0-9_$]{0,63}$/
const ELEMENTARY = /^(?:address|bool|string|bytes\d*|u?int\d*|u?fixed.*|function)$/
const MOST_STRUCTS = 64
const MOST_FIELDS = 64
const MOST_LISTS = 4

/** @throws Failure `E_PAYLOAD` (verification) */
export function parseSchema(json: Json | undefined): Schema {
  if (!isObject(json)) throw badPayload('types is no object')
  if (json.size > MOST_STRUCTS) throw badPayload(`there are more than ${MOST_STRUCTS} types`)
  const names = new Set(json.keys())
  for (const name of names) {
    if (!IDENTIFIER.test(name) || ELEMENTARY.test(name))
      throw badPayload(`${visible(name)} is no name of a type`)
  }
  const structs = new Map([...json].map(([name, fields]) => [name, parseFields(name, fields, names)]))
  const reachable = (name: string): readonly string[] => reach(structs, name)
  const encodeType = cached((name) => {
    const [first, ...others] = reachable(name)
    return [first as string, ...others.sort()].map((each) => written(each, structs.get(each) ?? [])).join('')
  })
  const typeHash = cached((name) => keccak_256(new TextEncoder().encode(encodeType(name))))
  return { structs, encodeType, typeHash, reachable }
}

const written = (name: string, fields: readonly Field[]): string =>
  `${name}(${fields.map((field) => `${field.written} ${field.name}`).join(',')})`

function cached<T>(compute: (name: string) => T): (name: string) => T {
  const known = new Map<string, T>()
  return (name) => {
    const value = known.get(name) ?? compute(name)
    known.set(name, value)
    return value
  }
}

function parseFields(struct: string, json: Json, names: ReadonlySet<string>): readonly Field[] {
  if (!isList(json)) throw badPayload(`the fields of ${struct} are no list`)
  if (json.length > MOST_FIELDS) throw badPayload(`${struct} has more than ${MOST_FIELDS} fields`)
  const seen = new Set<string>()
  return json.map((each) => {
    const name = isObject(each) ? each.get('name') : undefined
    const type = isObject(each) ? each.get('type') : undefined
    if (typeof name !== 'string' || typeof type !== 'string' || (each as { size: number }).size !== 2) {
      throw badPayload(`a field of ${struct} is not a name and a type`)
    }
    if (!IDENTIFIER.test(name)) throw badPayload(`${visible(name)} is no name of a field`)
    if (seen.has(name)) throw badPayload(`${struct} has two fields ${name}`)
    seen.add(name)
    return { name, written: type, type: parseType(type, names) }
  })
}

function parseType(text: string, names: ReadonlySet<string>, lists = 0): Type {
  const list = /^(.+)\[([1-9]\d{0,3})?\]$/.exec(text)
  if (list) {
    if (lists === MOST_LISTS) throw badPayload(`${visible(text)} is a list of lists of lists`)
    const length = list[2] === undefined ? null : Number(list[2])
    return { kind: 'list', item: parseType(list[1] as string, names, lists + 1), length }
  }
  if (names.has(text)) return { kind: 'struct', name: text }
  if (text === 'address' || text === 'bool' || text === 'string') return { kind: text }
  if (text === 'bytes') return { kind: 'bytes', length: 0 }
  const [, word, digits] = /^(bytes|u?int)([1-9]\d{0,2})$/.exec(text) ?? []
  const size = Number(digits)
  if (word === 'bytes' && size <= 32) return { kind: 'bytes', length: size }
  // EIP-712: "Note that there are no aliases uint and int".
  if ((word === 'uint' || word === 'int') && size % 8 === 0 && size <= 256) return { kind: word, bits: size }
  throw badPayload(`${visible(text)} is no type that is known here`)
}

function reach(structs: ReadonlyMap<string, readonly Field[]>, name: string): readonly string[] {
  const found = new Set([name])
  for (const each of found) {
    for (const { type } of structs.get(each) ?? []) {
      let inner = type
      while (inner.kind === 'list') inner = inner.item
      if (inner.kind === 'struct') found.add(inner.name)
    }
  }
  return [...found]
}
