import { describe, expect, test } from 'vitest'
import { noncesLetter, shareLetter, type SigningKey, signWith } from '../../../src/protocol/frost/sign.js'
import { type FrostScheme, knowledgeChallenge, SUITES } from '../../../src/protocol/frost/suites.js'
import { verifyKnowledge } from '../../../src/protocol/group/schnorr.js'
import { Secret } from '../../../src/protocol/core/secret.js'
import type { NonceRng, PartyId } from '../../../src/protocol/core/session.js'
import {
  addCommitments,
  evaluate,
  evaluateCommitment,
  feldman,
} from '../../../src/protocol/sharing/polynomial.js'
import { taprootTweak, tweakPoint, tweakScalar } from '../../../src/protocol/group/taproot.js'
import { outputs, simulate } from '../../support/simulate.js'
import bip340 from '../../vectors/frost/bip340.json' with { type: 'json' }
import keygenVectors from '../../vectors/frost/keygen.json' with { type: 'json' }
import signingVectors from '../../vectors/frost/signing.json' with { type: 'json' }
import { hex, overhear, toHex, verifiesElsewhere } from './party.js'

describe.each(signingVectors)('$source', (vector) => {
  const suite = SUITES[vector.scheme as FrostScheme]
  const { curve } = suite
  const f = [vector.group_secret, ...vector.coefficients].map((a) => curve.parseScalar(hex(a)))
  const groupPoint = hex(vector.group_point)
  const publicKey = suite.curve.name === 'ed25519' ? groupPoint : groupPoint.slice(1)

  test('shares and group point come from the polynomial', () => {
    expect(toHex(feldman(curve, f)[0]?.toBytes() as Uint8Array)).toBe(vector.group_point)
    for (const [index, share] of Object.entries(vector.shares)) {
      expect(toHex(curve.scalarBytes(evaluate(curve, f, Number(index))))).toBe(share)
    }
  })

  test('nonces, signature shares and signature are the given ones', () => {
    const keyOf = (party: PartyId): SigningKey => ({
      suite,
      group: curve.parsePoint(groupPoint),
      publicShare: (other) => evaluateCommitment(curve, feldman(curve, f), other),
      share: new Secret(curve.scalarBytes(evaluate(curve, f, party))),
    })
    const given = (party: PartyId): NonceRng => {
      const signer = vector.signers.find(({ index }) => index === party)
      const randomness = [signer?.hiding_randomness, signer?.binding_randomness].map((r) => hex(r as string))
      return { fresh: () => randomness.shift() as Uint8Array }
    }
    const signers = vector.signers.map(({ index }) => index)
    let signatures: Map<PartyId, Uint8Array> = new Map()
    const heard = overhear((tamper) => {
      const run = simulate(
        signers,
        (session) => signWith(session, keyOf(session.self), hex(vector.message), given(session.self)),
        { tamper },
      )
      signatures = outputs(run)
    })
    for (const signer of vector.signers) {
      const { hiding, binding } = noncesLetter.decode(heard('nonces', signer.index))
      expect(toHex(hiding)).toBe(signer.hiding_commitment)
      expect(toHex(binding)).toBe(signer.binding_commitment)
      expect(toHex(shareLetter.decode(heard('share', signer.index)))).toBe(signer.signature_share)
      expect(toHex(signatures.get(signer.index) as Uint8Array)).toBe(vector.signature)
    }
    const signature = hex(vector.signature)
    expect(verifiesElsewhere(vector.scheme as FrostScheme, publicKey, hex(vector.message), signature)).toBe(
      true,
    )
  })
})

describe.each(Object.entries(keygenVectors))('%s, key generation of ZF frost', (scheme, vector) => {
  const suite = SUITES[scheme as FrostScheme]
  const { curve } = suite
  const polynomials = vector.parties.map(({ polynomial }) => polynomial.map((a) => curve.parseScalar(hex(a))))
  const vectors = vector.parties.map(({ commitment }) => commitment.map((phi) => curve.parsePoint(hex(phi))))

  test('commitments are those to the polynomials', () => {
    polynomials.forEach((f, k) => {
      expect(feldman(curve, f).map((phi) => toHex(phi.toBytes()))).toEqual(vector.parties[k]?.commitment)
    })
  })

  test('proofs of knowledge verify, each for its own party only, and without context only', () => {
    for (const { index, commitment, proof } of vector.parties) {
      // ZF frost writes R of a secp256k1 proof as its x; it has even y.
      const R = hex((curve.name === 'ed25519' ? '' : '02') + proof.slice(0, 64))
      const holds = (prover: PartyId, context: Uint8Array) =>
        verifyKnowledge(
          curve,
          context,
          hex(commitment[0] as string),
          { R, z: hex(proof.slice(64)) },
          knowledgeChallenge(suite, prover),
        )
      expect(holds(index, new Uint8Array())).toBe(true)
      expect(holds(index + 1, new Uint8Array())).toBe(false)
      expect(holds(index, Uint8Array.of(0))).toBe(false)
    }
  })

  test('dealt shares are values of the polynomials, and lie on the commitments', () => {
    vector.parties.forEach(({ index, received }) => {
      for (const [from, dealt] of Object.entries(received)) {
        const share = curve.parseScalar(hex(dealt))
        const k = Number(from) - 1
        expect(evaluate(curve, polynomials[k] as bigint[], index)).toBe(share)
        expect(
          curve
            .timesG(share)
            .equals(evaluateCommitment(curve, vectors[k] as ReturnType<typeof curve.parsePoint>[], index)),
        ).toBe(true)
      }
    })
  })

  test('their sums are the key; for taproot after its tweak', () => {
    const sum = addCommitments(vectors)
    const group = sum[0] as (typeof sum)[0]
    const tweak = scheme === 'schnorr-taproot' ? taprootTweak(group) : null
    const point = (P: typeof group) => toHex((tweak ? tweakPoint(tweak, P) : P).toBytes())
    expect(point(group)).toBe(vector.public_key_point)
    for (const { index, share, public_share } of vector.parties) {
      const x = polynomials.reduce((total, f) => curve.Fn.add(total, evaluate(curve, f, index)), 0n)
      expect(toHex(curve.scalarBytes(tweak ? tweakScalar(tweak, x) : x))).toBe(share)
      expect(point(evaluateCommitment(curve, sum, index))).toBe(public_share)
    }
  })
})

test.each(bip340.cases)('BIP-340: $signature is $valid', ({ public_key, message, signature, valid }) => {
  const { verify } = SUITES['schnorr-taproot']
  expect(verify(hex(signature), hex(message), hex(public_key))).toBe(valid)
})
