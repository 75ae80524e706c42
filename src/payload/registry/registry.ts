/**
 * Every type of payload, by name. A decoder is loaded when a payload of its type comes, because some bring large
 * libraries with them.
 */
import type { Scheme } from '../../protocol/group/scheme.js'
import { didYouMean } from '../../wire/base/did-you-mean.js'
import { Failure } from '../../wire/base/failure.js'
import { isPrintable, visible } from '../../wire/base/text.js'
import { badPayload } from '../bad-payload.js'
import { type Decoder, MOST_MESSAGES, type View } from '../decoder.js'
import { namedBy } from './known.js'

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
    type: 'evm-tx',
    summary: 'an Ethereum transaction (legacy, EIP-2930, EIP-1559)',
    load: async () => (await import('../evm/evm-tx.js')).evmTx,
  },
  {
    type: 'eip191',
    summary: 'a message for personal_sign',
    load: async () => (await import('../evm/eip191.js')).eip191,
  },
  {
    type: 'eip712',
    summary: 'typed data in JSON (EIP-712)',
    load: async () => (await import('../evm/eip712.js')).eip712,
  },
  {
    type: 'psbt',
    summary: 'a Bitcoin transaction as a PSBT',
    load: async () => (await import('../bitcoin/psbt.js')).psbt,
  },
  {
    type: 'bip322',
    summary: 'a text signed as a Bitcoin address',
    load: async () => (await import('../bitcoin/bip322.js')).bip322,
  },
  {
    type: 'solana-tx',
    summary: 'a Solana transaction or its message',
    load: async () => (await import('../solana/decoder.js')).solanaTx,
  },
]

/** The names, for flags. */
export const PAYLOAD_NAMES = PAYLOAD_TYPES.map(({ type }) => type)

/** Whether the bytes of a payload are signed by the scheme's own rule, and not by a chain's. */
export const isPlain = (type: string): boolean => ['raw', 'text', 'digest'].includes(type)

/** @throws Failure `E_TYPE` (usage) if there is no such type */
export async function loadDecoder(type: string): Promise<Decoder> {
  const entry = PAYLOAD_TYPES.find((each) => each.type === type)
  if (entry) return checked(await entry.load())
  throw new Failure('usage', 'E_TYPE', `${visible(type)} is no type of payload`, {
    hint: `the types are ${PAYLOAD_NAMES.join(', ')}.${didYouMean(type, PAYLOAD_NAMES)}`,
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

/** A decoder makes text visible field by field; should it miss one, the payload is refused before it is shown. */
export const checked = (decoder: Decoder): Decoder => ({
  ...decoder,
  decode(payload, subject) {
    const decoded = namedBy(
      subject.known,
      refusing(decoder, () => decoder.decode(payload, subject)),
    )
    requirePrintable(decoded.view)
    const { length } = decoded.messages
    if (length >= 1 && length <= MOST_MESSAGES) return decoded
    throw badPayload(
      `the payload has ${length} messages to sign, and at most ${MOST_MESSAGES} are signed at once`,
    )
  },
  outline: (payload) => requirePrintable(refusing(decoder, () => decoder.outline(payload))),
})

/** A decoder that fails in another way than by a refusal refuses too: the bytes are somebody else's. */
function refusing<T>({ type }: Decoder, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    if (cause instanceof Failure) throw cause
    throw badPayload(`the decoder of ${type} fails on these bytes`, {
      cause,
      hint: 'this is a defect of this program: nothing is signed',
    })
  }
}

function requirePrintable(view: View): View {
  const { sentence, rows, effects, warnings } = view
  const texts = [
    sentence,
    ...warnings,
    ...rows.flatMap(({ label, value }) => [label, value]),
    ...effects.flatMap(({ chain, asset, recipient }) => [chain, asset ?? '', recipient ?? '']),
  ]
  if (texts.every(isPrintable)) return view
  throw badPayload('the payload has text that cannot be shown on a screen')
}
