/**
 * JSON (RFC 8259) that says one thing only: no key twice, numbers as they are written, no half of a surrogate pair,
 * bounded depth.
 */
import { visible } from '../../../wire/base/text.js'
import { badPayload } from '../../bad-payload.js'
import { textIn } from '../../lines.js'

/** A number as it is written: no rounding has happened. */
export class JsonNumber {
  constructor(readonly digits: string) {}
}
export type JsonObject = ReadonlyMap<string, Json>
export type Json = null | boolean | string | JsonNumber | readonly Json[] | JsonObject

export const isObject = (json: Json | undefined): json is JsonObject => json instanceof Map
export const isList = (json: Json | undefined): json is readonly Json[] => Array.isArray(json)

const MOST_DEPTH = 48
/** A mark, a string, or what is neither. The text is known to be JSON. */
const TOKEN = /[ \t\n\r]*([{}[\]:,]|"[^"\\]*(?:\\.[^"\\]*)*"|[^ \t\n\r{}[\]:,"]+)/y
const LONE_SURROGATE = /\p{Cs}/u

/** @throws Failure `E_PAYLOAD` (verification) */
export function parseJson(bytes: Uint8Array): Json {
  const text = textIn(bytes)
  if (text === null) throw badPayload('the payload is not UTF-8 text')
  try {
    JSON.parse(text)
  } catch (cause) {
    throw badPayload(`the payload is not JSON: ${visible(String(cause))}`, { cause })
  }
  return new Tokens(text).value(0)
}

class Tokens {
  #at = 0

  constructor(readonly text: string) {}

  #next(): string {
    TOKEN.lastIndex = this.#at
    const found = TOKEN.exec(this.text)
    this.#at = TOKEN.lastIndex
    return found?.[1] ?? ''
  }

  value(depth: number, token = this.#next()): Json {
    if (depth > MOST_DEPTH) throw badPayload(`the JSON is nested more than ${MOST_DEPTH} deep`)
    if (token === '{') return this.#object(depth)
    if (token === '[') return this.#list(depth)
    if (token.startsWith('"')) return stringOf(token)
    if (token === 'null') return null
    if (token === 'true' || token === 'false') return token === 'true'
    return new JsonNumber(token)
  }

  #list(depth: number): readonly Json[] {
    const items: Json[] = []
    for (let token = this.#next(); token !== ']'; token = this.#next()) {
      items.push(this.value(depth + 1, token === ',' ? this.#next() : token))
    }
    return items
  }

  #object(depth: number): JsonObject {
    const entries = new Map<string, Json>()
    for (let token = this.#next(); token !== '}'; token = this.#next()) {
      const key = stringOf(token === ',' ? this.#next() : token)
      if (entries.has(key)) throw badPayload(`the key ${visible(key)} is there twice in one object`)
      this.#next()
      entries.set(key, this.value(depth + 1))
    }
    return entries
  }
}

function stringOf(token: string): string {
  const text = JSON.parse(token) as string
  if (LONE_SURROGATE.test(text)) throw badPayload(`${visible(text)} holds half of a surrogate pair`)
  return text
}
