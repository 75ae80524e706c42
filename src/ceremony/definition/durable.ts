/**
 * The definition of a key generation that waits on a server with JetStream, in the place of the key to come, for members
 * who come later. They know its ID, so nothing of the server or of the publisher is trusted.
 */
import { NO_SESSION } from '../../messaging/channel/letters.js'
import { openStream } from '../../messaging/stream/stream.js'
import { attempt, equalBytes } from '../../protocol/core/codec.js'
import { Failure } from '../../wire/base/failure.js'
import { definitionCodec, idOfEncoded } from '../../wire/ceremony/definition.js'
import type { VotedDefinition } from '../../wire/ceremony/key-definition.js'
import { decodeEnvelope, sealEnvelope } from '../../wire/session/envelope.js'
import type { World } from '../world.js'
import type { CeremonyFile } from './build.js'

/** @throws Failure `E_KIND` (usage) for a ceremony of a key that is there */
export function requireDurable({ kind }: VotedDefinition): void {
  if (kind === 'keygen') return
  throw new Failure(
    'usage',
    'E_KIND',
    `this defines a ${kind}, and only a key generation waits on the server`,
    {
      hint: '`mpc ceremony publish FILE` without --durable sends it to those who are there; or send the file',
    },
  )
}

/**
 * Leaves the definition on the server. Again it changes nothing for those who have it.
 * @throws Failure as `openStream` and its `put`
 */
export async function leaveDefinition(world: World, { id, definition }: CeremonyFile): Promise<void> {
  const { transport, card, clock, identity } = world
  const stream = await openStream(transport, id, card.fingerprint)
  const about = {
    v: 1,
    kind: 'definition',
    definition: id,
    session: NO_SESSION,
    round: '',
    to: null,
  } as const
  const header = { ...about, from: card.fingerprint, time: clock.now(), key: null }
  await stream.put(sealEnvelope(identity.signing, header, definitionCodec.encode(definition)))
}

/**
 * The definition with this ID, if it waits on the server; else null. The message stays there until this home reads what
 * waits for the key: a crash before the definition is kept loses nothing.
 */
export async function definitionLeft(
  { transport, card }: Pick<World, 'transport' | 'card'>,
  id: Uint8Array,
): Promise<Uint8Array | null> {
  try {
    const stream = await openStream(transport, id, card.fingerprint)
    for (let taken = await stream.take(); taken.length > 0; taken = await stream.take()) {
      for (const { bytes } of taken) {
        const envelope = attempt(() => decodeEnvelope(bytes))
        if (envelope?.header.kind !== 'definition') continue
        if (equalBytes(idOfEncoded(envelope.body), id)) return envelope.body
      }
    }
    return null
  } catch (error) {
    // A server that keeps nothing, or not for this member: the others hand it out.
    if (error instanceof Failure) return null
    throw error
  }
}
