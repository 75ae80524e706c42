/**
 * The verdict on letters that convict their sender alone: two different letters signed for one place, or a
 * malformed one. Any other accusation needs more than the file holds, so it is not proven.
 */
import type { Accusation } from '../protocol/core/abort.js'
import { type Codec, CodecError } from '../protocol/core/codec.js'
import {
  decodeEnvelope,
  type Envelope,
  type Kind,
  REPEATED,
  SLOTTED,
  verifyEnvelope,
} from '../wire/session/envelope.js'
import { confirmCodec, encapsulateCodec, revealCodec } from '../wire/session/handshake.js'
import { preparedCodec } from '../wire/session/prepared.js'
import { hex } from '../wire/base/text.js'
import { demand, type Player, refuse } from './session.js'

const CODECS: Partial<Record<Kind, Codec<unknown>>> = {
  reveal: revealCodec,
  encapsulate: encapsulateCodec,
  confirm: confirmCodec,
  prepared: preparedCodec,
}

/** @throws as `demand`, unless each letter is a participant's, of this ceremony, and signed */
export function convictedBy(
  encoded: readonly Uint8Array[],
  definition: Uint8Array,
  players: readonly Player[],
): Accusation[] {
  const places = new Map<string, Envelope>()
  return encoded.flatMap((bytes): Accusation[] => {
    const envelope = decodeEnvelope(bytes)
    const { kind, session, round, from, to } = envelope.header
    const by = players.find(({ card }) => hex(card.fingerprint) === hex(from))
    const isOurs = by !== undefined && hex(envelope.header.definition) === hex(definition)
    if (!isOurs) return refuse('a letter is out of place')
    demand(verifyEnvelope(envelope, by.card.signing), `a letter of ${by.card.name} is not signed by it`)
    const against = (reason: string): Accusation[] => [
      { party: by.party, round: round || kind, kind: 'proven', reason },
    ]
    const place = [kind, hex(session), round, hex(from), to && hex(to)].join(' ')
    const other = places.get(place)
    places.set(place, envelope)
    if (other && hex(other.bytes) !== hex(bytes) && hasOnePlace(kind)) return against(TWICE)
    return isMalformed(envelope) ? against('its letter is malformed') : []
  })
}

/** The reason in the accusation of a member that signed two letters for one place. */
const TWICE = 'two different signed letters for one round'

/** Hellos are excepted: two with one number usually come from an old copy of a home, not from a cheat. */
const hasOnePlace = (kind: Kind): boolean => SLOTTED.has(kind) && !REPEATED.has(kind) && kind !== 'hello'

function isMalformed({ header, body }: Envelope): boolean {
  try {
    CODECS[header.kind]?.decode(body)
    return false
  } catch (error) {
    if (error instanceof CodecError) return true
    throw error
  }
}
