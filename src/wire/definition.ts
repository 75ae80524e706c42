/**
 * The signed statement of what a ceremony is. Its id is in every hash, proof and envelope of the ceremony; a change of
 * one byte is another ceremony. Who may be asked to accept one, and when, is left to `ceremony/`.
 */
import {
  bytes,
  bytesUpTo,
  type Codec,
  codec,
  CodecError,
  encode,
  flag,
  list,
  mapped,
  nullable,
  type Of,
  oneOf,
  record,
  type Shape,
  text,
  time,
  uint,
  variants,
} from '../protocol/codec.js'
import { SCHEMES } from '../protocol/scheme.js'
import { digest } from '../protocol/session.js'
import { type Card, checkDistinct, checkKeys, fingerprintOf, type Keys, parseCard } from './card.js'
import { type SigningKey, verifySignature } from './ed25519.js'
import { Failure } from './failure.js'
import { sha256 } from './hash.js'
import { format, rehearsalFlag } from './realm.js'
import { SIGNED } from './tags.js'
import { hex, nameShape } from './text.js'

const MOST_MEMBERS = 64
export const ROLES = ['custodian', 'operator', 'approver', 'observer'] as const
export type Role = (typeof ROLES)[number]
/** `raw`: bytes given to the scheme's own hash. `digest`: 32 bytes signed as they are. Decoders add to the list. */
export const PAYLOAD_TYPES = ['raw', 'digest', 'text'] as const
export type PayloadType = (typeof PAYLOAD_TYPES)[number]

const cardShape: Shape<Card> = mapped(text(8192), parseCard, (card) => card.line)
const memberShape = record({ card: cardShape, role: oneOf(ROLES) })
export type Member = Of<typeof memberShape>

const keyCeremonyFields = {
  key: nameShape,
  scheme: oneOf(SCHEMES),
  /** How many must sign. */
  threshold: uint(MOST_MEMBERS, 2),
  members: list(memberShape, 2, MOST_MEMBERS),
  /** The policy file's bytes. */
  policy: nullable(bytesUpTo(65_536)),
  /** Record digest of the epoch that this ceremony starts from. */
  parent: nullable(bytes(32)),
  /** Fingerprints of the old custodians who deal. */
  dealers: nullable(list(bytes(32), 2, MOST_MEMBERS)),
  /** Definition id of an unresolved ceremony that this one replaces. */
  supersedes: nullable(bytes(32)),
  minority: flag,
  /** Milliseconds since 1970. */
  not_before: time(),
  expires: time(),
  nonce: bytes(32),
  rehearsal: rehearsalFlag,
}
const keygenShape = mapped(record({ kind: oneOf(['keygen']), ...keyCeremonyFields }), checkKeygen, (d) => d)

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

/** The definition of a signing ceremony: which request, by whom, over what. See *Signing*. */
const orderShape = mapped(
  record({
    kind: oneOf(['sign']),
    request: bytes(32),
    key_id: bytes(32),
    record: bytes(32),
    type: oneOf(PAYLOAD_TYPES),
    payload_sha256: bytes(32),
    path: nullable(text(128)),
    signers: list(record({ index: uint(MOST_MEMBERS, 1), fingerprint: bytes(32) }), 2, MOST_MEMBERS),
    /** Digests of the rebinds by which signers sit in their seats. */
    rebinds: list(bytes(32), 0, MOST_MEMBERS),
    expires: time(),
    /** From 1; a higher one replaces a lower one of the same request. */
    number: uint(1_000_000, 1),
  }),
  checkOrder,
  (d) => d,
)

export type KeygenDefinition = Of<typeof keygenShape>
export type HandshakeDefinition = Of<typeof handshakeShape>
export type Order = Of<typeof orderShape>
export type Definition = KeygenDefinition | HandshakeDefinition | Order

const definitionShape = variants<Definition>('kind', {
  keygen: keygenShape,
  handshake: handshakeShape,
  sign: orderShape,
})
export const definitionCodec = codec(definitionShape, 1 << 19)
/** Orders alone: what is heard on a key's request subject is never more. */
export const orderCodec = codec(orderShape, 1 << 14, 1000)

/** 32 bytes that name a ceremony. */
export const definitionId = (definition: Definition): Uint8Array =>
  digest('mpc/definition/v1', definitionShape.form(definition))

const ID_PREFIX = Uint8Array.from([0x82, ...encode('mpc/definition/v1')])

/** The id of a definition as it is encoded, before anybody has looked into it: of other bytes, the id of nothing. */
export const idOfEncoded = (encoded: Uint8Array): Uint8Array => sha256(Buffer.concat([ID_PREFIX, encoded]))

export const signatureShape = record({ fingerprint: bytes(32), signature: bytes(64) })
export type Signature = Of<typeof signatureShape>

export const acceptDefinition = (key: SigningKey, id: Uint8Array): Uint8Array => key.sign(SIGNED.accept, id)
export const verifyAcceptance = (publicKey: Uint8Array, id: Uint8Array, signature: Uint8Array): boolean =>
  verifySignature(publicKey, signature, SIGNED.accept, id)

// ---------------------------------------------------------------------------------------------------------- the file

const fileCodec = codec(
  record({
    format: format('mpc/definition/v1'),
    definition: definitionShape,
    signatures: list(signatureShape, 0, MOST_MEMBERS),
  }),
  1 << 19,
)

/** A `.mpc` file: a definition, and those of its members' signatures that somebody has collected. */
export type DefinitionFile = {
  readonly definition: Definition
  readonly id: Uint8Array
  /** Verified, by members, each member once, ordered by fingerprint. */
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

function decodeOrRefuse<T>(codec: Codec<T>, encoded: Uint8Array): T {
  try {
    return codec.decode(encoded)
  } catch (cause) {
    if (cause instanceof CodecError) throw refuse(cause.message, cause)
    throw cause
  }
}

/** A definition by itself. @throws Failure `E_DEFINITION` (authentication) */
export function readDefinition(encoded: Uint8Array): DefinitionFile {
  const definition = decodeOrRefuse(definitionCodec, encoded)
  return { definition, id: definitionId(definition), signatures: [] }
}

/** @throws Failure `E_DEFINITION` (authentication) on a file that is malformed or has a signature that is none */
export function parseDefinition(file: Uint8Array): DefinitionFile {
  const { definition, signatures } = decodeOrRefuse(fileCodec, file)
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
  if (definition.kind === 'keygen') return definition.members.map((m) => m.card)
  return definition.kind === 'handshake' ? definition.members : []
}

/** The custodians, in the definition's order: their position plus one is the index of their share. */
export const custodiansOf = (definition: KeygenDefinition): readonly Card[] =>
  definition.members.filter((member) => member.role === 'custodian').map((member) => member.card)

// --------------------------------------------------------------------------------------------------------- the rules

function checkKeygen<D extends Of<ReturnType<typeof record<typeof keyCeremonyFields>>>>(definition: D): D {
  const custodians = definition.members.filter((member) => member.role === 'custodian').length
  if (definition.threshold > custodians) {
    throw new CodecError(
      'threshold',
      `${definition.threshold} must sign, but there are ${custodians} custodians`,
    )
  }
  checkDistinct(definition.members.map((member) => member.card))
  if (definition.expires <= definition.not_before) throw new CodecError('expires', 'not after not_before')
  if (definition.parent || definition.dealers || definition.supersedes || definition.minority) {
    throw new CodecError('parent', 'a key generation starts from nothing')
  }
  return definition
}

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
    throw new CodecError('signers', 'a signer stands twice')
  }
  return order
}
