/**
 * This home's votes from each parent epoch. It votes for one ceremony, and then only for one that supersedes
 * the last. Each vote is a file that is created once, before the receipt is written. Once a result is in
 * effect here, the file of the next vote is created too and repeats the last vote, so none can follow. If the
 * share was moved to another identity, a mark takes the place of the first vote: that identity votes instead.
 * So one file decides between any two of these, in whatever processes.
 */
import { join } from 'node:path'
import { Failure } from '../../wire/base/failure.js'
import { fromHex, hex } from '../../wire/base/text.js'
import { createFile, ensureDir, listDir, readFile } from '../fs/atomic.js'
import type { Home } from './home.js'

/** Definition IDs of the ceremonies voted for from this epoch; each one replaces those before it. */
export const votesFrom = async (home: Home, parent: Uint8Array): Promise<readonly Uint8Array[]> =>
  (await chainFrom(home, parent)).votes

/** The last vote from each epoch that this home voted from. */
export async function lastVotes(home: Home): Promise<readonly Uint8Array[]> {
  const parents = (await listDir(join(home.ceremonies, 'votes'))).flatMap((name) => fromHex(name, 32) ?? [])
  return (await Promise.all(parents.map((parent) => lastVote(home, parent)))).filter((id) => id !== null)
}

/** `settled`: no vote can follow the last. `moved`: there is no vote and there will be none. */
type Chain = { readonly votes: readonly Uint8Array[]; readonly end: 'open' | 'settled' | typeof MOVED }

async function chainFrom(home: Home, parent: Uint8Array): Promise<Chain> {
  const votes: Uint8Array[] = []
  for (;;) {
    const last = votes.at(-1) ?? null
    const next = await readVote(home, parent, last)
    if (next === null) return { votes, end: 'open' }
    if (next === MOVED) return { votes, end: MOVED }
    if (last !== null && hex(next) === hex(last)) return { votes, end: 'settled' }
    votes.push(next)
  }
}

/** The last vote from this epoch; null before the first. */
export const lastVote = async (home: Home, parent: Uint8Array): Promise<Uint8Array | null> =>
  (await votesFrom(home, parent)).at(-1) ?? null

/** Whether the last vote was for this ceremony, which may be certified by it. */
export async function isLastVote(home: Home, parent: Uint8Array, definition: Uint8Array): Promise<boolean> {
  const last = await lastVote(home, parent)
  return last !== null && hex(last) === hex(definition)
}

/**
 * @throws Failure (conflict) `E_VOTED_PARENT` if this home voted for another ceremony that `supersedes` does
 *   not name, `E_MOVED` if its share was moved
 */
export async function checkVote(
  home: Home,
  parent: Uint8Array,
  definition: Uint8Array,
  supersedes: readonly Uint8Array[] | null,
): Promise<void> {
  await voteToFollow(home, parent, definition, supersedes)
}

/**
 * Casts this home's vote from an epoch. Idempotent.
 * @throws Failure as `checkVote`
 */
export async function castVote(
  home: Home,
  parent: Uint8Array,
  definition: Uint8Array,
  supersedes: readonly Uint8Array[] | null,
): Promise<void> {
  const last = await voteToFollow(home, parent, definition, supersedes)
  if (last !== null && hex(last) === hex(definition)) return
  await voteBehind(home, parent, last, definition)
}

/**
 * As `castVote`, for a ceremony whose result is about to take effect here; no vote can follow. If another
 * process votes at the same time, either its vote is first and this call fails, or its vote is refused.
 * @throws Failure as `checkVote`
 */
export async function settleVote(
  home: Home,
  parent: Uint8Array,
  definition: Uint8Array,
  supersedes: readonly Uint8Array[] | null,
): Promise<void> {
  await castVote(home, parent, definition, supersedes)
  await voteBehind(home, parent, definition, definition)
}

/**
 * Marks an epoch's share as moved to another identity: this home votes from it no more. Idempotent.
 * @throws Failure `E_VOTED_PARENT` (conflict) if it has voted already; then nothing changes
 */
export async function markMoved(home: Home, parent: Uint8Array): Promise<void> {
  if (await createNext(home, parent, null, MOVED)) return
  const { votes, end } = await chainFrom(home, parent)
  if (end === MOVED) return
  throw new Failure(
    'conflict',
    'E_VOTED_PARENT',
    'this home has voted for the epoch after the one in use, and a vote does not move with the share',
    {
      hint:
        `finish that ceremony here first, or one that replaces it: --supersedes ${hex(votes.at(-1) as Uint8Array)}; ` +
        'then move the share that it made; nothing was written',
    },
  )
}

async function voteBehind(
  home: Home,
  parent: Uint8Array,
  last: Uint8Array | null,
  definition: Uint8Array,
): Promise<void> {
  if (await createNext(home, parent, last, hex(definition))) return
  // Another process voted first.
  const first = await readVote(home, parent, last)
  if (first === MOVED) throw moved(home, parent)
  if (first !== null && hex(first) === hex(definition)) return
  throw voted(first ?? definition, first !== null && last !== null && hex(first) === hex(last))
}

/** The vote that a new one would follow: the last one, if it is for this ceremony or is superseded by it. */
async function voteToFollow(
  home: Home,
  parent: Uint8Array,
  definition: Uint8Array,
  supersedes: readonly Uint8Array[] | null,
): Promise<Uint8Array | null> {
  const { votes, end } = await chainFrom(home, parent)
  if (end === MOVED) throw moved(home, parent)
  const last = votes.at(-1) ?? null
  if (last === null || hex(last) === hex(definition)) return last
  const settled = end === 'settled'
  if (settled || !supersedes?.some((id) => hex(id) === hex(last))) throw voted(last, settled)
  return last
}

/** The epochs that this home has voted from, and the folder of each. */
export async function listParents(
  home: Home,
): Promise<readonly { readonly parent: Uint8Array; readonly folder: string }[]> {
  const names = await listDir(join(home.ceremonies, 'votes'))
  return names.flatMap((name) => {
    const parent = fromHex(name, 32)
    return parent ? [{ parent, folder: folderOf(home, parent) }] : []
  })
}

const folderOf = (home: Home, parent: Uint8Array): string => join(home.ceremonies, 'votes', hex(parent))

/** The mark in place of a first vote. */
const MOVED = 'moved'

const voteAfter = (home: Home, parent: Uint8Array, last: Uint8Array | null): string =>
  join(folderOf(home, parent), last === null ? 'first' : `after-${hex(last)}`)

async function createNext(
  home: Home,
  parent: Uint8Array,
  last: Uint8Array | null,
  said: string,
): Promise<boolean> {
  await ensureDir(join(home.ceremonies, 'votes'))
  await ensureDir(folderOf(home, parent))
  return createFile(voteAfter(home, parent, last), Buffer.from(`${said}\n`))
}

async function readVote(
  home: Home,
  parent: Uint8Array,
  last: Uint8Array | null,
): Promise<Uint8Array | typeof MOVED | null> {
  const path = voteAfter(home, parent, last)
  const held = await readFile(path, 100)
  if (held === null) return null
  const said = Buffer.from(held).toString('utf8').trimEnd()
  if (last === null && said === MOVED) return MOVED
  const id = fromHex(said, 32)
  if (id) return id
  throw new Failure('conflict', 'E_CEREMONY_FILES', `${path} is damaged`, {
    hint: 'put back the ceremonies folder from a copy of this home; nothing was changed',
  })
}

const voted = (last: Uint8Array, settled = false): Failure =>
  new Failure(
    'conflict',
    'E_VOTED_PARENT',
    'this member has voted for another ceremony from the same epoch',
    {
      hint: settled
        ? `the result of that one counts here and can no longer be replaced: \`mpc ceremony show ${hex(last)}\``
        : `finish that one, or make one that replaces it and all that others have voted for: ` +
          `--supersedes ${hex(last)}`,
    },
  )

const moved = (home: Home, parent: Uint8Array): Failure =>
  new Failure(
    'conflict',
    'E_MOVED',
    'the share of this epoch was moved to another identity, which votes in its place',
    {
      hint:
        'take part from the home that it was moved to, once the others have accepted it; if it never arrived, and the folder ' +
        `that \`mpc share rekey\` wrote is destroyed, remove ${voteAfter(home, parent, null)}`,
    },
  )
