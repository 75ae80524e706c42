/** The payload type `eip712`: typed data in JSON (EIP-712). The payload is the file, byte by byte. */
import { keccak_256 } from '@noble/hashes/sha3.js'
import { hex, visible } from '../../wire/base/text.js'
import { badPayload } from '../bad-payload.js'
import type { Decoder, Known } from '../decoder.js'
import { EVM_ANY } from '../chain.js'
import { effectChain, isNamed, networkName } from './base/chains.js'
import { Report } from './base/report.js'
import { messageSignature, MOST_BYTES, partsOf, signerOf, SOME_KEY } from './base/signer.js'
import type { Reader } from './calls/call.js'
import { describedReaders, knownReaders } from './calls/described.js'
import type { Descriptor } from './calls/descriptor.js'
import { named } from './calls/contracts.js'
import { isObject, type Json, type JsonObject, parseJson } from './typed/json.js'
import { readKnown } from './typed/known.js'
import { DOMAIN, parseSchema, type Schema } from './typed/schema.js'
import { readStruct } from './typed/values.js'

/** @param descriptors what calls of certain contracts mean, beyond what is built in */
export function eip712Decoder(descriptors: readonly Descriptor[] = []): Decoder {
  const more = describedReaders(descriptors)
  return {
    type: 'eip712',
    schemes: ['ecdsa-secp256k1'],
    read: (file) => file,
    decode(payload, subject) {
      const signer = signerOf(subject)
      const { known = null } = subject
      const beyond = { more: [...more, ...knownReaders(known)], known }
      const { view, digest } = understood(payload, signer.address, beyond)
      return {
        view,
        messages: [{ path: subject.path, message: digest }],
        assemble: ([signature]) => messageSignature(partsOf(signature as Uint8Array, digest, signer)),
      }
    },
    outline: (payload) => understood(payload, SOME_KEY, { more, known: null }).view,
  }
}

export const eip712: Decoder = eip712Decoder()

const KEYS = ['types', 'primaryType', 'domain', 'message']
/** EIP-712, "Definition of domainSeparator": the fields, and the type of each. */
const DOMAIN_FIELDS: ReadonlyMap<string, string> = new Map([
  ['name', 'string'],
  ['version', 'string'],
  ['chainId', 'uint256'],
  ['verifyingContract', 'address'],
  ['salt', 'bytes32'],
])

type Document = {
  readonly schema: Schema
  readonly primaryType: string
  readonly domain: Json | undefined
  readonly message: Json | undefined
}

function parse(payload: Uint8Array): Document {
  if (payload.length > MOST_BYTES) throw badPayload(`typed data has at most ${MOST_BYTES} bytes`)
  const json = parseJson(payload)
  if (!isObject(json)) throw badPayload('the typed data is no object')
  requireKeys(json)
  const schema = parseSchema(json.get('types'))
  const primaryType = json.get('primaryType')
  if (typeof primaryType !== 'string') throw badPayload('primaryType is no text')
  if (primaryType === DOMAIN || !schema.structs.has(primaryType)) {
    throw badPayload(`primaryType is ${visible(primaryType)}, which is not among the types`)
  }
  requireDomain(schema)
  return { schema, primaryType, domain: json.get('domain'), message: json.get('message') }
}

function requireKeys(json: JsonObject): void {
  for (const key of KEYS) if (!json.has(key)) throw badPayload(`the typed data has no ${key}`)
  for (const key of json.keys()) {
    if (!KEYS.includes(key)) throw badPayload(`the typed data has ${visible(key)}, which is not signed`)
  }
}

function requireDomain({ structs }: Schema): void {
  const fields = structs.get(DOMAIN)
  if (!fields) throw badPayload(`the types have no ${DOMAIN}`)
  if (fields.length === 0) throw badPayload(`${DOMAIN} has no fields`)
  for (const { name, written } of fields) {
    if (DOMAIN_FIELDS.get(name) !== written)
      throw badPayload(`${DOMAIN} has a field ${visible(`${written} ${name}`)}`)
  }
}

/** @param signer EIP-55, or `SOME_KEY` */
function understood(
  payload: Uint8Array,
  signer: string,
  { more, known }: { readonly more: readonly Reader[]; readonly known: Known | null },
) {
  const { schema, primaryType, ...document } = parse(payload)
  // The chain of the report stands in the domain, so the domain is read first, and shown later.
  const { chain, contract } = domainOf(schema, document.domain)
  const out = Report.of(effectChain(chain), known)
  out.row('signed by', signer)
  out.row('network', networkName(chain))
  out.row('primary type', visible(primaryType))
  const domain = readStruct(schema, DOMAIN, document.domain, 'domain', out)
  const message = readStruct(schema, primaryType, document.message, 'message', out)
  const digest = keccak_256(Buffer.concat([Uint8Array.of(0x19, 0x01), domain.encoded, message.encoded]))
  const taker = contract === null ? 'anybody' : named(chain, contract)
  const asked = contract !== null && { chain, contract, signer, out, more }
  const deed = asked ? readKnown(schema, primaryType, message.value, asked) : null
  if (deed === null) {
    out.effect('unknown', { recipient: contract })
    out.warn('danger', `What a signature of ${visible(primaryType)} does at ${taker} is not known here.`)
  }
  out.row('domain hash', `0x${hex(domain.encoded)}`)
  out.row('message hash', `0x${hex(message.encoded)}`)
  warn(schema, primaryType, { chain, contract }, out)
  const sentence = `${deed ?? `signs the typed data ${visible(primaryType)}`}, by a signature for ${taker} on ${networkName(chain)}.`
  return { view: out.view('eip712', sentence), digest }
}

type Domain = { readonly chain: bigint | null; readonly contract: string | null }

function domainOf(schema: Schema, json: Json | undefined): Domain {
  const values = readStruct(schema, DOMAIN, json, 'domain', Report.of(EVM_ANY)).value as readonly unknown[]
  const fields = schema.structs.get(DOMAIN) ?? []
  const valueOf = (name: string): unknown => values[fields.findIndex((field) => field.name === name)] ?? null
  return {
    chain: valueOf('chainId') as bigint | null,
    contract: valueOf('verifyingContract') as string | null,
  }
}

function warn(schema: Schema, primaryType: string, { chain, contract }: Domain, out: Report): void {
  if (chain === null) out.warn('danger', 'The domain names no chain: the signature holds on every one.')
  else if (!isNamed(chain))
    out.warn('caution', `This program has no name for the network with chain id ${chain}.`)
  if (contract === null) out.warn('caution', 'The domain names no contract that takes the signature.')
  const used = new Set([DOMAIN, ...schema.reachable(primaryType)])
  const unused = [...schema.structs.keys()].filter((name) => !used.has(name))
  if (unused.length > 0)
    out.warn('note', `Types that are not used are not signed: ${unused.map(visible).join(', ')}.`)
}
