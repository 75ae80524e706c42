/**
 * All computations that run off the protocol's thread, by name. A job is a pure function of bytes: no
 * randomness, clock or state. The driver of the protocol decides where it runs.
 */
import type { Job } from '../core/round.js'
import { AUX_TASKS } from './auxiliary/jobs.js'
import { BLAME_TASKS } from './presign/blame-jobs.js'
import { PRESIGN_TASKS } from './presign/jobs.js'

export const JOBS: Readonly<Record<string, (input: readonly Uint8Array[]) => Uint8Array>> =
  Object.fromEntries([...AUX_TASKS, ...PRESIGN_TASKS, ...BLAME_TASKS].map(({ name, run }) => [name, run]))

/**
 * Runs a job and wipes its input, which it owns.
 * @throws Error that names the job, never its data
 */
export function runJob({ name, input }: Job): Uint8Array {
  const work = Object.hasOwn(JOBS, name) ? JOBS[name] : undefined
  if (work === undefined) throw new Error('there is no job of this name')
  try {
    return work(input)
  } catch {
    throw new Error(`job ${name} failed`)
  } finally {
    for (const bytes of input) bytes.fill(0)
  }
}
