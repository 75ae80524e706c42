import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ProtocolAbort, SplitView } from '../../../src/protocol/abort.js'
import { type Codec, CodecError, decode, encode, type Value } from '../../../src/protocol/codec.js'
import { commitmentLetter, dealtLetter, openingLetter } from '../../../src/protocol/frost/keygen.js'
import { noncesLetter, shareLetter } from '../../../src/protocol/frost/sign.js'
import type { FrostScheme } from '../../../src/protocol/frost/suites.js'
import type { Outcome, Tamper } from '../../support/simulate.js'
import { cheating, keyOf, overhear, runKeygen, runSign } from './party.js'

const SEED = 20261
const message = new Uint8Array(3)

const letters: [string, Codec<unknown>, (scheme: FrostScheme) => Uint8Array][] = [
  ['commit', commitmentLetter, (scheme) => heardInKeygen(scheme)('commit', 1)],
  ['open', openingLetter, (scheme) => heardInKeygen(scheme)('open', 1)],
  ['dealt', dealtLetter, (scheme) => heardInKeygen(scheme)('open', 1, 2)],
  ['nonces', noncesLetter, (scheme) => heardInSigning(scheme)('nonces', 1)],
  ['share', shareLetter, (scheme) => heardInSigning(scheme)('share', 1)],
] as [string, Codec<unknown>, (scheme: FrostScheme) => Uint8Array][]

const heardInKeygen = (scheme: FrostScheme) =>
  overhear((tamper) => runKeygen({ scheme, threshold: 2 }, 2, { tamper }))
const heardInSigning = (scheme: FrostScheme) =>
  overhear((tamper) => runSign(keyOf(scheme, 2, 2), [1, 2], message, { tamper }))

/** Bytes near a valid letter: cut, extended, or with some of them changed. */
const near = (letter: Uint8Array): fc.Arbitrary<Uint8Array> =>
  fc.oneof(
    fc.nat(letter.length).map((length) => letter.slice(0, length)),
    fc.uint8Array({ minLength: 1, maxLength: 9 }).map((more) => Uint8Array.of(...letter, ...more)),
    fc
      .array(fc.tuple(fc.nat(letter.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
      .map((changes) => letter.map((byte, i) => changes.find(([at]) => at === i)?.[1] ?? byte)),
  )

/** The letter with one of its byte strings replaced: well-formed, and wrong. */
const wrong = (letter: Uint8Array): fc.Arbitrary<Uint8Array> => {
  const strings: Uint8Array[] = []
  const walk = (value: Value, replace?: [number, Uint8Array]): Value => {
    if (value instanceof Uint8Array) {
      strings.push(value)
      return replace && strings.length - 1 === replace[0] ? replace[1] : value
    }
    if (Array.isArray(value)) return value.map((item: Value) => walk(item, replace))
    return value instanceof Map
      ? new Map([...(value as ReadonlyMap<string, Value>)].map(([key, item]) => [key, walk(item, replace)]))
      : value
  }
  const value = decode(letter)
  walk(value)
  const found = [...strings]
  return fc.nat(found.length - 1).chain((at) => {
    const { length } = found[at] as Uint8Array
    return fc
      .oneof(
        fc.uint8Array({ minLength: length, maxLength: length }),
        fc.constantFrom(...found),
        fc.constantFrom(0, 1, 255).map((fill) => new Uint8Array(length).fill(fill)),
        fc.uint8Array({ maxLength: 40 }),
      )
      .map((bytes) => {
        strings.length = 0
        return encode(walk(value, [at, bytes]))
      })
  })
}

describe.each(letters)('a letter of kind %s', (_, codec, valid) => {
  test('is decoded as it was encoded, or refused as a CodecError', () => {
    const letter = valid('schnorr-taproot')
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
] as const)('hostile letters, %s', (scheme, numRuns) => {
  const shares = keyOf(scheme, 2, 2)
  const runs: [string, string, 'broadcast' | 'direct', (tamper: Tamper) => Map<number, Outcome<unknown>>][] =
    [
      ['commit', 'commit', 'broadcast', (tamper) => runKeygen({ scheme, threshold: 2 }, 2, { tamper })],
      ['open', 'open', 'broadcast', (tamper) => runKeygen({ scheme, threshold: 2 }, 2, { tamper })],
      ['dealt', 'open', 'direct', (tamper) => runKeygen({ scheme, threshold: 2 }, 2, { tamper })],
      ['nonces', 'nonces', 'broadcast', (tamper) => runSign(shares, [1, 2], message, { tamper })],
      ['share', 'share', 'broadcast', (tamper) => runSign(shares, [1, 2], message, { tamper })],
    ]

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
