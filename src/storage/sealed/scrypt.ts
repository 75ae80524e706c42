/**
 * age's scrypt stanza (C2SP age, "The scrypt recipient type"). scrypt runs outside the event loop: a second
 * inside it could cost a connection.
 */
import { randomBytes, scrypt } from 'node:crypto'
import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { base64nopad } from '@scure/base'
import { type Identity, type Recipient, Stanza } from 'age-encryption'
import { Failure } from '../../wire/base/failure.js'

/** Base-2 logarithm of scrypt's N: age's default. */
export const WORK_FACTOR = 18
const MOST_WORK = 20

const LABEL = new TextEncoder().encode('age-encryption.org/v1/scrypt')
const SALT_LENGTH = 16
const BODY_LENGTH = 32
// "ChaCha20-Poly1305 with a zero nonce": each key seals one file key and nothing else.
const NONCE = new Uint8Array(12)

/**
 * Wraps and unwraps file keys with a passphrase, as typage expects: null for another passphrase, an Error for
 * a broken stanza, and a Failure `E_WORK_FACTOR` (decryption) for one that would take minutes and gigabytes.
 */
export function byPassphrase(passphrase: string, workFactor = WORK_FACTOR): Recipient & Identity {
  return {
    async wrapFileKey(fileKey) {
      const salt = Uint8Array.from(randomBytes(SALT_LENGTH))
      const key = await stretch(passphrase, salt, workFactor)
      const body = chacha20poly1305(key, NONCE).encrypt(fileKey)
      key.fill(0)
      return [new Stanza(['scrypt', base64nopad.encode(salt), String(workFactor)], body)]
    },

    async unwrapFileKey(stanzas) {
      const { salt, factor, body } = parse(stanzas)
      const key = await stretch(passphrase, salt, factor)
      try {
        return chacha20poly1305(key, NONCE).decrypt(body)
      } catch {
        return null
      } finally {
        key.fill(0)
      }
    },
  }
}

function parse(stanzas: readonly Stanza[]): { salt: Uint8Array; factor: number; body: Uint8Array } {
  const [stanza, ...others] = stanzas
  const [type, salt, factor, ...more] = stanza?.args ?? []
  // "MUST be the only stanza": so only somebody with the passphrase can have made the file.
  if (!stanza || others.length !== 0 || type !== 'scrypt' || more.length !== 0)
    throw new Error('not one scrypt stanza')
  if (salt === undefined || factor === undefined || !/^[1-9][0-9]{0,3}$/.test(factor))
    throw new Error('bad arguments')
  if (Number(factor) > MOST_WORK) {
    throw new Failure('decryption', 'E_WORK_FACTOR', `the file asks for scrypt work factor ${factor}`, {
      hint: `more than ${MOST_WORK} is refused: ask who made it to seal it again`,
    })
  }
  const parsed = { salt: base64nopad.decode(salt), factor: Number(factor), body: stanza.body }
  if (parsed.salt.length !== SALT_LENGTH || parsed.body.length !== BODY_LENGTH) throw new Error('bad lengths')
  return parsed
}

function stretch(passphrase: string, salt: Uint8Array, workFactor: number): Promise<Uint8Array> {
  // scrypt needs 2^(logN + 10) bytes and a fixed amount, which matters for a small N.
  const maxmem = 2 ** (Math.max(workFactor, 10) + 11)
  const options = { N: 2 ** workFactor, r: 8, p: 1, maxmem }
  return new Promise((resolve, reject) => {
    scrypt(passphrase, new Uint8Array([...LABEL, ...salt]), 32, options, (error, key) => {
      if (error) reject(error)
      else resolve(key)
    })
  })
}
