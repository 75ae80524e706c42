/** Exit codes. They are documented and never renumbered. */
import { Failure, type FailureKind } from '../../wire/base/failure.js'

export function exitCodeOf(kind: FailureKind): number {
  switch (kind) {
    case 'usage':
      return 2
    case 'configuration':
      return 3
    case 'network':
      return 4
    case 'absent':
      return 5
    case 'authentication':
      return 6
    case 'abort':
      return 7
    case 'refused':
      return 8
    case 'verification':
      return 9
    case 'decryption':
      return 10
    case 'conflict':
      return 11
    case 'doubt':
      return 12
    case 'interrupted':
      return 130
    default:
      return kind satisfies never
  }
}

/** Exit code of an error that is not a `Failure`: our own bug. */
export const UNEXPECTED = 1

/** Ctrl-C before the vote. */
export const interrupted = (): Failure =>
  new Failure('interrupted', 'E_INTERRUPTED', 'interrupted', {
    hint: 'nothing was kept; run the same command again when you are ready',
  })

/** The end of `--timeout` before the vote. */
export const timedOut = (): Failure =>
  new Failure('absent', 'E_TIMEOUT', 'the time that --timeout gives is over', {
    hint: 'nothing was kept; run the same command again, with more time',
  })
