/** `digest`: 32 bytes signed as they are, which do not say what they stand for. */
import { SCHEMES } from '../../protocol/group/scheme.js'
import { hex } from '../../wire/base/text.js'
import { badPayload } from '../bad-payload.js'
import type { Decoder } from '../decoder.js'
import { bareDigestWarnings, isBareDigest, UNKNOWN } from './message.js'

export const digest: Decoder = {
  type: 'digest',
  schemes: SCHEMES,
  summary: '32 bytes signed as they are; refused unless a policy allows it',
  read: (file) => file,
  decode(payload, { path }) {
    if (!isBareDigest(payload)) throw badPayload('a digest has exactly 32 bytes')
    return {
      view: {
        type: 'digest',
        sentence: `Signs the digest ${hex(payload)}.`,
        rows: [{ label: 'digest', value: hex(payload) }],
        effects: [UNKNOWN],
        warnings: bareDigestWarnings(payload),
      },
      messages: [{ path, message: payload }],
      assemble: () => ({}),
    }
  },
}
