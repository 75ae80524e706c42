/** Threads that compute a protocol's jobs, so that terminal and network stay responsive. They start with the first job. */
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { Compute } from '../../messaging/session/run.js'
import type { Job } from '../../protocol/core/round.js'

/** A thread's answer: the result of a job, or an error that never contains its input. */
export type Done = { readonly result: Uint8Array } | { readonly error: string }

type Task = {
  readonly job: Job
  /** The call of `compute`; its tasks end together. */
  readonly call: symbol
  readonly resolve: (result: Uint8Array) => void
  readonly reject: (reason: unknown) => void
}
type Thread = { readonly worker: Worker; task: Task | null }

export class Workers {
  readonly #size: number
  readonly #threads = new Set<Thread>()
  #waiting: Task[] = []

  /** @param size jobs that run at once */
  constructor(size: number = availableParallelism()) {
    this.#size = size
  }

  /** Runs jobs in parallel and wipes their inputs. Results are in the order of the jobs. @throws the signal's reason */
  readonly compute: Compute = async (jobs, signal) => {
    signal.throwIfAborted()
    const call = Symbol('call')
    const stop = (): void => this.#drop(call, signal.reason)
    signal.addEventListener('abort', stop)
    try {
      return await Promise.all(jobs.map((job) => this.#run(job, call)))
    } catch (error) {
      this.#drop(call, error)
      throw error
    } finally {
      signal.removeEventListener('abort', stop)
      for (const { input } of jobs) for (const bytes of input) bytes.fill(0)
    }
  }

  /** Ends every thread and drops running jobs. */
  close(): void {
    for (const thread of this.#threads) this.#end(thread, new Error('the workers were closed'))
  }

  #run(job: Job, call: symbol): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ job, call, resolve, reject })
      this.#next()
    })
  }

  #next(): void {
    const [task] = this.#waiting
    if (!task) return
    const thread = [...this.#threads].find((idle) => idle.task === null) ?? this.#start()
    if (!thread) return
    this.#waiting.shift()
    thread.task = task
    // The thread gets copies and wipes them. The originals are wiped when all jobs of the call have ended.
    const input = task.job.input.map((bytes) => bytes.slice())
    const buffers = input.map(({ buffer }) => buffer)
    thread.worker.postMessage({ name: task.job.name, input }, buffers)
  }

  /** A new thread, unless there are enough. */
  #start(): Thread | null {
    if (this.#threads.size >= this.#size) return null
    const worker = new Worker(new URL('./worker.js', import.meta.url), { env: {}, stdin: false })
    const thread: Thread = { worker, task: null }
    this.#threads.add(thread)
    worker.unref()
    worker.on('message', (done: Done) => {
      const { task } = thread
      thread.task = null
      if ('error' in done) task?.reject(new Error(done.error))
      else task?.resolve(done.result)
      this.#next()
    })
    worker.on('error', (error) => this.#end(thread, error))
    return thread
  }

  /** Drops a call's waiting tasks and ends the threads that work for it, since they hold its secrets. */
  #drop(call: symbol, reason: unknown): void {
    const dropped = this.#waiting.filter((task) => task.call === call)
    this.#waiting = this.#waiting.filter((task) => task.call !== call)
    for (const task of dropped) task.reject(reason)
    for (const thread of this.#threads) if (thread.task?.call === call) this.#end(thread, reason)
  }

  #end(thread: Thread, reason: unknown): void {
    this.#threads.delete(thread)
    thread.task?.reject(reason)
    thread.task = null
    void thread.worker.terminate()
    this.#next()
  }
}
