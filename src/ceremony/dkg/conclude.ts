/**
 * The ending of a ceremony that makes shares, once its result is stored: agree on it, activate it, announce
 * it, and hand it to latecomers. `run.ts` covers everything before.
 */
import { Restarted } from '../../messaging/session/abort.js'
import { castVote, checkVote } from '../../storage/home/votes.js'
import { outcomeCodec } from '../../wire/ceremony/consent.js'
import type { KeyDefinition } from '../../wire/ceremony/definition.js'
import { watchersOf, reshareBase } from '../../wire/ceremony/key-definition.js'
import { encodeRecord, recordDigest } from '../../wire/key/record.js'
import { proveShare, resultDigest } from '../../wire/ceremony/certificate.js'
import { hex } from '../../wire/base/text.js'
import { transcriptHead } from '../../wire/session/transcript.js'
import { activate } from './activate.js'
import { agree, type Result, setAsideOn } from '../session/commit.js'
import { linger } from '../session/linger.js'
import type { Pending } from './prepared.js'
import { votersOf } from '../../wire/ceremony/voters.js'
import { goOver, keepWords, wordsOf } from '../epochs/attestations.js'
import { requireStart } from './succession.js'
import { afterVote, unfinished } from './unfinished.js'
import type { World } from '../world.js'
import type { MadeKey, MakingPlan, MakingRun } from './plan.js'

/** Continues from the result of an earlier process of this home; null if the others have started over. */
export async function resume(run: MakingRun, pending: Pending): Promise<MadeKey | null> {
  const { room, files } = run
  const share = pending.share
  try {
    const voted = (await files.readReceipt()) !== null
    const signal = room.begin(await files.readStart(), voted)
    room.enter(pending.sid)
    return await end(run, pending, signal)
  } catch (error) {
    if (error instanceof Restarted) return null
    if (room.mayAbort) await room.abort(error)
    throw error
  } finally {
    share?.wipe()
  }
}

/** Runs the ending, from the stored result to the last letter. */
export async function end(
  run: MakingRun,
  { record, transcript, sid, share }: Pending,
  signal: AbortSignal,
): Promise<MadeKey> {
  const { world, room, plan, files } = run
  const { definition, file, index } = plan
  try {
    const outcome = encodeRecord(record)
    const ran = { definition: file.id, sid, head: transcriptHead(transcript) }
    const digest = resultDigest(ran, outcome)
    const result: Result = {
      ran,
      digest,
      seen: transcript,
      outcome,
      holders: votersOf(definition, record),
      prove: () =>
        share && index !== null ? proveShare(record.scheme, digest, index, share, world.rng) : null,
      mayVote: () => vote(world, plan),
    }
    const known = await files.readCertificate()
    const certificate = known ?? (await agreed(run, result, signal))
    return await afterVote(plan, files, async () => {
      const active = await activate(world.home, plan, files, { record, transcript, certificate })
      const stay = known ? Math.min(world.linger, 10_000) : world.linger
      const words = definition.kind === 'keygen' ? [] : wordsOf(room.peers, record, sid)
      if (definition.kind !== 'keygen') await goOver(world, room.mailbox, active.name, record, sid)
      const shown = {
        sid,
        certificate,
        outcome: outcomeFor(definition, outcome, certificate),
        awaited: words,
      }
      const away = await linger({ ...world, linger: stay }, room, shown)
      await keepWords(world.home, room.mailbox, active.name, record, words)
      return {
        ...active,
        record,
        digest: recordDigest(record),
        attempt: hex(sid),
        holds: index !== null,
        // A member that was done before lingered only to help, and waited for nobody.
        away: active.already ? [] : away,
      }
    })
  } finally {
    share?.wipe()
  }
}

/** Obtains the certificate and writes it to disk. @throws Failure as `agree`; `E_UNFINISHED` (doubt) */
async function agreed(
  { world, room, plan, files }: MakingRun,
  result: Result,
  signal: AbortSignal,
): Promise<Uint8Array> {
  try {
    return await agree(world, room, files, result, signal)
  } catch (error) {
    // If that fails, the next run resumes the result and sets it aside then.
    await setAsideOn(error, room, files, result.ran.sid).catch(() => {})
    throw room.mayAbort ? error : await unfinished(plan, files, error)
  }
}

/** The outcome for the watchers of a reshare; null if there are none. */
function outcomeFor(
  definition: KeyDefinition,
  record: Uint8Array,
  certificate: Uint8Array,
): Uint8Array | null {
  if (definition.kind === 'keygen' || watchersOf(definition).length === 0) return null
  return outcomeCodec.encode({ record, certificate })
}

/**
 * Votes. Checks the obstacles to activation once more, since the home may have changed. A new key has no
 * parent epoch, so its vote is not recorded against one.
 */
async function vote({ home, card }: World, { definition, file }: MakingPlan): Promise<void> {
  if (definition.kind === 'keygen') return
  await checkVote(home, reshareBase(definition), file.id, definition.supersedes)
  await requireStart(home, card, definition)
  await castVote(home, reshareBase(definition), file.id, definition.supersedes)
}
