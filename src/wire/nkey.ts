/** The text forms of NATS keys, as nats-server configurations and seed files have them. */
import codec from 'nkeys.js/lib/codec.js'
import nkeys from 'nkeys.js/lib/nkeys.js'
import { Secret } from '../protocol/secret.js'

/** `U...` for 32 bytes of a public key. */
export const nkeyText = (publicKey: Uint8Array): string =>
  Buffer.from(codec.Codec.encode(nkeys.Prefix.User, publicKey)).toString('ascii')

/** `SU...` for a seed of 32 bytes. */
export const nkeySeedText = (seed: Secret): string =>
  Buffer.from(codec.Codec.encodeSeed(nkeys.Prefix.User, seed.reveal())).toString('ascii')

/** The seed in `SU...` text. @throws Error if it is not a user's seed with a right checksum */
export function parseNkeySeed(text: string): Secret {
  const { prefix, buf } = codec.Codec.decodeSeed(Buffer.from(text, 'ascii'))
  if (prefix !== nkeys.Prefix.User || buf.length !== 32) throw new Error('not the seed of a NATS user')
  return new Secret(Uint8Array.from(buf))
}
