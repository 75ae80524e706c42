/**
 * An identity's secrets and their text form: comment lines and one age identity, so that the stock `age -d
 * -i` can use the decrypted file. There are three keys because a key never serves two protocols.
 */
import { bech32 } from '@scure/base'
import { attempt } from '../../protocol/core/codec.js'
import { Secret } from '../../protocol/core/secret.js'
import type { Rng } from '../../protocol/core/session.js'
import { type Card, makeCard } from './card.js'
import { SigningKey } from '../base/ed25519.js'
import { Failure } from '../base/failure.js'
import { nkeySeedText, parseNkeySeed } from '../base/nkey.js'
import { headerOf, otherRealmIn } from '../base/realm.js'
import { fromHex, hex, NAME, rfc3339 } from '../base/text.js'

export type Identity = {
  readonly name: string
  readonly number: number
  /** Milliseconds since 1970. */
  readonly created: number
  readonly signing: SigningKey
  readonly nkey: SigningKey
  /** `AGE-SECRET-KEY-...` */
  readonly age: string
}

/** A new identity from the given randomness; the caller makes `age`. */
export function newIdentity(name: string, age: string, created: number, rng: Rng): Identity {
  const key = () => new SigningKey(new Secret(rng(32)))
  return { name, number: 1, created, signing: key(), nkey: key(), age }
}

/** The text that is sealed in `identity.age`. */
export function identityText(identity: Identity): string {
  return [
    headerOf('identity'),
    `# name: ${identity.name}`,
    `# number: ${identity.number}`,
    `# created: ${rfc3339(identity.created)}`,
    `# ed25519: ${hex(identity.signing.seed.reveal())}`,
    `# nkey: ${nkeySeedText(identity.nkey.seed)}`,
    identity.age,
    '',
  ].join('\n')
}

const FORM = new RegExp(
  [
    '^# name: (?<name>[a-z0-9-]{1,32})',
    '# number: (?<number>[1-9][0-9]{0,5})',
    '# created: (?<created>[0-9TZ:.-]{24})',
    '# ed25519: (?<ed25519>[0-9a-f]{64})',
    '# nkey: (?<nkey>SU[A-Z2-7]{56})',
    '(?<age>AGE-SECRET-KEY-(?:PQ-)?1[A-Z0-9]{58})\n$',
  ].join('\n'),
)

type Field = 'name' | 'number' | 'created' | 'ed25519' | 'nkey' | 'age'

/** @throws Failure `E_IDENTITY` (configuration) unless it has exactly this form; never quotes the text */
export function parseIdentity(text: string): Identity {
  const identity = identityIn(text)
  // Encoding it again refuses a second spelling of the same identity, such as a date that does not exist.
  if (identity !== null && identityText(identity) === text) return identity
  identity?.signing.seed.wipe()
  identity?.nkey.seed.wipe()
  throw new Failure('configuration', 'E_IDENTITY', 'identity.age does not hold an identity of this version', {
    hint: 'restore identity.age from where you keep your copy of it',
    cause: otherRealmIn(text, 'identity'),
  })
}

function identityIn(text: string): Identity | null {
  const head = `${headerOf('identity')}\n`
  const rest = text.startsWith(head) ? text.slice(head.length) : ''
  const field = FORM.exec(rest)?.groups as Record<Field, string> | undefined
  if (!field || !NAME.test(field.name) || !isAgeIdentity(field.age)) return null
  const created = Date.parse(field.created)
  const nkey = attempt(() => parseNkeySeed(field.nkey))
  const seed = fromHex(field.ed25519, 32)
  if (nkey === null || seed === null || !(created >= 0)) return null
  return {
    name: field.name,
    number: Number(field.number),
    created,
    signing: new SigningKey(new Secret(seed)),
    nkey: new SigningKey(nkey),
    age: field.age,
  }
}

/** Whether the checksum of an age identity is right; the pattern has checked the rest. */
function isAgeIdentity(text: string): boolean {
  try {
    return bech32.fromWords(bech32.decode(text as `${string}1${string}`, false).words).length === 32
  } catch {
    return false
  }
}

/** The public card of an identity; `recipient` is the age recipient of its age identity. */
export function cardOfIdentity(identity: Identity, recipient: string): Card {
  const unsigned = {
    name: identity.name,
    number: identity.number,
    signing: identity.signing.publicKey,
    age: recipient,
    nkey: identity.nkey.publicKey,
    created: identity.created,
  }
  return makeCard(unsigned, identity.signing, identity.nkey)
}
