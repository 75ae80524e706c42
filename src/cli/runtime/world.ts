/** A command's seat in a ceremony: everything that `ceremony/` needs of the world, made from the command's context. */
import { wipeIdentity } from '../../ceremony/contacts/identity.js'
import type { World } from '../../ceremony/world.js'
import { hurried, type Transport } from '../../messaging/transport/transport.js'
import type { Card } from '../../wire/identity/card.js'
import type { Context } from './context.js'
import { ears, narrate } from '../views/narrate.js'
import { VERSION } from './version.js'

const LINGER = 60
/** How long the last words may take to reach the server; where the time is over, hardly at all. */
const LAST_WORDS = 5000
const HARDLY = 500

const lastWords =
  ({ patience: { total }, now }: Context) =>
  () =>
    total === null ? LAST_WORDS : Math.max(HARDLY, Math.min(LAST_WORDS, total - now()))

export type Seating = {
  readonly card: Card
  /** What is waited for first. */
  readonly waitingFor: string
  /** What the rounds do to the key, if they do not make it. */
  readonly making?: string | undefined
  /** What `--events` calls the ceremony: its definition id, or the key id where there is none yet. */
  readonly ceremony: Uint8Array
  /** Seconds to stay at the end, if not the usual. */
  readonly linger?: number | undefined
  /** Names of members that this command allows although they are in quarantine. */
  readonly allowed?: readonly string[] | undefined
}

/** Opens the identity, joins the network, acts, and leaves; secrets are wiped whatever happened. */
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
    transport = hurried(await context.connect(identity), lastWords(context))
    const toFile = context.emitFor(seating.ceremony)
    const narrator = narrate(
      context.terminal,
      seating.waitingFor,
      context.patience,
      context.now,
      transport,
      seating.making,
    )
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
      now: context.now,
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
