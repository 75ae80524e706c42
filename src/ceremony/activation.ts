/** Activation: a certified result becomes a key of this home, under a name that no other key has. */
import type { CeremonyFiles } from '../storage/ceremonies.js'
import type { Home } from '../storage/home.js'
import { createState, type KeyState, readState, stageEpoch } from '../storage/keys.js'
import { Failure } from '../wire/failure.js'
import { encodeRecord, type KeyRecord, recordDigest } from '../wire/record.js'
import { parseCertificate } from '../wire/result.js'
import { hex } from '../wire/text.js'
import type { Transcript } from '../wire/transcript.js'
import type { KeygenPlan } from './keygen.js'
import { holdersOf } from './pending.js'
import { encodeTranscript } from './transcripts.js'

export type Activated = {
  readonly name: string
  /** Whether the key was active before. */
  readonly already: boolean
}

/**
 * The epoch's files, then the state that names it, which is made once. Also what an earlier process left half done. The
 * name is the definition's, or, if another key took it meanwhile, that with the beginning of the key id.
 */
export async function activate(
  home: Home,
  { definition, file }: KeygenPlan,
  files: CeremonyFiles,
  record: KeyRecord,
  transcript: Transcript,
  certificate: Uint8Array,
): Promise<Activated> {
  const outcome = encodeRecord(record)
  const { receipts } = parseCertificate(certificate, holdersOf(record), outcome)
  const digest = recordDigest(record)
  const epoch = {
    'record.cbor': outcome,
    'share.age': (await files.readPending('share.age')) as Uint8Array,
    'certificate.cbor': certificate,
    'transcript.cbor': encodeTranscript(transcript, null, outcome, receipts),
  }
  const state: KeyState = {
    format: 'mpc/key-state/v1',
    key_id: file.id,
    epochs: [{ digest, number: record.epoch, status: 'active' }],
  }
  const names = [definition.key, `${definition.key.slice(0, 23)}-${hex(file.id).slice(0, 8)}`]
  const held = await Promise.all(names.map((name) => readState(home, name)))
  const own = names.find((_, i) => isOf(held[i] ?? null, file.id))
  for (const name of own ? [own] : names) {
    const there = await readState(home, name)
    if (there !== null && !isOf(there, file.id)) continue
    await stageEpoch(home, name, digest, epoch)
    // Of two keys that take one name at the same instant one gets it.
    if (await createState(home, name, state)) return { name, already: false }
    if (isOf(await readState(home, name), file.id)) return { name, already: true }
  }
  throw new Failure('conflict', 'E_KEY_EXISTS', `there are keys named ${names.join(' and ')} here`, {
    hint: 'the key is made and certified; move one of them away and run the same command again',
  })
}

const isOf = (state: KeyState | null, keyId: Uint8Array): boolean =>
  state !== null && hex(state.key_id) === hex(keyId)
