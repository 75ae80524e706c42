/**
 * The custodian's own identity: made once, opened by whatever seals it, and known to others by its card.
 * Dialogues are left to `cli/`.
 */
import { equalSecret } from '../../protocol/core/secret.js'
import type { Rng } from '../../protocol/core/session.js'
import {
  hasIdentity,
  readCard,
  readSealedIdentity,
  replaceIdentity,
  writeIdentity,
} from '../../storage/home/identity.js'
import type { Home } from '../../storage/home/home.js'
import { generateAgeIdentity, kindOfSealed, recipientOf } from '../../storage/sealed/age.js'
import { ageVault, type Unlock } from '../../storage/vault/age-vault.js'
import { type Card, parseCard } from '../../wire/identity/card.js'
import { Failure } from '../../wire/base/failure.js'
import {
  cardOfIdentity,
  type Identity,
  identityText,
  newIdentity,
  parseIdentity,
} from '../../wire/identity/identity.js'
import { hex } from '../../wire/base/text.js'

export type NewIdentity = {
  readonly name: string
  /** The hybrid age kind, which needs age 1.3. */
  readonly postQuantum: boolean
  readonly seal: Unlock
  /** Of the passphrase that seals it, base-2 logarithm of scrypt's N; age's default if left out. */
  readonly workFactor?: number
  /** Milliseconds since 1970. */
  readonly now: number
  readonly rng: Rng
}

/** @throws Failure `E_IDENTITY_EXISTS` (conflict), before anybody is asked for a passphrase */
export async function refuseSecondIdentity(home: Home): Promise<void> {
  if (!(await hasIdentity(home))) return
  throw new Failure('conflict', 'E_IDENTITY_EXISTS', `there is an identity already: ${home.identity}`, {
    hint: '`mpc identity show` shows it; another one needs another --home',
  })
}

/** Makes this home's identity and seals it. @throws Failure `E_IDENTITY_EXISTS` (conflict) */
export async function createIdentity(home: Home, wanted: NewIdentity): Promise<Card> {
  const age = await generateAgeIdentity({ postQuantum: wanted.postQuantum })
  const identity = newIdentity(wanted.name, age, wanted.now, wanted.rng)
  const card = cardOfIdentity(identity, await recipientOf(age))
  const plaintext = Buffer.from(identityText(identity))
  try {
    await writeIdentity(home, {
      sealed: await ageVault(wanted.seal, wanted.workFactor).seal(plaintext, 'identity'),
      card: card.line,
    })
  } finally {
    plaintext.fill(0)
    wipeIdentity(identity)
  }
  return card
}

/** The kind of secret that opens the identity. @throws Failure `E_NO_IDENTITY` (configuration) */
export async function sealedBy(home: Home): Promise<Unlock['kind']> {
  return kindOfSealed(await sealedIdentity(home)) === 'passphrase' ? 'passphrase' : 'identity'
}

/**
 * The identity with its secrets.
 * @throws Failure `E_NO_IDENTITY` (configuration), `E_DECRYPT` (decryption), `E_IDENTITY_CARD`
 *   (configuration) if the card beside it belongs to another identity
 */
export async function openIdentity(home: Home, unlock: Unlock): Promise<Identity> {
  const sealed = await sealedIdentity(home)
  using plaintext = await ageVault(unlock)
    .open(sealed, 'identity')
    .catch((error: unknown) => {
      // A damaged file is reported by its path; for a wrong secret, the error stays as it is.
      throw error instanceof Failure && error.code === 'E_CORRUPT' ? error.of(home.identity) : error
    })
  const identity = parseIdentity(Buffer.from(plaintext.reveal()).toString('utf8'))
  const card = await ownCard(home)
  if (hex(card.signing) !== hex(identity.signing.publicKey) || card.name !== identity.name) {
    throw new Failure(
      'configuration',
      'E_IDENTITY_CARD',
      `${home.card} is not the card of ${home.identity}`,
      {
        hint: 'put back the card that you gave to others; it is public',
      },
    )
  }
  return identity
}

/**
 * Reseals this home's identity. The new file must open with its new secret before it replaces the old one, so
 * that nobody is locked out.
 * @param identity as `openIdentity` returned it
 * @throws Failure `E_BUSY` (conflict)
 */
export async function resealIdentity(home: Home, identity: Identity, to: Unlock): Promise<void> {
  const plaintext = Buffer.from(identityText(identity))
  try {
    const vault = ageVault(to)
    const sealed = await vault.seal(plaintext, 'identity')
    using opened = await vault.open(sealed, 'identity')
    if (!equalSecret(opened.reveal(), plaintext)) throw new Error('the sealed identity opens as another one')
    await replaceIdentity(home, sealed)
  } finally {
    plaintext.fill(0)
  }
}

/** The card of this home's identity. @throws Failure `E_NO_IDENTITY` (configuration) */
export async function ownCard(home: Home): Promise<Card> {
  const line = await readCard(home)
  return line === null ? noIdentity(home) : parseCard(line)
}

/** The same, or null if this home has no readable one. */
export const cardIfAny = (home: Home): Promise<Card | null> =>
  ownCard(home).catch((error: unknown) => {
    if (error instanceof Failure) return null
    throw error
  })

/** Wipes the secrets that can be wiped; the caller of `openIdentity` calls it when done. */
export function wipeIdentity(identity: Identity): void {
  identity.signing.seed.wipe()
  identity.nkey.seed.wipe()
}

async function sealedIdentity(home: Home): Promise<Uint8Array> {
  return (await readSealedIdentity(home)) ?? noIdentity(home)
}

function noIdentity(home: Home): never {
  throw new Failure('configuration', 'E_NO_IDENTITY', `there is no identity in ${home.root}`, {
    hint: 'make one: `mpc identity init --name NAME`; or name another home with --home or MPC_HOME',
  })
}
