/**
 * A self-signed certificate (X.509, RFC 5280), for a relay that no authority vouches for. Its clients know it by its
 * hash. The key is ECDSA on P-256, which every TLS library takes.
 */
import { p256 } from '@noble/curves/nist.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import { base64 } from '@scure/base'
import { isIP } from 'node:net'
import type { Rng } from '../../protocol/core/session.js'

export type Wanted = {
  /** Names and addresses of the server. */
  readonly hosts: readonly string[]
  /** Unix milliseconds, of whole seconds. */
  readonly from: number
  readonly until: number
  readonly rng: Rng
}

/** PEM texts. */
export type Certified = { readonly cert: string; readonly key: string }

const [SEQUENCE, SET, INTEGER, BITS, OCTETS, OBJECT, UTF8, TIME, TRUE] = [
  0x30, 0x31, 0x02, 0x03, 0x04, 0x06, 0x0c, 0x17, 0x01,
] as const

/** The bytes of object identifiers. */
const OIDS = {
  ecPublicKey: '2a8648ce3d0201',
  p256: '2a8648ce3d030107',
  ecdsaWithSha256: '2a8648ce3d040302',
  commonName: '550403',
  keyUsage: '551d0f',
  alternativeNames: '551d11',
  basicConstraints: '551d13',
  extendedKeyUsage: '551d25',
  serverAuth: '2b06010505070301',
} as const

/** @returns a new key and its certificate, valid in these hosts and between these times */
export function selfSigned({ hosts, from, until, rng }: Wanted): Certified {
  const secret = p256.utils.randomSecretKey(rng(48))
  const point = p256.getPublicKey(secret, false)
  const algorithm = sequence(oid('ecdsaWithSha256'))
  const name = sequence(tlv(SET, sequence(oid('commonName'), tlv(UTF8, utf8ToBytes('mpc relay')))))
  const serial = rng(16)
  // Positive, and without a leading zero.
  serial[0] = ((serial[0] as number) & 0x3f) | 0x40
  const body = sequence(
    tlv(0xa0, tlv(INTEGER, [2])),
    tlv(INTEGER, serial),
    algorithm,
    name,
    sequence(time(from), time(until)),
    name,
    sequence(keyKind(), bits(point)),
    tlv(0xa3, sequence(...extensions(hosts))),
  )
  const signature = p256.sign(sha256(body), secret, { prehash: false, format: 'der' })
  const inner = sequence(tlv(INTEGER, [1]), tlv(OCTETS, secret), tlv(0xa1, bits(point)))
  const key = sequence(tlv(INTEGER, [0]), keyKind(), tlv(OCTETS, inner))
  return {
    cert: pem('CERTIFICATE', sequence(body, algorithm, bits(signature))),
    key: pem('PRIVATE KEY', key),
  }
}

/** A certificate of a server, and of no authority. */
function extensions(hosts: readonly string[]): Uint8Array[] {
  const critical = tlv(TRUE, [0xff])
  return [
    sequence(oid('basicConstraints'), critical, tlv(OCTETS, sequence())),
    // Bit 0: digital signatures.
    sequence(oid('keyUsage'), critical, tlv(OCTETS, tlv(BITS, [7, 0x80]))),
    sequence(oid('extendedKeyUsage'), tlv(OCTETS, sequence(oid('serverAuth')))),
    sequence(oid('alternativeNames'), tlv(OCTETS, sequence(...hosts.map(hostName)))),
  ]
}

const hostName = (host: string): Uint8Array =>
  isIP(host) === 0 ? tlv(0x82, utf8ToBytes(host)) : tlv(0x87, addressBytes(host))

/** 4 bytes of an IPv4 address, 16 of an IPv6 address. */
function addressBytes(address: string): number[] {
  if (isIP(address) === 4) return address.split('.').map(Number)
  // A URL writes an IPv4 address inside of an IPv6 address as two groups.
  const plain = new URL(`http://[${address}]`).hostname.slice(1, -1)
  const [head = [], tail] = plain.split('::').map((part) => part.split(':').filter((group) => group !== ''))
  const missing = 8 - head.length - (tail?.length ?? 0)
  const groups = [...head, ...Array.from({ length: missing }, () => '0'), ...(tail ?? [])]
  return groups.map((group) => Number.parseInt(group, 16)).flatMap((group) => [group >> 8, group & 255])
}

const keyKind = (): Uint8Array => sequence(oid('ecPublicKey'), oid('p256'))
const oid = (name: keyof typeof OIDS): Uint8Array => tlv(OBJECT, hexToBytes(OIDS[name]))
const bits = (bytes: Uint8Array): Uint8Array => tlv(BITS, [0], bytes)
const sequence = (...parts: readonly Uint8Array[]): Uint8Array => tlv(SEQUENCE, ...parts)

/** UTCTime, which ends in 2049: `YYMMDDhhmmssZ`. */
function time(at: number): Uint8Array {
  const digits = new Date(at).toISOString().replace(/[-:T]|\.\d+/g, '')
  return tlv(TIME, utf8ToBytes(digits.slice(2)))
}

/** Tag, length and value in DER; a value is shorter than 65,536 bytes. */
function tlv(tag: number, ...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  const value = concatBytes(...parts.map((part) => Uint8Array.from(part)))
  const { length } = value
  const long = length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
  return concatBytes(Uint8Array.from([tag, ...(length < 128 ? [length] : long)]), value)
}

function pem(label: string, der: Uint8Array): string {
  const lines = base64.encode(der).match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n')
}
