/** Vaults of age files. The purpose is not part of an age file: the plaintext says what it is. */
import { Secret } from '../../protocol/core/secret.js'
import type { Card } from '../../wire/identity/card.js'
import type { Identity } from '../../wire/identity/identity.js'
import { openWith, openWithPassphrase, recipientOf, sealTo, sealWithPassphrase } from '../sealed/age.js'
import type { Sealer, Vault } from './vault.js'

/** A secret that opens an age file: a passphrase, or any of these age identities. */
export type Unlock =
  | { readonly kind: 'passphrase'; readonly passphrase: string }
  | { readonly kind: 'identity'; readonly identities: readonly string[] }

/** The vault of a passphrase or of age identities. @param workFactor log2 of scrypt's N; for tests */
export const ageVault = (unlock: Unlock, workFactor?: number): Vault =>
  unlock.kind === 'passphrase'
    ? {
        seal: (plaintext) => sealWithPassphrase(unlock.passphrase, plaintext, workFactor),
        open: async (sealed) => new Secret(await openWithPassphrase(unlock.passphrase, sealed)),
      }
    : {
        seal: async (plaintext) => sealTo(await Promise.all(unlock.identities.map(recipientOf)), plaintext),
        open: async (sealed) => new Secret(await openWith(unlock.identities, sealed)),
      }

/** Seals to somebody else. @param recipient age recipient, `age1...` or `age1pq1...` */
export const ageRecipient = (recipient: string): Sealer => ({
  seal: (plaintext) => sealTo([recipient], plaintext),
})

/** The vault of a home: its secrets are sealed to its own identity. */
export const ownVault = (owner: {
  readonly identity: Pick<Identity, 'age'>
  readonly card: Pick<Card, 'age'>
}): Vault => ({
  ...ageVault({ kind: 'identity', identities: [owner.identity.age] }),
  ...ageRecipient(owner.card.age),
})
