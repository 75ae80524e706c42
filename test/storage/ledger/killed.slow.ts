import { afterAll, beforeAll, expect, test } from 'vitest'
import { compile, removeCompiled } from '../support.js'
import { killedByForce } from './killed.js'

beforeAll(compile)
afterAll(removeCompiled)

test('killed before every operation of its disk', async () => {
  let operation = 1
  while (await killedByForce(operation)) operation += 1
  expect(operation).toBeGreaterThan(100)
})
