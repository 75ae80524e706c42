import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ProtocolAbort, SplitView } from '../../../src/protocol/core/abort.js'
import { type Codec, CodecError } from '../../../src/protocol/core/codec.js'
import { commitmentLetter, dealtLetter, openingLetter } from '../../../src/protocol/dkg/reshare-plan.js'
import { SCHEMES } from '../../../src/protocol/group/scheme.js'
import type { PartyId } from '../../../src/protocol/core/session.js'
import { near, wrong } from '../../support/mutants.js'
import type { Tamper } from '../../support/simulate.js'
import { cheating, overhear } from '../frost/party.js'
import { dealtKey, inputOf, runReshare } from '../resharing.js'

const SEED = 20262

/** Parties 1 and 2 deal, and 3 joins. */
const runOf = (scheme: (typeof SCHEMES)[number]) => {
  const key = dealtKey(scheme, 2, 2)
  const all = [1, 2, 3].map((i) => [i, i] as const)
  const input = inputOf(key, { dealers: all.slice(0, 2), members: all, threshold: 2 })
  return (tamper: Tamper) => runReshare(key, input, { tamper })
}

const heard = overhear(runOf('ecdsa-secp256k1'))
const letters: [string, Codec<unknown>, Uint8Array][] = [
  ['a dealer’s commitment', commitmentLetter, heard('commit', 1)],
  ['a joiner’s commitment', commitmentLetter, heard('commit', 3)],
  ['an opening', openingLetter, heard('open', 1)],
  ['a dealt share', dealtLetter, heard('open', 1, 2)],
]

test.each(letters)('%s is decoded as it was encoded, or refused as a CodecError', (_, codec, letter) => {
  expect(codec.encode(codec.decode(letter))).toEqual(letter)
  const hostile = fc.oneof(fc.uint8Array({ maxLength: 300 }), near(letter), wrong(letter))
  fc.assert(
    fc.property(hostile, (bytes) => {
      try {
        expect(codec.encode(codec.decode(bytes))).toEqual(bytes)
      } catch (error) {
        expect(error).toBeInstanceOf(CodecError)
      }
    }),
    { numRuns: 1000, seed: SEED },
  )
})

describe.each(SCHEMES)('hostile letters in a resharing, %s', (scheme) => {
  const run = runOf(scheme)
  const places: [string, PartyId, string, 'broadcast' | 'direct'][] = [
    ['a dealer’s commitment', 2, 'commit', 'broadcast'],
    ['a joiner’s commitment', 3, 'commit', 'broadcast'],
    ['a dealer’s opening', 2, 'open', 'broadcast'],
    ['a joiner’s opening', 3, 'open', 'broadcast'],
    ['a dealt share', 2, 'open', 'direct'],
    ['what a joiner deals', 3, 'open', 'direct'],
  ]

  test.each(places)(
    '%s: party 1 accuses its sender alone, or nobody, and ends in no other error',
    (_, cheat, round, kind) => {
      const honest = overhear(run)(round, cheat, kind === 'direct' ? 1 : undefined)
      const letter = honest.length > 1 ? honest : overhear(run)('open', 2, kind === 'direct' ? 1 : undefined)
      const hostile = fc.oneof(
        { weight: 1, arbitrary: fc.uint8Array({ maxLength: 80 }) },
        { weight: 1, arbitrary: near(letter) },
        { weight: 4, arbitrary: wrong(letter) },
      )
      fc.assert(
        fc.property(hostile, (bytes) => {
          const alter = cheating([1, 2, 3], {
            [cheat]: (l) => (l.round === round && l.kind === kind ? bytes : l.body),
          })
          const outcome = run(alter).get(1)
          if (outcome?.ended !== 'failed') {
            // Only the honest letter passes.
            expect([outcome?.ended, bytes]).toEqual(['done', honest])
            return
          }
          if (outcome.error instanceof SplitView) return
          expect(outcome.error).toBeInstanceOf(ProtocolAbort)
          expect((outcome.error as ProtocolAbort).accusations.map(({ party }) => party)).toEqual([cheat])
        }),
        { numRuns: scheme === 'eddsa-ed25519' ? 15 : 40, seed: SEED },
      )
    },
  )
})
