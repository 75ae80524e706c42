/**
 * Whoever was seen to break a protocol by this very machine is in quarantine here: this custodian's own person is asked
 * before the next ceremony with that member. It is nobody else's business, and nobody else's word counts for it: a
 * member that could put others into quarantine could keep any number of them from signing.
 */
import type { World } from '../world.js'
import type { CeremonyFiles } from '../../storage/home/ceremonies.js'
import {
  addFault,
  allowMember,
  type Fault,
  type Quarantine,
  readQuarantine,
} from '../../storage/home/quarantine.js'
import { fingerprintOf, type Keys } from '../../wire/identity/card.js'
import { type Accused, Failure } from '../../wire/base/failure.js'
import { fromHex, hex } from '../../wire/base/text.js'

/** The ceremony in which something is seen. */
export type Occasion = {
  /** Definition id. */
  readonly id: Uint8Array
  readonly kind: Fault['kind']
  /** Digest of the record whose shares are used; null where there are none yet. */
  readonly epoch: Uint8Array | null
}

/** As many faults in signing with one set of shares ask for other shares: each may have told something of them. */
const ENOUGH = 2

/**
 * Only what this machine checked itself, of what the member signed: the content of its letters, also one that cannot be
 * read, and that it began again and again; or what signed bytes prove. No broker can bring that about. Not what may be the
 * other's doing, and not the hello, where an old copy of a home or another version of the program is not yet told apart.
 */
const isOwnFinding = ({ kind, round }: Accused): boolean => kind !== 'pair' && round !== 'hello'

/** Remembers what this machine saw. */
export async function rememberFaults(
  { home, now }: Pick<World, 'home' | 'now'>,
  { id, kind, epoch }: Occasion,
  accused: readonly Accused[],
): Promise<void> {
  for (const accusation of accused.filter(isOwnFinding)) {
    const fingerprint = fromHex(accusation.fingerprint, 32) as Uint8Array
    const fault = { at: now(), ceremony: id, kind, epoch, round: accusation.round, reason: accusation.reason }
    await addFault(home, { fingerprint, name: accusation.name }, fault)
  }
}

/**
 * Asks this custodian's person for each member in quarantine. Whoever has voted finishes with whoever it voted with.
 * @throws Failure `E_QUARANTINED` (refused) where there is nobody to ask, or the person says no
 */
export async function requireAllowed(
  world: Pick<World, 'home' | 'card' | 'person' | 'allowed' | 'now' | 'signal'>,
  { epoch }: Pick<Occasion, 'epoch'>,
  members: readonly Keys[],
  files: CeremonyFiles,
): Promise<void> {
  if ((await files.readReceipt()) !== null) return
  for (const keys of members) {
    // Another process may see more of a member while the person is asked: then that is asked for as well.
    for (let isTold = false; !isTold; ) {
      const held = await readQuarantine(world.home, fingerprintOf(keys))
      if (held === null || held.allowed !== null) break
      const worn = epoch !== null && faultsWith(held, epoch) >= ENOUGH
      if (!world.allowed.includes(keys.name)) {
        if (!world.person.present) throw quarantined(held, worn)
        await world.person.allow(held, worn, world.signal)
      }
      isTold = await allowMember(world.home, held, world.now())
    }
  }
}

const faultsWith = ({ faults }: Quarantine, epoch: Uint8Array): number =>
  faults.filter((fault) => fault.kind === 'sign' && fault.epoch && hex(fault.epoch) === hex(epoch)).length

function quarantined({ name, faults }: Quarantine, worn: boolean): Failure {
  const last = faults.at(-1) as Fault
  return new Failure('refused', 'E_QUARANTINED', `${name} is in quarantine here: ${last.reason}`, {
    party: name,
    hint: worn
      ? `it has failed ${ENOUGH} times and more with these shares: refresh the key; or --allow-quarantined ${name}`
      : `find out why before you go on; then --allow-quarantined ${name}, or run it at a terminal`,
  })
}
