/**
 * The signed statement of what a ceremony is. Its id is in every hash, proof and envelope of the ceremony, so
 * a change of one byte makes another ceremony. `ceremony/` decides whom to ask to accept one, and when.
 */
import {
  bytes,
  codec,
  CodecError,
  encode,
  list,
  mapped,
  nullable,
  type Of,
  oneOf,
  pattern,
  record,
  type Shape,
  text,
  time,
  uint,
  variants,
} from '../../protocol/core/codec.js'
import { MOST_ENTRIES } from '../../protocol/core/entries.js'
import { digest } from '../../protocol/core/session.js'
import { checkDistinct, checkKeys, fingerprintOf, type Keys } from '../identity/card.js'
import {
  isVoted,
  keygenShape,
  membersOf,
  MOST_MEMBERS,
  reshareShape,
  type VotedDefinition,
} from './key-definition.js'
import { policyShape } from './policy-definition.js'
import { type SigningKey, verifySignature } from '../base/ed25519.js'
import { Failure, wellFormed } from '../base/failure.js'
import { sha256 } from '../base/hash.js'
import { format } from '../base/realm.js'
import { SIGNED } from '../base/domain-tags.js'
import { hex, nameShape } from '../base/text.js'
export {
  custodiansOf,
  type KeyDefinition,
  type KeygenDefinition,
  type Member,
  type ReshareDefinition,
  type Role,
} from './key-definition.js'

/**
 * A payload type's name. The decoders (`payload/registry/`) know the types; decoding refuses any other name.
 */
export const payloadType = pattern(/^[a-z0-9][a-z0-9-]{0,31}$/, 'the name of a payload type')

const keysShape: Shape<Keys> = mapped(
  record({ name: nameShape, signing: bytes(32), age: text(2048), nkey: bytes(32) }),
  (keys) => {
    checkKeys(keys)
    return keys
  },
  (keys) => keys,
)
const handshakeShape = mapped(
  record({ kind: oneOf(['handshake']), members: list(keysShape, 2, MOST_MEMBERS) }),
  checkHandshake,
  (d) => d,
)

/** In the order of the record. */
const signersShape = list(record({ index: uint(MOST_MEMBERS, 1), fingerprint: bytes(32) }), 2, MOST_MEMBERS)
/** Digests of the rebinds that seat the signers. */
const rebindsShape = list(bytes(32), 0, MOST_MEMBERS)

/** The definition of a signature: the request, its signers, and the payload. */
const orderShape = mapped(
  record({
    kind: oneOf(['sign']),
    request: bytes(32),
    key_id: bytes(32),
    record: bytes(32),
    type: payloadType,
    payload_sha256: bytes(32),
    path: nullable(text(128)),
    signers: signersShape,
    rebinds: rebindsShape,
    /** Digest of the policy in force at its maker; null: none. */
    policy: nullable(bytes(32)),
    expires: time(),
    /** From 1; a higher one replaces a lower one of the same request. */
    number: uint(1_000_000, 1),
  }),
  checkOrder,
  (d) => d,
)

/** A pool has at most this many presignatures. */
export const MOST_PRESIGNATURES = 100

/** The definition of a run that makes presignatures ahead. Every signer derives it from the same command. */
const presigningShape = mapped(
  record({
    kind: oneOf(['presign']),
    key_id: bytes(32),
    record: bytes(32),
    signers: signersShape,
    rebinds: rebindsShape,
    /** How many the command makes, in one run or several. */
    total: uint(MOST_PRESIGNATURES, 1),
    /** The number of this run's first one, from 1. */
    first: uint(MOST_PRESIGNATURES, 1),
    /** How many this run makes. */
    count: uint(MOST_ENTRIES, 1),
  }),
  checkPresigning,
  (d) => d,
)

export type HandshakeDefinition = Of<typeof handshakeShape>
export type Order = Of<typeof orderShape>
export type Presigning = Of<typeof presigningShape>
export type Definition = VotedDefinition | HandshakeDefinition | Order | Presigning

const definitionShape = variants<Definition>('kind', {
  keygen: keygenShape,
  reshare: reshareShape,
  refresh: reshareShape,
  policy: policyShape,
  handshake: handshakeShape,
  sign: orderShape,
  presign: presigningShape,
})
export const definitionCodec = codec(definitionShape, 1 << 19)
/** Orders alone: a key's request subject carries no other definition. */
export const orderCodec = codec(orderShape, 1 << 14, 1000)

/** 32 bytes that identify a ceremony. */
export const definitionId = (definition: Definition): Uint8Array =>
  digest('mpc/definition/v1', definitionShape.form(definition))

const ID_PREFIX = Uint8Array.from([0x82, ...encode('mpc/definition/v1')])

/** The id of an encoded definition, without decoding it; for other bytes it is the id of nothing. */
export const idOfEncoded = (encoded: Uint8Array): Uint8Array => sha256(Buffer.concat([ID_PREFIX, encoded]))

export const signatureShape = record({ fingerprint: bytes(32), signature: bytes(64) })
export type Signature = Of<typeof signatureShape>

export const acceptDefinition = (key: SigningKey, id: Uint8Array): Uint8Array => key.sign(SIGNED.accept, id)
export const verifyAcceptance = (publicKey: Uint8Array, id: Uint8Array, signature: Uint8Array): boolean =>
  verifySignature(publicKey, signature, SIGNED.accept, id)

// -------------------------------------------------------------------------------------------------- the file

/** Whether these are valid signatures over the definition, each by another one of these members. */
export function areAcceptances(
  id: Uint8Array,
  signatures: readonly Signature[],
  members: readonly { readonly fingerprint: Uint8Array; readonly signing: Uint8Array }[],
): boolean {
  const keys = new Map(members.map(({ fingerprint, signing }) => [hex(fingerprint), signing]))
  const isTheirs = ({ fingerprint, signature }: Signature): boolean => {
    const key = keys.get(hex(fingerprint))
    return key !== undefined && verifyAcceptance(key, id, signature)
  }
  return (
    new Set(signatures.map(({ fingerprint }) => hex(fingerprint))).size === signatures.length &&
    signatures.every(isTheirs)
  )
}

const fileCodec = codec(
  record({
    format: format('mpc/definition/v1'),
    definition: definitionShape,
    // Old custodians sign a reshare too.
    signatures: list(signatureShape, 0, 2 * MOST_MEMBERS),
  }),
  1 << 19,
)

/** A `.mpc` file: a definition, and the members' signatures collected so far. */
export type DefinitionFile = {
  readonly definition: Definition
  readonly id: Uint8Array
  /** Verified: one for each member, sorted by fingerprint. */
  readonly signatures: readonly Signature[]
}

export function writeDefinition(file: DefinitionFile): Uint8Array {
  return fileCodec.encode({
    format: 'mpc/definition/v1',
    definition: file.definition,
    signatures: [...file.signatures].sort((a, b) => (hex(a.fingerprint) < hex(b.fingerprint) ? -1 : 1)),
  })
}

const refuse = (problem: string, cause?: unknown): Failure =>
  new Failure('authentication', 'E_DEFINITION', `this is not a ceremony definition: ${problem}`, {
    hint: 'ask its author for the file again and compare the ids',
    cause,
  })

/** A definition without signatures. @throws Failure `E_DEFINITION` (authentication) */
export function readDefinition(encoded: Uint8Array): DefinitionFile {
  const definition = wellFormed(() => definitionCodec.decode(encoded), refuse)
  return { definition, id: definitionId(definition), signatures: [] }
}

/** @throws Failure `E_DEFINITION` (authentication) on a malformed file or a signature that does not verify */
export function parseDefinition(file: Uint8Array): DefinitionFile {
  const { definition, signatures } = wellFormed(() => fileCodec.decode(file), refuse)
  const id = definitionId(definition)
  const keys = new Map(definitionKeys(definition).map((k) => [hex(fingerprintOf(k)), k.signing]))
  let last = ''
  for (const { fingerprint, signature } of signatures) {
    const who = hex(fingerprint)
    const key = keys.get(who)
    if (!key || who <= last || !verifyAcceptance(key, id, signature)) {
      throw refuse('a signature on it is not that of a member')
    }
    last = who
  }
  return { definition, id, signatures }
}

/** The members that a definition itself names with their keys; an order names fingerprints only. */
export function definitionKeys(definition: Definition): readonly Keys[] {
  if (isVoted(definition)) return membersOf(definition)
  return definition.kind === 'handshake' ? definition.members : []
}

// ------------------------------------------------------------------------------------------------- the rules

function checkHandshake<D extends { members: readonly Keys[] }>(definition: D): D {
  checkDistinct(definition.members)
  const order = definition.members.map((keys) => hex(fingerprintOf(keys)))
  if (order.some((fingerprint, i) => i > 0 && fingerprint <= (order[i - 1] as string))) {
    throw new CodecError('members', 'not sorted by fingerprint')
  }
  return definition
}

function checkOrder<D extends { signers: readonly { index: number; fingerprint: Uint8Array }[] }>(
  order: D,
): D {
  const { signers } = order
  if (signers.some((signer, i) => i > 0 && signer.index <= (signers[i - 1]?.index ?? 0))) {
    throw new CodecError('signers', 'not in the order of the record')
  }
  if (new Set(signers.map((signer) => hex(signer.fingerprint))).size !== signers.length) {
    throw new CodecError('signers', 'a signer is named twice')
  }
  return order
}

type Range = { readonly total: number; readonly first: number; readonly count: number }

function checkPresigning<D extends Range & Pick<Order, 'signers'>>(definition: D): D {
  const { total, first, count } = definition
  if (first + count - 1 > total) throw new CodecError('count', 'more than the command makes')
  return checkOrder(definition)
}
