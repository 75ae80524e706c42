/** The output of `mpc rehearse`. */
import { count, hex, list, name, object, oneOf, orNull, path, publicKey, scheme, text } from './schema.js'
import { outputs, view } from './signing.js'

export const rehearsed = object({
  rehearsal: { const: true },
  scheme,
  threshold: count(2),
  custodians: list(name),
  /** The part that a person played. */
  as: orNull(name),
  words: orNull(list(text, { minItems: 6, maxItems: 6 })),
  /** Null, as all that comes of a key, where a mishap left none. */
  public_key: orNull(publicKey),
  signers: list(name),
  message: text,
  signature: orNull(hex(64)),
  /** Signed after the message, with what the next tool takes; none after a mishap. */
  transactions: list(object({ type: text, file: text, view, signatures: list(hex(64)), outputs })),
  verified: { type: 'boolean' },
  /** Its outcome when it went on: somebody joined, and a share was lost and restored. */
  after: orNull(
    object({
      joined: name,
      epoch: count(2),
      threshold: count(2),
      custodians: list(name),
      holders: list(name),
      restored: name,
      public_key: publicKey,
      signers: list(name),
      signature: hex(64),
      verified: { const: true },
    }),
  ),
  steps: list(
    object({
      step: oneOf(
        'identities',
        'keygen',
        'sign',
        'verify',
        'transactions',
        'reshare',
        'backup',
        'restore',
        'sign-again',
      ),
      ms: count(0),
    }),
  ),
  /** How each custodian's key generation would have ended in earnest; null: killed. */
  ended: list(
    object({
      name,
      code: orNull(count(0)),
      error: orNull(text),
      message: orNull(text),
      party: orNull(name),
      accused: list(name),
    }),
  ),
  kept: orNull(path),
})
