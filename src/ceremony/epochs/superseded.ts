/**
 * Ceremonies that this home has voted out: from their parent epoch, it voted for one that replaces them. Its
 * vote may already count, so no certificate of theirs counts here any more, however it arrives: else two
 * reshares from one epoch could both become valid.
 */
import { equalBytes } from '../../protocol/core/codec.js'
import type { Home } from '../../storage/home/home.js'
import { votesFrom } from '../../storage/home/votes.js'
import { isVoted } from '../../wire/ceremony/key-definition.js'
import { voteBase } from '../../wire/ceremony/parent-epoch.js'
import { Failure } from '../../wire/base/failure.js'
import type { KeyRecord } from '../../wire/key/record.js'
import { hex } from '../../wire/base/text.js'
import { storedCeremony } from '../definition/ceremony-store.js'

/**
 * Checks that these epochs, each by its parent, may count here.
 * @throws Failure (conflict) `E_VOTED_PARENT` if this home voted for a ceremony that replaces the one that
 *   made any of them; `E_CEREMONY_FILES` if the ceremony it voted for cannot be read
 */
export async function requireNotReplaced(home: Home, records: readonly KeyRecord[]): Promise<void> {
  for (const { parent, policy, definition, epoch } of records) {
    const by = parent && (await replacedBy(home, voteBase(parent, policy), definition))
    if (!by) continue
    throw new Failure(
      'conflict',
      'E_VOTED_PARENT',
      `this member has voted for a ceremony that replaces the one that made epoch ${epoch}`,
      {
        hint: `nothing was changed; finish that one, or make one that replaces it: --supersedes ${hex(by)}`,
      },
    )
  }
}

async function replacedBy(home: Home, base: Uint8Array, id: Uint8Array): Promise<Uint8Array | null> {
  const votes = await votesFrom(home, base)
  const at = votes.findIndex((vote) => equalBytes(vote, id))
  if (at >= 0) return votes[at + 1] ?? null
  for (const vote of votes) {
    if ((await replaces(home, vote)).some((each) => equalBytes(each, id))) return vote
  }
  return null
}

/** The ceremonies that a voted-for ceremony supersedes. */
async function replaces(home: Home, vote: Uint8Array): Promise<readonly Uint8Array[]> {
  const file = await storedCeremony(home, vote)
  if (file && isVoted(file.definition)) return file.definition.supersedes ?? []
  throw new Failure('conflict', 'E_CEREMONY_FILES', `this home voted for ${hex(vote)}, which is not here`, {
    hint: 'put back the ceremonies folder from a copy of this home; nothing was changed',
  })
}
