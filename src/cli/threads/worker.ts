/** A thread of `Workers`. It runs one job at a time and wipes its input. */
import { parentPort } from 'node:worker_threads'
import { runJob } from '../../protocol/cggmp24/jobs.js'
import type { Job } from '../../protocol/core/round.js'
import type { Done } from './workers.js'

parentPort?.on('message', (job: Job) => {
  let done: Done
  try {
    done = { result: runJob(job) }
  } catch {
    // The message of the error may hold a secret number, so only the job's name leaves the thread.
    done = { error: `the job ${job.name} failed` }
  } finally {
    for (const bytes of job.input) bytes.fill(0)
  }
  parentPort?.postMessage(done)
})
