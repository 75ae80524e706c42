import { createHmac } from 'node:crypto'
import { sha256 } from '@noble/hashes/sha2.js'
import { createBase58check } from '@scure/base'
import fc from 'fast-check'
import { pointAddScalar, pointFromScalar, privateAdd } from 'tiny-secp256k1'
import { describe, expect, test } from 'vitest'
import { CodecError } from '../../../src/protocol/core/codec.js'
import { secp256k1 } from '../../../src/protocol/group/curve.js'
import { childOf, derivePath, MOST_STEPS, parsePath } from '../../../src/protocol/group/derive.js'
import vectors from '../../vectors/bip32/public.json' with { type: 'json' }
import { BAD_POINTS, hex, toHex } from '../frost/party.js'

const K = hex('0339a36013301597daef41fbe593a02cc513d0b55527ec2df1050e2e8ff49c85c2')
const chainCode = hex('873dff81c02f525623fd1fe5167eac3a55a049de3d314bb42ee227ffed37d508')

/** Point and chain code in an extended public key. */
function partsOf(xpub: string) {
  const bytes = createBase58check(sha256).decode(xpub)
  return { groupPoint: bytes.slice(45), chainCode: bytes.slice(13, 45) }
}

describe('derivation by a path', () => {
  test.each(vectors.steps)('BIP-32: $path', ({ from, path, to }) => {
    const parent = partsOf(from)
    const { shift, ...derived } = derivePath(parent.groupPoint, parent.chainCode, parsePath(path))
    expect(derived).toEqual(partsOf(to))
    const shifted = secp256k1.parsePoint(parent.groupPoint).add(secp256k1.timesG(shift))
    expect(toHex(shifted.toBytes())).toBe(toHex(derived.groupPoint))
  })

  test('is that of libsecp256k1 with the hash of OpenSSL, for points and for private keys', () => {
    const child = fc.oneof(fc.nat(2 ** 31 - 1), fc.constantFrom(0, 1, 2 ** 31 - 1))
    const scalar = fc.bigInt({ min: 1n, max: secp256k1.order - 1n })
    fc.assert(
      fc.property(
        scalar,
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.array(child, { maxLength: 4 }),
        (x, code, path) => {
          let key: Uint8Array = secp256k1.scalarBytes(x)
          let point = pointFromScalar(key, true) as Uint8Array
          let chain = code
          for (const number of path) {
            const index = Buffer.alloc(4)
            index.writeUInt32BE(number)
            const I = createHmac('sha512', chain).update(point).update(index).digest()
            key = privateAdd(key, I.subarray(0, 32)) as Uint8Array
            point = pointAddScalar(point, I.subarray(0, 32)) as Uint8Array
            chain = Uint8Array.from(I.subarray(32))
          }
          const derived = derivePath(secp256k1.timesG(x).toBytes(), code, path)
          expect(toHex(derived.groupPoint)).toBe(toHex(point))
          expect(toHex(derived.chainCode)).toBe(toHex(chain))
          expect(toHex(secp256k1.scalarBytes(secp256k1.Fn.add(x, derived.shift)))).toBe(toHex(key))
        },
      ),
      { numRuns: 60, seed: 62 },
    )
  })

  test('without steps is the key itself', () => {
    expect(derivePath(K, chainCode, [])).toEqual({ groupPoint: K, chainCode, shift: 0n })
  })

  test('goes step by step', () => {
    const first = derivePath(K, chainCode, [3])
    const second = derivePath(first.groupPoint, first.chainCode, [5, 0])
    const both = derivePath(K, chainCode, [3, 5, 0])
    expect(both).toEqual({ ...second, shift: secp256k1.Fn.add(first.shift, second.shift) })
  })

  test('differs for the negative of a point: the true parity counts', () => {
    const negative = K.map((byte, i) => (i === 0 ? byte ^ 1 : byte))
    expect(derivePath(negative, chainCode, [0]).shift).not.toBe(derivePath(K, chainCode, [0]).shift)
  })

  test('one number too high, negative, fractional or a step too many is no path', () => {
    const long = Array.from({ length: MOST_STEPS + 1 }, () => 0)
    for (const path of [[2 ** 31], [-1], [0.5], [Number.NaN], long]) {
      expect(() => derivePath(K, chainCode, path)).toThrow(RangeError)
    }
    expect(derivePath(K, chainCode, long.slice(1)).groupPoint).toHaveLength(33)
  })

  test.each(BAD_POINTS['ecdsa-secp256k1'])('%s has no children', (_, encoded) => {
    expect(() => derivePath(hex(encoded), chainCode, [0])).toThrow(CodecError)
  })
})

describe('a step that nobody will ever meet', () => {
  const order = secp256k1.order.toString(16)
  const parent = secp256k1.timesG(5n)
  const I = (left: string) => hex(left + '07'.repeat(32))

  test('has no key for a number that is not below the order', () => {
    expect(childOf(parent, I(order))).toBeNull()
    expect(childOf(parent, I('ff'.repeat(32)))).toBeNull()
  })

  test('has no key at infinity', () => {
    const minus5 = toHex(secp256k1.scalarBytes(secp256k1.order - 5n))
    expect(childOf(parent, I(minus5))).toBeNull()
  })

  test('has one right beside these, and for a sum that doubles', () => {
    const shifts = [0n, 1n, 5n, secp256k1.order - 6n, secp256k1.order - 4n, secp256k1.order - 1n]
    for (const shift of shifts) {
      expect(childOf(parent, I(toHex(secp256k1.scalarBytes(shift))))).toEqual({
        groupPoint: secp256k1.timesG(secp256k1.Fn.add(5n, shift)).toBytes(),
        chainCode: hex('07'.repeat(32)),
        shift,
      })
    }
  })
})

describe('a path as text', () => {
  test.each<[string, number[]]>([
    ['m/0', [0]],
    ['m/0/1', [0, 1]],
    ['m/2147483647/10', [2147483647, 10]],
  ])('%s', (text, path) => {
    expect(parsePath(text)).toEqual(path)
  })

  const HARDENED = 'is hardened (from 2147483648 on): that takes the private key, which exists nowhere'
  const NUMBER = 'is not a number without leading zeros'
  test.each<[string, string]>([
    ["m/44'/60'/0'/0/0", `step 1 ${HARDENED}`],
    ['m/0/1h', `step 2 ${HARDENED}`],
    ['m/0H', `step 1 ${HARDENED}`],
    ['m/2147483648', `step 1 ${HARDENED}`],
    ['m/0/9999999999', `step 2 ${HARDENED}`],
    ['m/00', `step 1 ${NUMBER}`],
    ['m/01', `step 1 ${NUMBER}`],
    ['m/', `step 1 ${NUMBER}`],
    ['m/0/', `step 2 ${NUMBER}`],
    ['m//0', `step 1 ${NUMBER}`],
    ['m/-1', `step 1 ${NUMBER}`],
    ['m/+1', `step 1 ${NUMBER}`],
    ['m/1.0', `step 1 ${NUMBER}`],
    ['m/1e3', `step 1 ${NUMBER}`],
    ['m/0x1', `step 1 ${NUMBER}`],
    ['m/ 1', `step 1 ${NUMBER}`],
    ['m/1\n', `step 1 ${NUMBER}`],
    ['m/\u0661', `step 1 ${NUMBER}`],
    ['m/99999999999', `step 1 ${NUMBER}`],
    ["m/'", `step 1 ${NUMBER}`],
    ['m', 'not of the form m/0/1'],
    ['', 'not of the form m/0/1'],
    ['0/1', 'not of the form m/0/1'],
    ['M/0', 'not of the form m/0/1'],
    ['/0', 'not of the form m/0/1'],
    ['m/0'.padEnd(3 + 2 * MOST_STEPS, '/0'), `more than ${MOST_STEPS} steps`],
  ])('%j is none', (text, problem) => {
    expect(() => parsePath(text)).toThrow(new CodecError('path', problem))
  })

  test('is read back from its numbers', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2 ** 31 - 1), { minLength: 1, maxLength: MOST_STEPS }), (path) => {
        expect(parsePath(['m', ...path].join('/'))).toEqual(path)
      }),
      { numRuns: 200, seed: 62 },
    )
  })
})
