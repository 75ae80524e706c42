import { describe, expect, test } from 'vitest'
import { addressOf } from '../../src/payload/address.js'
import { publicKeyOf } from '../../src/protocol/scheme.js'

const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))

describe('an address', () => {
  test.each([
    // BIP-86, account 0, first and second receiving address.
    [
      'a60869f0dbcf1dc659c9cecbaf8050135ea9e8cdc487053f1dc6880949dc684c',
      'bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr',
    ],
    [
      'a82f29944d65b86ae6b5e5cc75e294ead6c59391a1edc5e016e3498c67fc7bbb',
      'bc1p4qhjn9zdvkux4e44uhx8tc55attvtyu358kutcqkudyccelu0was9fqzwh',
    ],
    // BIP-350, the valid address of version 1 on the main network.
    [
      '79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798',
      'bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0',
    ],
    // BIP-341, wallet test vectors, the key without a script tree.
    [
      '53a1f6e454df1aa2776a2814a721372d6258050de330b3c6d10ee8f4e0dda343',
      'bc1p2wsldez5mud2yam29q22wgfh9439spgduvct83k3pm50fcxa5dps59h4z5',
    ],
  ])('of the taproot output key %s', (key, address) => {
    expect(addressOf('schnorr-taproot', bytesOf(key))).toBe(address)
  })

  test('of a taproot key is that of its output key, not of the internal one', () => {
    const internal = bytesOf('02cc8a4bc64d897bddc5fbc2f670f7a8ba0b386779106cf1223c6fc5d7cd6fc115')
    expect(addressOf('schnorr-taproot', publicKeyOf('schnorr-taproot', internal))).toBe(
      'bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr',
    )
  })

  test.each([
    ['Solana’s system program', '00'.repeat(32), '1'.repeat(32)],
    [
      'Solana’s token program',
      '06ddf6e1d765a193d9cbe146ceeb79ac1cb485ed5f5b37913a8cf5857eff00a9',
      'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA',
    ],
  ])('of %s', (_, key, address) => {
    expect(addressOf('eddsa-ed25519', bytesOf(key))).toBe(address)
  })

  test('of an ECDSA key is not fixed: several chains have their own', () => {
    expect(addressOf('ecdsa-secp256k1', bytesOf(`02${'79'.repeat(32)}`))).toBeNull()
  })
})
