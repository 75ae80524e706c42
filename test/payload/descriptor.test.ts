/** Checksums of descriptors that others published, and whole descriptors that another library read. */
import { sha256 } from '@noble/hashes/sha2.js'
import { createBase58check } from '@scure/base'
import { describe, expect, test } from 'vitest'
import { addressOf } from '../../src/payload/address.js'
import { checksum, descriptor } from '../../src/payload/descriptor.js'
import { derivedKey } from '../../src/wire/key/derived-key.js'

describe('a checksum', () => {
  test('is that of BIP-380', () => {
    expect(checksum('raw(deadbeef)')).toBe('89f8spxm')
  })

  test('depends on every character and on its place', () => {
    for (const other of ['raw(deadbeee)', 'raw(daedbeef)', 'raw(Deadbeef)', 'raw(deadbeef']) {
      expect(checksum(other)).not.toBe('89f8spxm')
    }
  })

  test('is of the characters that a descriptor may have', () => {
    expect(() => checksum('raw(ö)')).toThrow(RangeError)
  })
})

/** BIP-86's account 0, as the root of a key. */
const ACCOUNT = createBase58check(sha256).decode(
  'xpub6BgBgsespWvERF3LHQu6CnqdvfEvtMcQjYrcRzx53QJjSxarj2afYWcLteoGVky7D3UKDP9QyrLprQ3VCECoY49yfdDEHGCtMMj92pReUsQ',
)
const KEY = { group_point: ACCOUNT.slice(45), chain_code: ACCOUNT.slice(13, 45) }

describe('a descriptor is what @bitcoinerlab/descriptors 3.2.0 takes, and has the addresses that it finds', () => {
  test.each([
    [
      'ecdsa-secp256k1',
      [],
      'mainnet',
      'wpkh([a7bea80d]xpub661MyMwAqRbcGWq3cYWytdMN3GoQrz6SnpV9cnH8PVXD2nQLyj4gvEynL6GAch8G2nFRiDTaywgTqzEad4iE8Q7pNwfPPgat3FnPERJxTtL/<0;1>/*)#44njnczy',
      'bc1qnmtnqet4v293fq9l9r3penr3aykhqz4ddzhs9m',
      'bc1qm4y5h28kytu6uftd94vtcjppffk5sx0hgat2c5',
    ],
    [
      'ecdsa-secp256k1',
      [3],
      'testnet',
      'wpkh([a7bea80d/3]tpubD9Ve1ZieRF4MhUqyKPnC7xQFKTqe8NXSZpvJfiPn2UGamSgjj6Zi1zQGhP3h631fbA3boKoKTpbRYEgL4DcsHsjMd9V3tVw6qCsX6AcPWVc/<0;1>/*)#jz8675qu',
      'tb1qgq90fz4ps7245kj8seku8thh634zhnxn49llxg',
      'tb1qv2wrvx2x8sq7uuqz8j0mtywggs3cjahpt40n59',
    ],
    [
      'schnorr-taproot',
      [],
      'mainnet',
      'tr([a7bea80d]xpub661MyMwAqRbcGWq3cYWytdMN3GoQrz6SnpV9cnH8PVXD2nQLyj4gvEynL6GAch8G2nFRiDTaywgTqzEad4iE8Q7pNwfPPgat3FnPERJxTtL/<0;1>/*)#cayk5kau',
      'bc1pxsvy7ep2awd5x9lg90tgm4xre8wxcuj5cpgun8hmzwqnltqha8pqkkf3st',
      'bc1p3qkhfews2uk44qtvauqyr2ttdsw7svhkl9nkm9s9c3x4ax5h60wqwruhk7',
    ],
    [
      'schnorr-taproot',
      [5, 6],
      'testnet',
      'tr([a7bea80d/5/6]tpubDB36yP19kvjAFdmeEm5ddhwDSScwHsaa8MSVEwu7PhcPqHqcCxtV9Uz1LorvnxNtg2qGuxUnmoV7AJHyNunordN5BdfLwvTsPe4t5p6jZmk/<0;1>/*)#n7sjc2zm',
      'tb1pu54xa3yn2guzeg96af79x0c4433eqppx32cvexq3e0lakrg7pzwqyvkm0h',
      'tb1ppe5emdkaw2zjd7xthpk6q80w0q7cj8gswgupl8uuq7tf5ev9nwtq96nv8m',
    ],
  ] as const)('%s, %j, %s', (scheme, path, network, line, receiving, change) => {
    expect(descriptor({ scheme, ...KEY }, path, network)).toBe(line)
    const type = scheme === 'schnorr-taproot' ? 'btc-p2tr' : 'btc-p2wpkh'
    const at = (...steps: readonly number[]) =>
      addressOf(type, derivedKey({ scheme, ...KEY }, `m/${steps.join('/')}`).publicKey, network)
    expect([at(...path, 0, 7), at(...path, 1, 0)]).toEqual([receiving, change])
  })

  test('and there is none of an Ed25519 key', () => {
    expect(descriptor({ scheme: 'eddsa-ed25519', ...KEY, chain_code: null }, [])).toBeNull()
  })
})
