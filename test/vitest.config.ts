import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { Budget } from './budget.js'

const root = new URL('..', import.meta.url).pathname

/** The end of a test file's name says how it runs; `CONTRIBUTING.md` explains each. */
const project = (name: string, ending: string, how: object = {}) => ({
  test: {
    name,
    root,
    include: [`test/**/*.${ending}.ts`],
    // Nothing is timed here: a test that hangs is to end, on a busy machine too.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    ...how,
  },
})

const inMemory = { setupFiles: ['test/memory.ts'] }

export default defineConfig({
  test: {
    root,
    // Of the whole run, and not of each project.
    globalSetup: 'test/run.ts',
    reporters: ['default', new Budget()],
    // Half of the tests wait for processes while the others compute.
    maxWorkers: Math.ceil(1.5 * availableParallelism()),
    projects: [
      project('unit', 'test', inMemory),
      project('sim', 'sim', inMemory),
      project('smoke', 'smoke'),
      project('long', 'long', inMemory),
      project('process', 'process'),
      project('broker', 'broker'),
      project('slow', 'slow', { testTimeout: 3_600_000, maxWorkers: availableParallelism() }),
    ],
  },
})
