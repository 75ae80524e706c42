/** Mischief of a member or a broker with messages on a memory network. Members sign with their real keys. */
import type { Delivery, Interfere, MemoryNetwork } from '../../src/messaging/transport/memory.js'
import type { Outbox, Protocol, Reply } from '../../src/protocol/core/round.js'
import { decodeEnvelope, type Envelope, sealEnvelope } from '../../src/wire/session/envelope.js'
import { hex } from '../../src/wire/base/text.js'
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

/** Everything that is published on a network from now on, for each recipient, whatever `interfere` makes of it. */
export function recorded(network: MemoryNetwork): Delivery[] {
  const record: Delivery[] = []
  let interfere = network.interfere
  Object.defineProperty(network, 'interfere', {
    get: (): Interfere => (delivery) => {
      record.push(delivery)
      return interfere(delivery)
    },
    set: (next: Interfere) => {
      interfere = next
    },
  })
  return record
}

/** As `recorded`, and also what is said while nobody else listens. */
export function overheard(network: MemoryNetwork): Delivery[] {
  const spy = network.connect('spy')
  for (const pattern of ['mpc.v1.*.*.*', 'mpc.v1.*.*.*.*']) spy.subscribe(pattern, () => {})
  return recorded(network)
}

/** The protocol, except that `see` looks at what it is about to send, and may change the bytes in place. */
export function* shadowed<T>(protocol: Protocol<T>, see: (outbox: Outbox) => void): Protocol<T> {
  try {
    let step = protocol.next(undefined as unknown as Reply)
    while (!step.done) {
      if (step.value.kind === 'exchange') see(step.value.outbox)
      step = protocol.next(yield step.value)
    }
    return step.value
  } finally {
    protocol.return(undefined as T)
  }
}
