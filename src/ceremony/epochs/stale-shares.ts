/**
 * The secrets of replaced epochs in this home: their own shares, and those that lie with ceremonies, from
 * runs that were set aside or failed, or from results that became an epoch. Enough shares of one run can sign
 * just as an epoch's shares can, so they are destroyed with the epoch that they were dealt from or that they
 * made, even if this home held no share of that epoch and joined later.
 */
import { listRunShares } from '../../storage/home/run-shares.js'
import { equalBytes } from '../../protocol/core/codec.js'
import { CeremonyFiles, listCeremonies } from '../../storage/home/ceremonies.js'
import type { Home } from '../../storage/home/home.js'
import { isLastVote } from '../../storage/home/votes.js'
import { isReshare, reshareBase, type ReshareDefinition } from '../../wire/ceremony/key-definition.js'
import { Failure } from '../../wire/base/failure.js'
import { descends, type HeldEpoch, type HeldKey, newestOf } from './held-epochs.js'
import { storedCeremony } from '../definition/ceremony-store.js'

/** A replaced epoch. */
export type OldEpoch = {
  readonly epoch: HeldEpoch
  /** Whether this home ever held a share of it. */
  readonly wasHeld: boolean
  /** Ceremonies with shares that are destroyed with it. */
  readonly sources: readonly Source[]
  /** Whether any of these secrets is here. */
  readonly isLeft: boolean
}

/** A ceremony that may have left shares. */
export type Source = {
  readonly files: CeremonyFiles
  /** Whether its pending result counts too; not if that may be a share in use. */
  readonly pending: boolean
}

/** The ancestors of the epoch in use, and those that the state calls replaced: oldest first. */
export async function oldEpochsOf(home: Home, held: HeldKey): Promise<readonly OldEpoch[]> {
  const newest = newestOf(held)
  const old = held.epochs.filter((each) =>
    each.status === null
      ? newest !== null && descends(held, newest, each)
      : each.status === 'parent' || each.status === 'retired',
  )
  const sources = await sourcesOf(home, held, old)
  return Promise.all(
    old.map(async (epoch) => {
      const own = sources.filter((each) => each.of.includes(epoch))
      const shares = await Promise.all(own.map(({ files, pending }) => listRunShares(files, pending)))
      const isLeft = epoch.hasSecret || shares.flat().length > 0
      return { epoch, wasHeld: await wasHeld(home, epoch), sources: own, isLeft }
    }),
  )
}

/** Whether this home held a share: by the state, or by its vote for the result that became the epoch. */
async function wasHeld(home: Home, { status, record }: HeldEpoch): Promise<boolean> {
  if (status !== null || record === null) return status !== null
  return (await new CeremonyFiles(home, record.definition).readReceipt()) !== null
}

type SourceOf = Source & { readonly of: readonly HeldEpoch[] }

async function sourcesOf(home: Home, held: HeldKey, old: readonly HeldEpoch[]): Promise<readonly SourceOf[]> {
  const sources: SourceOf[] = []
  for (const id of await listCeremonies(home)) {
    const made = held.epochs.find(({ record }) => record !== null && equalBytes(record.definition, id))
    const definition = await resharingOf(home, held, id)
    // The parent epoch may be unknown here; then the source goes with the next known one.
    const from = definition && old.find(({ number }) => (number ?? 0) >= definition.parent_record.epoch)
    const of = old.filter((each) => each === made || each === from)
    if (of.length === 0) continue
    // A result that this home voted for and nothing replaced may still be certified, and then its share is in
    // use.
    const isOpen = !made && definition !== null && (await isLastVote(home, reshareBase(definition), id))
    const pending = made ? old.includes(made) : !isOpen
    sources.push({ files: new CeremonyFiles(home, id), pending, of })
  }
  return sources
}

/** The definition, if it reshares this key; null otherwise. */
async function resharingOf(
  home: Home,
  { state }: HeldKey,
  id: Uint8Array,
): Promise<ReshareDefinition | null> {
  try {
    const definition = (await storedCeremony(home, id))?.definition
    if (!state || !definition || !isReshare(definition)) return null
    return equalBytes(definition.parent_record.key_id, state.key_id) ? definition : null
  } catch (error) {
    // An unreadable definition is reported where ceremonies are listed.
    if (error instanceof Failure) return null
    throw error
  }
}
