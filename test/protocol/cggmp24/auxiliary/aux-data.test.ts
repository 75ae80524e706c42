import { describe, expect, test } from 'vitest'
import { codec, CodecError, decode, encode, type Value } from '../../../../src/protocol/core/codec.js'
import {
  type AuxData,
  auxDataCodec,
  type AuxPrimes,
  type AuxPublic,
  auxSecretShape,
  checkAuxPublic,
  checkAuxSecret,
  requirePrimes,
  sealAuxPrimes,
  wipeAuxSecret,
} from '../../../../src/protocol/cggmp24/auxiliary/data.js'
import { PRODUCTION, TEST_ONLY } from '../../../../src/protocol/cggmp24/integers/level.js'
import { makePedersen } from '../../../../src/protocol/cggmp24/integers/pedersen.js'
import { primes1024, primesOf } from '../../../support/primes.js'
import { seededRng } from '../../../support/rng.js'
import { nextPrime } from '../zk/forge.js'

const publicOf = (party: number): AuxPublic => {
  const { p, q, pHat, qHat } = primesOf(party)
  const { ring, s, t } = makePedersen(pHat, qHat, seededRng('aux', party)).public
  return { N: p * q, Nhat: ring.modulus, s, t }
}
const [one, two, three] = [1, 2, 3].map(publicOf) as [AuxPublic, AuxPublic, AuxPublic]
const dataOf = (...parties: AuxPublic[]): AuxData => ({
  level: TEST_ONLY,
  parties: new Map(parties.map((aux, i) => [i + 1, aux])),
})
const good = dataOf(one, two, three)
const primes = primesOf(1)

describe('the auxiliary part of a record', () => {
  test('comes back from its one form', () => {
    const encoded = auxDataCodec.encode(good)
    expect(auxDataCodec.decode(encoded)).toEqual(good)
    expect(auxDataCodec.encode(auxDataCodec.decode(encoded))).toEqual(encoded)
  })

  test.each<[string, AuxData, string]>([
    ['a modulus that is even', dataOf(one, { ...two, N: two.N + 1n }), '2.N: even'],
    ['a modulus that is a square', dataOf({ ...one, N: primes.p ** 2n }, two), '1.N: a perfect power'],
    [
      'a modulus that is short',
      dataOf(one, { ...two, Nhat: two.Nhat >> 9n }),
      '2.Nhat: a modulus has 2047 or 2048',
    ],
    ['s = 1', dataOf(one, { ...two, s: 1n }), '2.s: of order 1 or 2'],
    ['t that is no unit', dataOf(one, { ...two, t: 0n }), '2.t: not a unit'],
    ['N = N̂', dataOf(one, { ...two, N: two.Nhat }), '2.Nhat: has a factor in common with N'],
    [
      'N and N̂ with a prime in common',
      dataOf(one, { ...two, N: primesOf(2).p * primesOf(2).pHat }),
      '2.Nhat: has a factor',
    ],
    ['two equal moduli', dataOf(one, { ...two, N: one.N }), '2: has a factor in common with party 1'],
    ["another's N as N̂", dataOf({ ...one, N: two.Nhat }, two), '2: has a factor in common with party 1'],
    [
      'a prime used twice',
      dataOf(one, two, { ...three, N: primesOf(2).q * primesOf(3).q }),
      '3: has a factor in common with party 2',
    ],
    ['the same party twice', dataOf(one, one), '2: has a factor in common with party 1'],
  ])('%s is refused', (_, data, message) => {
    expect(() => checkAuxPublic(data)).toThrow(message)
    expect(() => auxDataCodec.decode(auxDataCodec.encode(data))).toThrow(CodecError)
  })

  test('moduli of another level are refused: a key for tests does not pass for one that is none', () => {
    expect(() => auxDataCodec.decode(auxDataCodec.encode({ ...good, level: PRODUCTION }))).toThrow(
      '1.N: a modulus has 3071 or 3072 bits',
    )
  })

  test.each<[string, (fields: Map<string, Value>) => void]>([
    ['one party', (fields) => fields.set('parties', (fields.get('parties') as Value[]).slice(0, 1))],
    ['no party', (fields) => fields.set('parties', [])],
    ['an unknown level', (fields) => fields.set('level', 'TEST_ONLY-1024')],
    ['one more field', (fields) => fields.set('more', 1)],
    ['no level', (fields) => fields.delete('level')],
  ])('%s is refused', (_, alter) => {
    const fields = decode(auxDataCodec.encode(good)) as Map<string, Value>
    alter(fields)
    expect(() => auxDataCodec.decode(encode(fields))).toThrow(CodecError)
  })
})

describe('the secret part of a share file', () => {
  const secret = () => sealAuxPrimes(primes)
  const shape = auxSecretShape(TEST_ONLY)

  test('comes back from its one form, fits its public data, and is wiped', () => {
    const letter = codec(shape)
    const read = letter.decode(letter.encode(secret()))
    checkAuxSecret(TEST_ONLY, one, read)
    expect(Buffer.from(read.p.reveal()).toString('hex')).toBe(primes.p.toString(16))
    const bytes = read.qHat.reveal()
    wipeAuxSecret(read)
    expect(bytes).toEqual(new Uint8Array(128))
    for (const prime of Object.values(read)) expect(() => prime.reveal()).toThrow('wiped')
  })

  test('it does not alias what it was read from', () => {
    const encoded = codec(shape).encode(secret())
    const copy = encoded.slice()
    wipeAuxSecret(codec(shape).decode(encoded))
    expect(encoded).toEqual(copy)
  })

  test.each<[string, Partial<AuxPrimes>, string]>([
    ['another p', { p: primesOf(2).p }, 'p: not the factors of N'],
    ['p for p̂', { pHat: primes.p }, 'pHat: not the factors of N̂'],
    ["another party's q", { q: primesOf(3).q }, 'p: not the factors of N'],
    ['a factor that is short', { p: primes.p >> 1n }, 'p: not of 1024 bits'],
    ['a factor of 1', { qHat: 1n }, 'qHat: not of 1024 bits'],
    ['a factor that is 1 modulo 4', { q: primes.q - 2n }, 'q: not 3 modulo 4'],
  ])('%s is refused, and not quoted', (_, changed, message) => {
    expect(() => checkAuxSecret(TEST_ONLY, one, sealAuxPrimes({ ...primes, ...changed }))).toThrow(message)
  })

  test("another party's secret, or one of another level, is refused", () => {
    expect(() => checkAuxSecret(TEST_ONLY, two, secret())).toThrow('p: not the factors of N')
    expect(() => checkAuxSecret(PRODUCTION, one, secret())).toThrow('p: not of 1536 bits')
    const letter = codec(auxSecretShape(PRODUCTION))
    expect(() => letter.decode(letter.encode(secret()))).toThrow('p: expected 192 bytes')
  })
})

describe('primes that are handed in', () => {
  test('safe ones of the level are taken', () => {
    for (let party = 1; party <= 6; party++) requirePrimes(TEST_ONLY, primesOf(party))
    requirePrimes(PRODUCTION, primesOf(1, PRODUCTION))
  })

  const close = nextPrime(primes.p + 4n, 3n)
  test.each<[string, Partial<AuxPrimes>, string]>([
    ['equal', { q: primes.p }, 'the four primes are different'],
    ['used for N and N̂', { pHat: primes.p }, 'the four primes are different'],
    ['close to each other', { q: close }, 'the factors of a modulus are too close'],
    [
      'p̂ and q̂ close to each other',
      { pHat: primes1024[23] as bigint, qHat: (primes1024[23] as bigint) + 2n ** 923n },
      'too close',
    ],
    ['of another level', primesOf(1, PRODUCTION), 'a prime of this level has 1024 bits'],
    ['negative', { p: -primes.p }, 'a prime of this level has 1024 bits'],
    ['composite', { q: primes.q + 4n }, 'not a safe prime'],
    ['not safe', { q: nextPrime(primes.q + 4n, 3n) }, 'not a safe prime'],
  ])('%s: refused', (_, changed, message) => {
    expect(() => requirePrimes(TEST_ONLY, { ...primes, ...changed })).toThrow(new RegExp(message))
  })
})
