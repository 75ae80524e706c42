import { expect, test } from 'vitest'
import { decode, encode } from '../../../src/protocol/codec.js'
import type { Job } from '../../../src/protocol/round.js'
import { blamed } from '../frost/party.js'
import { dealt, type Meddle, runSign } from './signing.js'

const lie =
  (field: string): Meddle =>
  (job: Job, honest) => {
    const result = honest(job)
    if (job.name !== 'presign/open-answer') return result
    const opened = new Map(decode(result) as Map<string, Uint8Array>)
    const share = (opened.get(field) as Uint8Array).slice()
    share[31] = (share[31] as number) ^ 1
    return encode(new Map([...opened, [field, share]]))
  }

test.each(['share', 'shareHat'])('%s', (field) => {
  const a = performance.now()
  const outcomes = runSign(dealt(2, 2), [1, 2], { meddle: { 2: lie(field) } })
  console.log(performance.now() - a)
  console.log(outcomes)
  expect(blamed(outcomes.get(1))).toEqual([])
})
