/** What a misbehaving member or broker does to messages on a memory network. Members sign with their real keys. */
import type { Delivery, Interfere } from '../../src/messaging/memory.js'
import { decodeEnvelope, type Envelope, sealEnvelope } from '../../src/wire/envelope.js'
import { hex } from '../../src/wire/text.js'
import type { Person } from './members.js'

/** The cheat signs another body in place of its own, for those deliveries that `change` answers with one. */
export const resigned =
  (cheat: Person, change: (envelope: Envelope, to: string) => Uint8Array | undefined): Interfere =>
  ({ bytes, to }: Delivery) => {
    const envelope = decodeEnvelope(bytes)
    if (hex(envelope.header.from) !== hex(cheat.card.fingerprint)) return [bytes]
    const body = change(envelope, to)
    return [body ? sealEnvelope(cheat.identity.signing, envelope.header, body) : bytes]
  }

/** Flips the last bit of a body. */
export const flipped = (body: Uint8Array): Uint8Array =>
  body.map((byte, i) => (i === body.length - 1 ? byte ^ 1 : byte))
