/**
 * Waiting for the signatures of watchers, who take no part in the rounds, where a reshare needs some of them.
 * A member puts the signatures it has heard into its hello. All that have the same hellos agree on whether
 * they suffice, and nothing is revealed before that. Nothing else is awaited of a watcher.
 */
import type { ReshareDefinition, Signature } from '../../wire/ceremony/definition.js'
import { watchersNeeded, watchersOf } from '../../wire/ceremony/key-definition.js'
import { consentCodec, consentsAmong, isMajority } from '../../wire/ceremony/consent.js'
import { Failure } from '../../wire/base/failure.js'
import { type Hello } from '../../wire/session/handshake.js'
import { hex } from '../../wire/base/text.js'
import { Restarted } from './abort.js'
import { NO_SESSION, slotsOf } from '../channel/letters.js'
import type { Room } from './session.js'

export class Consents {
  #held: readonly Signature[]

  /** @param keep awaited before signatures are relied on: their authors may be gone later */
  constructor(
    readonly id: Uint8Array,
    readonly definition: ReshareDefinition,
    known: readonly Signature[],
    readonly keep: (held: readonly Signature[]) => Promise<void>,
  ) {
    this.#held = consentsAmong(id, definition, known)
  }

  get held(): readonly Signature[] {
    return this.#held
  }

  /** Collects signatures from now on. */
  listen({ mailbox, emit }: Room): void {
    mailbox.on('signature', ({ body }, { name, fingerprint }) => {
      if (this.#add([{ fingerprint, signature: consentCodec.decode(body).signature }])) {
        emit({ event: 'letter_received', round: MAJORITY, party: name })
      }
    })
  }

  /**
   * Continues once these hellos, which everybody has, show enough signatures.
   * @throws Restarted when this member holds enough, so that it sends a new hello which includes them
   * @throws Failure `E_MAJORITY` (absent) naming the members whose signatures are missing at the deadline
   */
  async shownIn(room: Room, hellos: readonly Hello[], start: number, signal: AbortSignal): Promise<void> {
    const { id, definition } = this
    const shown = hellos.flatMap(({ others }) => others)
    this.#add(shown)
    if (isMajority(definition, consentsAmong(id, definition, shown))) return this.keep(this.#held)
    const missing = () => slotsOf(this.#missing(), 'signature', NO_SESSION)
    if (!isMajority(definition, this.#held)) {
      room.emit({ event: 'round_started', round: MAJORITY, missing: this.#missing().map(({ name }) => name) })
    }
    const wait = { deadline: room.joinDeadline(), signal, round: MAJORITY }
    try {
      await room.mailbox.until(() => isMajority(definition, this.#held), wait, missing)
    } catch (error) {
      // Several may give up at this deadline. The first to do so tells the others, who lack the same.
      if (error instanceof Failure && error.code === 'E_ABSENT') throw this.#tooFew()
      throw error
    }
    await this.keep(this.#held)
    throw new Restarted(start + 1, room.self)
  }

  #add(signatures: readonly Signature[]): boolean {
    const held = consentsAmong(this.id, this.definition, [...this.#held, ...signatures])
    if (held.length === this.#held.length) return false
    this.#held = held
    return true
  }

  #missing() {
    const given = new Set(this.#held.map(({ fingerprint }) => hex(fingerprint)))
    return watchersOf(this.definition).filter(({ fingerprint }) => !given.has(hex(fingerprint)))
  }

  #tooFew(): Failure {
    const names = this.#missing().map(({ name }) => name)
    const more = watchersNeeded(this.definition) - this.#held.length
    return new Failure(
      'absent',
      'E_MAJORITY',
      `${more} more of ${names.join(', ')} had to sign, and did not`,
      {
        hint:
          'at most half of the old custodians have signed: the others agree by running `mpc reshare` too; ' +
          'if they cannot be reached, make one with --minority',
        ...(names[0] && { party: names[0] }),
      },
    )
  }
}

/** The name of this wait, like a round's. */
const MAJORITY = 'majority'
