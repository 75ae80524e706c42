/** `digest`: 32 bytes signed as they are, which do not say what they stand for. */
import { SCHEMES } from '../../protocol/group/scheme.js'
import { hex } from '../../wire/base/text.js'
import { badPayload } from '../bad-payload.js'
import type { Decoder, View } from '../decoder.js'
import { bareDigestWarnings, isBareDigest, UNKNOWN } from '../opaque.js'

function outline(payload: Uint8Array): View {
  if (!isBareDigest(payload)) throw badPayload('a digest has exactly 32 bytes')
  return {
    type: 'digest',
    sentence: `Signs the digest ${hex(payload)}.`,
    rows: [{ label: 'digest', value: hex(payload) }],
    effects: [UNKNOWN],
    warnings: bareDigestWarnings(payload),
  }
}

export const digest: Decoder = {
  type: 'digest',
  schemes: SCHEMES,
  read: (file) => file,
  outline,
  decode: (payload, { path }) => ({
    view: outline(payload),
    messages: [{ path, message: payload }],
    assemble: () => ({}),
  }),
}
