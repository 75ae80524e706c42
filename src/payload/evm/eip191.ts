/**
 * The payload type `eip191`: a message for `personal_sign` (EIP-191, version 0x45). The payload is the message itself,
 * byte by byte as the file has it.
 */
import { keccak_256 } from '@noble/hashes/sha3.js'
import { visible } from '../../wire/base/text.js'
import { badPayload } from '../bad-payload.js'
import type { Decoder, View } from '../decoder.js'
import { hexRows, textIn, textRows } from '../lines.js'
import { isBareDigest, UNKNOWN } from '../opaque.js'
import { EVM_ANY } from '../chain.js'
import { otherChainWarnings } from '../other-chains/recognise.js'
import { messageSignature, MOST_BYTES, partsOf, signerOf, SOME_KEY } from './base/signer.js'

export const eip191: Decoder = {
  type: 'eip191',
  schemes: ['ecdsa-secp256k1'],
  read: (file) => file,
  decode(payload, subject) {
    const signer = signerOf(subject)
    const view = viewOf(payload, signer.address)
    const digest = eip191Digest(payload)
    return {
      view,
      messages: [{ path: subject.path, message: digest }],
      assemble: ([signature]) => messageSignature(partsOf(signature as Uint8Array, digest, signer)),
    }
  },
  outline: (payload) => viewOf(payload, SOME_KEY),
}

/** Keccak-256 of 0x19, `Ethereum Signed Message:\n`, the length in decimal digits, and the message. */
export function eip191Digest(message: Uint8Array): Uint8Array {
  const head = new TextEncoder().encode(`\u0019Ethereum Signed Message:\n${message.length}`)
  return keccak_256(Uint8Array.from([...head, ...message]))
}

function viewOf(payload: Uint8Array, signer: string): View {
  if (payload.length > MOST_BYTES) throw badPayload(`a message has at most ${MOST_BYTES} bytes`)
  const text = textIn(payload)
  // Cosmos takes its sign document in such a message too (SIGN_MODE_EIP_191).
  const otherChains = otherChainWarnings(payload)
  const isMeant = text !== null && !isBareDigest(payload) && otherChains.length === 0
  return {
    type: 'eip191',
    sentence:
      text === null
        ? `Signs ${payload.length} bytes, which are no text, as an Ethereum message.`
        : `Signs the message ${visible(text)} as an Ethereum message.`,
    rows: [
      { label: 'signed by', value: signer },
      { label: 'network', value: 'any; a message names none' },
      { label: 'length', value: `${payload.length} bytes${text === null ? ', not text' : ''}` },
      ...(text === null ? hexRows(payload) : textRows(text)),
    ],
    effects: isMeant ? [] : [{ ...UNKNOWN, chain: EVM_ANY }],
    warnings: [...otherChains, ...warningsOf(payload, text)],
  }
}

function warningsOf(payload: Uint8Array, text: string | null): readonly string[] {
  const warnings: string[] = []
  if (isBareDigest(payload)) {
    warnings.push(
      'These 32 bytes may be a digest, which does not say what is signed: a Safe takes such a signature for one of its transactions.',
    )
  } else if (text === null) {
    warnings.push('The message is no text: what somebody takes the signature for is not known here.')
  }
  if (text === null) return warnings
  if (/^(?:0x)?[0-9a-f]+\s*$/i.test(text)) {
    warnings.push('The message is hex digits. The characters are signed, not the bytes that they stand for.')
  }
  if (text.endsWith('\n')) warnings.push('The message ends with a line break, which is signed too.')
  return warnings
}
