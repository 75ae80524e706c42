/** What is to be signed, as people see it: a summary that says how much it leaves out, and all of it. */
import type { Scheme } from '../../protocol/group/scheme.js'
import type { PayloadType } from '../../wire/ceremony/definition.js'
import { sha256 } from '../../wire/base/hash.js'
import { hex, visible } from '../../wire/base/text.js'
import { fields } from '../terminal/style.js'

/** How much of a payload a summary shows: as many characters of text as `visible` does, or bytes of anything else. */
const SHOWN_CHARACTERS = 200
const SHOWN_BYTES = 64
/** How much stands on a line of the whole. */
const LINE_CHARACTERS = 60
const LINE_BYTES = 24

/** A type of payload, and what is signed of it: ECDSA signs a hash, the others sign what is there. */
function typeLine(scheme: Scheme, type: PayloadType): string {
  if (scheme === 'ecdsa-secp256k1' && type !== 'digest')
    return `${type}; the SHA-256 of these bytes is signed`
  return type === 'text' ? 'text' : `${type}, these bytes as they are`
}

/** What a signature is asked for; everything that others have a say in is made visible. */
export type Asked = {
  /** The key's name here, and how many of its custodians must sign. */
  readonly key: string
  readonly signers: string
  readonly scheme: Scheme
  readonly type: PayloadType
  readonly payload: Uint8Array
  readonly reason: string
}

/** The text in bytes, if they are text. */
function textIn(payload: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(payload)
  } catch {
    return null
  }
}

/** How many bytes a summary leaves out. */
export function hiddenBytes(payload: Uint8Array): number {
  const text = textIn(payload)
  if (text === null) return Math.max(0, payload.length - SHOWN_BYTES)
  return payload.length - Buffer.byteLength([...text].slice(0, SHOWN_CHARACTERS).join(''))
}

export function payloadSummary({ key, signers, scheme, type, payload, reason }: Asked): string[] {
  const text = textIn(payload)
  const hidden = hiddenBytes(payload)
  return fields([
    ['key', key],
    ['signers', signers],
    ['type', typeLine(scheme, type)],
    ['sha256', hex(sha256(payload))],
    ['payload', `${payload.length} bytes${text === null ? ', no text' : ''}`],
    [text === null ? 'hex' : 'text', text === null ? hex(payload.subarray(0, SHOWN_BYTES)) : visible(text)],
    ...(hidden === 0 ? [] : [['NOT SHOWN', `the other ${hidden} bytes; "view" shows them`] as const]),
    ...(reason === '' ? [] : [['reason', visible(reason)] as const]),
  ])
}

/** All of a payload: text line by line and quoted, anything else in hex with how far each line is in. */
export function payloadLines(payload: Uint8Array): string[] {
  const text = textIn(payload)
  if (text === null) {
    return Array.from({ length: Math.ceil(payload.length / LINE_BYTES) }, (_, i) => {
      const from = i * LINE_BYTES
      return `${String(from).padStart(6)}  ${hex(payload.subarray(from, from + LINE_BYTES))}`
    })
  }
  return text.split('\n').flatMap((line, i) => {
    const characters = [...line]
    const pieces = Math.max(1, Math.ceil(characters.length / LINE_CHARACTERS))
    return Array.from({ length: pieces }, (_, piece) => {
      const from = piece * LINE_CHARACTERS
      const label = piece === 0 ? String(i + 1) : ''
      return `${label.padStart(6)}  ${visible(characters.slice(from, from + LINE_CHARACTERS).join(''))}`
    })
  })
}
