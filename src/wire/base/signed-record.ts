/** A record with an identity's signature over its fields, under a domain tag. */
import { type Codec, codec, mapped, type Of, record, type Shape } from '../../protocol/core/codec.js'
import { digest } from '../../protocol/core/session.js'
import type { SignedTag } from './domain-tags.js'
import { type SigningKey, verifySignature } from './ed25519.js'
import type { Tag } from './realm.js'

type Fields = Record<string, Shape<unknown>>
type Parsed<F extends Fields> = { readonly [K in keyof F]: Of<F[K]> }

export type SignedRecord<F extends Fields, S extends Fields> = Codec<Parsed<F & S>> & {
  /** The shape of the record with its signatures. */
  readonly shape: Shape<Parsed<F & S>>
  /** The 64-byte signature of the fields. */
  sign(key: SigningKey, unsigned: Parsed<F>): Uint8Array
  isSigned(unsigned: Parsed<F>, signature: Uint8Array, publicKey: Uint8Array): boolean
  /** 32 bytes that identify the record, independent of its signatures. */
  digest(tag: Tag, unsigned: Parsed<F>): Uint8Array
}

/**
 * @param signatures the fields beside the signed ones
 * @param tag of the signature; a function if it depends on the record
 * @param limit of the encoding, in bytes
 * @param check throws a CodecError unless the record satisfies its rules
 */
export function signedRecord<F extends Fields, S extends Fields>(
  fields: F,
  signatures: S,
  options: {
    readonly tag: SignedTag | ((unsigned: Parsed<F>) => SignedTag)
    readonly limit: number
    readonly check?: (whole: Parsed<F & S>) => Parsed<F & S>
  },
): SignedRecord<F, S> {
  const { tag, limit, check = (whole) => whole } = options
  const { form } = record(fields)
  const shape = mapped(record({ ...fields, ...signatures }), check, (whole) => whole)
  const tagOf = (unsigned: Parsed<F>): SignedTag => (typeof tag === 'function' ? tag(unsigned) : tag)
  return {
    ...codec(shape, limit),
    shape,
    sign: (key, unsigned) => key.sign(tagOf(unsigned), form(unsigned)),
    isSigned: (unsigned, signature, publicKey) =>
      verifySignature(publicKey, signature, tagOf(unsigned), form(unsigned)),
    digest: (digestTag, unsigned) => digest(digestTag, form(unsigned)),
  }
}
