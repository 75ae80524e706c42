/**
 * Which ceremony this home voted for of those that start from one epoch: at most one, and after it only one that names it
 * among what it replaces (F-11). Each vote is a file of its own that is made once, before the receipt is written. Once
 * what one made counts here, none comes after it: the file of the next vote is made too, and names it again.
 */
import { join } from 'node:path'
import { Failure } from '../wire/failure.js'
import { fromHex, hex } from '../wire/text.js'
import { createFile, ensureDir, readFile } from './files.js'
import type { Home } from './home.js'

/** The ceremonies that this home has voted for from this epoch, by their definition ids: each replaces those before it. */
export const votesFrom = async (home: Home, parent: Uint8Array): Promise<readonly Uint8Array[]> =>
  (await chainFrom(home, parent)).votes

/** @returns also whether the last of them is settled: then there is none after it */
async function chainFrom(
  home: Home,
  parent: Uint8Array,
): Promise<{ readonly votes: readonly Uint8Array[]; readonly settled: boolean }> {
  const votes: Uint8Array[] = []
  for (;;) {
    const last = votes.at(-1) ?? null
    const next = await readVote(home, parent, last)
    if (next === null) return { votes, settled: false }
    if (last !== null && hex(next) === hex(last)) return { votes, settled: true }
    votes.push(next)
  }
}

/** The last of them; null before the first. */
export const lastVote = async (home: Home, parent: Uint8Array): Promise<Uint8Array | null> =>
  (await votesFrom(home, parent)).at(-1) ?? null

/** Whether it was for this ceremony, which may be certified by that. */
export async function isLastVote(home: Home, parent: Uint8Array, definition: Uint8Array): Promise<boolean> {
  const last = await lastVote(home, parent)
  return last !== null && hex(last) === hex(definition)
}

/** @throws Failure `E_VOTED_PARENT` (conflict) if this home voted for another that `supersedes` does not name */
export async function checkVote(
  home: Home,
  parent: Uint8Array,
  definition: Uint8Array,
  supersedes: readonly Uint8Array[] | null,
): Promise<void> {
  await voteToFollow(home, parent, definition, supersedes)
}

/**
 * Takes the vote of this home from an epoch. For the same ceremony again it is fine.
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
  await ensureDir(join(home.ceremonies, 'votes'))
  await ensureDir(folderOf(home, parent))
  await voteBehind(home, parent, last, definition)
}

/**
 * As `castVote`, for a ceremony whose result is about to count here: from then on no other is voted for, whatever it names.
 * Whoever does so at the same instant is first, and then this is refused, or comes too late.
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

async function voteBehind(
  home: Home,
  parent: Uint8Array,
  last: Uint8Array | null,
  definition: Uint8Array,
): Promise<void> {
  if (await createFile(voteAfter(home, parent, last), Buffer.from(`${hex(definition)}\n`))) return
  // Of two processes that vote at the same instant one was first.
  const first = await readVote(home, parent, last)
  if (first === null || hex(first) !== hex(definition)) throw voted(first ?? definition)
}

/** The last vote, which is for this ceremony, or which this one replaces: what is cast follows the one that was looked at. */
async function voteToFollow(
  home: Home,
  parent: Uint8Array,
  definition: Uint8Array,
  supersedes: readonly Uint8Array[] | null,
): Promise<Uint8Array | null> {
  const { votes, settled } = await chainFrom(home, parent)
  const last = votes.at(-1) ?? null
  if (last === null || hex(last) === hex(definition)) return last
  if (settled || !supersedes?.some((id) => hex(id) === hex(last))) throw voted(last, settled)
  return last
}

const folderOf = (home: Home, parent: Uint8Array): string => join(home.ceremonies, 'votes', hex(parent))

const voteAfter = (home: Home, parent: Uint8Array, last: Uint8Array | null): string =>
  join(folderOf(home, parent), last === null ? 'first' : `after-${hex(last)}`)

async function readVote(home: Home, parent: Uint8Array, last: Uint8Array | null): Promise<Uint8Array | null> {
  const path = voteAfter(home, parent, last)
  const held = await readFile(path, 100)
  if (held === null) return null
  const id = fromHex(Buffer.from(held).toString('utf8').trimEnd(), 32)
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
        ? `what that one made counts here, and nothing replaces it any more: \`mpc ceremony show ${hex(last)}\``
        : `finish that one, or make one that replaces it, and with it what others have voted for: ` +
          `--supersedes ${hex(last)}`,
    },
  )
