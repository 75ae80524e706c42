/** BIP-32 as a watching wallet has it, by libsecp256k1 and OpenSSL. */
import { createHmac } from 'node:crypto'
import { pointAddScalar } from 'tiny-secp256k1'

export type Extended = { readonly point: Uint8Array; readonly chainCode: Uint8Array }

/** CKDpub. */
export function child({ point, chainCode }: Extended, number: number): Extended {
  const index = Buffer.alloc(4)
  index.writeUInt32BE(number)
  const I = createHmac('sha512', chainCode).update(point).update(index).digest()
  const next = pointAddScalar(point, I.subarray(0, 32), true) as Uint8Array
  return { point: next, chainCode: I.subarray(32) }
}
