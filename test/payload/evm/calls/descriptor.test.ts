/** ERC-7730 descriptors: what a call means in words that were handed in, for the contracts that they list alone. */
import type { Hex } from 'viem'
import { describe, expect, test } from 'vitest'
import type { Decoded } from '../../../../src/payload/decoder.js'
import { parseDescriptor } from '../../../../src/payload/evm/calls/descriptor.js'
import { evmTx, evmTxDecoder } from '../../../../src/payload/evm/evm-tx.js'
import { eip712Decoder } from '../../../../src/payload/evm/eip712.js'
import { HOSTILE, hostileSamples } from '../../../support/hostile.js'
import {
  A_SAFE,
  ALICE,
  BOB,
  DAI,
  effectsOf,
  encoded,
  exec,
  key,
  MOST,
  SOMETHING,
  transaction,
  USDC,
} from '../encoded.js'
import { decoded, failureOf, valueOf } from '../subjects.js'
import { jsonOf, typedData } from '../typed.js'

const VAULT = {
  context: { contract: { deployments: [{ chainId: 1, address: SOMETHING.toLowerCase() }] } },
  metadata: { owner: 'Example Vaults' },
  display: {
    formats: {
      'deposit(address asset, uint256 amount, address receiver, uint64 until, bytes32 note)': {
        intent: 'Deposit',
        fields: [
          { path: 'amount', label: 'Amount', format: 'tokenAmount', params: { tokenPath: 'asset' } },
          { path: 'receiver', label: 'Shares go to', format: 'addressName' },
          { path: 'until', label: 'Locked until', format: 'date', params: { encoding: 'timestamp' } },
          { path: '@.value', label: 'Tip', format: 'amount' },
          { label: 'Vault', value: 'a constant' },
        ],
      },
    },
  },
}

const ORDERS = {
  context: {
    contract: {
      deployments: [
        { chainId: 10, address: SOMETHING },
        { chainId: 1, address: BOB },
      ],
    },
  },
  display: {
    formats: {
      'fill((address maker, uint256 price, string memo)[] orders, (uint8 kind, bytes data) extra, uint256[] tips)':
        {
          intent: 'Fill orders',
          fields: [
            { path: '#.orders.[].maker', label: 'Maker', format: 'addressName' },
            { path: 'orders.[].price', label: 'Price', format: 'tokenAmount', params: { token: DAI } },
            { path: 'extra.kind', label: 'Kind', format: 'enum' },
            { path: 'nothing', label: 'Nothing', format: 'raw' },
          ],
        },
    },
  },
}

const decoder = evmTxDecoder([parseDescriptor(VAULT), parseDescriptor(ORDERS)])
const seen = (to: string, data: Hex, changes: Record<string, unknown> = {}): Decoded =>
  decoded(decoder, transaction(to, data, changes), key)

const NOTE = `0x${'ab'.repeat(32)}`
const deposit = (amount: bigint): Hex =>
  encoded('deposit(address,uint256,address,uint64,bytes32)', USDC, amount, ALICE, 1_700_000_000n, NOTE)
const fill = (count: number, memo = 'for you'): Hex =>
  encoded(
    'fill((address,uint256,string)[],(uint8,bytes),uint256[])',
    Array.from({ length: count }, (_, i) => [ALICE, BigInt(i) * 10n ** 18n, memo]),
    [7, '0x1234'],
    [],
  )
const rowsOf = ({ view }: Decoded) => view.rows.map(({ label, value }) => `${label}: ${value}`)

describe('a descriptor', () => {
  test('says what a call of its contract means, in the formats of its fields', () => {
    const result = seen(SOMETHING, deposit(5_000_000n), { value: 10n ** 15n })
    expect(result.view.sentence).toBe(`Does "Deposit" at ${SOMETHING}, with 0.001 ETH on Ethereum (chain 1).`)
    expect(effectsOf(result)).toEqual([
      `transfer native ${10n ** 15n} ${SOMETHING}`,
      `call null null ${SOMETHING}`,
    ])
    expect(rowsOf(result)).toEqual(
      expect.arrayContaining([
        'function: deposit(address,uint256,address,uint64,bytes32)',
        'described by: "Example Vaults", in a descriptor that this program was given',
        `"Amount": 5 USDC (5000000 of its smallest unit), of ${USDC}`,
        `"Shares go to": ${ALICE}`,
        '"Locked until": 2023-11-14T22:13:20Z',
        '"Tip": 0.001 ETH (1000000000000000 wei)',
      ]),
    )
  })

  test('hides nothing: arguments of which it does not speak are shown raw', () => {
    const result = seen(SOMETHING, deposit(1n))
    expect(valueOf(result, 'argument asset')).toBe(USDC)
    expect(valueOf(result, 'argument note')).toBe(NOTE)
  })

  test('shows an amount without limit as such', () => {
    expect(valueOf(seen(SOMETHING, deposit(MOST)), '"Amount"')).toMatch(/^unlimited, /)
  })

  test('names no token where a path leads to several', () => {
    const own = structuredClone(ORDERS) as never as {
      display: { formats: Record<string, { fields: { params?: Record<string, string> }[] }> }
    }
    for (const { fields } of Object.values(own.display.formats)) {
      ;(fields[1] as { params: object }).params = { tokenPath: 'orders.[].maker' }
    }
    const result = decoded(evmTxDecoder([parseDescriptor(own)]), transaction(BOB, fill(2)), key)
    expect(valueOf(result, '"Price"[1]')).toBe('1000000000000000000 of a token that is not named')
  })

  test('shows the number of a block as a number', () => {
    const own = structuredClone(VAULT)
    for (const { fields } of Object.values(own.display.formats)) {
      ;(fields[2] as { params: object }).params = { encoding: 'blockheight' }
    }
    const result = decoded(evmTxDecoder([parseDescriptor(own)]), transaction(SOMETHING, deposit(1n)), key)
    expect(valueOf(result, '"Locked until"')).toBe('1700000000')
  })

  test('reads tuples and lists', () => {
    const result = seen(BOB, fill(2))
    expect(result.view.sentence).toContain('Does "Fill orders"')
    expect(rowsOf(result)).toEqual(
      expect.arrayContaining([
        'described by: "somebody", in a descriptor that this program was given',
        `"Maker"[0]: ${ALICE}`,
        `"Maker"[1]: ${ALICE}`,
        `"Price"[1]: 1 DAI (1000000000000000000 of its smallest unit), of ${DAI}`,
        '"Kind": 7',
        'argument orders[0].memo: "for you"',
        'argument orders[1].memo: "for you"',
        'argument extra.data: 0x1234',
        'argument tips: an empty list',
      ]),
    )
  })

  test.each([
    ['another contract', ALICE, 1],
    ['its contract’s address on another chain', SOMETHING, 8453],
  ])('is nothing to %s', (_, to, chainId) => {
    const result = seen(to, deposit(1n), { chainId })
    expect(effectsOf(result)).toEqual([`unknown null null ${to}`])
    expect(rowsOf(result).join()).not.toContain('Example Vaults')
  })

  test('is nothing to another function of its contract', () => {
    expect(effectsOf(seen(SOMETHING, '0x12345678'))).toEqual([`unknown null null ${SOMETHING}`])
  })

  test('is nothing to arguments that are not canonical', () => {
    expect(effectsOf(seen(SOMETHING, `${deposit(1n)}00`))).toEqual([`unknown null null ${SOMETHING}`])
  })

  test('is nothing to a decoder that was not given it', () => {
    const result = decoded(evmTx, transaction(SOMETHING, deposit(1n)), key)
    expect(effectsOf(result)).toEqual([`unknown null null ${SOMETHING}`])
  })

  test('does not change what is built in: a transfer stays one', () => {
    const claims = parseDescriptor({
      context: { contract: { deployments: [{ chainId: 1, address: USDC }] } },
      display: {
        formats: { 'transfer(address to,uint256 value)': { intent: 'Nothing at all', fields: [] } },
      },
    })
    const data = encoded('transfer(address,uint256)', BOB, 5n)
    const result = decoded(evmTxDecoder([claims]), transaction(USDC, data), key)
    expect(effectsOf(result)).toEqual([`transfer ${USDC} 5 ${BOB}`])
    expect(result.view.sentence).toContain('Transfers 0.000005 USDC')
  })

  test('counts for calls within calls, and not for code that runs by delegatecall', () => {
    expect(effectsOf(seen(A_SAFE, exec(SOMETHING, deposit(1n))))).toEqual([
      `call null null ${A_SAFE}`,
      `call null null ${SOMETHING}`,
    ])
    expect(effectsOf(seen(A_SAFE, exec(SOMETHING, deposit(1n), { operation: 1 })))).toEqual([
      `call null null ${A_SAFE}`,
      `delegatecall null null ${SOMETHING}`,
      `unknown null null ${SOMETHING}`,
    ])
  })

  test('counts for what the owners of a Safe sign', () => {
    const data = typedData(
      'SafeTx(address to,uint256 value,bytes data,uint8 operation,uint256 safeTxGas,uint256 baseGas,uint256 gasPrice,address gasToken,address refundReceiver,uint256 nonce)',
      A_SAFE,
      {
        to: SOMETHING,
        value: 0,
        data: deposit(1n),
        operation: 0,
        safeTxGas: 0,
        baseGas: 0,
        gasPrice: 0,
        gasToken: `0x${'00'.repeat(20)}`,
        refundReceiver: `0x${'00'.repeat(20)}`,
        nonce: 1,
      },
    )
    const result = decoded(eip712Decoder([parseDescriptor(VAULT)]), jsonOf(data), key)
    expect(effectsOf(result)).toEqual([`call null null ${A_SAFE}`, `call null null ${SOMETHING}`])
  })

  test('of more values than are shown is not used', () => {
    expect(effectsOf(seen(BOB, fill(100)))).toEqual([`unknown null null ${BOB}`])
    expect(effectsOf(seen(BOB, fill(1, 'x'.repeat(5000))))).toEqual([`unknown null null ${BOB}`])
  })

  test('shows long texts whole, and no hostile ones', () => {
    const memo = `${'y'.repeat(300)}${hostileSamples.join('')}`
    const { view } = seen(BOB, fill(1, memo))
    const rows = view.rows.filter(({ label }) => label.startsWith('argument orders[0].memo'))
    expect(rows.length).toBeGreaterThan(1)
    for (const { label, value } of view.rows) expect(`${label}${value}`).not.toMatch(HOSTILE)
  })

  test('is printable, whatever it says of itself', () => {
    for (const hostile of [...hostileSamples, '\u001b[2J']) {
      const own = structuredClone(VAULT) as never as {
        metadata: { owner: string }
        display: { formats: Record<string, { intent: string; fields: { label: string }[] }> }
      }
      own.metadata.owner = hostile
      for (const format of Object.values(own.display.formats)) {
        format.intent = hostile
        for (const each of format.fields) each.label = hostile
      }
      const { view } = decoded(evmTxDecoder([parseDescriptor(own)]), transaction(SOMETHING, deposit(1n)), key)
      for (const text of [view.sentence, ...view.rows.flatMap((row) => [row.label, row.value])]) {
        expect(text).not.toMatch(HOSTILE)
      }
    }
  })
})

describe('a descriptor is refused', () => {
  test.each([
    ['that is none', null, 'no display.formats'],
    ['without formats', { display: {} }, 'no display.formats'],
    [
      'with a function that cannot be read',
      { display: { formats: { 'f(address': {} } } },
      'names the function "f(address"',
    ],
    [
      'with a deployment without an address',
      { ...VAULT, context: { contract: { deployments: [{ chainId: 1 }] } } },
      'without chainId and address',
    ],
    [
      'with a deployment on no chain',
      { ...VAULT, context: { contract: { deployments: [{ chainId: '1', address: USDC }] } } },
      'without chainId and address',
    ],
  ])('%s', (_, json, problem) => {
    const failure = failureOf(() => parseDescriptor(json))
    expect(failure).toMatchObject({ kind: 'configuration', code: 'E_DESCRIPTOR' })
    expect(failure.message).toContain(problem)
  })

  test('not if it lists no deployments: it counts for no contract', () => {
    const free = parseDescriptor({ display: VAULT.display })
    const result = decoded(evmTxDecoder([free]), transaction(SOMETHING, deposit(1n)), key)
    expect(effectsOf(result)).toEqual([`unknown null null ${SOMETHING}`])
  })
})
