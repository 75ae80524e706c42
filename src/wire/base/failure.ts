/**
 * Every way a command can fail, other than by a bug of ours. A failure has an owner, a stable code that `mpc
 * explain` knows, a message for people and a next step. It never holds a secret or unquoted text from others.
 */
import { CodecError } from '../../protocol/core/codec.js'
import { OtherEngine } from '../../protocol/engines/registry.js'

/** A failure's culprit and meaning; `cli/terminal/exit.ts` turns each into its exit code. */
export type FailureKind =
  | 'usage'
  | 'configuration'
  | 'network'
  | 'absent'
  | 'authentication'
  | 'abort'
  | 'refused'
  | 'verification'
  | 'decryption'
  | 'conflict'
  | 'doubt'
  | 'interrupted'

/** A member accused of something, in the form that the machine contract prints. */
export type Accused = {
  readonly name: string
  readonly fingerprint: string
  readonly round: string
  readonly kind: 'proven' | 'witnessed' | 'pair'
  readonly reason: string
  /** The number of the message at fault, from 1; null where a run has one message, or none. */
  readonly entry: number | null
  /** Absolute path of the evidence file, if there is one. */
  readonly evidence: string | null
}

export type FailureDetail = {
  /** The person's next step, as a sentence or a command. */
  readonly hint?: string
  /** The one member this is about, by name. */
  readonly party?: string
  readonly accused?: readonly Accused[]
  /** Names of all members who did not come, if we know that they were waited for. */
  readonly missing?: readonly string[]
  readonly cause?: unknown
}

export class Failure extends Error {
  override readonly name = 'Failure'
  readonly hint: string | null
  readonly party: string | null
  readonly accused: readonly Accused[]
  readonly missing: readonly string[]

  /** @param code stable, upper case, `E_...`; listed in the catalogue that `mpc explain` prints */
  constructor(
    readonly kind: FailureKind,
    readonly code: `E_${string}`,
    message: string,
    detail: FailureDetail = {},
  ) {
    super(message, { cause: detail.cause })
    this.hint = detail.hint ?? null
    this.party = detail.party ?? null
    this.accused = detail.accused ?? []
    this.missing = detail.missing ?? []
  }

  /** The same failure, prefixed with the file or person it concerns. */
  of(whose: string): Failure {
    const { kind, code, message, hint, party, accused, missing } = this
    return new Failure(kind, code, `${whose}: ${message}`, {
      ...(hint !== null && { hint }),
      ...(party !== null && { party }),
      accused,
      missing,
      cause: this,
    })
  }
}

/** The result of `parse`; a CodecError becomes the failure that `refuse` makes of its message, or `E_ENGINE`. */
export function wellFormed<T>(parse: () => T, refuse: (problem: string, cause: unknown) => Failure): T {
  try {
    return parse()
  } catch (cause) {
    throw cause instanceof CodecError ? (otherEngine(cause) ?? refuse(cause.message, cause)) : cause
  }
}

/** The Failure `E_ENGINE` (configuration) for an error caused by an OtherEngine; null for any other. */
export function otherEngine(error: unknown): Failure | null {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (!(cause instanceof OtherEngine)) continue
    return new Failure('configuration', 'E_ENGINE', `this was ${cause.problem}`, {
      hint: 'use the version of mpc that made it, or a newer one; if this one made it, the file is damaged',
      cause: error,
    })
  }
  return null
}
