import { expect, test } from 'vitest'
import { cutEverywhere } from '../support.js'
import { killedScene } from './crashes.js'

test('wherever the power is cut, a request counts once or not at all, and once its share has left, once', async () => {
  // Each place is for the long tests.
  const operations = await cutEverywhere(() => killedScene(null, 0n), 9)
  expect(operations).toBeGreaterThan(60)
})
