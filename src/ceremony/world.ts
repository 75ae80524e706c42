/**
 * Everything that a ceremony needs from outside, supplied by the composition root: a home, an identity, a
 * network, a clock, randomness, a person. The ceremonies use these and nothing else.
 */
import type { Clock } from '../messaging/channel/clock.js'
import type { Emit } from '../messaging/channel/events.js'
import type { Member } from '../messaging/channel/letters.js'
import type { Patience } from '../messaging/channel/timeouts.js'
import type { Compute } from '../messaging/session/run.js'
import type { Transport } from '../messaging/transport/transport.js'
import type { NonceRng, Rng } from '../protocol/core/session.js'
import type { Home } from '../storage/home/home.js'
import type { Quarantine } from '../storage/home/quarantine.js'
import type { Card, Keys } from '../wire/identity/card.js'
import type { Identity } from '../wire/identity/identity.js'

/** The person at this terminal, or a script that speaks for one. */
export type Person = {
  /** Whether somebody can be asked. */
  readonly present: boolean
  /**
   * Shows the six words and asks, for each unverified card, whether its owner was heard reading them.
   * @throws Failure `E_WORDS_DIFFER` or `E_REFUSED`; the signal's reason
   */
  heard(words: readonly string[], unverified: readonly Keys[], signal: AbortSignal): Promise<void>
  /**
   * Says what a member in quarantine did, and asks whether to meet it again.
   * @param worn whether it failed so often with the shares in use that the key should be refreshed
   * @throws Failure `E_REFUSED`; the signal's reason
   */
  allow(held: Quarantine, worn: boolean, signal: AbortSignal): Promise<void>
}

/** Makes `count` safe primes of `bits` bits; `found` gets each, big-endian. @throws the signal's reason */
export type MakePrimes = (
  bits: number,
  count: number,
  found: (prime: Uint8Array) => void,
  signal: AbortSignal,
) => Promise<void>

export type World = {
  readonly home: Home
  readonly identity: Identity
  readonly card: Card
  readonly transport: Transport
  readonly person: Person
  readonly patience: Patience
  /** How long a finished member stays to answer the others, in milliseconds. */
  readonly linger: number
  readonly program: string
  readonly clock: Clock
  readonly rng: Rng
  readonly nonces: NonceRng
  readonly compute: Compute
  readonly makePrimes: MakePrimes
  readonly emit: Emit
  /** Members in quarantine that a script allows, by name. */
  readonly allowed: readonly string[]
  /** Fires when the person leaves. */
  readonly signal: AbortSignal
}

export const memberOf = ({ name, signing }: Keys, fingerprint: Uint8Array): Member => ({
  name,
  fingerprint,
  signing,
})

/** A signal that fires when the person leaves, or the network has failed for good. */
export function leaving({ transport, signal }: World): {
  readonly signal: AbortSignal
  readonly stop: () => void
} {
  const controller = new AbortController()
  const leave = () => controller.abort(signal.reason)
  const stopFailure = transport.onFailure((failure) => controller.abort(failure))
  signal.addEventListener('abort', leave)
  if (signal.aborted) leave()
  return {
    signal: controller.signal,
    stop: () => {
      stopFailure()
      signal.removeEventListener('abort', leave)
    },
  }
}
