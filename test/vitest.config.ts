import { defineConfig } from 'vitest/config'

const slow = process.env['MPC_TEST_SLOW'] === '1'

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: slow ? ['test/**/*.slow.ts'] : ['test/**/*.test.ts'],
    testTimeout: slow ? 3_600_000 : 60_000,
    hookTimeout: 60_000,
    // Half of the tests wait for processes and deadlines while the others compute.
    maxWorkers: '100%',
  },
})
