/**
 * A policy change: all custodians meet, each declares the same result prepared, each votes, and all receipts are the
 * certificate. There are no rounds between, and no shares are made.
 */
import { Restarted } from '../../messaging/session/abort.js'
import type { Opened } from '../../messaging/session/handshake.js'
import { inSession } from '../../messaging/session/restart-loop.js'
import type { Room } from '../../messaging/session/session.js'
import { wipeSigningKey } from '../../protocol/engines/engine.js'
import { CeremonyFiles } from '../../storage/home/ceremonies.js'
import type { Home } from '../../storage/home/home.js'
import { castVote, checkVote } from '../../storage/home/votes.js'
import { Failure } from '../../wire/base/failure.js'
import { hex } from '../../wire/base/text.js'
import { parseCertificate, proveShare, resultDigest } from '../../wire/ceremony/certificate.js'
import { definitionCodec } from '../../wire/ceremony/definition.js'
import { policyBase, policyIn, policyOutcome, policyVoters } from '../../wire/ceremony/policy-definition.js'
import { encodeLink, parseLink } from '../../wire/ceremony/policy-link.js'
import type { NamedPolicy } from '../../wire/key/named-policy.js'
import { decodeEnvelope } from '../../wire/session/envelope.js'
import { preparedCodec } from '../../wire/session/prepared.js'
import { type Transcript, transcriptCodec, transcriptHead } from '../../wire/session/transcript.js'
import { requireVerified, unverifiedAmong } from '../contacts/require-verified.js'
import { keepCeremony } from '../definition/ceremony-store.js'
import { incomplete } from '../dkg/prepared.js'
import { afterVote, unfinished } from '../dkg/unfinished.js'
import { openShare } from '../epochs/find-key.js'
import { activateLink } from '../policy/activate-link.js'
import { requireNotEnded } from '../session/abort.js'
import { agree, prepare, type Result, setAsideOn } from '../session/commit.js'
import { type Cast, openingOf, seated } from '../session/join.js'
import { seenIn } from '../session/keep-transcript.js'
import { largestInChange, requirePayload } from '../session/largest-letter.js'
import { linger } from '../session/linger.js'
import type { World } from '../world.js'
import { type ChangePlan, requireStillSo } from './plan.js'

export type Changed = NamedPolicy & {
  /** The key's name here. */
  readonly name: string
  /** The session that agreed on it, in hex. */
  readonly attempt: string
  /** Whether it was in force here before. */
  readonly already: boolean
  /** Members that had not reported that they were done when this one left. */
  readonly away: readonly string[]
}

/** The run of a policy change at one member. */
type ChangeRun = {
  readonly world: World
  readonly room: Room
  readonly plan: ChangePlan
  readonly files: CeremonyFiles
}

/** The result of a session, declared prepared. */
type Pending = { readonly transcript: Transcript; readonly sid: Uint8Array }

/**
 * Takes part from the first hello to the last letter, or finishes what an earlier process of this home began.
 * @throws Failure: somebody absent (absent), accused (abort), in doubt after the vote; as `planChange`
 */
export async function runChange(world: World, plan: ChangePlan): Promise<Changed> {
  const { definition, file, players, key, begun } = plan
  if (!begun) requireVerified(await unverifiedAmong(world.home, players), world.person.present)
  const cast: Cast = {
    id: file.id,
    kind: 'policy',
    epoch: key.digest,
    participants: players,
    onlookers: [],
    validity: { notBefore: definition.not_before, expires: definition.expires },
    definition: definitionCodec.encode(definition),
    record: null,
  }
  const files = new CeremonyFiles(world.home, file.id)
  if (!begun) requirePayload(world.transport, largestInChange(definition, players.length))
  return seated(world, cast, files, async (room) => {
    // Another process may have ended it since the plan was made.
    await requireNotEnded(files)
    await keepCeremony(world.home, file)
    room.mailbox.handOut(cast.definition)
    const pending = await readPending(files, plan)
    if (!pending && (await files.readReceipt()) !== null) throw incomplete()
    const run = { world, room, plan, files }
    const resumed = pending && (await resume(run, pending))
    if (resumed) return resumed
    const opening = openingOf(world, cast, files, file.signatures)
    return inSession(room, opening, async (opened, signal) => end(run, await store(run, opened), signal))
  })
}

/**
 * Completes a member in doubt with a certificate that somebody else has: this needs no secret and no network.
 * @throws Failure `E_CERTIFICATE` (verification) unless it certifies the very result that this member voted for
 */
export async function finishChange(home: Home, plan: ChangePlan, certificate: Uint8Array): Promise<Changed> {
  const { definition, file } = plan
  const files = new CeremonyFiles(home, file.id)
  const pending = await readPending(files, plan)
  if (!pending) throw incomplete()
  const { result } = parseCertificate(certificate, policyVoters(definition), policyOutcome(definition))
  if (hex(result) !== hex(digestOf(plan, pending))) {
    throw new Failure(
      'verification',
      'E_CERTIFICATE',
      'the certificate is of another run than the one in which this member voted',
    )
  }
  return afterVote(plan, files, async () => {
    const known = await files.readCertificate()
    if (!known) await files.writeCertificate(certificate)
    return { ...(await activate(home, plan, pending, known ?? certificate)), away: [] }
  })
}

// ---------------------------------------------------------------------------------------------------- the result

const ranOf = ({ file }: ChangePlan, { transcript, sid }: Pending) => ({
  definition: file.id,
  sid,
  head: transcriptHead(transcript),
})

const digestOf = (plan: ChangePlan, pending: Pending): Uint8Array =>
  resultDigest(ranOf(plan, pending), policyOutcome(plan.definition))

/** Writes the result of a session with the letter that will declare it prepared. */
async function store({ room, plan, files }: ChangeRun, opened: Opened): Promise<Pending> {
  const seen = seenIn(plan.definition, null, opened, [])
  const transcript: Transcript = {
    format: 'mpc/transcript/v1',
    ...seen,
    payload: null,
    outcome: policyOutcome(plan.definition),
    receipts: [],
  }
  const pending = { transcript, sid: opened.sid }
  const ran = ranOf(plan, pending)
  await prepare(
    room,
    files,
    { ran, digest: digestOf(plan, pending), seen: transcript },
    { 'transcript.cbor': transcriptCodec.encode(transcript) },
  )
  return pending
}

/** Reads back the pending result and checks all of it; null if files are missing. */
async function readPending(files: CeremonyFiles, plan: ChangePlan): Promise<Pending | null> {
  const [prepared, transcript] = await Promise.all([
    files.readPending('prepared.cbor'),
    files.readPending('transcript.cbor'),
  ])
  if (!prepared || !transcript) return null
  const { header, body } = decodeEnvelope(prepared)
  const pending = { transcript: transcriptCodec.decode(transcript), sid: header.session }
  if (hex(preparedCodec.decode(body).result) === hex(digestOf(plan, pending))) return pending
  throw new Failure(
    'conflict',
    'E_CEREMONY_FILES',
    'the pending files of this ceremony do not belong together',
  )
}

// ---------------------------------------------------------------------------------------------------- the ending

/** Continues from the result of an earlier process of this home; null if the others have started over. */
async function resume(run: ChangeRun, pending: Pending): Promise<Changed | null> {
  const { room, files } = run
  try {
    const signal = room.begin(await files.readStart(), (await files.readReceipt()) !== null)
    room.enter(pending.sid)
    return await end(run, pending, signal)
  } catch (error) {
    if (error instanceof Restarted) return null
    if (room.mayAbort) await room.abort(error)
    throw error
  }
}

/** Runs the ending, from the stored result to the last letter. */
async function end(run: ChangeRun, pending: Pending, signal: AbortSignal): Promise<Changed> {
  const { world, room, plan, files } = run
  const known = await files.readCertificate()
  const certificate = known ?? (await agreed(run, pending, signal))
  return afterVote(plan, files, async () => {
    const active = await activate(world.home, plan, pending, certificate)
    const stay = known ? Math.min(world.linger, 10_000) : world.linger
    const shown = { sid: pending.sid, certificate, outcome: null, awaited: [] }
    const away = await linger({ ...world, linger: stay }, room, shown)
    return { ...active, away: active.already ? [] : away }
  })
}

/** Obtains the certificate and writes it to disk. @throws Failure as `agree`; `E_UNFINISHED` (doubt) */
async function agreed(
  { world, room, plan, files }: ChangeRun,
  pending: Pending,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const { home, identity, card } = world
  const { definition, key } = plan
  const own = await openShare(home, key, identity, card)
  try {
    const digest = digestOf(plan, pending)
    const result: Result = {
      ran: ranOf(plan, pending),
      digest,
      seen: pending.transcript,
      outcome: policyOutcome(definition),
      holders: policyVoters(definition),
      prove: () => proveShare(key.record.scheme, digest, own.share.index, own.share.share, world.rng),
      mayVote: () => vote(world, plan),
    }
    return await agree(world, room, files, result, signal)
  } catch (error) {
    // If that fails, the next run resumes the result and sets it aside then.
    await setAsideOn(error, room, files, pending.sid).catch(() => {})
    throw room.mayAbort ? error : await unfinished(plan, files, error)
  } finally {
    wipeSigningKey(own)
  }
}

/** Votes. One file decides between this ceremony and any other from the same epoch and policy. */
async function vote({ home, card }: World, { definition, file }: ChangePlan): Promise<void> {
  const base = policyBase(definition)
  await checkVote(home, base, file.id, definition.supersedes)
  await requireStillSo(home, card, definition)
  await castVote(home, base, file.id, definition.supersedes)
}

async function activate(
  home: Home,
  { definition, key }: ChangePlan,
  { sid }: Pending,
  certificate: Uint8Array,
): Promise<Omit<Changed, 'away'>> {
  const already = await activateLink(home, key, parseLink(encodeLink(definition, certificate)))
  return { ...policyIn(definition), name: key.name, attempt: hex(sid), already }
}
