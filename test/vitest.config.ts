import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

const slow = process.env['MPC_TEST_SLOW'] === '1'

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: slow ? ['test/**/*.slow.ts'] : ['test/**/*.test.ts'],
    globalSetup: 'test/stock.ts',
    // Nothing is timed here: a test that hangs is to end, on a busy machine too.
    testTimeout: slow ? 3_600_000 : 180_000,
    hookTimeout: 180_000,
    // Half of the tests wait for processes and deadlines while the others compute.
    maxWorkers: Math.ceil((slow ? 1 : 1.5) * availableParallelism()),
  },
})
