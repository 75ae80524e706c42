/** Our equations of FROST against those of @noble/curves, which share no code with them, from the same nonces. */
import type { FROST } from '@noble/curves/abstract/frost.js'
import { ed25519_FROST } from '@noble/curves/ed25519.js'
import { schnorr_FROST } from '@noble/curves/secp256k1.js'
import { expect, test } from 'vitest'
import {
  aggregate,
  commitTo,
  drawNonces,
  jointOf,
  shareHolds,
  signShare,
} from '../../../src/protocol/frost/equations.js'
import { suiteOf } from '../../../src/protocol/frost/suites.js'
import { Secret } from '../../../src/protocol/core/secret.js'
import type { PartyId } from '../../../src/protocol/core/session.js'
import { evaluate, feldman, randomPolynomial } from '../../../src/protocol/sharing/polynomial.js'
import { seededRng } from '../../support/rng.js'
import { toHex } from './party.js'

const OF_NOBLE = { 'eddsa-ed25519': ed25519_FROST, 'schnorr-taproot': schnorr_FROST } as const

test.each(['eddsa-ed25519', 'schnorr-taproot'] as const)(
  '%s: the same commitments, shares and signatures, whatever the parities',
  (scheme) => {
    const suite = suiteOf(scheme)
    const { curve } = suite
    const noble: FROST = OF_NOBLE[scheme]
    const parities = new Set<string>()
    for (let run = 0; run < 12; run++) {
      const f = randomPolynomial(curve, 2, seededRng('key', run))
      const group = curve.timesG(f[0] as bigint)
      const message = seededRng('message', run)(run)
      const id = (party: PartyId) => noble.Identifier.fromNumber(party)
      const pub = {
        signers: { min: 2, max: 3 },
        commitments: feldman(curve, f).map((A) => A.toBytes()),
        verifyingShares: Object.fromEntries(
          [1, 2, 3].map((party) => [id(party), curve.timesG(evaluate(curve, f, party)).toBytes()]),
        ),
      }
      const signers = [1, 3].map((party) => {
        const x = evaluate(curve, f, party)
        const share = new Secret(curve.scalarBytes(x))
        const nonces = drawNonces(suite, share, seededRng('nonces', run, party))
        const rng = seededRng('nonces', run, party)
        const theirs = noble.commit(
          { identifier: id(party), signingShare: curve.scalarBytes(x) },
          (length = 32) => Uint8Array.from(rng(length)),
        )
        const ours = commitTo(suite, nonces)
        expect(theirs.commitments.hiding).toEqual(ours.hiding.toBytes())
        expect(theirs.commitments.binding).toEqual(ours.binding.toBytes())
        return { party, x, share, nonces, ours, theirs }
      })
      const list = signers.map(({ theirs }) => theirs.commitments)
      const joint = jointOf(suite, group, new Map(signers.map(({ party, ours }) => [party, ours])), message)
      const shares = signers.map(({ party, x, share, nonces, theirs }) => {
        const z = signShare(joint, party, share, nonces)
        const secret = { identifier: id(party), signingShare: curve.scalarBytes(x) }
        expect(noble.signShare(secret, pub, theirs.nonces, list, message)).toEqual(curve.scalarBytes(z))
        const X = curve.timesG(x)
        for (const [claimed, holds] of [
          [z, true],
          [curve.Fn.add(z, 1n), false],
        ] as const) {
          expect(shareHolds(joint, party, X, claimed)).toBe(holds)
          expect(noble.verifyShare(pub, list, message, id(party), curve.scalarBytes(claimed))).toBe(holds)
        }
        return [party, z] as const
      })
      const theirs = noble.aggregate(
        pub,
        list,
        message,
        Object.fromEntries(shares.map(([party, z]) => [id(party), curve.scalarBytes(z)])),
      )
      expect(
        toHex(
          aggregate(
            joint,
            shares.map(([, z]) => z),
          ),
        ),
      ).toBe(toHex(theirs))
      parities.add(`${joint.negated.key} ${joint.negated.nonces}`)
    }
    expect(parities.size).toBe(scheme === 'eddsa-ed25519' ? 1 : 4)
  },
)
