/**
 * The result of a key generation between its rounds and its certificate: sealed, written where it cannot be lost, and
 * read back before it is declared. Nothing of it is believed unchecked.
 */
import type { Opened } from '../messaging/handshake.js'
import type { Room } from '../messaging/room.js'
import { wipeAuxSecret } from '../protocol/cggmp24/aux-data.js'
import { type NewKey, wipeSigningKey } from '../protocol/engine.js'
import { Secret } from '../protocol/secret.js'
import type { CeremonyFiles } from '../storage/ceremonies.js'
import { openWith, sealTo } from '../storage/seal.js'
import { decodeEnvelope } from '../wire/envelope.js'
import { Failure } from '../wire/failure.js'
import { encodeRecord, type KeyRecord, parseRecord, publicShares, recordDigest } from '../wire/record.js'
import { type Holder, preparedCodec, resultDigest } from '../wire/result.js'
import { encodeShare, parseShare } from '../wire/share.js'
import { hex } from '../wire/text.js'
import { type Transcript, transcriptCodec, transcriptHead } from '../wire/transcript.js'
import { prepare } from './ending.js'
import type { KeygenPlan } from './keygen.js'
import type { World } from './world.js'

/** What the rounds gave. */
export type Made = {
  readonly output: NewKey
  readonly record: KeyRecord
  readonly transcript: Transcript
}

/** What lies in `pending/`, checked: a share of the key in the record, and the result that was declared. */
export type Pending = {
  readonly record: KeyRecord
  readonly transcript: Transcript
  readonly sid: Uint8Array
  readonly share: Secret
}

/** Writes the result, with the `prepared` that will declare it. What was made of secrets is wiped. */
export async function store(
  world: World,
  room: Room,
  plan: KeygenPlan,
  files: CeremonyFiles,
  opened: Opened,
  { output, record, transcript }: Made,
): Promise<Pending> {
  const sealed = await sealShare(world, record, plan.index, output)
  const outcome = encodeRecord(record)
  const ran = { definition: plan.file.id, sid: opened.sid, head: transcriptHead(transcript) }
  const result = {
    ran,
    digest: resultDigest(ran, outcome),
    outcome,
    holders: holdersOf(record),
    prove: () => null,
  }
  await prepare(room, files, result, {
    'record.cbor': outcome,
    'share.age': sealed,
    'transcript.cbor': transcriptCodec.encode(transcript),
  })
  const pending = await readPending(world, plan, files)
  if (!pending) throw new Error('the pending result is not there')
  return pending
}

async function sealShare(
  world: World,
  record: KeyRecord,
  index: number,
  { share, auxiliary }: NewKey,
): Promise<Uint8Array> {
  try {
    using plaintext = new Secret(
      encodeShare({
        record: recordDigest(record),
        scheme: record.scheme,
        index,
        share: share.reveal(),
        auxiliary: auxiliary && auxiliary.secret,
      }),
    )
    return await sealTo([world.card.age], plaintext.reveal())
  } finally {
    share.wipe()
    if (auxiliary) wipeAuxSecret(auxiliary.secret)
  }
}

/** Reads back what was written, and believes nothing of it unchecked. */
export async function readPending(
  world: World,
  plan: KeygenPlan,
  files: CeremonyFiles,
): Promise<Pending | null> {
  const [prepared, outcome, sealed, transcript] = await Promise.all([
    files.readPending('prepared.cbor'),
    files.readPending('record.cbor'),
    files.readPending('share.age'),
    files.readPending('transcript.cbor'),
  ])
  if (!prepared || !outcome || !sealed || !transcript) return null
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
  const share = await openShare(world, record, plan.index, sealed)
  return { record, transcript: seen, sid: header.session, share }
}

/** A share file's secret, once it is known to be the share of this index in this record. */
async function openShare(
  world: World,
  record: KeyRecord,
  index: number,
  sealed: Uint8Array,
): Promise<Secret> {
  using plaintext = new Secret(await openWith([world.identity.age], sealed))
  const own = parseShare(plaintext.reveal(), record, index)
  const share = own.share.share.clone()
  wipeSigningKey(own)
  return share
}

/** Who must have signed the receipts for a record, each with its share. */
export function holdersOf(record: KeyRecord): Holder[] {
  const shares = publicShares(record)
  return record.members.map(({ card, index }) => ({
    fingerprint: card.fingerprint,
    signing: card.signing,
    share: { scheme: record.scheme, index, publicShare: shares.get(index) as Uint8Array },
  }))
}

export const incomplete = (): Failure =>
  new Failure('conflict', 'E_CEREMONY_FILES', 'the pending files of this ceremony are not whole', {
    hint: 'put back the ceremonies folder from a copy of this home; nothing was changed',
  })
