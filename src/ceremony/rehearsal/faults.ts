/**
 * Deliberate faults in a rehearsal: one custodian is killed at a letter of the key generation, or sends an
 * altered one. The fault sits between their program and the network; every program is the real one.
 */
import type { Transport } from '../../messaging/transport/transport.js'
import type { SigningKey } from '../../wire/base/ed25519.js'
import { decodeEnvelope, type Header, sealEnvelope } from '../../wire/session/envelope.js'

export type Mishap = {
  /** `drop`: killed before the letter leaves. `tamper`: the letter leaves altered, but correctly signed. */
  readonly kind: 'drop' | 'tamper'
  readonly who: string
  /** The letter: its round, or its number in the order of the rounds, from 1. */
  readonly at: string
}

/** How a killed custodian's program ends; nobody sees it. */
export class Dropped extends Error {
  override readonly name = 'Dropped'
}

/** One custodian's connection, with the fault in it. */
export class Sabotage {
  /** The rounds in which this custodian sent something, in order: those that a mishap may name. */
  readonly letters: string[] = []
  happened = false
  readonly #mishap: Mishap
  readonly #key: SigningKey
  readonly #die: () => void

  /**
   * @param key the custodian's own, which signs altered letters again
   * @param die ends their program
   */
  constructor(mishap: Mishap, key: SigningKey, die: () => void) {
    this.#mishap = mishap
    this.#key = key
    this.#die = die
  }

  on(transport: Transport): Transport {
    let dead = false
    const publish = (subject: string, bytes: Uint8Array): void => {
      if (dead) return
      const { header, body } = decodeEnvelope(bytes)
      if (!this.#isHere(header)) return transport.publish(subject, bytes)
      if (this.#mishap.kind === 'tamper') {
        this.happened = true
        return transport.publish(subject, sealEnvelope(this.#key, header, altered(body)))
      }
      this.happened = true
      dead = true
      void transport.close()
      this.#die()
    }
    return { ...transport, publish }
  }

  /** A letter to one member alone is not altered: one fault in a round is enough to be noticed. */
  #isHere(header: Header): boolean {
    const round = roundOf(header)
    if (round === null) return false
    if (!this.letters.includes(round)) this.letters.push(round)
    const { kind, at } = this.#mishap
    const isNamed = at === round || at === String(this.letters.indexOf(round) + 1)
    return isNamed && (kind === 'drop' || header.to === null)
  }
}

/** The rounds of the protocol, and the two of the ending. */
function roundOf({ kind, round }: Header): string | null {
  if (kind === 'letter') return round
  return kind === 'prepared' || kind === 'receipt' ? kind : null
}

/** Flips one bit in the middle: the letter usually still parses, but its content is wrong. */
const altered = (body: Uint8Array): Uint8Array =>
  body.map((byte, i) => (i === body.length >> 1 ? byte ^ 1 : byte))
