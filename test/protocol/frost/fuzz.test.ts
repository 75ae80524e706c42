import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ProtocolAbort, SplitView } from '../../../src/protocol/core/abort.js'
import { type Codec, CodecError } from '../../../src/protocol/core/codec.js'
import { proofLetter } from '../../../src/protocol/cggmp24/keygen.js'
import { noncesLetter, shareLetter } from '../../../src/protocol/frost/sign.js'
import { commitmentLetter, dealtLetter, openingLetter } from '../../../src/protocol/dkg/keygen-public.js'
import type { Scheme } from '../../../src/protocol/group/scheme.js'
import { near, wrong } from '../../support/mutants.js'
import type { Outcome, Tamper } from '../../support/simulate.js'
import { cheating, keyOf, overhear, runKeygen, runSign } from './party.js'

const SEED = 20261
const message = new Uint8Array(3)

const letters: [string, Codec<unknown>, () => Uint8Array][] = [
  ['commit', commitmentLetter, () => heardInKeygen('schnorr-taproot')('commit', 1)],
  ['open', openingLetter('schnorr-taproot'), () => heardInKeygen('schnorr-taproot')('open', 1)],
  ['open, for ECDSA', openingLetter('ecdsa-secp256k1'), () => heardInKeygen('ecdsa-secp256k1')('open', 1)],
  ['prove', proofLetter, () => heardInKeygen('ecdsa-secp256k1')('prove', 1)],
  ['dealt', dealtLetter, () => heardInKeygen('schnorr-taproot')('open', 1, 2)],
  ['nonces', noncesLetter, () => heardInSigning('schnorr-taproot')('nonces', 1)],
  ['share', shareLetter, () => heardInSigning('schnorr-taproot')('share', 1)],
] as [string, Codec<unknown>, () => Uint8Array][]

const heardInKeygen = (scheme: Scheme) =>
  overhear((tamper) => runKeygen({ scheme, threshold: 2 }, 2, { tamper }))
const heardInSigning = (scheme: Scheme) =>
  overhear((tamper) => runSign(keyOf(scheme, 2, 2), [1, 2], message, { tamper }))

describe.each(letters)('a letter of kind %s', (_, codec, valid) => {
  test('is decoded as it was encoded, or refused as a CodecError', () => {
    const letter = valid()
    expect(codec.encode(codec.decode(letter))).toEqual(letter)
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), near(letter), wrong(letter)), (bytes) => {
        try {
          expect(codec.encode(codec.decode(bytes))).toEqual(bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(CodecError)
        }
      }),
      { numRuns: 1000, seed: SEED },
    )
  })
})

describe.each([
  ['eddsa-ed25519', 10],
  ['schnorr-taproot', 50],
  ['ecdsa-secp256k1', 50],
] as const)('hostile letters, %s', (scheme, numRuns) => {
  const shares = keyOf(scheme, 2, 2)
  type Run = (tamper: Tamper) => Map<number, Outcome<unknown>>
  const generate: Run = (tamper) => runKeygen({ scheme, threshold: 2 }, 2, { tamper })
  const sign: Run = (tamper) => runSign(shares, [1, 2], message, { tamper })
  const runs: [string, string, 'broadcast' | 'direct', Run][] = [
    ['commit', 'commit', 'broadcast', generate],
    ['open', 'open', 'broadcast', generate],
    ['dealt', 'open', 'direct', generate],
    ...(scheme === 'ecdsa-secp256k1'
      ? ([['prove', 'prove', 'broadcast', generate]] as const)
      : ([
          ['nonces', 'nonces', 'broadcast', sign],
          ['share', 'share', 'broadcast', sign],
        ] as const)),
  ] as [string, string, 'broadcast' | 'direct', Run][]

  test.each(runs)(
    '%s: party 1 accuses party 2 alone, or nobody, and ends in no other error',
    (_, round, kind, run) => {
      const honest = overhear(run)(round, 2, kind === 'direct' ? 1 : undefined)
      const hostile = fc.oneof(
        { weight: 1, arbitrary: fc.uint8Array({ maxLength: 80 }) },
        { weight: 1, arbitrary: near(honest) },
        { weight: 4, arbitrary: wrong(honest) },
      )
      fc.assert(
        fc.property(hostile, (bytes) => {
          const alter = cheating([1, 2], {
            2: (letter) => (letter.round === round && letter.kind === kind ? bytes : letter.body),
          })
          const outcome = run(alter).get(1)
          if (outcome?.ended !== 'failed') {
            // Only the honest letter passes.
            expect([outcome?.ended, bytes]).toEqual(['done', honest])
            return
          }
          if (outcome.error instanceof SplitView) return
          expect(outcome.error).toBeInstanceOf(ProtocolAbort)
          expect((outcome.error as ProtocolAbort).accusations.map(({ party }) => party)).toEqual([2])
        }),
        { numRuns, seed: SEED },
      )
    },
  )
})
