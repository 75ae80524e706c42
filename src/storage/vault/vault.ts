/**
 * The interface that seals and opens secrets. Callers name the purpose, so that another implementation, such as a KMS, can
 * keep a key or an audit log for each. `age-vault.ts` is the one implementation.
 */
import type { Secret } from '../../protocol/core/secret.js'

export type Purpose = 'identity' | 'share' | 'split' | 'prime' | 'piece' | 'presignature'

export type Sealer = {
  seal(plaintext: Uint8Array, purpose: Purpose): Promise<Uint8Array>
}

export type Vault = Sealer & {
  /** The caller wipes the secret. @throws Failure (decryption) if it does not open */
  open(sealed: Uint8Array, purpose: Purpose): Promise<Secret>
}
