/** Functions that take secret exponents and scalars are the listed ones, and a ciphertext is blinded before it meets a secret. */
import { readdirSync, readFileSync } from 'node:fs'
import type * as Crypto from 'node:crypto'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { fromBytes } from '../../../../src/protocol/cggmp24/integers/integers.js'
import { TEST_ONLY } from '../../../../src/protocol/cggmp24/integers/level.js'
import type { PaillierSecret } from '../../../../src/protocol/cggmp24/integers/paillier.js'
import { primes1024 } from '../../../support/primes.js'
import { seededRng } from '../../../support/rng.js'

const [p, q] = primes1024.slice(0, 2) as [bigint, bigint]

describe('in the source', () => {
  const src = join(import.meta.dirname, '../../../../src')
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => ({ file, text: readFileSync(join(src, file), 'utf8') }))
  const having = (pattern: RegExp) =>
    files
      .filter(({ text }) => pattern.test(text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, '')))
      .map(({ file }) => file)
      .sort()

  test('powers are computed in one file, and its variable-time way is not asked for elsewhere', () => {
    expect(having(/\bplainModPow\b/)).toEqual(['protocol/cggmp24/integers/modexp.ts'])
    // A power that is reduced afterwards is one as well, unless its exponent stands there as a number.
    expect(having(/\*\* (?!\d+n\b)[^%\n]+ % /)).toEqual(['protocol/cggmp24/integers/modexp.ts'])
  })

  test('scalars whose time may show are those of these files, which see public ones only', () => {
    expect(having(/\bmultiplyUnsafe\b/)).toEqual([
      'protocol/cggmp24/presign/blame.ts',
      'protocol/cggmp24/presign/checks.ts',
      'protocol/cggmp24/presign/presignature.ts',
      'protocol/cggmp24/presign/rerandomise.ts',
      'protocol/cggmp24/presign/signers.ts',
      'protocol/cggmp24/sign.ts',
      'protocol/cggmp24/zk/common.ts',
      'protocol/dkg/reshare-plan.ts',
      'protocol/frost/equations.ts',
      'protocol/frost/sign.ts',
      'protocol/group/curve.ts',
      'protocol/group/derive.ts',
      'protocol/group/schnorr.ts',
      'protocol/group/taproot.ts',
      'protocol/sharing/polynomial.ts',
    ])
  })

  test('no prover uses them', () => {
    const provers = files
      .filter(({ file }) => file.startsWith('protocol/cggmp24/zk/'))
      .flatMap(({ text }) => [...text.matchAll(/^export function prove\w+\([\s\S]*?\n}$/gm)])
    expect(provers).toHaveLength(9)
    for (const [body] of provers) expect(body).not.toMatch(/publicTimes|multiplyUnsafe/)
  })
})

describe('decryption', () => {
  afterEach(() => {
    vi.doUnmock('node:crypto')
    vi.resetModules()
  })

  /** The bases that OpenSSL got to raise, and the powers. */
  const raised: { readonly base: bigint; readonly exponent: bigint }[] = []

  async function overheard() {
    vi.resetModules()
    vi.doMock('node:crypto', async (original) => {
      const real = await original<typeof Crypto>()
      return {
        ...real,
        createDiffieHellman: (prime: Uint8Array, generator: Uint8Array) => {
          const dh = real.createDiffieHellman(prime, generator)
          let exponent = 0n
          return {
            setPrivateKey: (key: Uint8Array) => {
              exponent = fromBytes(Uint8Array.from(key))
              dh.setPrivateKey(key)
            },
            computeSecret: (base: Uint8Array) => {
              raised.push({ base: fromBytes(base), exponent })
              return dh.computeSecret(base)
            },
          }
        },
      }
    })
    return import('../../../../src/protocol/cggmp24/integers/paillier.js')
  }

  /** The bases that were raised to a secret power of this kind. */
  const basesOf = (exponent: bigint, act: () => void): bigint[] => {
    raised.length = 0
    act()
    return raised.filter((one) => one.exponent === exponent).map(({ base }) => base)
  }

  test('raises another random ciphertext each time, and what comes out is the same', async () => {
    const { decryptTape, encrypt, PaillierSecret } = await overheard()
    const secret: PaillierSecret = new PaillierSecret(p, q)
    const top = (p * q - 1n) / 2n
    for (const x of [0n, 1n, -1n, top, -top, 3n ** 500n]) {
      const C = encrypt(secret.key, x, 3n ** 600n)
      const seen = [C % p ** 2n]
      for (let tries = 0; tries < 3; tries++) {
        let read = 0
        const rng = seededRng('blind', tries)
        const counting = (length: number) => {
          read += length
          return rng(length)
        }
        const bases = basesOf(p - 1n, () => expect(secret.decrypt([C, C], counting)).toEqual([x, x]))
        expect(bases).toHaveLength(2)
        seen.push(...bases)
        expect(read).toBe(decryptTape(TEST_ONLY, 2))
      }
      expect(new Set(seen).size).toBe(7)
      expect(new Set(seen.map((base) => base % p)).size).toBe(7)
    }
  })

  test('finds a nonce from another random ciphertext each time', async () => {
    const { encrypt, nonceTape, PaillierSecret } = await overheard()
    const secret: PaillierSecret = new PaillierSecret(p, q)
    const N = p * q
    const rho = 5n ** 700n % N
    const C = encrypt(secret.key, -7n, rho)
    const root = BigInt(`0x${inverseOf(q, p - 1n).toString(16)}`)
    const seen = new Set([C % p])
    for (let tries = 0; tries < 3; tries++) {
      const rng = seededRng('nonce', tries)
      let read = 0
      const bases = basesOf(root, () => {
        const found = secret.nonceOf(C, (length) => {
          read += length
          return rng(length)
        })
        expect(found).toBe(rho)
      })
      expect(bases).toHaveLength(1)
      seen.add(bases[0] as bigint)
      expect(read).toBe(nonceTape(TEST_ONLY))
    }
    expect(seen.size).toBe(4)
  })
})

/** x^-1 modulo m, by Euclid. */
function inverseOf(x: bigint, m: bigint): bigint {
  let [a, b, u, v] = [m, x % m, 0n, 1n]
  while (b !== 0n) [a, b, u, v] = [b, a % b, v, u - (a / b) * v]
  return ((u % m) + m) % m
}
