/**
 * Every honest signer names who breaks a signing, and so does the file that each keeps, to anybody. The
 * failure phase, which takes its time: `ecdsa-evidence.slow.ts`.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { entriesLetter } from '../../../src/protocol/core/entries.js'
import { sigmaLetter } from '../../../src/protocol/cggmp24/presign/letters.js'
import { readFile } from '../../../src/storage/fs/atomic.js'
import type { Failure } from '../../../src/wire/base/failure.js'
import { enterRehearsal } from '../../../src/wire/base/realm.js'
import { encodeRecord, parseRecord } from '../../../src/wire/key/record.js'
import { type FailedRun, failedCodec, transcriptCodec } from '../../../src/wire/session/transcript.js'
import { mpc } from '../../support/cli.js'
import { EcdsaTable, evidenceOf, failureIn, verdictOn } from '../../support/ecdsa.js'
import { resigned } from '../../support/mischief.js'
import { signaturesCodec } from '../../../src/wire/ceremony/signature.js'

enterRehearsal()

let table: EcdsaTable
beforeAll(async () => {
  table = await EcdsaTable.set()
}, 300_000)
afterAll(() => table.clear())

/** How a signing ends for alice and carol in which bob says something else in a round. */
async function failing(round: string, say: (body: Uint8Array) => Uint8Array): Promise<Failure[]> {
  const interfere = resigned(table.everybody[1], ({ header, body }) =>
    header.kind === 'letter' && header.round === round && header.to === null ? say(body) : undefined,
  )
  const [alice, , carol] = await table.signing({ interfere })
  return [failureIn(alice), failureIn(carol)]
}

test('a letter that cannot be read ends it for everybody, and is proven to anybody', async () => {
  for (const failure of await failing('presign-1', (body) => body.slice(1))) {
    expect(failure).toMatchObject({
      kind: 'abort',
      code: 'E_ABORT',
      accused: [{ name: 'bob', evidence: expect.stringMatching(/\/evidence\/run-[0-9a-f]{16}\.cbor$/) }],
    })
    expect(await verdictOn(await evidenceOf(failure))).toEqual([['bob', 'presign-1', 'proven']])
  }
}, 300_000)

describe('a share of the signature that is none', () => {
  let failures: Failure[]
  let parts: FailedRun

  beforeAll(async () => {
    failures = await failing('sign', () => entriesLetter(1).encode([sigmaLetter.encode(5n)]))
    parts = failedCodec.decode(await evidenceOf(failures[0] as Failure))
  }, 300_000)

  test('leaves the others in doubt, and is proven to anybody from the file of either', async () => {
    for (const failure of failures) {
      expect(failure).toMatchObject({ kind: 'doubt', code: 'E_IN_DOUBT', accused: [{ name: 'bob' }] })
      expect(await verdictOn(await evidenceOf(failure))).toEqual([['bob', 'sign', 'proven']])
    }
  }, 300_000)

  test('is proven by `mpc transcript verify`, which says by whose letters; also to who was not there', async () => {
    const file = failures[0]?.accused[0]?.evidence as string
    const [, , carol] = table.everybody
    const verify = ['transcript', 'verify', file]
    expect((await mpc(carol.home.root, [...verify, '--json'])).json).toMatchObject({
      code: 0,
      data: {
        kind: 'failed-run',
        of: 'sign',
        guilty: [{ name: 'bob', round: 'sign', kind: 'proven' }],
        participants: [
          { name: 'alice', known: 'verified' },
          { name: 'bob', known: 'verified' },
          { name: 'carol', known: 'self' },
        ],
      },
    })
    const { code, stdout } = await mpc(carol.home.root, verify)
    expect(code).toBe(0)
    expect(stdout).toContain('bob: share of the signature does not verify (round sign, proven)')
    // In earnest it is nothing at all.
    const elsewhere = await mpc('/nowhere/at/all', [...verify, '--json'])
    expect(elsewhere.json).toMatchObject({ code: 8, error: { code: 'E_REHEARSAL' } })
  }, 300_000)

  test('is not proven by the file without it', async () => {
    const rounds = parts.rounds.slice(0, -1)
    expect(await verdictOn(failedCodec.encode({ ...parts, rounds }))).toBe('E_EVIDENCE')
  }, 300_000)

  test('nothing in the file can be changed', async () => {
    const flip = (bytes: Uint8Array, at: number): Uint8Array =>
      bytes.map((byte, i) => (i === at ? byte ^ 1 : byte))
    const [round] = parts.rounds as [FailedRun['rounds'][number]]
    const record = parseRecord(parts.record as Uint8Array)
    const changes: Partial<FailedRun>[] = [
      { payload: flip(parts.payload as Uint8Array, 0) },
      { record: encodeRecord({ ...record, chain_code: flip(record.chain_code as Uint8Array, 0) }) },
      { record: null },
      { reveals: parts.reveals.toReversed() },
      { rounds: [...parts.rounds, round] },
      { rounds: [{ ...round, letters: round.letters.slice(1) }] },
      { rounds: [{ ...round, round: 'presign-9' }] },
      ...round.letters.map((letter, i) => ({
        rounds: [{ ...round, letters: round.letters.with(i, flip(letter, letter.length - 80)) }],
      })),
    ]
    for (const change of changes) {
      expect(await verdictOn(failedCodec.encode({ ...parts, ...change }))).toBe('E_TRANSCRIPT')
    }
  })
})

test('the letters of a signing that went well prove nobody guilty, wherever they are cut', async () => {
  const [result] = await table.signing()
  if (result?.status !== 'fulfilled') throw result?.reason
  const { payload, outcome, receipts, format, ...seen } = transcriptCodec.decode(
    Uint8Array.from((await readFile(result.value.transcript as string, 1 << 26)) as Uint8Array),
  )
  expect([format, signaturesCodec.decode(outcome).length, receipts.length]).toEqual([
    'mpc/transcript/v1',
    1,
    3,
  ])
  for (const end of [0, 2, 3, 6, seen.rounds.length]) {
    const failed: FailedRun = {
      ...seen,
      format: 'mpc/failed-run/v1',
      payload,
      claims: [],
      rounds: seen.rounds.slice(0, end),
    }
    expect(await verdictOn(failedCodec.encode(failed))).toBe('E_EVIDENCE')
  }
}, 300_000)
