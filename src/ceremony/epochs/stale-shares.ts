/**
 * What is here of epochs that were replaced: not only their own shares, but also those that lie with ceremonies, of runs that
 * were set aside or came to nothing, and of results that became an epoch. Enough of one run sign as well as those of an
 * epoch do, so they go with the epoch that they were dealt from or that they made; also where this home held no share of
 * that, and joined later.
 */
import { equalBytes } from '../../protocol/core/codec.js'
import { CeremonyFiles, listCeremonies } from '../../storage/home/ceremonies.js'
import type { Home } from '../../storage/home/home.js'
import { isLastVote } from '../../storage/home/votes.js'
import { isReshare, type ReshareDefinition } from '../../wire/ceremony/key-definition.js'
import { Failure } from '../../wire/base/failure.js'
import { descends, type HeldEpoch, type HeldKey, newestOf } from './held-epochs.js'
import { storedCeremony } from '../definition/ceremony-store.js'

/** An epoch that another has replaced. */
export type OldEpoch = {
  readonly epoch: HeldEpoch
  /** Whether a share of it was ever this home's. */
  readonly wasHeld: boolean
  /** Where shares lie that go with it, beside its own. */
  readonly sources: readonly Source[]
  /** Whether anything secret of all this is here. */
  readonly isLeft: boolean
}

/** A ceremony that may have left shares. */
export type Source = {
  readonly files: CeremonyFiles
  /** Whether the result that is pending there counts too: it does not where it may be a share in use. */
  readonly pending: boolean
}

/** What came before the epoch in use, and what the state says was replaced: oldest first. */
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
      const shares = await Promise.all(own.map(({ files, pending }) => files.listShares(pending)))
      const isLeft = epoch.hasSecret || shares.flat().length > 0
      return { epoch, wasHeld: await wasHeld(home, epoch), sources: own, isLeft }
    }),
  )
}

/** By the state, or by a vote for the result that became it. */
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
    // What it starts from may not be known here: then it goes with the next that is.
    const from = definition && old.find(({ number }) => (number ?? 0) >= definition.parent_record.epoch)
    const of = old.filter((each) => each === made || each === from)
    if (of.length === 0) continue
    // What this home voted for and nothing replaced may be certified still, and then it is the share that counts.
    const isOpen = !made && definition !== null && (await isLastVote(home, definition.parent, id))
    const pending = made ? old.includes(made) : !isOpen
    sources.push({ files: new CeremonyFiles(home, id), pending, of })
  }
  return sources
}

/** A resharing of this key; null if it is none. */
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
    // One that cannot be read is told of where ceremonies are listed.
    if (error instanceof Failure) return null
    throw error
  }
}
