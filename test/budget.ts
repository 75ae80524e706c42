/** Names the test files that take longer than a file may, once all have run. */
import type { Reporter, TestModule } from 'vitest/node'

/** Seconds. */
const A_FILE = 20

export class Budget implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const over = modules
      .filter(({ project }) => project.name !== 'slow')
      .map((module) => ({ file: module.relativeModuleId, seconds: module.diagnostic().duration / 1000 }))
      .filter(({ seconds }) => seconds > A_FILE)
      .sort((a, b) => b.seconds - a.seconds)
    if (over.length === 0) return
    const lines = over.map(({ file, seconds }) => `  ${seconds.toFixed(0).padStart(4)} s  ${file}`)
    process.stdout.write(`\nOver the budget of ${A_FILE} s a file:\n${lines.join('\n')}\n`)
  }
}
