/** The signature of a request that has one message. */
import { expect } from 'vitest'

export function only(signed: { readonly signatures: readonly Uint8Array[] | null } | undefined): Uint8Array {
  expect(signed?.signatures).toHaveLength(1)
  return signed?.signatures?.[0] as Uint8Array
}
