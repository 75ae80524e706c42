/**
 * Taking one's seat in a ceremony: the room, the counter of starts, and the opening in which people hear the words.
 */
import type { Opening } from '../messaging/attempts.js'
import type { Consents } from '../messaging/consents.js'
import type { Member } from '../messaging/letters.js'
import { type Validity } from '../messaging/patience.js'
import { Room } from '../messaging/room.js'
import { encode } from '../protocol/codec.js'
import type { CeremonyFiles } from '../storage/ceremonies.js'
import { fingerprintOf, type Keys } from '../wire/card.js'
import { acceptDefinition, type Signature } from '../wire/definition.js'
import { type Accused, Failure } from '../wire/failure.js'
import { sha256 } from '../wire/hash.js'
import { tagged } from '../wire/realm.js'
import { hex } from '../wire/text.js'
import { markHeard, requireVerified, unverifiedAmong } from './people.js'
import { type Occasion, rememberFaults, requireAllowed } from './quarantine.js'
import { memberOf, type World } from './world.js'

export type Cast = Occasion & {
  /** Who plays, in the order of the definition. */
  readonly participants: readonly Keys[]
  /** Who is shown and gates nothing. */
  readonly onlookers: readonly Keys[]
  /** When it may be held; null: at any time. */
  readonly validity: Validity | null
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
    now: world.now,
    emit: world.emit,
    signal: world.signal,
  })
}

/** How this member opens a session: its numbers from `files`, its signature over the definition, its person's ears. */
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
      // Only ears make a card verified: where nobody is, there is nothing to remember.
      requireVerified(unverified, world.person.present)
      await world.person.heard(opened.words, unverified, signal)
      await markHeard(world.home, unverified, world.now())
    },
  }
}

/** Runs `play` in a seat; whatever proves a fault is kept in a file that the failure then names. */
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
    // What cannot be remembered must not hide how the ceremony ended.
    if (error instanceof Failure) await rememberFaults(world, cast, error.accused).catch(() => {})
    throw await withEvidence(error, room, files)
  } finally {
    room.close()
    // A lock that cannot be removed is a dead process's soon, and must not hide how the ceremony ended.
    await lock.release().catch(() => {})
  }
}

async function withEvidence(error: unknown, room: Room, files: CeremonyFiles): Promise<unknown> {
  if (!(error instanceof Failure) || error.accused.length === 0) return error
  const { run } = room.blame
  const accused: Accused[] = []
  for (const accusation of error.accused) {
    const envelopes = room.blame.evidence.get(accusation.fingerprint)
    const own = envelopes && encode({ format: tagged('mpc/evidence/v1'), envelopes })
    const path = own ? await kept(files, accusation.name, own) : run && (await kept(files, 'signing', run))
    accused.push({ ...accusation, evidence: path })
  }
  const { kind, code, message, hint, party, cause } = error
  return new Failure(kind, code, message, { accused, cause, ...(hint && { hint }), ...(party && { party }) })
}

/** Its path; null where there is no room to keep it: who is accused is said also then. */
const kept = (files: CeremonyFiles, what: string, evidence: Uint8Array): Promise<string | null> =>
  files.writeEvidence(`${what}-${hex(sha256(evidence)).slice(0, 16)}.cbor`, evidence).catch(() => null)
