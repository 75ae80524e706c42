/**
 * Fetching a definition of which only the id is known. The sender of an answer is unknown too, and need not
 * be known: the bytes either hash to the id or they are ignored. Each answer costs one strict decoding and
 * one hash, and is then forgotten.
 */
import { CodecError } from '../../protocol/core/codec.js'
import { decodeEnvelope, ENVELOPE_LIMIT, type Envelope } from '../../wire/session/envelope.js'
import { hex } from '../../wire/base/text.js'
import { ANYBODY, NO_SESSION, type Wait, wantCodec } from '../channel/letters.js'
import { Mailbox, type MailboxOptions } from '../channel/mailbox.js'
import { ceremonySubjects, controlOf } from '../transport/subjects.js'

/** The round of the `done` by which a member reports that it has the definition. */
export const FETCHED = 'definition'

export type Asking = Pick<MailboxOptions, 'transport' | 'definition' | 'self' | 'key' | 'clock' | 'emit'> & {
  /** Whether bytes are the definition with this id. They have not been checked in any other way. */
  readonly isIt: (bytes: Uint8Array) => boolean
}

export type Answered = {
  /** The encoded definition. */
  readonly definition: Uint8Array | null
  /** Number of answers that were something else. */
  readonly refused: number
}

/**
 * Asks until somebody sends the definition, then reports that it has come.
 * @returns `definition`: null if it did not come in time
 * @throws the signal's reason; Failure (network) if the server stayed away
 */
export async function askForDefinition({ isIt, ...asking }: Asking, wait: Wait): Promise<Answered> {
  const { transport, definition: id, self, emit } = asking
  let found: Uint8Array | null = null
  let refused = 0
  // This mailbox knows no members, so it accepts no letters. The subscription below reads the answers.
  const subjects = ceremonySubjects(id, self.fingerprint)
  const mailbox = new Mailbox({ ...asking, subjects, members: [], firm: true, equivocated: () => {} })
  const stop = transport.subscribe(controlOf(id), (_, message) => {
    const answer = answerIn(message, id)
    if (found || !answer) return
    if (isIt(answer)) found = answer
    else refused += 1
    mailbox.look()
  })
  const wanted = { kind: 'definition' as const, session: NO_SESSION, round: '', from: ANYBODY, to: null }
  try {
    const { kind, round, from, to } = wanted
    mailbox.post('want', { session: NO_SESSION }, wantCodec.encode([{ kind, round, from, to }]))
    emit({ event: 'waiting', round: FETCHED })
    await mailbox
      .until(
        () => found !== null,
        wait,
        () => [wanted],
      )
      .catch((error: unknown) => {
        if (wait.signal.aborted || !mailbox.connected) throw error
      })
    if (found) mailbox.post('done', { session: NO_SESSION, round: FETCHED }, new Uint8Array())
    await mailbox.flush()
    return { definition: found, refused }
  } finally {
    stop()
    mailbox.close()
  }
}

function answerIn(message: Uint8Array, id: Uint8Array): Uint8Array | null {
  if (message.length > ENVELOPE_LIMIT) return null
  let envelope: Envelope
  try {
    envelope = decodeEnvelope(message)
  } catch (error) {
    if (error instanceof CodecError) return null
    throw error
  }
  const { kind, definition } = envelope.header
  return kind === 'definition' && hex(definition) === hex(id) ? envelope.body : null
}
