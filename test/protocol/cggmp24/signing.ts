/**
 * Support of the tests of ECDSA signing: keys from a dealer, runs whose jobs are done once however many
 * parties and tests ask for the same, verifiers that share no code with what signs, and parties that do other
 * work than they should.
 */
import { createHash, createPublicKey, verify as nodeVerify } from 'node:crypto'
import { recoverPublicKey, verify as otherVerify } from '@noble/secp256k1'
import { verify as thirdVerify } from 'tiny-secp256k1'
import { expect } from 'vitest'
import { type AuxPublic, sealAuxPrimes } from '../../../src/protocol/cggmp24/auxiliary/data.js'
import { runJob } from '../../../src/protocol/cggmp24/jobs.js'
import { type Level, TEST_ONLY } from '../../../src/protocol/cggmp24/integers/level.js'
import { makePedersen } from '../../../src/protocol/cggmp24/integers/pedersen.js'
import { type EcdsaSignature, sign } from '../../../src/protocol/cggmp24/sign.js'
import type { EcdsaKey } from '../../../src/protocol/cggmp24/presign/signers.js'
import { encode } from '../../../src/protocol/core/codec.js'
import { secp256k1 } from '../../../src/protocol/group/curve.js'
import { parseKeyShare } from '../../../src/protocol/sharing/key-share.js'
import type { Job, Protocol, Reply } from '../../../src/protocol/core/round.js'
import { Secret } from '../../../src/protocol/core/secret.js'
import type { PartyId, Session } from '../../../src/protocol/core/session.js'
import { evaluate, feldman, randomPolynomial } from '../../../src/protocol/sharing/polynomial.js'
import { primesOf } from '../../support/primes.js'
import { seededRng } from '../../support/rng.js'
import { type Outcome, simulate, type Tamper } from '../../support/simulate.js'
import { seededNonces, upTo } from '../frost/party.js'

export type Keys = ReadonlyMap<PartyId, EcdsaKey>

/** A key that a dealer made, who then forgot it: everything as key generation and auxiliary generation leave it. */
export function dealt(
  threshold: number,
  n: number,
  options: { readonly level?: Level; readonly shift?: bigint; readonly seed?: string } = {},
): Keys {
  const { level = TEST_ONLY, shift = 0n, seed = 'dealer' } = options
  const f = randomPolynomial(secp256k1, threshold, seededRng(seed, threshold, n))
  const shares = new Map(upTo(n).map((party) => [party, evaluate(secp256k1, f, party)]))
  const aux = new Map(upTo(n).map((party) => [party, auxOf(party, level)]))
  return new Map(
    upTo(n).map((index) => {
      const share = parseKeyShare({
        scheme: 'ecdsa-secp256k1',
        threshold,
        index,
        groupPoint: (feldman(secp256k1, f)[0] as { toBytes(): Uint8Array }).toBytes(),
        publicShares: new Map([...shares].map(([party, x]) => [party, secp256k1.timesG(x).toBytes()])),
        share: new Secret(secp256k1.scalarBytes(shares.get(index) as bigint)),
      })
      const auxSecret = sealAuxPrimes(primesOf(index, level))
      return [index, { share, level, aux, auxSecret, epoch: new Uint8Array(32).fill(1), shift }]
    }),
  )
}

const made = new Map<string, AuxPublic>()

/** Made once for each party and level. */
function auxOf(party: PartyId, level: Level): AuxPublic {
  const name = `${party} ${level.name}`
  const known = made.get(name)
  if (known) return known
  const { p, q, pHat, qHat } = primesOf(party, level)
  const { ring, s, t } = makePedersen(pHat, qHat, seededRng('aux', name)).public
  const aux = { N: p * q, Nhat: ring.modulus, s, t }
  made.set(name, aux)
  return aux
}

/** The public key that a key with its path signs for. */
export const publicKeyOf = (keys: Keys): Uint8Array => {
  const { share, shift } = [...keys.values()][0] as EcdsaKey
  const G = secp256k1.parsePoint(share.groupPoint)
  return G.add(secp256k1.G.multiplyUnsafe(shift)).toBytes()
}

export const digestOf = (text: string): Uint8Array =>
  Uint8Array.from(createHash('sha256').update(text).digest())
export const text = 'pay 1 to the bearer'
export const message: Uint8Array = digestOf(text)

// ---------------------------------------------------------------------------------------------------------------

const results = new Map<string, Uint8Array>()

/**
 * A job is a pure function of its bytes: the same job again is not computed again. So what costs time in a test are the
 * jobs in which it differs from the others.
 */
export function onceEach(job: Job): Uint8Array {
  const name = createHash('sha256')
    .update(encode([job.name, job.input]))
    .digest('hex')
  let result = results.get(name)
  if (result === undefined) {
    result = runJob({ name: job.name, input: job.input.map((bytes) => bytes.slice()) })
    results.set(name, result)
  }
  return result.slice()
}

/** How one party does a job; `honest` is how the others do it. */
export type Meddle = (job: Job, honest: (job: Job) => Uint8Array) => Uint8Array

/** The protocol of a party that does some of its work otherwise. */
export function* meddling<T>(protocol: Protocol<T>, meddle: Meddle): Protocol<T> {
  try {
    let step = protocol.next(undefined as unknown as Reply)
    while (!step.done) {
      const reply: Reply =
        step.value.kind === 'compute' ? step.value.jobs.map((job) => meddle(job, onceEach)) : yield step.value
      step = protocol.next(reply)
    }
    return step.value
  } finally {
    protocol.return(undefined as T)
  }
}

export type Run = {
  readonly digest?: Uint8Array
  readonly seed?: string
  readonly tamper?: Tamper
  readonly sid?: Uint8Array
  readonly jobs?: (job: Job) => Uint8Array
  /** Parties that work otherwise. */
  readonly meddle?: Readonly<Record<PartyId, Meddle>>
}

/** `protocol` is what each party runs; by default it signs. */
export function runSign(
  keys: Keys,
  quorum: readonly PartyId[],
  run: Run = {},
): Map<PartyId, Outcome<EcdsaSignature>> {
  const { digest = message, seed = 'sign', meddle = {} } = run
  return simulate(
    quorum,
    (session: Session) => {
      const key = keys.get(session.self) as EcdsaKey
      const protocol = sign(session, key, digest, seededNonces(seed, session.self))
      const other = meddle[session.self]
      return other ? meddling(protocol, other) : protocol
    },
    { jobs: onceEach, ...run },
  )
}

// ---------------------------------------------------------------------------------------------------------------

/** DER of a compressed point on secp256k1, RFC 5480. */
const spki = (point: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from('3036301006072a8648ce3d020106052b8104000a032200', 'hex'), point])

export const compactOf = ({ r, s }: EcdsaSignature): Uint8Array => Uint8Array.of(...r, ...s)

/** Whether two other implementations accept the signature, and one recovers the key from it. */
export function verifiesElsewhere(
  publicKey: Uint8Array,
  digest: Uint8Array,
  signature: EcdsaSignature,
): boolean {
  const compact = compactOf(signature)
  const recovered = recoverPublicKey(Uint8Array.of(signature.recoveryId, ...compact), digest, {
    prehash: false,
  })
  return (
    otherVerify(compact, digest, publicKey, { prehash: false }) &&
    thirdVerify(digest, publicKey, compact, true) &&
    Buffer.from(recovered).equals(publicKey)
  )
}

/** Whether OpenSSL, which hashes by itself, accepts the signature of a text. */
export function opensslVerifies(publicKey: Uint8Array, text: string, signature: EcdsaSignature): boolean {
  const key = createPublicKey({ key: spki(publicKey), format: 'der', type: 'spki' })
  return nodeVerify('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }, compactOf(signature))
}

/** All signed, and the same. */
export function agreedSignature(outcomes: ReadonlyMap<PartyId, Outcome<EcdsaSignature>>): EcdsaSignature {
  const signatures = [...outcomes.values()].map((outcome) => {
    if (outcome.ended === 'failed') throw outcome.error
    expect(outcome.ended).toBe('done')
    return (outcome as { output: EcdsaSignature }).output
  })
  for (const signature of signatures) expect(signature).toEqual(signatures[0])
  return signatures[0] as EcdsaSignature
}
