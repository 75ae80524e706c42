/**
 * What goes wrong on purpose in a rehearsal: one custodian is killed at a letter of the key generation, or says in it
 * what they should not. It happens between their program and the network; everybody's program is the real one.
 */
import type { Transport } from '../../messaging/transport/transport.js'
import type { SigningKey } from '../../wire/base/ed25519.js'
import { decodeEnvelope, type Header, sealEnvelope } from '../../wire/session/envelope.js'

export type Mishap = {
  /** `drop`: killed before the letter leaves. `tamper`: it leaves altered, and signed all the same. */
  readonly kind: 'drop' | 'tamper'
  readonly who: string
  /** Which letter: its round, or its number in the order of the rounds, from 1. */
  readonly at: string
}

/** How the one who was killed ends; nobody sees it. */
export class Dropped extends Error {
  override readonly name = 'Dropped'
}

/** One custodian's connection, with the mishap in it. */
export class Sabotage {
  /** The rounds in which this custodian said something, in order: what a mishap may name. */
  readonly letters: string[] = []
  happened = false
  readonly #mishap: Mishap
  readonly #key: SigningKey
  readonly #die: () => void

  /**
   * @param key the custodian's own: what is altered is signed again
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

  /** What is said to one member alone is left as it is: one fault in a round is enough to be told. */
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

/** One bit in the middle: still of its form, as a rule, and no longer what it should be. */
const altered = (body: Uint8Array): Uint8Array =>
  body.map((byte, i) => (i === body.length >> 1 ? byte ^ 1 : byte))
