/** The letters of a run, in the form in which a home stores them. */
import type { Opened } from '../../messaging/session/handshake.js'
import type { Run } from '../../messaging/session/run.js'
import { type Definition, definitionCodec } from '../../wire/ceremony/definition.js'
import type { Receipt } from '../../wire/ceremony/certificate.js'
import { failedCodec, type Seen, transcriptCodec } from '../../wire/session/transcript.js'

/** @param record the encoded record of the key, for a signing */
export function seenIn(
  definition: Definition,
  record: Uint8Array | null,
  opened: Opened,
  rounds: Run<unknown>['rounds'],
): Seen {
  return { definition: definitionCodec.encode(definition), record, ...opened.seen, rounds }
}

/** @param payload the signed payload, or null for a ceremony that makes a key */
export const encodeTranscript = (
  seen: Seen,
  payload: Uint8Array | null,
  outcome: Uint8Array,
  receipts: readonly Receipt[],
): Uint8Array => transcriptCodec.encode({ format: 'mpc/transcript/v1', ...seen, payload, outcome, receipts })

/** The transcript of a run that somebody broke. @param claims signed envelopes about letters to one member */
export const encodeFailed = (
  seen: Seen,
  payload: Uint8Array | null,
  claims: readonly Uint8Array[],
): Uint8Array => failedCodec.encode({ format: 'mpc/failed-run/v1', ...seen, payload, claims })
