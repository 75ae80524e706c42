/** SHA-256 by OpenSSL, for bytes that are public. */
import { createHash } from 'node:crypto'

export const sha256 = (bytes: Uint8Array): Uint8Array =>
  Uint8Array.from(createHash('sha256').update(bytes).digest())
