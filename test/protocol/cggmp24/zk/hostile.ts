/** The fast and the slow fuzz tests of proofs: hostile bytes, held against codec and verifier. */
import fc from 'fast-check'
import { expect } from 'vitest'
import { codec, CodecError, equalBytes } from '../../../../src/protocol/core/codec.js'
import { near, wrong } from '../../../support/mutants.js'
import { contextOf, FEW, keys, proven, type Subject } from './subjects.js'

/**
 * Bytes near a proof, and random ones, are refused with a CodecError, or are the one encoding of some proof;
 * and that, unless it is the honest one, the verifier refuses without a throw.
 * @param verified whether to ask the verifier too, which costs more
 */
export function fuzz(subject: Subject, numRuns: number, seed: number, verified: boolean): void {
  const { statement, proof } = proven(subject, 'fuzz')
  const letter = codec(subject.shape(FEW))
  const honest = letter.encode(proof)
  let decoded = 0
  const hostile = fc.oneof(
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }) },
    { weight: 2, arbitrary: near(honest) },
    { weight: 3, arbitrary: wrong(honest) },
  )
  const property = fc.property(hostile, (bytes) => {
    let made: typeof proof
    try {
      made = letter.decode(bytes)
    } catch (error) {
      expect(error).toBeInstanceOf(CodecError)
      return
    }
    decoded++
    expect(equalBytes(letter.encode(made), bytes)).toBe(true)
    if (!verified) return
    const accepted = subject.verify(contextOf(subject), keys.rp, statement, made)
    expect(accepted).toBe(equalBytes(bytes, honest))
  })
  fc.assert(property, { numRuns, seed })
  // Neither all refused nor all let through: both ways were taken.
  expect(decoded).toBeGreaterThan(numRuns / 20)
  expect(decoded).toBeLessThan((numRuns * 19) / 20)
}
