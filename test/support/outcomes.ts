/** How something ended, in a line that tests compare. */
import { Failure } from '../../src/wire/base/failure.js'

/** `signed`, or the failure's kind, code and message. */
export const outcomeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'signed',
    (error: unknown) => {
      if (error instanceof Failure) return `${error.kind} ${error.code}: ${error.message}`
      throw error
    },
  )
