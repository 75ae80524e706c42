/** The engine from key generation to a signature on a derived key, and a signature at the full size. */
import { describe, expect, test } from 'vitest'
import { type AuxOutput, generateAux } from '../../../src/protocol/cggmp24/auxiliary/generate.js'
import { PRODUCTION, TEST_ONLY } from '../../../src/protocol/cggmp24/integers/level.js'
import type { EcdsaKey } from '../../../src/protocol/cggmp24/presign/signers.js'
import { derivePath } from '../../../src/protocol/group/derive.js'
import { type KeygenOutput } from '../../../src/protocol/dkg/keygen.js'
import { parseKeyShare } from '../../../src/protocol/sharing/key-share.js'
import { type PartyId } from '../../../src/protocol/core/session.js'
import { primesOf } from '../../support/primes.js'
import { seededRng } from '../../support/rng.js'
import { outputs, simulate } from '../../support/simulate.js'
import { runKeygen, upTo } from '../frost/party.js'
import {
  agreedSignature,
  dealt,
  message,
  onceEach,
  publicKeyOf,
  runSign,
  verifiesElsewhere,
} from './signing.js'

const epoch = new Uint8Array(32).fill(3)

test('2 of 3 generate a key and its auxiliary data, and any two sign for a path of it', () => {
  const made = outputs(runKeygen({ scheme: 'ecdsa-secp256k1', threshold: 2 }, 3))
  const aux = outputs(
    simulate(
      upTo(3),
      (session) =>
        generateAux(
          session,
          { level: TEST_ONLY, epoch, primes: primesOf(session.self) },
          seededRng('aux', session.self),
        ),
      { jobs: onceEach },
    ),
  )
  const { groupPoint, chainCode } = made.get(1) as KeygenOutput
  const derived = derivePath(groupPoint, chainCode as Uint8Array, [44, 60, 0])
  const keys = new Map(
    upTo(3).map((index: PartyId): [PartyId, EcdsaKey] => {
      const output = made.get(index) as KeygenOutput
      const { level, parties, secret } = aux.get(index) as AuxOutput
      const share = parseKeyShare({ scheme: 'ecdsa-secp256k1', threshold: 2, index, ...output })
      return [index, { share, level, aux: parties, auxSecret: secret, epoch, shift: derived.shift }]
    }),
  )
  expect(publicKeyOf(keys)).toEqual(derived.groupPoint)
  for (const quorum of [
    [1, 2],
    [1, 3],
    [2, 3],
  ]) {
    const signature = agreedSignature(runSign(keys, quorum))
    expect(verifiesElsewhere(derived.groupPoint, message, signature)).toBe(true)
  }
})

describe('at the production level', () => {
  const keys = dealt(2, 2, { level: PRODUCTION })

  test('two sign', () => {
    const signature = agreedSignature(runSign(keys, [1, 2]))
    expect(verifiesElsewhere(publicKeyOf(keys), message, signature)).toBe(true)
  })

  test('no letter of a signing is longer than 64 KiB', () => {
    const sizes: number[] = []
    runSign(keys, [1, 2], {
      tamper: ({ body }) => {
        sizes.push(body.length)
        return body
      },
    })
    expect(Math.max(...sizes)).toBeLessThan(1 << 16)
  })
})
