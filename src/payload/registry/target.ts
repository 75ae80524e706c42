/**
 * The target of a request: its payload, decoded for the key, with the key that signs each message. Every
 * signer and every verifier computes it from the payload; messages never travel.
 */
import type { Scheme } from '../../protocol/group/scheme.js'
import { Failure } from '../../wire/base/failure.js'
import { verifiesUnder } from '../../wire/ceremony/signature.js'
import { type DerivedKey, derivedKey, type RootKey } from '../../wire/key/derived-key.js'
import type { Decoded, Decoder, Known, Message, Subject, View } from '../decoder.js'
import { decoderFor } from './registry.js'

/** The part of a request, or of an order, that says what is signed. */
export type Asked = {
  /** The name of a payload type. */
  readonly type: string
  readonly payload: Uint8Array
  readonly path: string | null
}

/** A message and the key that signs it. */
export type Entry = Message & { readonly key: DerivedKey }

export type Target = {
  readonly scheme: Scheme
  readonly decoded: Decoded
  /** One for each message, in their order; at least one. */
  readonly entries: readonly Entry[]
  /** The payload spends coins of other keys too: the refusal that stands unless a rule of a policy allows it. */
  readonly foreignInputs: Failure | null
}

/**
 * Decodes a payload for a key.
 * @param known names of the key's policy
 * @throws Failure `E_TYPE` (usage), `E_PAYLOAD` (verification), `E_PATH` (usage)
 */
export async function targetOf(
  record: RootKey,
  { type, payload, path }: Asked,
  known?: Known,
): Promise<Target> {
  const decoder = await decoderFor(type, record.scheme)
  const subject = { record, path, ...(known && { known }) }
  const { decoded, foreignInputs } = decodedFor(decoder, payload, subject)
  const entries = decoded.messages.map((each) => ({ ...each, key: derivedKey(record, each.path) }))
  return { scheme: record.scheme, decoded, entries, foreignInputs }
}

function decodedFor(
  decoder: Decoder,
  payload: Uint8Array,
  subject: Subject,
): Pick<Target, 'decoded' | 'foreignInputs'> {
  try {
    return { decoded: decoder.decode(payload, subject), foreignInputs: null }
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'E_FOREIGN_INPUT') throw error
    return {
      decoded: decoder.decode(payload, { ...subject, allowForeignInputs: true }),
      foreignInputs: error,
    }
  }
}

/** The view of a payload, for lists; null if it is refused. */
export async function viewIn(record: RootKey, asked: Asked): Promise<View | null> {
  try {
    return (await targetOf(record, asked)).decoded.view
  } catch (error) {
    if (error instanceof Failure) return null
    throw error
  }
}

/** Whether these are signatures of all messages, in their order, as an ordinary verifier sees them. */
export const areSignatures = ({ scheme, entries }: Target, signatures: readonly Uint8Array[]): boolean =>
  signatures.length === entries.length &&
  entries.every(({ key, message }, i) =>
    verifiesUnder(scheme, key.publicKey, message, signatures[i] as Uint8Array),
  )

/** The messages as the signing protocol takes them. */
export const toSign = ({ entries }: Target): { readonly message: Uint8Array; readonly shift: bigint }[] =>
  entries.map(({ message, key: { shift } }) => ({ message, shift }))
