import { describe, expect, test } from 'vitest'
import type { PartyId } from '../../../src/protocol/session.js'
import { agreedSignature, dealt, publicKeyOf, runSign, verifiesElsewhere, message } from './signing.js'

describe('signing', () => {
  test.each<[number, number, PartyId[][]]>([
    [2, 2, [[1, 2]]],
    [2, 3, [[1, 3]]],
  ])('%d of %d: each quorum signs, and independent verifiers agree', (threshold, n, quorums) => {
    const keys = dealt(threshold, n)
    for (const quorum of quorums) {
      const a = performance.now()
      const signature = agreedSignature(runSign(keys, quorum))
      console.log(performance.now() - a)
      expect(verifiesElsewhere(publicKeyOf(keys), message, signature)).toBe(true)
    }
  })
})
