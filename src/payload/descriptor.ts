/** Output descriptors for Bitcoin wallets: which addresses a key has, in one line (BIP-380, BIP-389). */
import type { Path } from '../protocol/group/derive.js'
import type { Scheme } from '../protocol/group/scheme.js'
import { hex } from '../wire/base/text.js'
import type { Network } from './chain.js'
import { fingerprintOf, xpub } from './xpub.js'

/** BIP-382 `wpkh`, BIP-386 `tr` without scripts. Money sent to another kind of output could not be spent. */
const FUNCTIONS: Partial<Record<Scheme, string>> = { 'ecdsa-secp256k1': 'wpkh', 'schnorr-taproot': 'tr' }

/** A key with its chain code. */
export type Watched = {
  readonly scheme: Scheme
  /** 33 bytes; for taproot the internal point. */
  readonly group_point: Uint8Array
  readonly chain_code: Uint8Array | null
}

/**
 * The descriptor of the receiving addresses `0/*` and of the change `1/*` below a path, with origin and checksum.
 * Null for a scheme that Bitcoin does not have.
 * @throws CodecError where the path leads to no key
 */
export function descriptor(key: Watched, path: Path, network?: Network): string | null {
  const name = FUNCTIONS[key.scheme]
  if (name === undefined || key.chain_code === null) return null
  const origin = [hex(fingerprintOf(key.group_point)), ...path].join('/')
  const script = `${name}([${origin}]${xpub(key.group_point, key.chain_code, path, network)}/<0;1>/*)`
  return `${script}#${checksum(script)}`
}

// BIP-380, "Checksum": the characters in the order of the BIP, by which a change of case costs least.
const INPUT =
  '0123456789()[],\'/*abcdefgh@:$%{}IJKLMNOPQRSTUVWXYZ&+-.;<=>?!^_|~ijklmnopqrstuvwxyzABCDEFGH`#"\\ '
const OUTPUT = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'
const GENERATOR = [0xf5dee51989n, 0xa9fdca3312n, 0x1bab10e32dn, 0x3706b1677an, 0x644d626ffdn]

/** 8 characters of checksum. @param script of the characters that a descriptor may have */
export function checksum(script: string): string {
  const symbols: number[] = []
  let groups: number[] = []
  for (const character of script) {
    const at = INPUT.indexOf(character)
    if (at < 0) throw new RangeError('no descriptor has this character')
    symbols.push(at & 31)
    groups.push(at >> 5)
    if (groups.length === 3) {
      symbols.push(inBaseThree(groups))
      groups = []
    }
  }
  if (groups.length > 0) symbols.push(inBaseThree(groups))
  const sum = polymod([...symbols, 0, 0, 0, 0, 0, 0, 0, 0]) ^ 1n
  return [7, 6, 5, 4, 3, 2, 1, 0].map((i) => OUTPUT[Number((sum >> BigInt(5 * i)) & 31n)]).join('')
}

const inBaseThree = (groups: readonly number[]): number => groups.reduce((sum, group) => 3 * sum + group, 0)

function polymod(symbols: readonly number[]): bigint {
  let sum = 1n
  for (const symbol of symbols) {
    const top = sum >> 35n
    sum = ((sum & 0x7ffffffffn) << 5n) ^ BigInt(symbol)
    GENERATOR.forEach((term, i) => {
      if ((top >> BigInt(i)) & 1n) sum ^= term
    })
  }
  return sum
}
