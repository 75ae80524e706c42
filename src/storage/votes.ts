/**
 * Which ceremony this home voted for of those that start from one epoch: at most one, and after it only one that names it
 * among what it replaces (F-11). Each vote is a file of its own that is made once, before the receipt is written. Once
 * what one made counts here, none comes after it: the file of the next vote is made too, and names it again. A home whose
 * share was moved to another casts none from that epoch: the other may.
 */
import { join } from 'node:path'
import { Failure } from '../wire/failure.js'
import { fromHex, hex } from '../wire/text.js'
import { createFile, ensureDir, readFile, removeFile } from './files.js'
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
  await ensureVotes(home, parent)
  await voteBehind(home, parent, last, definition)
  // Whoever moves the share at the same instant looks for votes last: of the two at least one sees the other.
  await requireNotMoved(home, parent, last)
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

/**
 * Marks the share of an epoch as moved to another identity: this home votes from it no more.
 * @throws Failure `E_VOTED_PARENT` (conflict) if it has voted already; then nothing is changed
 */
export async function markMoved(home: Home, parent: Uint8Array): Promise<void> {
  await ensureVotes(home, parent)
  const isNew = await createFile(movedMark(home, parent), Buffer.from('moved\n'))
  const vote = await lastVote(home, parent)
  if (vote === null) return
  if (isNew) await removeFile(movedMark(home, parent))
  throw new Failure(
    'conflict',
    'E_VOTED_PARENT',
    'this home has voted for what comes after the epoch in use, and a vote does not move along',
    {
      hint:
        `finish that ceremony here first, or one that replaces it: --supersedes ${hex(vote)}; then move what it made; ` +
        'nothing was written',
    },
  )
}

/** What was voted before the share was moved may be replaced here: nothing is moved after a vote. */
async function requireNotMoved(home: Home, parent: Uint8Array, last: Uint8Array | null): Promise<void> {
  if (last !== null || (await readFile(movedMark(home, parent), 100)) === null) return
  throw new Failure(
    'conflict',
    'E_MOVED',
    'the share of this epoch was moved to another identity, which votes in its place',
    {
      hint:
        'take part from where it was moved to, once the others have accepted it; if it never came there, and the folder ' +
        `that \`mpc share rekey\` wrote is destroyed, remove ${movedMark(home, parent)}`,
    },
  )
}

async function ensureVotes(home: Home, parent: Uint8Array): Promise<void> {
  await ensureDir(join(home.ceremonies, 'votes'))
  await ensureDir(folderOf(home, parent))
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
  if (first !== null && hex(first) === hex(definition)) return
  throw voted(first ?? definition, first !== null && last !== null && hex(first) === hex(last))
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
  await requireNotMoved(home, parent, last)
  if (last === null || hex(last) === hex(definition)) return last
  if (settled || !supersedes?.some((id) => hex(id) === hex(last))) throw voted(last, settled)
  return last
}

const folderOf = (home: Home, parent: Uint8Array): string => join(home.ceremonies, 'votes', hex(parent))

const movedMark = (home: Home, parent: Uint8Array): string => join(folderOf(home, parent), 'moved')

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
