/** Output scripts in words: the address, or the kind of what has none. */
import { Address, OutScript } from '@scure/btc-signer/payment.js'
import { Script, type ScriptType } from '@scure/btc-signer/script.js'
import { equalBytes } from '../../protocol/core/codec.js'
import { sha256 } from '../../wire/base/hash.js'
import { hex, visible } from '../../wire/base/text.js'
import { bitcoinNetwork } from '../address.js'
import { textIn } from '../lines.js'

const RETURN = 0x6a
const SHOWN_BYTES = 64

const KINDS: Readonly<Record<string, string>> = {
  p2a: 'P2A',
  pk: 'P2PK',
  pkh: 'P2PKH',
  sh: 'P2SH',
  wsh: 'P2WSH',
  wpkh: 'P2WPKH',
  tr: 'P2TR',
}

/** Those kinds that an address stands for. */
const ADDRESSED = ['p2a', 'pkh', 'sh', 'wsh', 'wpkh', 'tr']

type Known = Parameters<typeof OutScript.encode>[0]

/** P2PK with a key of 65 bytes is the longest of the kinds that the library tells apart here. */
const LONGEST_KNOWN = 67
/** The library tests keys for being points, which takes time, and several rows ask for the same script. */
const seen = new WeakMap<Uint8Array, Known | null>()

/** The script as the library knows it, if that is exactly how it is spelt: other spellings have no address. */
function known(script: Uint8Array): Known | null {
  const before = seen.get(script)
  if (before !== undefined) return before
  const found = script.length > LONGEST_KNOWN ? null : decode(script)
  seen.set(script, found)
  return found
}

function decode(script: Uint8Array): Known | null {
  try {
    const decoded = OutScript.decode(script)
    return equalBytes(OutScript.encode(decoded), script) ? decoded : null
  } catch {
    return null
  }
}

/** Null for a script without one. @param network by default that of this process */
export function scriptAddress(script: Uint8Array, network = bitcoinNetwork()): string | null {
  const decoded = known(script)
  return decoded && ADDRESSED.includes(decoded.type) ? Address(network).encode(decoded) : null
}

/** `P2SH`, `a script of an unknown kind`. */
export function kindOf(script: Uint8Array): string {
  if (carriesData(script)) return 'data (OP_RETURN)'
  return (
    KINDS[known(script)?.type ?? ''] ?? (isMultisig(script) ? 'bare multisig' : 'a script of an unknown kind')
  )
}

/** A number, keys, how many there are, OP_CHECKMULTISIG; whether the keys are points makes no difference. */
function isMultisig(script: Uint8Array): boolean {
  const [least, ...rest] = operations(script) ?? []
  const [count, last] = rest.slice(-2)
  const keys = rest.slice(0, -2)
  return (
    last === 'CHECKMULTISIG' &&
    typeof least === 'number' &&
    count === keys.length &&
    keys.every((key) => key instanceof Uint8Array && (key.length === 33 || key.length === 65))
  )
}

function operations(script: Uint8Array): ScriptType | null {
  try {
    return Script.decode(script)
  } catch {
    return null
  }
}

/** OP_RETURN: what is paid to it is lost, and what follows it is data. */
export const carriesData = (script: Uint8Array): boolean => script[0] === RETURN

/** The data that OP_RETURN pushes, as visible text; null if it is no text. */
export function dataText(script: Uint8Array): string | null {
  const [, data, ...more] = operations(script) ?? []
  const text = more.length === 0 && data instanceof Uint8Array ? textIn(data) : null
  return text === null ? null : visible(text)
}

/** Bytes in hex; of many only the first, with the length and hash of all. */
export const shortHex = (bytes: Uint8Array): string =>
  bytes.length <= SHOWN_BYTES
    ? hex(bytes)
    : `${hex(bytes.subarray(0, SHOWN_BYTES))}… (${bytes.length} bytes, SHA-256 ${hex(sha256(bytes))})`
