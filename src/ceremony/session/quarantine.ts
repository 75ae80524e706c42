/**
 * Quarantine: this machine has seen a member break a protocol, so its person is asked before the next
 * ceremony with that member. Reports of other members do not count: otherwise one member could block signing
 * by accusing the rest.
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

/** The ceremony in which a fault is seen. */
export type Occasion = {
  /** Definition id. */
  readonly id: Uint8Array
  readonly kind: Fault['kind']
  /** Digest of the record whose shares are in use; null before there are any. */
  readonly epoch: Uint8Array | null
}

/**
 * After this many signing faults with one set of shares the hint asks for a refresh: each fault may have
 * leaked something about the shares.
 */
const ENOUGH = 2

/**
 * Whether this machine has checked the fault itself, from bytes that the member signed: an invalid or
 * unreadable letter, or repeated starts. A broker cannot cause these. Excluded are faults that either of a
 * pair may have caused, and faults in the hello, where an old copy of a home or another version of the
 * program looks the same.
 */
const isOwnFinding = ({ kind, round }: Accused): boolean => kind !== 'pair' && round !== 'hello'

/** Stores the faults that this machine saw itself. */
export async function rememberFaults(
  { home, clock }: Pick<World, 'home' | 'clock'>,
  { id, kind, epoch }: Occasion,
  accused: readonly Accused[],
): Promise<void> {
  for (const accusation of accused.filter(isOwnFinding)) {
    const fingerprint = fromHex(accusation.fingerprint, 32) as Uint8Array
    const fault = {
      at: clock.now(),
      ceremony: id,
      kind,
      epoch,
      round: accusation.round,
      reason: accusation.reason,
    }
    await addFault(home, { fingerprint, name: accusation.name }, fault)
  }
}

/**
 * Asks this home's person about each member in quarantine. After the vote nobody is asked: the ending goes on
 * with the same members.
 * @throws Failure `E_QUARANTINED` (refused) if no person is present or the person says no
 */
export async function requireAllowed(
  world: Pick<World, 'home' | 'card' | 'person' | 'allowed' | 'clock' | 'signal'>,
  { epoch }: Pick<Occasion, 'epoch'>,
  members: readonly Keys[],
  files: CeremonyFiles,
): Promise<void> {
  if ((await files.readReceipt()) !== null) return
  for (const keys of members) {
    // Another process may store another fault while the person answers; then the question is asked again.
    for (let isTold = false; !isTold; ) {
      const held = await readQuarantine(world.home, fingerprintOf(keys))
      if (held === null || held.allowed !== null) break
      const worn = epoch !== null && faultsWith(held, epoch) >= ENOUGH
      if (!world.allowed.includes(keys.name)) {
        if (!world.person.present) throw quarantined(held, worn)
        await world.person.allow(held, worn, world.signal)
      }
      isTold = await allowMember(world.home, held, world.clock.now())
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
