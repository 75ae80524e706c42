/** What the benchmark has in common: the processor's time, and the middle and the ends of several figures. */

/** Milliseconds for which the processor has worked for this process. */
export function atWork() {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** The middle of some figures, the least and the most. */
export function spread(figures) {
  const sorted = [...figures].sort((a, b) => a - b)
  return {
    median: round(sorted[Math.floor(sorted.length / 2)]),
    least: round(sorted[0]),
    most: round(sorted.at(-1)),
  }
}

export const round = (figure) => Math.round(figure * 100) / 100
