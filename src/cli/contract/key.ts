/** The output about keys: those that a ceremony makes, and what others get of them. */
import { policy } from './policy.js'
import {
  count,
  hex,
  list,
  name,
  object,
  oneOf,
  orNull,
  path,
  publicKey,
  type Schema,
  scheme,
  text,
} from './schema.js'

const keyFields = {
  key: name,
  key_id: hex(32),
  scheme,
  public_key: publicKey,
  threshold: count(2),
  members: list(
    object({
      name,
      fingerprint: hex(32),
      index: count(1),
      public_share: { type: 'string', pattern: '^[0-9a-f]+$' },
    }),
  ),
  epoch: count(1),
  definition_id: hex(32),
  attempt: text,
  /** Null for a share from paper until the certificate is taken in. */
  certificate: orNull(path),
  /** Null for who only signed for a resharing, or restored its share, and saw none of it. */
  transcript: orNull(path),
}
/** How many presignatures are left here, for each set of signers that has any. */
export const presignatures = list(object({ signers: list(name, { minItems: 2 }), left: count(1) }))
const key = object(keyFields, ['attempt'])

/** `data` of the commands that make and show keys. */
export const keyData: Readonly<Record<string, Schema>> = {
  keygen: key,
  reshare: key,
  refresh: key,
  'key list': object({ keys: list(object({ ...keyFields, status: text }, ['attempt'])) }),
  'key show': object(
    {
      ...keyFields,
      name,
      status: text,
      chain_code: orNull(hex(32)),
      policy: orNull(policy),
      presignatures,
    },
    ['attempt'],
  ),
  presign: object({ key: name, signers: list(name), made: count(0), left: count(0) }),
  'key address': object({
    key: name,
    scheme,
    type: oneOf('evm', 'btc-p2wpkh', 'btc-p2tr', 'sol'),
    path: orNull(text),
    network: oneOf('mainnet', 'testnet'),
    public_key: publicKey,
    address: text,
  }),
  'key export-public': object({
    key: name,
    scheme,
    path: orNull(text),
    public_key: publicKey,
    chain_code: orNull(hex(32)),
    /** Null where the scheme has none. */
    xpub: orNull({ type: 'string', pattern: '^[xt]pub[1-9A-HJ-NP-Za-km-z]+$' }),
    /** Of the receiving addresses 0/* and the change 1/*; null where Bitcoin has no such keys. */
    descriptor: orNull({ type: 'string', pattern: '^(wpkh|tr)[(].+[)]#[a-z0-9]{8}$' }),
    network: oneOf('mainnet', 'testnet'),
    format: oneOf('descriptor', 'xpub', 'pem', 'der', 'jwk', 'ssh', 'hex'),
    /** In that format; of der the bytes in base64. */
    exported: text,
    /** Null without -o. */
    file: orNull(path),
  }),
}
