/** The text forms of NATS keys, as nats-server configurations and seed files have them. */
import codec from 'nkeys.js/lib/codec.js'
import nkeys from 'nkeys.js/lib/nkeys.js'
import { CodecError } from '../../protocol/core/codec.js'
import { Secret } from '../../protocol/core/secret.js'

/** `U...` for 32 bytes of a public key. */
export const nkeyText = (publicKey: Uint8Array): string =>
  Buffer.from(codec.Codec.encode(nkeys.Prefix.User, publicKey)).toString('ascii')

/** The 32 bytes of `U...`; null for anything else, including another spelling of the same bytes. */
export function parseNkey(text: string): Uint8Array | null {
  try {
    const publicKey = Uint8Array.from(codec.Codec.decode(nkeys.Prefix.User, Buffer.from(text, 'latin1')))
    return publicKey.length === 32 && nkeyText(publicKey) === text ? publicKey : null
  } catch {
    return null
  }
}

/** `SU...` for a seed of 32 bytes. */
export const nkeySeedText = (seed: Secret): string =>
  Buffer.from(codec.Codec.encodeSeed(nkeys.Prefix.User, seed.reveal())).toString('ascii')

/** The seed in `SU...` text. @throws CodecError unless it is a user's seed in canonical spelling */
export function parseNkeySeed(text: string): Secret {
  const seed = seedIn(text)
  if (seed !== null && nkeySeedText(seed) === text) return seed
  seed?.wipe()
  throw new CodecError('nkey', 'not the seed of a NATS user')
}

/** The contents of a seed text, whatever kind of key it seeds. */
function seedIn(text: string): Secret | null {
  try {
    const { buf } = codec.Codec.decodeSeed(Buffer.from(text, 'ascii'))
    return buf.length === 32 ? new Secret(Uint8Array.from(buf)) : null
  } catch {
    return null
  }
}
