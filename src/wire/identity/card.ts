/**
 * The card: the public part of an identity. It is one line of bech32m text that holds a name and three public
 * keys, signed by the two that can sign. The checksum only catches typing errors; the signatures protect the
 * card.
 */
import { signedRecord } from '../base/signed-record.js'
import { bech32, bech32m } from '@scure/base'
import { bytes, CodecError, type Of, text, time, uint } from '../../protocol/core/codec.js'
import { Memo } from '../../protocol/core/memo.js'
import { digest } from '../../protocol/core/session.js'
import { isSigningKey, type SigningKey } from '../base/ed25519.js'
import { Failure } from '../base/failure.js'
import { cardPrefix, isRehearsal, OtherRealm } from '../base/realm.js'
import { SIGNED } from '../base/domain-tags.js'
import { hex, nameShape } from '../base/text.js'
import { wordsOf } from '../base/safety-words.js'

const AGE_X25519 = { prefix: 'age', length: 32 }
const AGE_HYBRID = { prefix: 'age1pq', length: 1216 }

const fields = {
  name: nameShape,
  /** Rises with each card of one identity; an import refuses a lower one. */
  number: uint(1_000_000, 1),
  /** Ed25519, signs envelopes and everything else of ours. */
  signing: bytes(32),
  /** age recipient, `age1...` or `age1pq1...`. */
  age: text(2048),
  /** Ed25519, answers the NATS server. */
  nkey: bytes(32),
  /** Milliseconds since 1970. */
  created: time(),
}
const signed = signedRecord(
  fields,
  { signature: bytes(64), nkey_signature: bytes(64) },
  { tag: SIGNED.card, limit: 8192 },
)

type Signed = Of<typeof signed.shape>

/** A card whose keys and signatures were checked; only `parseCard` makes one. */
export type Card = Signed & {
  /** SHA-256 of the three public keys. */
  readonly fingerprint: Uint8Array
  /** The line that people pass on. */
  readonly line: string
}

/** The public keys of a member, from a card or from a definition without cards. */
export type Keys = Pick<Card, 'name' | 'signing' | 'age' | 'nkey'>

/** 32 bytes that identify the keys to machines. */
export function fingerprintOf(keys: Omit<Keys, 'name'>): Uint8Array {
  return digest('mpc/fingerprint/v1', keys.signing, keys.age, keys.nkey)
}

/** 16 words (128 bits) of a fingerprint, to compare out of band. Nothing commits to them first. */
export const fingerprintWords = (fingerprint: Uint8Array): string[] => wordsOf(fingerprint.subarray(0, 16))

/** The card of these keys, signed by both signing keys. */
export function makeCard(
  unsigned: Omit<Signed, 'signature' | 'nkey_signature'>,
  signing: SigningKey,
  nkey: SigningKey,
): Card {
  const encoded = signed.encode({
    ...unsigned,
    signature: signed.sign(signing, unsigned),
    nkey_signature: signed.sign(nkey, unsigned),
  })
  return parseCard(bech32m.encode(cardPrefix(), bech32m.toWords(encoded), false))
}

/** Parses a card. @throws Failure `E_CARD` (authentication) unless complete, canonical, self-signed */
export const parseCard = (line: string): Card => cards.of(line, () => lookAt(line))

const cards = new Memo<Card>(1024)

function lookAt(line: string): Card {
  try {
    const { prefix, words } = bech32m.decode(line as `${string}1${string}`, false)
    if (prefix === cardPrefix(!isRehearsal())) throw new OtherRealm('', 'the card')
    if (prefix !== cardPrefix() || line !== line.toLowerCase()) throw new CodecError('', 'not an mpc card')
    return cardOf(signed.decode(Uint8Array.from(bech32m.fromWords(words))), line)
  } catch (cause) {
    if (cause instanceof Failure) throw cause
    const problem = cause instanceof CodecError ? cause.message : 'it is not a whole line of bech32m text'
    throw new Failure('authentication', 'E_CARD', `this is not a card: ${problem}`, {
      hint: 'ask its owner to run `mpc identity export` again and copy the whole line',
      cause,
    })
  }
}

function cardOf(card: Signed, line: string): Card {
  checkKeys(card)
  if (
    !signed.isSigned(card, card.signature, card.signing) ||
    !signed.isSigned(card, card.nkey_signature, card.nkey)
  ) {
    throw new CodecError('', 'a signature on it does not verify')
  }
  return { ...card, fingerprint: fingerprintOf(card), line }
}

/** @throws CodecError unless both signing keys have prime order and differ, and `age` is an age recipient */
export function checkKeys(keys: Keys): void {
  if (!isSigningKey(keys.signing)) throw new CodecError('signing', 'not a point of prime order')
  if (!isSigningKey(keys.nkey)) throw new CodecError('nkey', 'not a point of prime order')
  if (hex(keys.signing) === hex(keys.nkey)) throw new CodecError('nkey', 'the same key serves two protocols')
  if (!isAgeRecipient(keys.age)) throw new CodecError('age', 'not an age recipient')
}

/** @throws CodecError if two members share a name, an identity or a NATS key */
export function checkDistinct(members: readonly Keys[]): void {
  const distinct = (of: (keys: Keys) => string) => new Set(members.map(of)).size === members.length
  if (!distinct((keys) => keys.name)) throw new CodecError('members', 'two members have one name')
  if (!distinct((keys) => hex(keys.signing)) || !distinct((keys) => hex(fingerprintOf(keys)))) {
    throw new CodecError('members', 'one identity is named twice')
  }
  if (!distinct((keys) => hex(keys.nkey))) throw new CodecError('members', 'two members have one NATS key')
}

export function isAgeRecipient(text: string): boolean {
  try {
    const { prefix, words } = bech32.decode(text as `${string}1${string}`, false)
    const length = bech32.fromWords(words).length
    return (
      text === text.toLowerCase() &&
      [AGE_X25519, AGE_HYBRID].some((kind) => kind.prefix === prefix && kind.length === length)
    )
  } catch {
    return false
  }
}
