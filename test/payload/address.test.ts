import { keccak_256 } from '@noble/hashes/sha3.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { base58, createBase58check } from '@scure/base'
import { pointFromScalar } from 'tiny-secp256k1'
import { describe, expect, test } from 'vitest'
import { addressOf, addressTypes, eip55 } from '../../src/payload/address.js'
import { ADDRESS_TYPES } from '../../src/payload/chain.js'
import { derivePath } from '../../src/protocol/group/derive.js'
import { publicKeyOf, SCHEMES } from '../../src/protocol/group/scheme.js'

const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))
const pointOf = (key: Uint8Array): Uint8Array => pointFromScalar(key, true) as Uint8Array
const GENERATOR = bytesOf('0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798')
/** The chain code and the key in an extended key. */
function extended(text: string) {
  const bytes = createBase58check(sha256).decode(text)
  return { chainCode: bytes.slice(13, 45), key: bytes.slice(45) }
}

describe('an address of a taproot key', () => {
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
  ])('is that of the output key %s', (key, address) => {
    expect(addressOf('btc-p2tr', bytesOf(key))).toBe(address)
  })

  test('is that of its output key, not of the internal one', () => {
    const internal = bytesOf('02cc8a4bc64d897bddc5fbc2f670f7a8ba0b386779106cf1223c6fc5d7cd6fc115')
    expect(addressOf('btc-p2tr', publicKeyOf('schnorr-taproot', internal))).toBe(
      'bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr',
    )
  })

  test.each([
    [[0, 0], 'bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr'],
    [[0, 1], 'bc1p4qhjn9zdvkux4e44uhx8tc55attvtyu358kutcqkudyccelu0was9fqzwh'],
    [[1, 0], 'bc1p3qkhfews2uk44qtvauqyr2ttdsw7svhkl9nkm9s9c3x4ax5h60wqwruhk7'],
  ])('is BIP-86 at %j of the account', (path, address) => {
    const account = extended(
      'xpub6BgBgsespWvERF3LHQu6CnqdvfEvtMcQjYrcRzx53QJjSxarj2afYWcLteoGVky7D3UKDP9QyrLprQ3VCECoY49yfdDEHGCtMMj92pReUsQ',
    )
    const { groupPoint } = derivePath(account.key, account.chainCode, path)
    expect(addressOf('btc-p2tr', publicKeyOf('schnorr-taproot', groupPoint))).toBe(address)
  })
})

describe('an address of an ECDSA key', () => {
  // BIP-84, account 0. Its root is given as a private key only.
  const account = extended(
    'zprvAdG4iTXWBoARxkkzNpNh8r6Qag3irQB8PzEMkAFeTRXxHpbF9z4QgEvBRmfvqWvGp42t42nvgGpNgYSJA9iefm1yYNZKEm7z6qUWCroSQnE',
  )

  test.each([
    [[0, 0], 'bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu'],
    [[0, 1], 'bc1qnjg0jd8228aq7egyzacy8cys3knf9xvrerkf9g'],
    [[1, 0], 'bc1q8c6fshw2dlwun7ekn9qwf37cu2rn755upcp6el'],
  ])('is BIP-84 at %j of the account', (path, address) => {
    const { groupPoint } = derivePath(pointOf(account.key.subarray(1)), account.chainCode, path)
    expect(addressOf('btc-p2wpkh', groupPoint)).toBe(address)
  })

  test('is BIP-173’s example', () => {
    expect(addressOf('btc-p2wpkh', GENERATOR)).toBe('bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4')
  })

  test('is that of the private key keccak256("cow"), with which EIP-712’s example signs', () => {
    const key = keccak_256(new TextEncoder().encode('cow'))
    expect(addressOf('evm', pointOf(key))).toBe('0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826')
  })

  test('is that of the private key 1', () => {
    expect(addressOf('evm', GENERATOR)).toBe('0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf')
  })

  test.each([
    // EIP-55: all capitals, all small, and as they come.
    '0x52908400098527886E0F7030069857D2E4169EE7',
    '0x8617E340B3D01FA5F11F306F4090FD50E238070D',
    '0xde709f2102306220921060314715629080e2fb77',
    '0x27b1fdb04752bbc536007a920d24acb045561c26',
    '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
    '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359',
    '0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB',
    '0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb',
  ])('is written as EIP-55 has it: %s', (address) => {
    expect(eip55(bytesOf(address.slice(2)))).toBe(address)
  })
})

describe('an address of an Ed25519 key', () => {
  test.each([
    ['Solana’s system program', '00'.repeat(32), '1'.repeat(32)],
    [
      'Solana’s token program',
      '06ddf6e1d765a193d9cbe146ceeb79ac1cb485ed5f5b37913a8cf5857eff00a9',
      'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA',
    ],
  ])('is like that of %s', (_, key, address) => {
    expect(addressOf('sol', bytesOf(key))).toBe(address)
    expect(base58.decode(address)).toEqual(bytesOf(key))
  })
})

test('every type is of one scheme, and every scheme has one', () => {
  expect(SCHEMES.flatMap(addressTypes).sort()).toEqual([...ADDRESS_TYPES].sort())
  for (const scheme of SCHEMES) expect(addressTypes(scheme)).not.toHaveLength(0)
})
