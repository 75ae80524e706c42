/** A thread of `Workers`: takes one job at a time, and wipes what it was given. */
import { parentPort } from 'node:worker_threads'
import { runJob } from '../../protocol/cggmp24/jobs.js'
import type { Job } from '../../protocol/core/round.js'
import type { Done } from './workers.js'

parentPort?.on('message', (job: Job) => {
  let done: Done
  try {
    done = { result: runJob(job) }
  } catch {
    // The error may hold a number that is secret: its name is enough to find the job, and is all that leaves.
    done = { error: `the job ${job.name} failed` }
  } finally {
    for (const bytes of job.input) bytes.fill(0)
  }
  parentPort?.postMessage(done)
})
