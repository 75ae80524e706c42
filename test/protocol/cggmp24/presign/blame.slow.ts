/**
 * The failure phases with three signers, whose letters are all well-formed: whoever did its work otherwise is named by
 * every honest signer and by the transcript, exactly, also when the one that it cheated does not mind.
 */
import { describe, expect, test } from 'vitest'
import type { EcdsaKey } from '../../../../src/protocol/cggmp24/presign/signers.js'
import { type PartyId, Session } from '../../../../src/protocol/core/session.js'
import { sid, type Tamper } from '../../../support/simulate.js'
import { blamed, cheating, overhear } from '../../frost/party.js'
import {
  accompliceOf,
  both,
  transcribed,
  verifyFailure,
  wrongDefence,
  wrongFactor,
  wrongMask,
  wrongSum,
} from '../cheats.js'
import { dealt, type Meddle, message, onceEach, runSign } from '../signing.js'

const SUM = 'its sum is not of what it answered and was answered'
const ANSWER_TO_1 = 'its answer to party 1 is not of what it committed to'
const ANSWER_TO_3 = 'its answer to party 3 is not of what it committed to'
const keys = dealt(3, 5)
const quorum: readonly PartyId[] = [1, 3, 4]
const session = new Session(sid, 1, quorum)

/** The findings of the honest ones, and what the transcript of the first of them proves. */
function found(
  meddle: Readonly<Record<PartyId, Meddle>>,
  honest: readonly PartyId[],
  tamper?: Tamper,
): { readonly blames: unknown; readonly proven: unknown } {
  let outcomes: ReturnType<typeof runSign> | undefined
  const rounds = transcribed(
    1,
    (heard) => {
      outcomes = runSign(keys, quorum, { tamper: heard, meddle })
    },
    tamper,
  )
  const verdict = verifyFailure(session, keys.get(1) as EcdsaKey, message, rounds, onceEach)
  return {
    blames: honest.map((party) => blamed(outcomes?.get(party))),
    proven: verdict.map(({ party, kind, reason }) => [party, kind, reason]),
  }
}
const by = (kind: string, accused: readonly (readonly [PartyId, string])[]) =>
  accused.map(([party, reason]) => [party, kind, reason])
const named = (honest: number, ...accused: readonly (readonly [PartyId, string])[]) => ({
  blames: Array.from({ length: honest }, () => by('witnessed', accused)),
  proven: by('proven', accused),
})

describe('one cheater is named by both others', () => {
  test.each<['share' | 'shareHat', string]>([
    ['share', 'kγ'],
    ['shareHat', 'kx'],
  ])('%s: its share of %s is another', (which) => {
    expect(found({ 4: wrongSum(which) }, [1, 3])).toEqual(named(2, [4, SUM]))
  })
})

describe('a cheater whose victim is its accomplice is named by the third', () => {
  test.each<[string, Meddle]>([
    ['it multiplied with another γ', wrongFactor('gamma', 3)],
    ['it multiplied with another x', wrongFactor('x', 3)],
    ['it hid its answer with another β than it keeps', wrongMask(3)],
  ])('%s', (_, meddle) => {
    expect(found({ 3: accompliceOf(4), 4: meddle }, [1])).toEqual(named(1, [4, ANSWER_TO_3]))
  })
})

test('two cheaters are both named', () => {
  expect(found({ 3: wrongSum('share'), 4: wrongSum('share') }, [1])).toEqual(named(1, [3, SUM], [4, SUM]))
})

test('who cannot defend itself against what another did is named beside it', () => {
  expect(found({ 3: wrongDefence, 4: wrongSum('share') }, [1])).toEqual(named(1, [3, ANSWER_TO_1], [4, SUM]))
})

test('who shows something else than was asked for is named at once', () => {
  const meddle = { 4: wrongSum('share') }
  const heard = overhear((tamper) => runSign(keys, quorum, { meddle, tamper }))
  const tamper = cheating(quorum, {
    3: (letter) => (letter.round === 'blame-gamma-1' ? heard('blame-gamma-3', 3) : letter.body),
  })
  const other = 'shows something else than was asked for'
  expect(found(meddle, [1], tamper)).toEqual(named(1, [3, other]))
})

test('an innocent party that both others cheat in front of is not named', () => {
  const result = found({ 3: both(accompliceOf(4), wrongSum('share')), 4: wrongFactor('gamma', 3) }, [1])
  expect(result).toEqual(named(1, [3, SUM], [4, ANSWER_TO_3]))
})
