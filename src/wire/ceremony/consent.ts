/**
 * Signatures over a definition by members outside its rounds. A reshare needs some of them, so that more than
 * half of the old custodians have signed it; the hellos carry them to everybody and into every transcript.
 */
import { bytes, bytesUpTo, codec, record } from '../../protocol/core/codec.js'
import type { Card } from '../identity/card.js'
import { type ReshareDefinition, type Signature, verifyAcceptance } from './definition.js'
import { watchersNeeded, watchersOf } from './key-definition.js'
import { hex } from '../base/text.js'

/** A watcher's letter: its signature over the definition's id. */
export const consentCodec = codec(record({ signature: bytes(64) }), 128)

/** The answer at the end: the new record, and its certificate. */
export const outcomeCodec = codec(
  record({ record: bytesUpTo(3 << 17), certificate: bytesUpTo(1 << 17) }),
  1 << 19,
)

/** The watchers' valid signatures over this definition, one each. */
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

/** Whether enough watchers have signed for more than half of the old custodians, where that is needed. */
export const isMajority = (definition: ReshareDefinition, consents: readonly Signature[]): boolean =>
  consents.length >= watchersNeeded(definition)
