/** The failure phase in a ceremony: who lies of its share of kγ is named by all, and to anybody by what they keep. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { enterRehearsal } from '../../../src/wire/base/realm.js'
import { hex } from '../../../src/wire/base/text.js'
import { type FailedRun, failedCodec } from '../../../src/wire/session/transcript.js'
import { verifyEvidence } from '../../../src/audit/evidence.js'
import type { Failure } from '../../../src/wire/base/failure.js'
import { wrongSum } from '../../protocol/cggmp24/cheats.js'
import { EcdsaTable, evidenceOf, failureIn, guiltyIn, verdictOn } from '../../support/ecdsa.js'

enterRehearsal()

let table: EcdsaTable
let failures: Failure[]
let parts: FailedRun

beforeAll(async () => {
  table = await EcdsaTable.set()
  const results = await table.signing({ meddle: wrongSum('share') })
  expect(results[1]?.status).toBe('rejected')
  failures = [failureIn(results[0]), failureIn(results[2])]
  parts = failedCodec.decode(await evidenceOf(failures[0] as Failure))
}, 600_000)
afterAll(() => table.clear())

describe('who lies of its share of kγ', () => {
  test('is named by everybody honest, who keep why', () => {
    for (const failure of failures) {
      expect(failure).toMatchObject({
        kind: 'abort',
        code: 'E_ABORT',
        accused: [{ name: 'bob', evidence: expect.stringMatching(/\/evidence\/run-[0-9a-f]{16}\.cbor$/) }],
      })
    }
  })

  test('is proven guilty to anybody, from the file of either', async () => {
    for (const failure of failures) {
      const verdict = await verifyEvidence(await evidenceOf(failure))
      expect(guiltyIn(verdict)).toEqual([['bob', 'blame-gamma-2', 'proven']])
      expect(verdict.guilty[0]?.fingerprint).toBe(hex(table.everybody[1].card.fingerprint))
    }
  }, 600_000)

  test('is not proven guilty where the rounds in which all defend themselves are missing', async () => {
    const rounds = parts.rounds.filter(({ round }) => !round.startsWith('blame-'))
    expect(rounds.length).toBeLessThan(parts.rounds.length)
    expect(await verdictOn(failedCodec.encode({ ...parts, rounds }))).toBe('E_EVIDENCE')
  }, 600_000)
})
