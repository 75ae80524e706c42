/** Keys of tests, and signatures with them: the private key is known, so no ceremony is needed. */
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { privateKeyToAddress } from 'viem/accounts'
import type { Decoded, Decoder, Subject } from '../../../src/payload/decoder.js'
import { Failure } from '../../../src/wire/base/failure.js'
import { hex } from '../../../src/wire/base/text.js'
import { derivedKey } from '../../../src/wire/key/derived-key.js'
import type { KeyRecord } from '../../../src/wire/key/record.js'

export const bytesOf = (text: string): Uint8Array =>
  Uint8Array.from(Buffer.from(text.replace(/^0x/, ''), 'hex'))
export const textBytes = (text: string): Uint8Array => new TextEncoder().encode(text)
export const hex0 = (bytes: Uint8Array): `0x${string}` => `0x${hex(bytes)}`

export type TestKey = {
  readonly subject: Subject
  /** Of the key at the path, by viem. */
  readonly address: string
  readonly sign: (digest: Uint8Array) => Uint8Array
}

/** Decoders look at three fields of a record. */
const recordOf = (secret: Uint8Array): KeyRecord =>
  ({
    scheme: 'ecdsa-secp256k1',
    group_point: secp256k1.getPublicKey(secret, true),
    chain_code: new Uint8Array(32).fill(7),
  }) as unknown as KeyRecord

export function testKey(secret: string, path: string | null = null): TestKey {
  const record = recordOf(bytesOf(secret))
  const { Fn } = secp256k1.Point
  const derived = Fn.toBytes(Fn.add(Fn.fromBytes(bytesOf(secret)), derivedKey(record, path).shift))
  return {
    subject: { record, path },
    address: privateKeyToAddress(hex0(derived)),
    sign: (digest) => secp256k1.sign(digest, derived, { prehash: false, lowS: true }),
  }
}

/** The key of EIP-155's example. */
export const EIP155_KEY = '46'.repeat(32)
/** keccak256("cow"), the key of EIP-712's example. */
export const COW_KEY = 'c85ef7d79691fe79573b1a7064c19c1a9819ebdbd1faaab1a8ec92344438aaf4'

export const decoded = (decoder: Decoder, payload: Uint8Array, key: TestKey): Decoded =>
  decoder.decode(payload, key.subject)

/** The outputs once the key has signed. */
export function assembled(decoder: Decoder, payload: Uint8Array, key: TestKey) {
  const { messages, assemble } = decoded(decoder, payload, key)
  return assemble(messages.map(({ message }) => key.sign(message)))
}

/** The failure that a payload ends in. */
export function failureOf(run: () => unknown): Failure {
  try {
    run()
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
  throw new Error('it did not fail as it should')
}

export const valueOf = ({ view }: Decoded, label: string): string => {
  const row = view.rows.find((each) => each.label === label)
  if (!row) throw new Error(`no row ${label} among ${view.rows.map((each) => each.label).join(', ')}`)
  return row.value
}
