/**
 * Destroying the shares of replaced epochs: the only way in which a share is ever destroyed. It requires the
 * certificate of the newer epoch, and the `activated` statements of as many of its custodians as must sign,
 * so that at every moment enough people can sign.
 *
 * The state marks an epoch retired before anything of it is destroyed, and the statement that it is destroyed
 * comes last: a process killed in between does the rest on its next run.
 */
import { destroyRunShares } from '../../storage/home/run-shares.js'
import { equalBytes } from '../../protocol/core/codec.js'
import type { Home } from '../../storage/home/home.js'
import { destroyShare, listEpochs, lockKey, readStateAlone, writeState } from '../../storage/home/epochs.js'
import { voidPresignatures } from '../../storage/pools/presignatures.js'
import { writeStatement } from '../../storage/home/attestations.js'
import type { Card } from '../../wire/identity/card.js'
import { Failure } from '../../wire/base/failure.js'
import type { KeyRecord } from '../../wire/key/record.js'
import { sayDeleted } from '../../wire/key/attestation.js'
import { hex } from '../../wire/base/text.js'
import type { Owner } from '../keys/key.js'
import { descends, type HeldEpoch, type HeldKey, heldKey, newestOf, seatsGoneOver } from './held-epochs.js'
import { oldEpochsOf } from './stale-shares.js'
import { listed } from './remaining-quorum.js'
import { requireNotReplaced } from './superseded.js'
import { seatOf } from '../keys/rebinds.js'
import { requireWhole } from './share-check.js'
import { ownWord } from './attestations.js'

/** An epoch whose record is here. */
export type WholeEpoch = HeldEpoch & { readonly record: KeyRecord }

export type RetirePlan = {
  readonly name: string
  /** Digest of the one epoch to retire; null for all. */
  readonly only: Uint8Array | null
  /** The epoch in use; null if there is nothing to retire. */
  readonly newest: WholeEpoch | null
  /** Its custodians who have gone over, by name, including this member if it is one. */
  readonly gone: readonly string[]
  /** The epochs to retire, oldest first; empty if nothing is left to do. */
  readonly epochs: readonly WholeEpoch[]
}

/**
 * Plans what to destroy here, if that is allowed.
 * @param digest of the one epoch to retire; null for all before the one in use
 * @throws Failure `E_NO_KEY`, `E_NO_EPOCH` (configuration); `E_EPOCH_IN_USE`, `E_KEY_STATE` (conflict);
 *   `E_STATEMENTS` (absent), naming who has not gone over; as `requireNotReplaced`
 */
export async function planRetire(
  home: Home,
  self: Card,
  name: string,
  digest: Uint8Array | null,
): Promise<RetirePlan> {
  const held = await heldKey(home, name)
  if (held.state === null) throw damaged(name, held.problem ?? 'there is none')
  const old = await openEpochs(home, self, held, digest)
  if (old.length === 0) return { name, only: digest, newest: null, gone: [], epochs: [] }
  const newest = newestOf(held)
  const whole = newest && isWhole(newest) && newest.certificate !== null ? newest : null
  const orphan = old.find((each) => !whole || !descends(held, whole, each))
  if (!whole || orphan) throw notReplaced(name, orphan ?? (old[0] as HeldEpoch))
  const chain = held.epochs.filter((each) => each === whole || descends(held, whole, each))
  await requireNotReplaced(
    home,
    chain.flatMap(({ record }) => record ?? []),
  )
  const seats = new Set(seatsGoneOver(whole))
  const own = seatOf(whole, self.fingerprint)
  // After a restore from an older copy, this home's own earlier statement may name a share that it no longer
  // holds.
  if (own !== null) seats[whole.status === 'active' ? 'add' : 'delete'](own)
  const named = (members: KeyRecord['members']) => members.map(({ card }) => card.name)
  const gone = whole.record.members.filter(({ index }) => seats.has(index))
  if (gone.length < whole.record.threshold) {
    throw tooFew(
      name,
      whole,
      gone.length,
      named(whole.record.members.filter(({ index }) => !seats.has(index))),
    )
  }
  const lost = old.find((each) => !isWhole(each))
  if (lost) throw damaged(name, lost.problems[0] ?? 'the record of an epoch is missing')
  return { name, only: digest, newest: whole, gone: named(gone), epochs: old as WholeEpoch[] }
}

/** Old epochs that are not destroyed yet, or are destroyed without a statement that says so. */
async function openEpochs(
  home: Home,
  self: Card,
  held: HeldKey,
  digest: Uint8Array | null,
): Promise<readonly HeldEpoch[]> {
  const old = await oldEpochsOf(home, held)
  const isMeant = (epoch: HeldEpoch) => digest === null || equalBytes(epoch.digest, digest)
  if (digest !== null && !old.some(({ epoch }) => isMeant(epoch))) {
    const other = held.epochs.find(isMeant)
    throw other?.status ? inUse(held.name, other) : noEpoch(held.name, digest)
  }
  return old
    .filter(({ epoch, wasHeld, isLeft }) => {
      const isSaid =
        !wasHeld ||
        seatOf(epoch, self.fingerprint) === null ||
        epoch.statements.some(({ said, by }) => said === 'deleted' && equalBytes(by, self.fingerprint))
      return isMeant(epoch) && (epoch.status === 'parent' || isLeft || !isSaid)
    })
    .map(({ epoch }) => epoch)
}

const isWhole = (epoch: HeldEpoch): epoch is WholeEpoch => epoch.record !== null

export type Retired = {
  /** Paths of the destroyed files. */
  readonly destroyed: readonly string[]
}

/**
 * Carries out the plan, if it still holds.
 * @throws Failure as `planRetire`; (conflict) `E_BUSY`; `E_KEY_STATE` if the share of the epoch in use is not
 *   intact
 */
export async function retire(owner: Owner, plan: RetirePlan, now: number): Promise<Retired> {
  const { home, identity, card } = owner
  const { name } = plan
  // A person may have taken long to confirm; the conditions must still hold.
  const { newest, epochs: old } = await planRetire(home, card, name, plan.only)
  const epochs = old.filter((each) => plan.epochs.some(({ digest }) => equalBytes(digest, each.digest)))
  if (!newest) return { destroyed: [] }
  if (newest.status === 'active') {
    await requireWhole(owner, name, newest.digest)
    // Members that missed the announcement get this statement in a file.
    await ownWord(owner, name, newest.record, now)
  }
  await using _ = await lockKey(home, name)
  await markRetired(home, name, epochs)
  const destroyed: string[] = []
  for (const { epoch, wasHeld, sources } of await oldEpochsOf(home, await heldKey(home, name))) {
    const meant = epochs.find(({ digest }) => equalBytes(digest, epoch.digest))
    if (!meant) continue
    destroyed.push(...(await destroyShare(home, name, epoch.digest)))
    await voidPresignatures(home, name, [epoch.digest])
    for (const { files, pending } of sources) destroyed.push(...(await destroyRunShares(files, pending)))
    const index = seatOf(epoch, card.fingerprint)
    if (index === null || !wasHeld) continue
    const said = sayDeleted(meant.record, newest.digest, { card, index, signing: identity.signing }, now)
    await writeStatement(home, name, epoch.digest, { said: 'deleted', by: card.fingerprint }, said)
  }
  return { destroyed }
}

/** Marks the epochs retired; from here on nothing needs their shares. */
async function markRetired(home: Home, name: string, epochs: readonly WholeEpoch[]): Promise<void> {
  const state = await readStateAlone(home, name)
  if (state === null) throw damaged(name, 'it is gone')
  const isMeant = (digest: Uint8Array) => epochs.some((each) => equalBytes(each.digest, digest))
  if (state.epochs.every(({ digest, status }) => !isMeant(digest) || status === 'retired')) return
  const marked = state.epochs.map((each) =>
    isMeant(each.digest) && each.status === 'parent' ? { ...each, status: 'retired' as const } : each,
  )
  await writeState(home, name, { ...state, epochs: marked })
}

// -------------------------------------------------------------------------------------------------- failures

const damaged = (name: string, problem: string): Failure =>
  new Failure('conflict', 'E_KEY_STATE', `the key ${name} is not whole: ${problem}`, {
    hint: `\`mpc share list --key ${name}\` shows what is there; nothing was destroyed`,
  })

const noEpoch = (name: string, digest: Uint8Array): Failure =>
  new Failure('configuration', 'E_NO_EPOCH', `this home holds no epoch ${hex(digest)} of ${name}`, {
    hint: `\`mpc share list --key ${name}\` lists them`,
  })

const inUse = (name: string, { number }: HeldEpoch): Failure =>
  new Failure('conflict', 'E_EPOCH_IN_USE', `epoch ${number} of ${name} is in use here`, {
    hint: 'only the share of a replaced epoch is destroyed: refresh or reshare the key first',
  })

const notReplaced = (name: string, { number }: HeldEpoch): Failure =>
  new Failure(
    'absent',
    'E_STATEMENTS',
    `nothing here shows which certified epoch of ${name} came after ${number}`,
    {
      hint: `get it from a custodian of the newer one (\`mpc share statements --key ${name} -o FILE\`), then: --statements FILE`,
    },
  )

function tooFew(name: string, { record }: WholeEpoch, have: number, missing: readonly string[]): Failure {
  return new Failure(
    'absent',
    'E_STATEMENTS',
    `${have} of the ${record.threshold} custodians who must sign with epoch ${record.epoch} have said that they went over`,
    {
      hint:
        `not yet: ${listed(missing)}. Each says so in the ceremony that made it, or gives you the file of ` +
        `\`mpc share statements --key ${name} -o FILE\`; then: --statements FILE`,
      ...(missing[0] !== undefined && { party: missing[0] }),
    },
  )
}

export type OldShares = {
  /** Numbers of the replaced epochs of which a secret is still here. */
  readonly epochs: readonly number[]
  /** Whether they can be destroyed now, or once others have gone over; `no`: there is nothing to destroy. */
  readonly retire: 'now' | 'later' | 'no'
}

/** The secrets of a key's old epochs that are still here; opens none. @param self null without identity */
export async function oldShares(home: Home, self: Card | null, name: string): Promise<OldShares> {
  try {
    // Most keys have one epoch, and nothing old to look for.
    if ((await listEpochs(home, name)).length < 2) return { epochs: [], retire: 'no' }
    const old = await oldEpochsOf(home, await heldKey(home, name))
    const numbers = old.filter(({ isLeft }) => isLeft).flatMap(({ epoch }) => epoch.number ?? [])
    return { epochs: numbers, retire: self ? await whenRetire(home, self, name) : 'no' }
  } catch (error) {
    if (error instanceof Failure) return { epochs: [], retire: 'no' }
    throw error
  }
}

async function whenRetire(home: Home, self: Card, name: string): Promise<OldShares['retire']> {
  try {
    const { epochs } = await planRetire(home, self, name, null)
    return epochs.length > 0 ? 'now' : 'no'
  } catch (error) {
    if (error instanceof Failure && error.code === 'E_STATEMENTS') return 'later'
    throw error
  }
}
