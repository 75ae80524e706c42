/**
 * A typed job: a pure function with the shapes of its input and output, so the encoding and the decoding on
 * the way to a worker stand in one place. The code that runs a job owns its input, and wipes it.
 */
import { codec, type Shape } from './codec.js'
import { compute, type Job, type Protocol } from './round.js'
import type { PartyId } from './session.js'

export type Task<Input, Output> = {
  readonly name: string
  /** The job for this input. It wipes the tape `random` in the input: only the job keeps those bytes. */
  job(input: Input): Job
  /** Decodes the result of a job of this task. */
  result(bytes: Uint8Array): Output
  /** The work itself, as a worker does it. */
  run(input: readonly Uint8Array[]): Uint8Array
}

export function task<Input, Output>(
  name: string,
  shapes: { readonly input: Shape<Input>; readonly output: Shape<Output> },
  work: (input: Input) => Output,
): Task<Input, Output> {
  const [input, output] = [codec(shapes.input), codec(shapes.output)]
  return {
    name,
    job: (value) => {
      const encoded = input.encode(value)
      wipeTape(value)
      return { name, input: [encoded] }
    },
    result: output.decode,
    run: ([bytes = new Uint8Array()]) => {
      const value = input.decode(bytes)
      try {
        return output.encode(work(value))
      } finally {
        wipeTape(value)
      }
    },
  }
}

/** Wipes the random tape: bytes drawn for one job must serve no other. */
function wipeTape(input: unknown): void {
  if (typeof input !== 'object' || input === null || !('random' in input)) return
  if (input.random instanceof Uint8Array) input.random.fill(0)
}

/** Runs the task once for each party; returns the results by party. */
export function* forEach<Input, Output>(
  { job, result }: Task<Input, Output>,
  parties: readonly PartyId[],
  input: (party: PartyId) => Input,
): Protocol<Map<PartyId, Output>> {
  const results = yield* compute(parties.map((party) => job(input(party))))
  return new Map(parties.map((party, i) => [party, result(results[i] as Uint8Array)]))
}
