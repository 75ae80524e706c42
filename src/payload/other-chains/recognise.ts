/**
 * Transactions of chains that sign the SHA-256 of their bytes, which an ECDSA key would authorise under the name of
 * `raw` or `text`: Cosmos (SignDoc of `cosmos.tx.v1beta1`, and the older JSON of `StdSignDoc`) and Tron (`raw_data`).
 * They are recognised and not decoded.
 */
import { visible } from '../../wire/base/text.js'
import { textIn } from '../lines.js'
import { bytesOf, type Field, fieldsIn, onlyBytes } from './protobuf.js'

/** A sentence that says so, or none. */
export function otherChainWarnings(payload: Uint8Array): string[] {
  const found = cosmosIn(payload) ?? cosmosJsonIn(payload) ?? tronIn(payload)
  if (found === null) return []
  const { chain, deeds } = found
  const shown = deeds.slice(0, MOST_DEEDS).map(visible).join(', ')
  const more = deeds.length > MOST_DEEDS ? ` and ${deeds.length - MOST_DEEDS} more` : ''
  const doubt = 'the signature authorises it, and this program does not decode it'
  return [`These bytes are a transaction of ${chain}, ${shown}${more}: ${doubt}.`]
}

const MOST_DEEDS = 3

type Found = {
  /** Printable. */
  readonly chain: string
  /** Its deeds, in the words of the chain; at least one. */
  readonly deeds: readonly string[]
}

/** Fields of SignDoc. */
const BODY = 1
const AUTH_INFO = 2
const CHAIN_ID = 3
const ACCOUNT_NUMBER = 4

function cosmosIn(payload: Uint8Array): Found | null {
  const fields = fieldsIn(payload)
  if (!fields || !hasOnly(fields, [BODY, AUTH_INFO, CHAIN_ID, ACCOUNT_NUMBER])) return null
  const [body, authInfo, chainId] = [BODY, AUTH_INFO, CHAIN_ID].map((number) => onlyBytes(fields, number))
  const chain = chainId && textIn(chainId)
  if (!body || !authInfo || !chain || !fieldsIn(authInfo)) return null
  const deeds = typesIn(fieldsIn(body) ?? [], 1)
  return deeds && { chain: `the Cosmos chain ${visible(chain)}`, deeds }
}

/** Fields of `raw_data`. */
const REFERENCE_BYTES = 1
const REFERENCE_HASH = 4
const CONTRACT = 11
/** Field of a contract. */
const PARAMETER = 2

function tronIn(payload: Uint8Array): Found | null {
  const fields = fieldsIn(payload) ?? []
  if (onlyBytes(fields, REFERENCE_BYTES)?.length !== 2 || onlyBytes(fields, REFERENCE_HASH)?.length !== 8)
    return null
  const deeds = bytesOf(fields, CONTRACT)?.map((contract) => typesIn(fieldsIn(contract) ?? [], PARAMETER))
  if (!deeds || deeds.length === 0 || !deeds.every((each) => each !== null)) return null
  return { chain: 'Tron', deeds: deeds.flat() }
}

/** Keys of StdSignDoc; `timeout_height` may be there too. */
const JSON_KEYS = ['account_number', 'chain_id', 'fee', 'memo', 'msgs', 'sequence']

function cosmosJsonIn(payload: Uint8Array): Found | null {
  const doc = jsonIn(payload)
  if (!isObject(doc) || !JSON_KEYS.every((key) => Object.hasOwn(doc, key))) return null
  const { chain_id: chain, msgs } = doc
  if (typeof chain !== 'string' || !Array.isArray(msgs) || msgs.length === 0) return null
  return { chain: `the Cosmos chain ${visible(chain)}`, deeds: msgs.map(typeIn) }
}

function typeIn(message: unknown): string {
  const type = isObject(message) ? message['type'] : null
  return typeof type === 'string' ? type : 'a message of no type'
}

function jsonIn(payload: Uint8Array): unknown {
  const text = textIn(payload)
  if (!text?.trimStart().startsWith('{')) return null
  try {
    return JSON.parse(text) as unknown
  } catch {
    return null
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

/** The type URLs of the `google.protobuf.Any` in every field of this number; null unless all are such. */
function typesIn(fields: readonly Field[], number: number): string[] | null {
  const urls = bytesOf(fields, number)?.map((any) => {
    const url = onlyBytes(fieldsIn(any) ?? [], 1)
    return url && textIn(url)
  })
  return urls && urls.length > 0 && urls.every((url) => url?.includes('/')) ? (urls as string[]) : null
}

const hasOnly = (fields: readonly Field[], numbers: readonly number[]): boolean =>
  fields.every(({ number }) => numbers.includes(number))
