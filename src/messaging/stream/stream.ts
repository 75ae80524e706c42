/** The stream of a key's requests, as one of the key's people puts messages into it and takes them out. */
import { Failure } from '../../wire/base/failure.js'
import { sha256 } from '../../wire/base/hash.js'
import { hex } from '../../wire/base/text.js'
import { memberToken, streamOf, workSubject } from '../transport/subjects.js'
import type { Answer, Transport } from '../transport/transport.js'
import { askServer, objectIn, questionsOf, serverRefuses, type Told } from './api.js'

/** A message of the stream. It comes again until it is acknowledged. */
export type Taken = {
  /** The sender's token, as the server let it be published. */
  readonly token: string
  readonly bytes: Uint8Array
  /** Call it once the message is on disk here, or is refused for good. */
  readonly done: () => void
}

export type Stream = {
  /**
   * Resolves once the server has it on disk. The same bytes count once.
   * @throws Failure (network); `E_WORK_FULL` (conflict)
   */
  readonly put: (message: Uint8Array) => Promise<void>
  /** Some of the messages that wait for this identity, in their order; none if nothing waits. @throws Failure (network) */
  readonly take: () => Promise<readonly Taken[]>
}

/** Messages that are asked for at a time. */
const AT_ONCE = 16
/**
 * For how long the server looks for a message, in nanoseconds: one that waits may go to another process of this identity
 * first. A question that ends at once (`no_wait`) is never answered if that happens while it waits its turn (2.9.10).
 */
const LOOKED_FOR = 1_000_000_000
/** The same for a message that was handed out before, and is due again or is not. */
const LOOKED_AGAIN = 250_000_000
const FULL = /maximum messages per subject|maximum messages exceeded|maximum bytes/

/**
 * @throws Failure (configuration) `E_CORE_ONLY`; `E_NATS_SETUP` if nothing is set up for this key, or for this identity
 */
export async function openStream(transport: Transport, keyId: Uint8Array, self: Uint8Array): Promise<Stream> {
  const questions = questionsOf(transport)
  const consumer = `${streamOf(keyId)}.${memberToken(self)}`
  const look = async (): Promise<Told> => {
    const told = await askServer(questions, `CONSUMER.INFO.${consumer}`)
    if (told === null) throw notSetUp()
    return told
  }
  await look()
  return {
    put: async (message) => {
      const answer = await questions.ask(workSubject(keyId, self), message, hex(sha256(message)))
      const told = objectIn(answer.bytes)
      if (told && told['error'] === undefined && told['stream'] === streamOf(keyId)) return
      throw refusedBy(told)
    },
    take: async () => {
      const { num_pending: waiting, num_ack_pending: handedOut } = await look()
      const count = Math.min(countOf(waiting), AT_ONCE) || Math.min(countOf(handedOut), 1)
      const expires = countOf(waiting) > 0 ? LOOKED_FOR : LOOKED_AGAIN
      const next = Buffer.from(JSON.stringify({ batch: 1, expires }))
      const asked = Array.from({ length: count }, () =>
        questions.ask(`$JS.API.CONSUMER.MSG.NEXT.${consumer}`, next),
      )
      const answers = await Promise.all(asked)
      return answers
        .filter((answer) => isMessage(answer, consumer))
        .sort((one, other) => sequenceOf(one) - sequenceOf(other))
        .map(({ subject, bytes, reply }) => ({
          token: subject.slice(subject.lastIndexOf('.') + 1),
          bytes,
          done: () => transport.publish(reply, new Uint8Array()),
        }))
    },
  }
}

const countOf = (told: unknown): number => (typeof told === 'number' && told > 0 ? told : 0)

/** Whether an answer is a message of the stream, and not the word that there is none. */
const isMessage = ({ status, reply }: Answer, consumer: string): boolean =>
  status === 0 && reply.startsWith(`$JS.ACK.${consumer}.`)

/** Its place in the stream: `$JS.ACK.<stream>.<consumer>.<delivered>.<sequence>...` */
const sequenceOf = ({ reply }: Answer): number => Number(reply.split('.')[5])

function refusedBy(told: Told | null): Failure {
  const { description } = (told?.['error'] ?? {}) as Told
  if (typeof description !== 'string' || !FULL.test(description)) {
    return serverRefuses(typeof description === 'string' ? description : 'it has no such stream')
  }
  return new Failure('conflict', 'E_WORK_FULL', 'the server keeps as many messages of yours as it may', {
    hint: 'a message goes once everybody has read it: let everybody who is set up run `mpc request list`, or run `mpc nats setup` again without those who left',
  })
}

const notSetUp = (): Failure =>
  new Failure(
    'configuration',
    'E_NATS_SETUP',
    'the server has no place for requests of this key that wait, or none for you',
    {
      hint: 'its administrator runs `mpc nats setup --key KEY`, once, and again after each reshare',
    },
  )
