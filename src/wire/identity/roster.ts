/** Lookups of signing keys by fingerprint. */
import { hex } from '../base/text.js'

export type SigningKeys = (fingerprint: Uint8Array) => Uint8Array | null

type Listed = { readonly fingerprint: Uint8Array; readonly signing: Uint8Array }

/** The signing keys of these members; null for anybody else. */
export const signingKeysOf = (members: readonly Listed[]): SigningKeys => {
  const keys = new Map(members.map(({ fingerprint, signing }) => [hex(fingerprint), signing]))
  return (fingerprint) => keys.get(hex(fingerprint)) ?? null
}
