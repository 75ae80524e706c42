import { describe, expect, test } from 'vitest'
import { bytes, CodecError, encode, flag, record, uint } from '../../../src/protocol/core/codec.js'
import { JOBS, runJob } from '../../../src/protocol/cggmp24/jobs.js'
import { task } from '../../../src/protocol/core/task.js'

describe('a task', () => {
  let seen: Uint8Array | undefined
  const isSum = task(
    'test/is-sum',
    { input: record({ random: bytes(2), sum: uint() }), output: flag },
    ({ random, sum }) => {
      seen = random
      return random[0] === sum - (random[1] as number)
    },
  )

  test('is the same work through bytes, and its tape is wiped on both sides', () => {
    const random = Uint8Array.of(3, 4)
    const job = isSum.job({ random, sum: 7 })
    expect([...random]).toEqual([0, 0])
    expect(isSum.result(isSum.run(job.input))).toBe(true)
    expect([...(seen as Uint8Array)]).toEqual([0, 0])
    expect(job.name).toBe('test/is-sum')
  })

  test('refuses what has not its shape', () => {
    for (const input of [[], [encode(null)], [encode({ random: new Uint8Array(2) })], [new Uint8Array(1)]]) {
      expect(() => isSum.run(input)).toThrow(CodecError)
    }
    expect(() => isSum.result(encode(1))).toThrow(CodecError)
  })
})

describe('jobs', () => {
  test('have names of their own', () => {
    for (const [name, work] of Object.entries(JOBS)) {
      expect(name).toMatch(/^[a-z-]+\/[a-z-]+$/)
      expect(work).toBeInstanceOf(Function)
    }
  })

  test.each(['', 'aux', 'toString', '__proto__'])('there is none called %j', (name) => {
    expect(() => runJob({ name, input: [] })).toThrow(Error)
  })

  test('one that fails says which and nothing else, and its input is wiped', () => {
    const input = Uint8Array.of(1, 2, 3)
    expect(() => runJob({ name: 'aux/prove-modulus', input: [input] })).toThrow(
      /^job aux\/prove-modulus failed$/,
    )
    expect([...input]).toEqual([0, 0, 0])
  })
})
