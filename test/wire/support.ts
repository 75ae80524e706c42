/** Support of the tests of the wire: members from seeds, whole keys, and one way to mutate a record. */
import { engineOf } from '../../src/protocol/engines/registry.js'
import { auxDataCodec, sealAuxPrimes } from '../../src/protocol/cggmp24/auxiliary/data.js'
import { PRODUCTION } from '../../src/protocol/cggmp24/integers/level.js'
import { makePedersen } from '../../src/protocol/cggmp24/integers/pedersen.js'
import { auxSecretCodec } from '../../src/wire/key/share.js'
import { primesOf } from '../support/primes.js'
import { bech32 } from '@scure/base'
import { x25519 } from '@noble/curves/ed25519.js'
import { expect } from 'vitest'
import { CodecError, decode, encode, type Value } from '../../src/protocol/core/codec.js'
import { curveOf, isDerivable, type Scheme } from '../../src/protocol/group/scheme.js'
import { Secret } from '../../src/protocol/core/secret.js'
import { evaluate, feldman, randomPolynomial } from '../../src/protocol/sharing/polynomial.js'
import { definitionId } from '../../src/wire/ceremony/definition.js'
import { Failure } from '../../src/wire/base/failure.js'
import { cardOfIdentity, newIdentity } from '../../src/wire/identity/identity.js'
import type { KeyRecord } from '../../src/wire/key/record.js'
import { keygenDefinition, type Person } from '../support/members.js'
import { seededRng } from '../support/rng.js'

export const CREATED = 1_800_000_000_000

/** A member whose keys all come from its name: the same in every run. */
export function memberOf(name: string, ...seed: readonly Value[]): Person {
  const rng = seededRng('wire tests', name, ...seed)
  const age = rng(32)
  const words = (bytes: Uint8Array) => bech32.toWords(bytes)
  const secret = bech32.encode('age-secret-key-', words(age), false).toUpperCase()
  const identity = newIdentity(name, secret, CREATED, rng)
  const card = cardOfIdentity(identity, bech32.encode('age', words(x25519.getPublicKey(age)), false))
  return { identity, card, member: { name, fingerprint: card.fingerprint, signing: card.signing } }
}

export const alice = memberOf('alice')
export const bob = memberOf('bob')
export const carol = memberOf('carol')
export const mallory = memberOf('mallory')

export const filled = (byte: number, length = 32): Uint8Array => new Uint8Array(length).fill(byte)
export const bytesOf = (hex: string): Uint8Array =>
  Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

/** The bytes with one bit changed. */
export const flip = (bytes: Uint8Array, at: number, bit = 0): Uint8Array =>
  bytes.map((byte, i) => (i === at ? byte ^ (1 << bit) : byte))

/** A key as a key generation would have made it, with all its shares. */
const auxiliaries = new Map<number, Uint8Array>()

/** Of as many members, with primes that were made for tests. */
export function madeAuxiliary(count: number): Uint8Array {
  const held = auxiliaries.get(count)
  if (held) return held
  const parties = Array.from({ length: count }, (_, i) => {
    const { p, q, pHat, qHat } = primesOf(i + 1, PRODUCTION)
    const { ring, s, t } = makePedersen(pHat, qHat, seededRng('wire tests pedersen', i)).public
    return [i + 1, { N: p * q, Nhat: ring.modulus, s, t }] as const
  })
  const made = auxDataCodec.encode({ level: PRODUCTION, parties: new Map(parties) })
  auxiliaries.set(count, made)
  return made
}

/** The primes behind it, as a share file and a backup hold them. */
export const madePrimes = (index: number): Uint8Array =>
  auxSecretCodec().encode(sealAuxPrimes(primesOf(index, PRODUCTION)))

export function madeKey(
  scheme: Scheme,
  everybody: readonly Person[] = [alice, bob, carol],
): { readonly record: KeyRecord; readonly shares: readonly Secret[] } {
  const curve = curveOf(scheme)
  const f = randomPolynomial(curve, 2, seededRng('wire tests key', scheme))
  const id = definitionId({ ...keygenDefinition(everybody), nonce: filled(1) } as never)
  const shares = everybody.map((_, i) => evaluate(curve, f, i + 1))
  const record: KeyRecord = {
    format: 'mpc/key-record/v1',
    key_id: id,
    scheme,
    engine: engineOf(scheme).name,
    threshold: 2,
    group_point: (feldman(curve, f)[0] as { toBytes(): Uint8Array }).toBytes(),
    chain_code: isDerivable(scheme) ? filled(9) : null,
    members: everybody.map(({ card }, i) => ({
      card,
      index: i + 1,
      public_share: curve.timesG(shares[i] as bigint).toBytes(),
    })),
    epoch: 1,
    parent: null,
    definition: id,
    policy: null,
    former: [],
    auxiliary: scheme === 'ecdsa-secp256k1' ? madeAuxiliary(everybody.length) : null,
  }
  return { record, shares: shares.map((share) => new Secret(curve.scalarBytes(share))) }
}

/** The Failure that `act` throws; anything else fails the test. */
export function failureOf(act: () => unknown): Failure {
  try {
    act()
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
  throw new Error('nothing was refused')
}

/** The CodecError that `act` throws; anything else fails the test. */
export function codecErrorOf(act: () => unknown): CodecError {
  try {
    act()
  } catch (error) {
    if (error instanceof CodecError) return error
    throw error
  }
  throw new Error('nothing was refused')
}

/** Encoded bytes with the value at a path replaced; `undefined` takes it away. Still deterministic form. */
export function rewrite(
  encoded: Uint8Array,
  path: readonly (string | number)[],
  change: (old: Value | undefined) => Value | undefined,
): Uint8Array {
  const at = (value: Value | undefined, [step, ...rest]: readonly (string | number)[]): Value | undefined => {
    if (step === undefined) return change(value)
    if (typeof step === 'number') {
      const items = [...(value as readonly Value[])]
      const next = at(items[step], rest)
      items.splice(step, 1, ...(next === undefined ? [] : [next]))
      return items
    }
    const map = new Map(value as ReadonlyMap<string, Value>)
    const next = at(map.get(step), rest)
    if (next === undefined) map.delete(step)
    else map.set(step, next)
    return map
  }
  return encode(at(decode(encoded), path) as Value)
}

/** Every place in encoded bytes that holds no list or map, as a path; short lists and maps are gone into. */
export function leaves(encoded: Uint8Array): (string | number)[][] {
  const walk = (value: Value, path: (string | number)[]): (string | number)[][] => {
    if (value instanceof Map) {
      return [...(value as ReadonlyMap<string, Value>)].flatMap(([k, v]) => walk(v, [...path, k]))
    }
    if (Array.isArray(value)) return (value as Value[]).flatMap((v, i) => walk(v, [...path, i]))
    return [path]
  }
  return walk(decode(encoded), [])
}

/** Another value of the same kind, so that only its content is wrong. */
export function another(value: Value | undefined): Value {
  if (value === null) return filled(0xee)
  if (typeof value === 'number') return value + 1
  if (typeof value === 'boolean') return !value
  if (typeof value === 'string')
    return value === '' ? 'x' : `${value.slice(0, -1)}${value.endsWith('q') ? 'p' : 'q'}`
  if (value instanceof Uint8Array) return value.length === 0 ? filled(1, 1) : flip(value, value.length - 1)
  throw new TypeError('not a leaf')
}

/** No text of an error, its causes or its hint has any of these in it; the too short are left out. */
export function expectNoSecret(error: Error, secrets: readonly (Uint8Array | string)[]): void {
  const said: string[] = []
  for (let e: unknown = error; e instanceof Error; e = e.cause) {
    said.push(e.message, e.stack ?? '', JSON.stringify(e), 'hint' in e ? String(e.hint) : '')
  }
  const all = said.join('\n').toLowerCase()
  for (const secret of secrets) {
    const spellings =
      typeof secret === 'string'
        ? [secret]
        : [Buffer.from(secret).toString('hex'), Buffer.from(secret).toString('base64'), [...secret].join()]
    for (const spelling of spellings) {
      if (spelling.length >= 16) expect(all).not.toContain(spelling.toLowerCase())
    }
  }
}
