/** The requests that this home has worked on, with their files: the way back to the evidence. */
import type { View } from '../../payload/decoder.js'
import { viewIn } from '../../payload/registry/target.js'
import { attempt, equalBytes } from '../../protocol/core/codec.js'
import { CeremonyFiles, listCeremonies } from '../../storage/home/ceremonies.js'
import { listClaims, RequestClaims } from '../../storage/home/request-claims.js'
import type { Home } from '../../storage/home/home.js'
import { definitionCodec } from '../../wire/ceremony/definition.js'
import { Failure } from '../../wire/base/failure.js'
import { ANY_GUEST, parseRequest, type Request } from '../../wire/ceremony/request.js'
import { signaturesFrom } from '../../wire/ceremony/signature.js'
import { hex } from '../../wire/base/text.js'
import { transcriptCodec } from '../../wire/session/transcript.js'
import { type HeldKey, heldKeys } from '../epochs/held-epochs.js'

export type ListedSigning = {
  /** The request's ID. */
  readonly id: Uint8Array
  /** Null if it was not stored, or is damaged. */
  readonly request: Request | null
  /** Its payload, decoded; null if there is no request, or the payload is refused. */
  readonly view: View | null
  /** The key's name here; null if it has none. */
  readonly key: string | null
  readonly state: keyof typeof SIGNING_STATES
  /** Null if there is none. */
  readonly signatures: readonly Uint8Array[] | null
  /** Absolute path; null if there is none, or if others handed this member the signature. */
  readonly transcript: string | null
}

/** The states in words for people. */
export const SIGNING_STATES = {
  signed: 'signed',
  refused: 'refused by this member',
  'in-doubt': 'a share of this member has left, and no signature came',
  begun: 'came to nothing',
  damaged: 'its files are damaged',
} as const

/** All of them, newest first. */
export async function signingsIn(home: Home): Promise<readonly ListedSigning[]> {
  const keys = await heldKeys(home)
  const transcripts = await transcriptsIn(home)
  const all = await Promise.all(
    (await listClaims(home)).map((id) => signingOf(home, id, keys, transcripts.get(hex(id)) ?? null)),
  )
  return all.sort((a, b) => (b.request?.created ?? 0) - (a.request?.created ?? 0))
}

async function signingOf(
  home: Home,
  id: Uint8Array,
  keys: readonly HeldKey[],
  transcript: string | null,
): Promise<ListedSigning> {
  const claims = new RequestClaims(home, id)
  try {
    const kept = await claims.readRequest()
    const request = kept && attempt(() => parseRequest(kept, (asker) => askerIn(keys, asker), ANY_GUEST))
    const key = request && keys.find(({ state }) => state && equalBytes(state.key_id, request.key_id))
    const view = request && (await viewOf(keys, request))
    const { left, end } = await claims.status()
    const signatures = end?.outcome === 'done' ? signaturesFrom(end.note) : null
    const state = signatures ? 'signed' : end ? 'refused' : left ? 'in-doubt' : 'begun'
    return { id, request, view, key: key?.name ?? null, state, signatures, transcript }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return { id, request: null, view: null, key: null, state: 'damaged', signatures: null, transcript }
  }
}

/** A request's payload, decoded for the epoch that it names. */
async function viewOf(keys: readonly HeldKey[], request: Request): Promise<View | null> {
  const epochs = keys.flatMap(({ epochs }) => epochs)
  const { record } = epochs.find(({ digest }) => equalBytes(digest, request.record)) ?? { record: null }
  return record && viewIn(record, request)
}

/** The signing key of an asker, who has a seat in some epoch of some key here; null if none. */
export function askerIn(keys: readonly HeldKey[], asker: Uint8Array): Uint8Array | null {
  for (const { record, rebinds } of keys.flatMap(({ epochs }) => epochs)) {
    const cards = [...(record?.members ?? []), ...rebinds].map(({ card }) => card)
    const found = cards.find(({ fingerprint }) => equalBytes(fingerprint, asker))
    if (found) return found.signing
  }
  return null
}

/** Paths of the transcripts of signings, by request ID in hex. */
async function transcriptsIn(home: Home): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>()
  for (const id of await listCeremonies(home)) {
    const files = new CeremonyFiles(home, id)
    for (const name of await files.listTranscripts()) {
      const encoded = await files.readTranscript(name)
      const definition =
        encoded && attempt(() => definitionCodec.decode(transcriptCodec.decode(encoded).definition))
      if (definition?.kind === 'sign') found.set(hex(definition.request), files.pathOf(name))
    }
  }
  return found
}
