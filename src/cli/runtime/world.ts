/** The world of a ceremony, made from a command's context. */
import { wipeIdentity } from '../../ceremony/contacts/identity.js'
import type { World } from '../../ceremony/world.js'
import { inboxOf } from '../../messaging/transport/subjects.js'
import { hurried, type Transport } from '../../messaging/transport/transport.js'
import type { Card } from '../../wire/identity/card.js'
import type { Context } from './context.js'
import { ears, narrate } from '../views/narrate.js'
import { VERSION } from './version.js'

const LINGER = 60
/** Milliseconds for the last messages to reach the server; fewer if the time of `--timeout` is over. */
const LAST_WORDS = 5000
const HARDLY = 500

const lastWords =
  ({ patience: { total }, now }: Context) =>
  () =>
    total === null ? LAST_WORDS : Math.max(HARDLY, Math.min(LAST_WORDS, total - now()))

export type Seating = {
  readonly card: Card
  /** The text of the first wait. */
  readonly waitingFor: string
  /** The name of the rounds, if they do not make a key. */
  readonly making?: string | undefined
  /** The ceremony's ID for `--events`; the key ID if there is none yet. */
  readonly ceremony: Uint8Array
  /** Seconds to stay at the end; default 60. */
  readonly linger?: number | undefined
  /** Members that this command allows although they are in quarantine. */
  readonly allowed?: readonly string[] | undefined
}

/** Opens the identity, connects, acts and disconnects. Secrets are wiped in every case. */
export async function inWorld<T>(
  context: Context,
  seating: Seating,
  act: (world: World) => Promise<T>,
): Promise<T> {
  const home = await context.home()
  const identity = await context.openIdentity()
  let transport: Transport | null = null
  let stop = () => {}
  try {
    transport = hurried(
      await context.connect(identity, inboxOf(seating.card.fingerprint)),
      lastWords(context),
    )
    const toFile = context.emitFor(seating.ceremony)
    const { terminal, patience, now } = context
    const around = { patience, now, network: transport }
    const narrator = narrate(terminal, seating.waitingFor, around, seating.making)
    stop = narrator.stop
    return await act({
      home,
      identity,
      card: seating.card,
      transport,
      person: ears(context.terminal),
      patience: context.patience,
      linger: 1000 * (seating.linger ?? LINGER),
      program: `mpc/${VERSION}`,
      clock: context.clock,
      rng: context.rng,
      nonces: context.nonces,
      compute: context.compute,
      makePrimes: context.makePrimes,
      emit: (event) => {
        toFile(event)
        narrator.emit(event)
      },
      allowed: seating.allowed ?? [],
      signal: context.signal,
    })
  } finally {
    stop()
    await transport?.close()
    wipeIdentity(identity)
  }
}
