/** Addresses as rules compare them. */
import { describe, expect, test } from 'vitest'
import { comparable, isChain } from '../../src/payload/chain.js'
import { placeOf } from '../../src/payload/place.js'

describe('a place on a chain', () => {
  test.each([
    // EIP-55, in its own capitals, in small letters and in capitals alone.
    ['evm:1', '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed', '0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed'],
    ['evm:1', '0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed', '0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed'],
    ['evm:10', '0x52908400098527886E0F7030069857D2E4169EE7', '0x52908400098527886e0f7030069857d2e4169ee7'],
    // BIP-173 and BIP-350, on both networks; capitals are for QR codes.
    ['bitcoin', 'BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4', 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4'],
    [
      'bitcoin',
      'bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0',
      'bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0',
    ],
    [
      'bitcoin-testnet',
      'tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx',
      'tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx',
    ],
    ['bitcoin', '1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2', '1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2'],
    ['solana', 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA', 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA'],
  ])('%s %s', (chain, text, place) => {
    expect(placeOf(chain, text)).toBe(place)
  })

  test.each([
    ['evm:1', '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD'],
    ['evm:1', '5aaeb6053f3e94c9b9a09f33669435e7ef1beaed'],
    ['evm:1', '0x5aaeb6053f3e94c9b9a09f33669435e7ef1beae'],
    ['bitcoin', 'tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx'],
    ['bitcoin', 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5'],
    ['bitcoin-testnet', '1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2'],
    ['solana', 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5D'],
    ['solana', '0OIl'],
    ['solana', ''],
    ['evm:any', '0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed'],
    ['litecoin', 'x'],
  ])('none: %s %s', (chain, text) => {
    expect(placeOf(chain, text)).toBeNull()
  })

  test('only Ethereum compares without capitals', () => {
    expect(comparable('evm:any', '0xAB')).toBe('0xab')
    expect(comparable('solana', 'AB')).toBe('AB')
  })
})

test.each(['evm:1', 'evm:11155111', 'bitcoin', 'bitcoin-testnet', 'solana'])('%s is a chain', (chain) => {
  expect(isChain(chain)).toBe(true)
})

test.each(['evm', 'evm:', 'evm:0', 'evm:01', 'evm:any', 'evm:1 ', 'Bitcoin', ''])('%j is none', (chain) => {
  expect(isChain(chain)).toBe(false)
})
