/**
 * Reshare and refresh. As many old custodians as must sign deal the key anew to its future custodians. Its
 * public key and ID stay; old shares do not combine with new ones. A newcomer learns the parent epoch from
 * the definition, which each dealer signs, and takes part on that basis alone. An old custodian who neither
 * deals nor receives watches (`outgoing-consent.ts`). `planReshare` opens no secret; `runReshare` does the
 * work.
 */
import { run } from '../../messaging/session/run.js'
import { reshareKey, wipeSigningKey } from '../../protocol/engines/engine.js'
import type { Secret } from '../../protocol/core/secret.js'
import { CeremonyFiles } from '../../storage/home/ceremonies.js'
import type { Home } from '../../storage/home/home.js'
import { castVote, checkVote, lastVote } from '../../storage/home/votes.js'
import type { Card } from '../../wire/identity/card.js'
import { custodiansOf, type DefinitionFile, type ReshareDefinition } from '../../wire/ceremony/definition.js'
import {
  isReshare,
  isWatcher,
  playersOf,
  reshareBase,
  reshareInputOf,
} from '../../wire/ceremony/key-definition.js'
import { Failure } from '../../wire/base/failure.js'
import { hex } from '../../wire/base/text.js'
import { equalBytes } from '../../protocol/core/codec.js'
import { requireApprovals } from '../policy/carried-policy.js'
import { requireNotEnded } from '../session/abort.js'
import { findKey, openShare } from '../epochs/find-key.js'
import { nameOfKey } from './activate.js'
import { checkTime, make, type Table } from './run.js'
import { keepCeremony } from '../definition/ceremony-store.js'
import { requireStart, startsFromHere } from './succession.js'
import { watch } from './outgoing-consent.js'
import type { World } from '../world.js'
import type { MadeKey, ResharePlan } from './plan.js'

/**
 * This member's part in a definition, if it may take part.
 * @throws Failure: neither a participant nor an old custodian, or the seats of the parent epoch differ from
 *   those here (authentication), expired or too early (absent), or this member voted for another ceremony
 *   from it (conflict); as `requireStart`
 */
export async function planReshare(
  home: Home,
  self: Card,
  file: DefinitionFile,
  now: number,
): Promise<ResharePlan> {
  const { definition } = file
  if (!isReshare(definition)) {
    throw new Failure('usage', 'E_KIND', `this defines a ${definition.kind}, not a reshare or refresh`)
  }
  const players = playersOf(definition)
  const place = players.findIndex((card) => equalBytes(card.fingerprint, self.fingerprint)) + 1
  const watches = isWatcher(definition, self)
  if (place === 0 && !watches) {
    await startsFromHere(home, self, definition)
    throw new Failure(
      'authentication',
      'E_NOT_MEMBER',
      `${self.name} neither holds a share nor gets one in this ${definition.kind}`,
      { hint: 'nothing has to be done here: only members who hold a share or get one run it' },
    )
  }
  await requireApprovals(definition)
  const files = new CeremonyFiles(home, file.id)
  await requireNotEnded(files)
  const begun = watches
    ? hex((await lastVote(home, reshareBase(definition))) ?? new Uint8Array()) === hex(file.id)
    : (await files.readReceipt()) !== null
  checkTime(definition, begun, now)
  const behind = begun ? null : await requireStart(home, self, definition)
  await checkVote(home, reshareBase(definition), file.id, definition.supersedes)
  const index = !watches && place <= custodiansOf(definition).length ? place : null
  return { file, definition, players, place, index, begun, behind }
}

/**
 * Records a watcher's vote when its signature goes out on the file ahead of the ceremony; the ceremony is
 * then kept here as one in which this home takes part. A ceremony that this home has ended gets no signature.
 * @throws Failure as `planReshare`; `E_ENDED` (refused); `E_BUSY` (conflict) if another process here is in it
 */
export async function voteAhead(home: Home, self: Card, file: DefinitionFile): Promise<void> {
  const { definition, id } = file
  const files = new CeremonyFiles(home, id)
  await requireNotEnded(files)
  if (!isReshare(definition)) return
  await requireApprovals(definition)
  await startsFromHere(home, self, definition)
  if (!isWatcher(definition, self)) return
  const { supersedes } = definition
  const base = reshareBase(definition)
  const lock = await files.lock()
  try {
    // Another process may have ended it since the first check.
    await requireNotEnded(files)
    await checkVote(home, base, id, supersedes)
    await requireStart(home, self, definition)
    await keepCeremony(home, file)
    await castVote(home, base, id, supersedes)
  } finally {
    await lock.release().catch(() => {})
  }
}

/** Takes part in the reshare or watches it, or finishes what an earlier process of this home began. */
export const runReshare = (world: World, plan: ResharePlan): Promise<MadeKey> =>
  plan.place === 0 ? watch(world, plan) : make(world, plan, (at, table) => play(at, plan, table))

async function play(world: World, { definition }: ResharePlan, { session, auxiliary, options }: Table) {
  const share = await ownShare(world, definition)
  try {
    const protocol = reshareKey(session, reshareInputOf(definition), share, auxiliary, world.rng)
    const ran = await run(protocol, options)
    if (!equalBytes(ran.output.groupPoint, definition.parent_record.group_point)) {
      throw new Error('the reshare gave another public key than before: this is a defect of this program')
    }
    return ran
  } finally {
    share?.wipe()
  }
}

/** The share that a dealer deals from; null for others. */
async function ownShare(
  { home, identity, card }: World,
  definition: ReshareDefinition,
): Promise<Secret | null> {
  const { dealers, parent_record: old } = definition
  if (!dealers.some((dealer) => equalBytes(dealer, card.fingerprint))) return null
  const key = await findKey(home, (await nameOfKey(home, old.key_id)) ?? '')
  // Another process may have moved to a newer epoch since the plan was made.
  await requireStart(home, card, definition)
  const own = await openShare(home, key, identity, card)
  try {
    return own.share.share.clone()
  } finally {
    wipeSigningKey(own)
  }
}
