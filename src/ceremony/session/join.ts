/** Joining a ceremony: the room, the counter of starts, and the opening in which people compare the words. */
import type { Opening } from '../../messaging/session/restart-loop.js'
import type { Consents } from '../../messaging/session/outgoing-consents.js'
import type { Member } from '../../messaging/channel/letters.js'
import { type Validity } from '../../messaging/channel/timeouts.js'
import { Room } from '../../messaging/session/session.js'
import type { CeremonyFiles } from '../../storage/home/ceremonies.js'
import { fingerprintOf, type Keys } from '../../wire/identity/card.js'
import { acceptDefinition, type Signature } from '../../wire/ceremony/definition.js'
import { Failure } from '../../wire/base/failure.js'
import { markHeard, requireVerified, unverifiedAmong } from '../contacts/require-verified.js'
import { type Occasion, rememberFaults, requireAllowed } from './quarantine.js'
import { memberOf, type World } from '../world.js'

export type Cast = Occasion & {
  /** The participants, in the order of the definition. */
  readonly participants: readonly Keys[]
  /** Members that see the ceremony and delay nothing. */
  readonly onlookers: readonly Keys[]
  /** When the ceremony may run; null: at any time. */
  readonly validity: Validity | null
  /** The encoded definition. */
  readonly definition: Uint8Array
  /** For a signing: the encoded record of the key, with its seats; otherwise null. */
  readonly record: Uint8Array | null
}

const member = (keys: Keys): Member => memberOf(keys, fingerprintOf(keys))

function takeSeat(world: World, { id, participants, onlookers, validity }: Cast): Room {
  return new Room({
    transport: world.transport,
    definition: id,
    self: member(world.card),
    key: world.identity.signing,
    participants: participants.map(member),
    onlookers: onlookers.map(member),
    program: world.program,
    patience: world.patience,
    validity,
    clock: world.clock,
    emit: world.emit,
    signal: world.signal,
  })
}

/**
 * How this member opens a session: the counter of starts on disk, the signature over the definition, and the
 * person who compares the words.
 */
export function openingOf(
  world: World,
  cast: Cast,
  files: CeremonyFiles,
  others: readonly Signature[],
  consents: Consents | null = null,
): Opening {
  return {
    starts: {
      next: async () => {
        const start = (await files.readStart()) + 1
        await files.raiseStart(start)
        return start
      },
      raise: async (start) => {
        if (start > (await files.readStart())) await files.raiseStart(start)
      },
    },
    accepted: acceptDefinition(world.identity.signing, cast.id),
    others,
    consents,
    rng: world.rng,
    confirm: async (opened, signal) => {
      const unverified = await unverifiedAmong(world.home, cast.participants)
      // Only a person who hears the words makes a card verified.
      requireVerified(unverified, world.person.present)
      await world.person.heard(opened.words, unverified, signal)
      await markHeard(world.home, unverified, world.clock.now())
    },
  }
}

/** Runs `play` in a room of its own. Evidence of a fault goes into a file, which the failure names. */
export async function seated<T>(
  world: World,
  cast: Cast,
  files: CeremonyFiles,
  play: (room: Room) => Promise<T>,
): Promise<T> {
  await requireAllowed(world, cast, cast.participants, files)
  const lock = await files.lock()
  const room = takeSeat(world, cast)
  try {
    return await play(room)
  } catch (error) {
    // Nothing of the verifiers is loaded as long as nothing fails.
    const { withVerdict } = await import('./verdict.js')
    const judged = await withVerdict(error, world, cast, room, files)
    // A fault that cannot be remembered must not hide how the ceremony ended.
    if (judged instanceof Failure) await rememberFaults(world, cast, judged.accused).catch(() => {})
    throw judged
  } finally {
    room.close()
    // A lock left behind expires with this process, so it must not hide how the ceremony ended.
    await lock.release().catch(() => {})
  }
}
