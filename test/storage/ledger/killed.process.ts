import { afterAll, beforeAll, expect, test } from 'vitest'
import { LONGEST_LIFE } from '../../../src/wire/ceremony/request.js'
import { compile, container, newHome, removeCompiled } from '../support.js'
import { killedByForce, manySpends, reserves } from './killed.js'
import { SetClock, spender, START, DAY } from './support.js'

beforeAll(compile)
afterAll(removeCompiled)

test('of two processes that spend at once, as much is let out as the limit allows', async () => {
  const home = await newHome()
  const processes = [0, 100].map((first) => manySpends(home, first, 12, 130))
  const allowed = await Promise.all(processes.map(async (child) => Number(await child.line())))
  expect((allowed[0] ?? 0) + (allowed[1] ?? 0)).toBe(13)
  const clock = new SetClock()
  clock.time = START + DAY
  const { ledger, used } = spender(home, clock)
  expect(await used()).toBe(130n)
  await ledger.check()
})

test('what a process of another container reserved, which was killed, is free again once its request has lapsed', async ({
  skip,
}) => {
  const home = await newHome()
  const child = reserves(home, 1, container() ?? skip('pid namespaces cannot be made here'))
  expect(await child.line()).toBe('allow')
  await child.kill()
  const clock = new SetClock()
  const { used } = spender(home, clock)
  clock.time = START + DAY + LONGEST_LIFE
  expect(await used()).toBe(60n)
  clock.time += 121_000
  expect(await used()).toBe(0n)
})

test.each([3, 22, 37, 55, 61, 74, 90])('killed before operation %i of its disk', async (operation) => {
  expect(await killedByForce(operation)).toBe(true)
})
