/**
 * Signatures over a definition by members who take no part in its rounds. A resharing needs some of them, so that more
 * than half of the old custodians have signed it; they stand in the hellos, for everybody and for every transcript.
 */
import { bytes, bytesUpTo, codec, record } from '../../protocol/core/codec.js'
import type { Card } from '../identity/card.js'
import { type ReshareDefinition, type Signature, verifyAcceptance } from './definition.js'
import { watchersNeeded, watchersOf } from './key-definition.js'
import { hex } from '../base/text.js'

/** What a watcher says: its signature over the definition's id. */
export const consentCodec = codec(record({ signature: bytes(64) }), 128)

/** What it hears in the end: the record that was made, and the certificate of those who made it. */
export const outcomeCodec = codec(
  record({ record: bytesUpTo(3 << 17), certificate: bytesUpTo(1 << 17) }),
  1 << 19,
)

/** Those of the signatures that are a watcher's over this definition, one of each, whoever showed them. */
export function consentsAmong(
  id: Uint8Array,
  definition: ReshareDefinition,
  signatures: Iterable<Signature>,
): readonly Signature[] {
  const watchers = new Map(
    watchersOf(definition).map((card): [string, Card] => [hex(card.fingerprint), card]),
  )
  const valid = new Map<string, Signature>()
  for (const given of signatures) {
    const who = hex(given.fingerprint)
    const card = watchers.get(who)
    if (card && !valid.has(who) && verifyAcceptance(card.signing, id, given.signature)) valid.set(who, given)
  }
  return [...valid.values()]
}

/** Whether the watchers' signatures make it more than half of the old custodians, where that is needed. */
export const isMajority = (definition: ReshareDefinition, consents: readonly Signature[]): boolean =>
  consents.length >= watchersNeeded(definition)
