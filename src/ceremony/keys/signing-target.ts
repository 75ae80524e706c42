/** The subject of a request: the key at its path, and the bytes to sign. */
import { type DerivedKey, derivedKey } from '../../wire/key/derived-key.js'
import type { PayloadType } from '../../wire/ceremony/definition.js'
import { messageOf, verifiesUnder } from '../../wire/ceremony/signature.js'
import type { Key } from './key.js'

export type Asked = {
  readonly type: PayloadType
  readonly payload: Uint8Array
  readonly path: string | null
}

export type Target = DerivedKey & { readonly message: Uint8Array }

/** @throws Failure `E_PATH` (usage) for a path that leads to no key */
export const targetOf = ({ record }: Pick<Key, 'record'>, { type, payload, path }: Asked): Target => ({
  ...derivedKey(record, path),
  message: messageOf(record.scheme, type, payload),
})

/** Whether this is the requested signature, as an ordinary verifier sees it. */
export function isSignature(key: Pick<Key, 'record'>, asked: Asked, signature: Uint8Array): boolean {
  const { publicKey, message } = targetOf(key, asked)
  return verifiesUnder(key.record.scheme, publicKey, message, signature)
}
