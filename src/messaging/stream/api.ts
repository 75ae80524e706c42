/** JetStream's questions: JSON to a subject below `$JS.API`, and JSON back (NATS ADR-1 and the reference of its API). */
import { Failure } from '../../wire/base/failure.js'
import { visible } from '../../wire/base/text.js'
import type { Questions, Transport } from '../transport/transport.js'

/** An answer of the server, of which nothing was checked but that it is an object. */
export type Told = Readonly<Record<string, unknown>>

const NOT_FOUND = 404
const NO_RESPONDERS = 503

/** @throws Failure `E_CORE_ONLY` (configuration) */
export function questionsOf({ questions }: Transport): Questions {
  if (questions) return questions
  throw coreOnly()
}

/**
 * @returns null if the server has no such stream or consumer
 * @throws Failure `E_CORE_ONLY` (configuration); `E_BROKER` (network) if the server refuses
 */
export async function askServer(questions: Questions, name: string, what: object = {}): Promise<Told | null> {
  const { bytes, status } = await questions.ask(`$JS.API.${name}`, Buffer.from(JSON.stringify(what)))
  if (status === NO_RESPONDERS) throw coreOnly()
  const told = objectIn(bytes)
  const error = told && told['error']
  if (told && error === undefined) return told
  const { code, description } = (error ?? {}) as Told
  if (code === NOT_FOUND) return null
  if (code === NO_RESPONDERS) throw coreOnly()
  throw serverRefuses(typeof description === 'string' ? description : 'its answer is damaged')
}

/** The object in JSON; null if there is none. */
export function objectIn(bytes: Uint8Array): Told | null {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'))
    return typeof parsed === 'object' && parsed !== null ? (parsed as Told) : null
  } catch {
    return null
  }
}

/** @param why in the server's words */
export const serverRefuses = (why: string): Failure =>
  new Failure('network', 'E_BROKER', `the NATS server keeps nothing: ${visible(why.slice(0, 200))}`, {
    hint: 'ask its administrator what that means there',
  })

const coreOnly = (): Failure =>
  new Failure(
    'configuration',
    'E_CORE_ONLY',
    'this server keeps no requests: it is `mpc relay`, or a nats-server without JetStream',
    {
      hint: 'requests that wait need a nats-server: `mpc nats config --key KEY --jetstream DIR`. Without one, `mpc sign --in FILE` asks while it runs',
    },
  )
