/**
 * Every type of payload, by name. A decoder is loaded when a payload of its type comes, because some bring large
 * libraries with them.
 */
import type { Scheme } from '../../protocol/group/scheme.js'
import { didYouMean } from '../../wire/base/did-you-mean.js'
import { Failure } from '../../wire/base/failure.js'
import { visible } from '../../wire/base/text.js'
import type { Decoder } from '../decoder.js'

type Entry = {
  readonly type: string
  /** A few words for help texts. */
  readonly summary: string
  readonly load: () => Promise<Decoder>
}

/** In the order in which help texts name them. */
export const PAYLOAD_TYPES: readonly Entry[] = [
  { type: 'raw', summary: 'bytes as they are', load: async () => (await import('../plain/raw.js')).raw },
  { type: 'text', summary: 'UTF-8 text', load: async () => (await import('../plain/text.js')).text },
  {
    type: 'digest',
    summary: '32 bytes, refused unless a policy allows it',
    load: async () => (await import('../plain/digest.js')).digest,
  },
  {
    type: 'solana-tx',
    summary: 'a Solana transaction or its message',
    load: async () => (await import('../solana/decoder.js')).solanaTx,
  },
]

const NAMES = PAYLOAD_TYPES.map(({ type }) => type)

/** @throws Failure `E_TYPE` (usage) if there is no such type */
export async function loadDecoder(type: string): Promise<Decoder> {
  const entry = PAYLOAD_TYPES.find((each) => each.type === type)
  if (entry) return entry.load()
  throw new Failure('usage', 'E_TYPE', `${visible(type)} is no type of payload`, {
    hint: `the types are ${NAMES.join(', ')}.${didYouMean(type, NAMES)}`,
  })
}

/**
 * As `loadDecoder`, for a key of this scheme.
 * @throws Failure `E_TYPE` (usage) if there is no such type, or keys of this scheme do not sign it
 */
export async function decoderFor(type: string, scheme: Scheme): Promise<Decoder> {
  const decoder = await loadDecoder(type)
  if (decoder.schemes.includes(scheme)) return decoder
  throw new Failure('usage', 'E_TYPE', `a key of ${scheme} does not sign ${type}`, {
    hint: `${type} takes a key of ${decoder.schemes.join(' or ')}`,
  })
}
