/** Entries in step: what is accused of a party in several of them. */
import { expect, test } from 'vitest'
import { type Accusation, ProtocolAbort } from '../../../src/protocol/core/abort.js'
import { inStep } from '../../../src/protocol/core/entries.js'
import type { Protocol } from '../../../src/protocol/core/round.js'
import { Session } from '../../../src/protocol/core/session.js'

const session = new Session(new Uint8Array(32), 1, [1, 2, 3])
const accusation = (party: number, kind: Accusation['kind'], reason: string): Accusation => ({
  party,
  round: 'nonces',
  kind,
  reason,
})

/** An entry that ends at once with these accusations. */
const ending = (...accusations: readonly Accusation[]) =>
  // oxlint-disable-next-line require-yield
  function* failing(): Protocol<never> {
    throw new ProtocolAbort('nonces', accusations)
  }

test('a doubt between two in one entry does not hide the fault of one of them in another', () => {
  const doubt = [accusation(2, 'pair', 'one of two'), accusation(3, 'pair', 'one of two')]
  const fault = accusation(2, 'witnessed', 'no point')
  let thrown: unknown
  try {
    inStep(session, [ending(...doubt), ending(fault)]).next()
  } catch (error) {
    thrown = error
  }
  expect(thrown).toBeInstanceOf(ProtocolAbort)
  expect((thrown as ProtocolAbort).accusations).toEqual([
    { ...fault, entry: 2, reason: 'no point (entry 2 of 2)' },
    { ...doubt[1], entry: 1, reason: 'one of two (entry 1 of 2)' },
  ])
})
