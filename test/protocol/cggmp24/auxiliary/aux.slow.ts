import { expect, test } from 'vitest'
import { checkAuxPublic, checkAuxSecret } from '../../../../src/protocol/cggmp24/auxiliary/data.js'
import { generateAux } from '../../../../src/protocol/cggmp24/auxiliary/generate.js'
import { runJob } from '../../../../src/protocol/cggmp24/jobs.js'
import { PRODUCTION } from '../../../../src/protocol/cggmp24/integers/level.js'
import { primesOf } from '../../../support/primes.js'
import { seededRng } from '../../../support/rng.js'
import { outputs, simulate } from '../../../support/simulate.js'
import { upTo } from '../../frost/party.js'
import { input, runAux } from './aux.party.js'

test('five parties', () => {
  const outcomes = outputs(runAux(5))
  for (const { parties } of outcomes.values()) {
    expect(parties).toEqual(outcomes.get(1)?.parties)
    expect([...parties.keys()]).toEqual(upTo(5))
  }
})

test('two parties at the production level', () => {
  const outcomes = outputs(
    simulate(
      [1, 2],
      (session) =>
        generateAux(
          session,
          { ...input, level: PRODUCTION, primes: primesOf(session.self, PRODUCTION) },
          seededRng('production', session.self),
        ),
      { jobs: runJob },
    ),
  )
  for (const [party, output] of outcomes) {
    checkAuxPublic(output)
    expect(output.parties).toEqual(outcomes.get(1)?.parties)
    const own = output.parties.get(party)
    checkAuxSecret(PRODUCTION, own as NonNullable<typeof own>, output.secret)
  }
})
