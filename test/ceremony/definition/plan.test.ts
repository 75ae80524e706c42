import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type KeygenPlan, parsePlan, problemsOf } from '../../../src/ceremony/definition/keygen-plan.js'
import { parseSpan, parseTime } from '../../../src/wire/base/duration.js'

const plan: KeygenPlan = {
  key: 'treasury',
  scheme: 'eddsa-ed25519',
  threshold: 2,
  members: ['alice', 'bob', 'carol'],
  observers: [],
  policy: null,
  notBefore: null,
  expires: '7d',
}
const yaml = (text: string) => parsePlan(Buffer.from(text), 'plan.yaml')
const whole = `format: mpc/plan/v1
kind: keygen
key: treasury
scheme: eddsa-ed25519
threshold: 2
members: [alice, bob, carol]
expires: 7d
`

describe('a plan', () => {
  it('reads as it is written', async () => {
    expect(await yaml(whole)).toEqual(plan)
    const five = await readFile(join(import.meta.dirname, '../../../ceremonies/keygen-3-of-5.yaml'))
    expect(await parsePlan(five, 'x')).toMatchObject({ threshold: 3, members: { length: 5 } })
  })

  it.each([
    [whole.replace('threshold: 2', 'threshold: two'), '5:12 threshold is not a whole number'],
    [whole.replace('threshold: 2\n', ''), '1:1 threshold is at least 2'],
    [whole.replace('threshold: 2', 'threshold: 1'), '5:12 threshold is at least 2'],
    [whole.replace('threshold: 2', 'threshold: 4'), '5:12 threshold is 4, but there are only 3 custodians'],
    [whole.replace('bob', 'alice'), '6:10 members name "alice" again'],
    [whole.replace('bob', 'Bob'), '6:10 members are names'],
    [whole.replace('bob', '[bob]'), '6:10 members is not a list of texts'],
    [`${whole}observers: [bob]\n`, '8:12 observers name "bob" again, who is among members'],
    [`${whole}operators: [dave]\n`, '8:12 operators are titles in a policy: policy: FILE'],
    [`${whole}approvers: [dave]\n`, '8:12 approvers are titles in a policy: policy: FILE'],
    [`${whole}keyy: x\n`, '8:1 unknown field "keyy"'],
    [`${whole}key: x\n`, '8:1 Map keys must be unique'],
    [`${whole}--- \na: 1\n`, 'Source contains multiple documents'],
    [whole.replace('v1', 'v2'), '1:9 format is mpc/plan/v1'],
    [whole.replace('kind: keygen\n', ''), '1:1 kind is missing'],
    [whole.replace('eddsa-ed25519', 'ecdsa-secp256k'), 'Did you mean ecdsa-secp256k1'],
    [whole.replace('7d', 'tomorrow'), '7:10 expires is a time like'],
    [whole.replace('keygen', 'refresh'), 'a refresh is not made from a plan'],
    [whole.replace('keygen', 'reshare'), 'a reshare is not made from a plan'],
    [whole.replace('keygen', 'policy'), 'a policy is not made from a plan'],
    ['', '1:1 it is not a list of fields'],
    [`${whole}# ${'x'.repeat(70_000)}\n`, 'it is longer than 65536 bytes'],
    [`${whole}note: "\u001b[2J"\n`, 'unknown field "note"'],
  ])('is refused with line and column: %j', async (text, problem) => {
    await expect(yaml(text)).rejects.toThrow(problem)
    await expect(yaml(text)).rejects.toMatchObject({ kind: 'usage' })
  })

  it('is text', async () => {
    await expect(parsePlan(Uint8Array.of(0xff, 0xfe), 'p')).rejects.toThrow('not text in UTF-8')
  })

  it('has no problem as above, and all of its problems at once', () => {
    expect(problemsOf(plan)).toEqual([])
    const fields = problemsOf({ ...plan, key: 'A', scheme: 'rsa', threshold: 9, expires: '1y' })
    expect(fields.map(({ field }) => field)).toEqual(['key', 'scheme', 'threshold', 'expires'])
  })
})

describe('times', () => {
  it('are spans or moments with their zone', () => {
    expect(['30s', '5m', '2h', '7d', '0s', '5', '1w', '-1s', '1.5h'].map(parseSpan)).toEqual([
      30_000,
      300_000,
      7_200_000,
      604_800_000,
      ...Array<null>(5).fill(null),
    ])
    expect(parseTime('2030-01-31T09:00:00Z')).toBe(Date.UTC(2030, 0, 31, 9))
    expect(parseTime('2030-01-31T09:00:00+02:00')).toBe(Date.UTC(2030, 0, 31, 7))
    for (const text of ['2030-01-31', '2030-01-31T09:00:00', 'now', '2030-13-01T00:00:00Z']) {
      expect(parseTime(text)).toBeNull()
    }
  })
})
