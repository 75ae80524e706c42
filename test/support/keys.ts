/** Uses of the keys in custodians' homes, as somebody else's program sees them. */
import { createPublicKey, randomBytes, verify } from 'node:crypto'
import { schnorr } from '@noble/curves/secp256k1.js'
import { verify as verifyEcdsa } from 'tiny-secp256k1'
import { expect } from 'vitest'
import type { World } from '../../src/ceremony/world.js'
import { sha256 } from '../../src/wire/base/hash.js'
import { type KeyState, readState } from '../../src/storage/home/epochs.js'
import { Failure } from '../../src/wire/base/failure.js'
import { type KeyRecord, recordPublicKey } from '../../src/wire/key/record.js'
import { signed } from './reshares.js'
import type { Custodian } from './worlds.js'
import { only } from './only.js'

/** Whether somebody else's program accepts the signature under the key. */
export function isValid(record: KeyRecord, payload: Uint8Array, signature: Uint8Array): boolean {
  const publicKey = recordPublicKey(record)
  if (record.scheme === 'ecdsa-secp256k1') return verifyEcdsa(sha256(payload), publicKey, signature)
  if (record.scheme === 'schnorr-taproot') return schnorr.verify(signature, payload, publicKey.slice(-32))
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(publicKey).toString('base64url') }
  return verify(null, payload, createPublicKey({ key: jwk, format: 'jwk' }), signature)
}

/** These sign together, each with the epoch that is active in its home, under this key. */
export async function expectSigns(
  signers: readonly Custodian[],
  record: KeyRecord,
  changes: Partial<World> = { linger: 500 },
): Promise<void> {
  const payload = Uint8Array.from(randomBytes(40))
  const results = await signed(signers, payload, changes)
  for (const result of results) {
    if (result.status === 'rejected') throw result.reason as Error
    expect(isValid(record, payload, only(result.value))).toBe(true)
  }
}

/** `1 parent`, `2 active`: the epochs that the state of the key names. */
export const statesOf = async ({ home }: Custodian, name = 'treasury'): Promise<string[]> =>
  ((await readState(home, name)) as KeyState).epochs.map(({ number, status }) => `${number} ${status}`)

/** The code of the failure; `fine` if there is none. */
export const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'fine',
    (error: unknown) => (error instanceof Failure ? error.code : String(error)),
  )
