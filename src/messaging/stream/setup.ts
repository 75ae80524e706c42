/**
 * The stream of a key's requests, and a durable consumer for each of its people, as `mpc nats setup` makes them. A message
 * stays until every consumer has acknowledged it, so consumers exist before anything is published.
 */
import { ENVELOPE_LIMIT } from '../../wire/session/envelope.js'
import { memberToken, streamOf, workOf } from '../transport/subjects.js'
import type { Questions } from '../transport/transport.js'
import { askServer, serverRefuses, type Told } from './api.js'

/** JetStream counts in nanoseconds. */
const SECOND = 1_000_000_000
const DAY = 86_400 * SECOND
/** Messages of one member that the stream holds: the next is refused, and nobody else's. */
export const MOST_KEPT = 2048
/** A result waits this long for somebody who is away. */
const KEPT_FOR = 14 * DAY
/** A message that was handed out and not acknowledged comes again after this. */
const AGAIN_AFTER = 10 * SECOND
/** Consumers that this program lists: more than a key has people. */
const MOST_CONSUMERS = 4096
const CONSUMER = /^[A-Za-z0-9_-]{1,64}$/

const streamConfig = (keyId: Uint8Array): Told => ({
  name: streamOf(keyId),
  subjects: [workOf(keyId)],
  retention: 'interest',
  storage: 'file',
  discard: 'new',
  discard_new_per_subject: true,
  max_msgs_per_subject: MOST_KEPT,
  max_msg_size: ENVELOPE_LIMIT,
  max_age: KEPT_FOR,
  duplicate_window: 120 * SECOND,
})

const consumerConfig = (name: string): Told => ({
  durable_name: name,
  ack_policy: 'explicit',
  ack_wait: AGAIN_AFTER,
  deliver_policy: 'all',
  replay_policy: 'instant',
  max_deliver: -1,
  max_ack_pending: MOST_KEPT,
})

export type SetUp = {
  readonly stream: string
  readonly state: 'made' | 'changed' | 'unchanged'
  /** Tokens of consumers. */
  readonly added: readonly string[]
  readonly removed: readonly string[]
}

/**
 * Makes the stream of a key and consumers for exactly these people. Again it changes nothing.
 * @param people fingerprints
 * @throws Failure as `askServer`
 */
export async function setUpStream(
  questions: Questions,
  keyId: Uint8Array,
  people: readonly Uint8Array[],
): Promise<SetUp> {
  const stream = streamOf(keyId)
  const state = await makeStream(questions, keyId)
  const before = await consumersOf(questions, stream)
  const wanted = people.map(memberToken)
  const added = wanted.filter((name) => !before.includes(name))
  const removed = before.filter((name) => !wanted.includes(name))
  for (const name of added) {
    const config = { stream_name: stream, config: consumerConfig(name) }
    await required(questions, `CONSUMER.DURABLE.CREATE.${stream}.${name}`, config)
  }
  for (const name of removed) await askServer(questions, `CONSUMER.DELETE.${stream}.${name}`)
  return { stream, state, added, removed }
}

async function makeStream(questions: Questions, keyId: Uint8Array): Promise<SetUp['state']> {
  const wanted = streamConfig(keyId)
  const stream = streamOf(keyId)
  const there = await askServer(questions, `STREAM.INFO.${stream}`)
  if (there === null) {
    await required(questions, `STREAM.CREATE.${stream}`, { ...wanted, num_replicas: 1 })
    return 'made'
  }
  const config = there['config'] as Told
  const isSame = ([name, value]: [string, unknown]): boolean =>
    JSON.stringify(config[name]) === JSON.stringify(value)
  if (Object.entries(wanted).every(isSame)) return 'unchanged'
  // What an administrator chose beside, such as replicas, stays.
  await required(questions, `STREAM.UPDATE.${stream}`, { ...config, ...wanted })
  return 'changed'
}

async function consumersOf(questions: Questions, stream: string): Promise<readonly string[]> {
  const listed: unknown[] = []
  for (;;) {
    const page = await required(questions, `CONSUMER.NAMES.${stream}`, { offset: listed.length })
    const names = page['consumers']
    const total = page['total']
    const isMore = Array.isArray(names) && names.length > 0
    if (isMore) listed.push(...names)
    if (isMore && typeof total === 'number' && listed.length < Math.min(total, MOST_CONSUMERS)) continue
    // A name goes into a subject.
    return listed.filter((name): name is string => typeof name === 'string' && CONSUMER.test(name))
  }
}

async function required(questions: Questions, name: string, what: object): Promise<Told> {
  const told = await askServer(questions, name, what)
  if (told === null) throw serverRefuses(`${name} is not there`)
  return told
}
