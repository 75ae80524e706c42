/**
 * Paillier's encryption and its homomorphisms: Enc(x; r) = (1+N)^x r^N mod N². Plaintexts are centred:
 * decryption returns the representative in (-N/2, N/2], and reduction modulo q comes after that. Misuse
 * throws RangeError; callers check ciphertexts from others with `isCiphertext` first.
 */
import { Redacted } from '../../core/secret.js'
import type { Rng } from '../../core/session.js'
import { abs, bytesBelow, centred, gcd, invert, jacobi, mod, uniformBelow, unit } from './integers.js'
import type { Level } from './level.js'
import { powersModulo } from './modexp.js'
import { areUnits, checkModulus, crtRing, type Ring, ring } from './ring.js'

/** A public key with the rings modulo N and N²; the owner, who knows the factors, has faster rings. */
export type Paillier = { readonly N: bigint; readonly n: Ring; readonly nn: Ring }

/** The public key with this modulus. @throws CodecError unless `checkModulus` accepts it */
export function paillier(N: bigint, level: Level): Paillier {
  checkModulus(N, level, 'N')
  return { N, n: ring(N), nn: ring(N * N) }
}

/** Whether 0 < C < N² and C has no factor in common with N. */
export const isCiphertext = (key: Paillier, C: bigint): boolean =>
  C > 0n && C < key.nn.modulus && gcd(C % key.N, key.N) === 1n

/** Enc(x; r). @throws RangeError unless |x| <= N/2 and r is in Z*_N */
export function encrypt(key: Paillier, x: bigint, r: bigint): bigint {
  const { N, nn } = key
  if (2n * abs(x) > N) throw new RangeError('a plaintext is at most N/2')
  if (!areUnits([r], N)) throw new RangeError('a nonce is in Z*_N')
  return ((1n + mod(x, N) * N) * nn.pow(r, N)) % nn.modulus
}

/** Encrypts the sum. @throws RangeError unless both are in (0, N²) */
export function add(key: Paillier, a: bigint, b: bigint): bigint {
  requireInRange(key, a, b)
  return (a * b) % key.nn.modulus
}

/** Encrypts the difference. @throws RangeError unless both are in (0, N²), and b invertible */
export function subtract(key: Paillier, a: bigint, b: bigint): bigint {
  requireInRange(key, a, b)
  return (a * invert(b, key.nn.modulus)) % key.nn.modulus
}

/** a ⊙ C: encrypts the product with a. @throws RangeError unless |a| < N and C is a ciphertext */
export function times(key: Paillier, C: bigint, a: bigint): bigint {
  if (abs(a) >= key.N) throw new RangeError('a factor is below N')
  requireCiphertext(key, C)
  return key.nn.pow(C, a)
}

function requireInRange(key: Paillier, ...ciphertexts: readonly bigint[]): void {
  if (ciphertexts.some((C) => C <= 0n || C >= key.nn.modulus))
    throw new RangeError('a ciphertext is below N²')
}

function requireCiphertext(key: Paillier, C: bigint): void {
  if (!isCiphertext(key, C)) throw new RangeError('a ciphertext is in Z*_N²')
}

/** The number of random bytes for `nonceOf`, and for `decrypt` of `count` ciphertexts. */
export const nonceTape = ({ modulusBits }: Level): number => bytesBelow(2n ** BigInt(modulusBits) - 1n)
export const decryptTape = (level: Level, count: number): number => (1 + count) * nonceTape(level)

/** The owner's side of a key: its factors, and the operations that need them. It prints redacted. */
export class PaillierSecret extends Redacted {
  readonly key: Paillier
  readonly #p: bigint
  readonly #q: bigint
  readonly #phi: bigint
  /** N^-1 mod φ: raising to it takes N-th roots. */
  readonly #root: bigint

  /** @throws RangeError unless p and q differ, both are 3 modulo 4, and N is coprime to φ(N) */
  constructor(p: bigint, q: bigint) {
    super()
    if (p < 3n || q < 3n || (p & 3n) !== 3n || (q & 3n) !== 3n) {
      throw new RangeError('the factors of N are 3 modulo 4')
    }
    if (p === q) throw new RangeError('the factors of N are different')
    this.#p = p
    this.#q = q
    this.#phi = (p - 1n) * (q - 1n)
    this.#root = invert(p * q, this.#phi)
    this.key = { N: p * q, n: crtRing(p, q), nn: crtRing(p * p, q * q) }
  }

  get p(): bigint {
    return this.#p
  }

  get q(): bigint {
    return this.#q
  }

  /**
   * Decrypts ciphertexts; each plaintext is in (-N/2, N/2]. Each ciphertext is blinded first, so a random
   * ciphertext is raised to the secret power, and JavaScript then computes with a random plaintext. One
   * random N-th power serves for all, squared from one to the next.
   * @param rng gives `decryptTape` bytes
   * @throws RangeError unless all are ciphertexts
   */
  decrypt(ciphertexts: readonly bigint[], rng: Rng): readonly bigint[] {
    const { N, nn } = this.key
    let blind = nn.pow(unit(N, rng), N)
    return ciphertexts.map((C) => {
      requireCiphertext(this.key, C)
      const mask = uniformBelow(N, rng)
      const x = this.#open((((C * blind) % nn.modulus) * (1n + mask * N)) % nn.modulus)
      blind = blind ** 2n % nn.modulus
      return centred(x - mask, N)
    })
  }

  /** The plaintext of C modulo N. */
  #open(C: bigint): bigint {
    const [p, q] = [this.#p, this.#q]
    const power = (prime: bigint) => powersModulo(prime * prime)(C, prime - 1n)
    // With L_p(u) = (u - 1)/p: x = L_p(C^(p-1) mod p²) L_p((1+N)^(p-1) mod p²)^-1 mod p; the second is -q.
    const x = mod(((power(p) - 1n) / p) * invert(-q, p), p)
    const y = mod(((power(q) - 1n) / q) * invert(-p, q), q)
    return y + q * mod((x - y) * invert(q, p), p)
  }

  /**
   * The nonce of C: C^(1/N) modulo N, since (1+N)^x = 1 modulo N. C is blinded first, by a random N-th power.
   * @param rng gives `nonceTape` bytes
   * @throws RangeError unless C is a ciphertext
   */
  nonceOf(C: bigint, rng: Rng): bigint {
    requireCiphertext(this.key, C)
    const { N, n } = this.key
    const r = unit(N, rng)
    return (this.nthRoot((C * n.pow(r, N)) % N) * invert(r, N)) % N
  }

  /** The z with z^N = y mod N, for y in Z*_N. */
  nthRoot(y: bigint): bigint {
    return this.key.n.pow(y, this.#root)
  }

  /** Whether v, in Z*_N, is a square modulo N. */
  isSquare(v: bigint): boolean {
    return jacobi(v, this.#p) === 1 && jacobi(v, this.#q) === 1
  }

  /** For a square v: the x with x⁴ = v mod N that is itself a square. */
  fourthRoot(v: bigint): bigint {
    return this.key.n.pow(v, ((this.#phi + 4n) / 8n) ** 2n % this.#phi)
  }
}
