/**
 * A job with types: a pure function with the shapes of what goes into it and comes out, so that both ends of
 * the way to a worker stand in one place. Whoever runs a job owns its input, and wipes it.
 */
import { codec, type Shape } from './codec.js'
import { compute, type Job, type Protocol } from './round.js'
import type { PartyId } from './session.js'

export type Task<Input, Output> = {
  readonly name: string
  /** The job that does it for this input. A tape in it, `random`, is wiped: it stands in the job alone. */
  job(input: Input): Job
  /** What a job of this task gave back. */
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

/** What was drawn for one job is for nobody else. */
function wipeTape(input: unknown): void {
  if (typeof input !== 'object' || input === null || !('random' in input)) return
  if (input.random instanceof Uint8Array) input.random.fill(0)
}

/** Does one task for each party's input; the answers, by party. */
export function* forEach<Input, Output>(
  { job, result }: Task<Input, Output>,
  parties: readonly PartyId[],
  input: (party: PartyId) => Input,
): Protocol<Map<PartyId, Output>> {
  const results = yield* compute(parties.map((party) => job(input(party))))
  return new Map(parties.map((party, i) => [party, result(results[i] as Uint8Array)]))
}
