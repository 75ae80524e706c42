/**
 * The result of a key generation or reshare between its rounds and its certificate: sealed, written durably,
 * and read back before it is declared. Nothing read back is trusted unchecked.
 */
import { reshareBase } from '../../wire/ceremony/key-definition.js'
import { ownVault } from '../../storage/vault/age-vault.js'
import type { Opened } from '../../messaging/session/handshake.js'
import { type AuxSecret, wipeAuxSecret } from '../../protocol/cggmp24/auxiliary/data.js'
import { wipeSigningKey } from '../../protocol/engines/engine.js'
import { Secret } from '../../protocol/core/secret.js'
import type { CeremonyFiles } from '../../storage/home/ceremonies.js'
import { checkVote } from '../../storage/home/votes.js'
import { decodeEnvelope } from '../../wire/session/envelope.js'
import { Failure } from '../../wire/base/failure.js'
import { encodeRecord, type KeyRecord, parseRecord, recordDigest } from '../../wire/key/record.js'
import { preparedCodec } from '../../wire/session/prepared.js'
import { resultDigest } from '../../wire/ceremony/certificate.js'
import { encodeShare, parseShare } from '../../wire/key/share.js'
import { hex } from '../../wire/base/text.js'
import { type Transcript, transcriptCodec, transcriptHead } from '../../wire/session/transcript.js'
import { prepare } from '../session/commit.js'
import type { MakingPlan, MakingRun } from './plan.js'
import { requireStart } from './succession.js'
import type { World } from '../world.js'

/** The output of the rounds. */
export type Made = {
  /** Null for one who only deals. */
  readonly share: Secret | null
  readonly auxiliary: AuxSecret | null
  readonly record: KeyRecord
  readonly transcript: Transcript
}

/** The checked content of `pending/`: a share of the key in the record, and the declared result. */
export type Pending = {
  readonly record: KeyRecord
  readonly transcript: Transcript
  readonly sid: Uint8Array
  /** Null for one who only deals. */
  readonly share: Secret | null
}

/**
 * Writes the result together with the `prepared` letter that will declare it, and wipes the secrets it came
 * from.
 * @throws Failure as `checkVote` and `requireStart`
 */
export async function store(
  { world, room, plan, files }: MakingRun,
  opened: Opened,
  { share, auxiliary, record, transcript }: Made,
): Promise<Pending> {
  const sealed = await sealShare(world, record, plan.index, share, auxiliary)
  const outcome = encodeRecord(record)
  const { definition, file } = plan
  // If another process has voted for something else, this result can no longer be voted for and leaves no
  // share here.
  if (definition.kind !== 'keygen') {
    await checkVote(world.home, reshareBase(definition), file.id, definition.supersedes)
    await requireStart(world.home, world.card, definition)
  }
  const ran = { definition: file.id, sid: opened.sid, head: transcriptHead(transcript) }
  await prepare(
    room,
    files,
    { ran, digest: resultDigest(ran, outcome), seen: transcript },
    {
      'record.cbor': outcome,
      ...(sealed && { 'share.age': sealed }),
      'transcript.cbor': transcriptCodec.encode(transcript),
    },
  )
  const pending = await readPending(world, plan, files)
  if (!pending) throw new Error('the pending result is missing')
  return pending
}

async function sealShare(
  world: World,
  record: KeyRecord,
  index: number | null,
  share: Secret | null,
  auxiliary: AuxSecret | null,
): Promise<Uint8Array | null> {
  if (share === null || index === null) return null
  try {
    using plaintext = new Secret(
      encodeShare({
        record: recordDigest(record),
        scheme: record.scheme,
        index,
        share: share.reveal(),
        auxiliary,
      }),
    )
    return await ownVault(world).seal(plaintext.reveal(), 'share')
  } finally {
    share.wipe()
    if (auxiliary) wipeAuxSecret(auxiliary)
  }
}

/** Reads back the pending result and checks all of it; null if files are missing. */
export async function readPending(
  world: World,
  plan: MakingPlan,
  files: CeremonyFiles,
): Promise<Pending | null> {
  const [prepared, outcome, sealed, transcript] = await Promise.all([
    files.readPending('prepared.cbor'),
    files.readPending('record.cbor'),
    files.readPending('share.age'),
    files.readPending('transcript.cbor'),
  ])
  if (!prepared || !outcome || !transcript || (sealed === null && plan.index !== null)) return null
  const record = parseRecord(outcome)
  const { header, body } = decodeEnvelope(prepared)
  const seen = transcriptCodec.decode(transcript)
  const ran = { definition: plan.file.id, sid: header.session, head: transcriptHead(seen) }
  if (hex(preparedCodec.decode(body).result) !== hex(resultDigest(ran, outcome))) {
    throw new Failure(
      'conflict',
      'E_CEREMONY_FILES',
      'the pending files of this ceremony do not belong together',
    )
  }
  const share = plan.index && sealed ? await openShare(world, record, plan.index, sealed) : null
  return { record, transcript: seen, sid: header.session, share }
}

/** Opens a share file, and checks that it is the share of this index in this record. */
async function openShare(
  world: World,
  record: KeyRecord,
  index: number,
  sealed: Uint8Array,
): Promise<Secret> {
  using plaintext = await ownVault(world).open(sealed, 'share')
  const own = parseShare(plaintext.reveal(), record, index)
  const share = own.share.share.clone()
  wipeSigningKey(own)
  return share
}

export const incomplete = (): Failure =>
  new Failure('conflict', 'E_CEREMONY_FILES', 'the pending files of this ceremony are incomplete', {
    hint: 'put back the ceremonies folder from a copy of this home; nothing was changed',
  })
