/** Calls of tokens and of known contracts: effects, sentence, rows and warnings. viem encodes every call. */
import { pad, toFunctionSelector, toHex } from 'viem'
import { describe, expect, test } from 'vitest'
import {
  A_SAFE,
  ALICE,
  BOB,
  DAI,
  effectsOf,
  encoded,
  key,
  MOST,
  NOBODY,
  PERMIT2,
  seen,
  SOMETHING,
  USDC,
} from '../encoded.js'
import { valueOf } from '../subjects.js'

const WETH = '0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2'
const me = key.address
const LISTED = `USDC, ${USDC} (known to this program's list, not to your policy)`

describe('a token that is known', () => {
  const transfer = encoded('transfer(address,uint256)', ALICE, 5_250_000n)

  test('is named, with its decimals, and said to be of this program’s list', () => {
    const result = seen(USDC, transfer)
    expect(result.view.sentence).toBe(`Transfers 5.25 USDC to ${ALICE} on Ethereum (chain 1).`)
    expect(effectsOf(result)).toEqual([`transfer ${USDC} 5250000 ${ALICE}`])
    expect(valueOf(result, 'token')).toBe(LISTED)
    expect(valueOf(result, 'amount')).toBe('5.25 USDC (5250000 of its smallest unit)')
    expect(valueOf(result, 'recipient')).toBe(ALICE)
    expect(valueOf(result, 'function')).toBe('transfer(address,uint256)')
    expect(result.view.warnings).toEqual([])
  })

  test('is nothing on another chain: no name, no decimals', () => {
    const result = seen(USDC, transfer, { chainId: 10 })
    expect(result.view.sentence).toBe(
      `Transfers 5250000 units, or the NFT with the id 5250000, of the token ${USDC} to ${ALICE} on OP Mainnet (chain 10).`,
    )
    expect(valueOf(result, 'token')).toBe(`${USDC}, not known here`)
    expect(result.view.effects[0]).toEqual({
      chain: 'evm:10',
      kind: 'transfer',
      asset: USDC,
      amount: 5_250_000n,
      recipient: ALICE,
    })
    expect(result.view.warnings[0]).toContain(`The token ${USDC} is not known here`)
  })

  test('is nothing at another contract with the same function', () => {
    const result = seen(SOMETHING, transfer)
    expect(valueOf(result, 'token')).toBe(`${SOMETHING}, not known here`)
    expect(effectsOf(result)).toEqual([`transfer ${SOMETHING} 5250000 ${ALICE}`])
  })

  test('sent to the zero address or to its own contract is lost, which is said first', () => {
    for (const lost of [NOBODY, USDC]) {
      const { view } = seen(USDC, encoded('transfer(address,uint256)', lost, 1n))
      expect(view.warnings[0]).toContain('is lost')
    }
  })

  test('with coins in the same call says so in the sentence and as an effect', () => {
    const result = seen(USDC, transfer, { value: 10n ** 18n })
    expect(result.view.sentence).toContain('Transfers 5.25 USDC')
    expect(result.view.sentence).toContain(', with 1 ETH on Ethereum')
    expect(effectsOf(result)).toEqual([
      `transfer native ${10n ** 18n} ${USDC}`,
      `transfer ${USDC} 5250000 ${ALICE}`,
    ])
  })
})

describe('an approval', () => {
  test('has its amount, spender and owner', () => {
    const result = seen(USDC, encoded('approve(address,uint256)', BOB, 7_000_000n))
    expect(result.view.sentence).toBe(`Allows ${BOB} to spend 7 USDC on Ethereum (chain 1).`)
    expect(effectsOf(result)).toEqual([`approve ${USDC} 7000000 ${BOB}`])
    expect(valueOf(result, 'owner')).toBe(me)
    expect(result.view.warnings).toEqual([])
  })

  test.each([MOST, 2n ** 255n, 2n ** 256n - 2n])('of %d is unlimited: no amount, and a warning', (amount) => {
    const result = seen(USDC, encoded('approve(address,uint256)', BOB, amount))
    expect(result.view.sentence).toBe(`Allows ${BOB} to spend unlimited USDC on Ethereum (chain 1).`)
    expect(effectsOf(result)).toEqual([`approve ${USDC} null ${BOB}`])
    expect(valueOf(result, 'amount')).toBe(`unlimited (${amount} of its smallest unit)`)
    expect(result.view.warnings).toEqual([
      `Unlimited: ${BOB} may take all of USDC that ${me} has or will have.`,
    ])
  })

  test('of just less keeps its amount', () => {
    const result = seen(USDC, encoded('approve(address,uint256)', BOB, 2n ** 255n - 1n))
    expect(effectsOf(result)).toEqual([`approve ${USDC} ${2n ** 255n - 1n} ${BOB}`])
  })

  test('of nothing takes back', () => {
    const result = seen(USDC, encoded('approve(address,uint256)', BOB, 0n))
    expect(result.view.sentence).toBe(`Takes back what ${BOB} may spend of USDC on Ethereum (chain 1).`)
    expect(effectsOf(result)).toEqual([`approve ${USDC} 0 ${BOB}`])
  })

  test('that adds to another says that the sum is not known', () => {
    const result = seen(USDC, encoded('increaseAllowance(address,uint256)', BOB, 1_000_000n))
    expect(result.view.sentence).toBe(`Allows ${BOB} to spend 1 USDC more on Ethereum (chain 1).`)
    expect(effectsOf(result)).toEqual([`approve ${USDC} 1000000 ${BOB}`])
    expect(result.view.warnings).toEqual([
      `What ${BOB} may spend already is not known here; this adds to it.`,
    ])
  })

  test('of a contract that is not known may be of an NFT', () => {
    const result = seen(SOMETHING, encoded('approve(address,uint256)', BOB, 7n))
    expect(valueOf(result, 'amount')).toBe('7 of its smallest unit, or the NFT with the id 7')
    expect(effectsOf(result)).toEqual([`approve ${SOMETHING} 7 ${BOB}`])
  })

  test('of nothing takes back only where the token is known: the id of an NFT may be 0', () => {
    const result = seen(SOMETHING, encoded('approve(address,uint256)', BOB, 0n))
    expect(result.view.sentence).toBe(
      `Allows ${BOB} to spend 0 units, or the NFT with the id 0, of the token ${SOMETHING} on Ethereum (chain 1).`,
    )
  })

  test.each([
    [true, 'null', `Allows ${BOB} to move every token of ${SOMETHING} on Ethereum (chain 1).`],
    [false, '0', `Takes back what ${BOB} may move of ${SOMETHING} on Ethereum (chain 1).`],
  ])('for all, %s', (allowed, amount, sentence) => {
    const result = seen(SOMETHING, encoded('setApprovalForAll(address,bool)', BOB, allowed))
    expect(result.view.sentence).toBe(sentence)
    expect(effectsOf(result)).toEqual([`approve ${SOMETHING} ${amount} ${BOB}`])
    expect(result.view.warnings.some((warning) => warning.startsWith('Unlimited'))).toBe(allowed)
  })
})

describe('a permit', () => {
  const S = pad('0x01')

  test('of EIP-2612', () => {
    const data = encoded(
      'permit(address,address,uint256,uint256,uint8,bytes32,bytes32)',
      ALICE,
      BOB,
      MOST,
      1_700_000_000n,
      27,
      S,
      S,
    )
    const result = seen(USDC, data)
    expect(effectsOf(result)).toEqual([`permit ${USDC} null ${BOB}`])
    expect(result.view.sentence).toContain(`${ALICE} allows ${BOB} to spend unlimited USDC`)
    expect(valueOf(result, 'valid until')).toBe('2023-11-14T22:13:20Z')
  })

  test.each([
    [true, 'null'],
    [false, '0'],
  ])('of DAI, allowed: %s', (allowed, amount) => {
    const signature = 'permit(address,address,uint256,uint256,bool,uint8,bytes32,bytes32)'
    const result = seen(DAI, encoded(signature, ALICE, BOB, 0n, 0n, allowed, 27, S, S))
    expect(effectsOf(result)).toEqual([`permit ${DAI} ${amount} ${BOB}`])
    expect(valueOf(result, 'valid until')).toBe('for ever')
  })

  const single = encoded(
    'permit(address,((address,uint160,uint48,uint48),address,uint256),bytes)',
    ALICE,
    [[USDC, 2n ** 160n - 1n, 2 ** 48 - 1, 0], BOB, 5n],
    '0x11',
  )

  test('of Permit2', () => {
    const result = seen(PERMIT2, single)
    expect(effectsOf(result)).toEqual([`permit ${USDC} null ${BOB}`])
    expect(valueOf(result, 'allowed until')).toBe('281474976710655, after the year 9999')
    expect(result.view.warnings[0]).toBe(
      `Unlimited: ${BOB} may take all of USDC that ${ALICE} has or will have.`,
    )
  })

  test('of Permit2, for several tokens', () => {
    const data = encoded(
      'permit(address,((address,uint160,uint48,uint48)[],address,uint256),bytes)',
      ALICE,
      [
        [
          [USDC, 5_000_000n, 9, 0],
          [DAI, 10n ** 18n, 9, 0],
        ],
        BOB,
        5n,
      ],
      '0x11',
    )
    const result = seen(PERMIT2, data)
    expect(effectsOf(result)).toEqual([`permit ${USDC} 5000000 ${BOB}`, `permit ${DAI} ${10n ** 18n} ${BOB}`])
    expect(result.view.sentence).toContain('2 tokens')
  })

  test.each([
    ['another contract', SOMETHING, 1],
    ['a chain where other code runs', PERMIT2, 324],
  ])('of Permit2 means nothing at %s', (_, to, chainId) => {
    const result = seen(to, single, { chainId })
    expect(effectsOf(result)).toEqual([`unknown null null ${to}`])
  })
})

describe('Permit2', () => {
  test('approves', () => {
    const data = encoded('approve(address,address,uint160,uint48)', USDC, BOB, 2n ** 159n, 1_700_000_000)
    const result = seen(PERMIT2, data)
    expect(effectsOf(result)).toEqual([`approve ${USDC} null ${BOB}`])
    expect(valueOf(result, 'owner')).toBe(me)
    expect(valueOf(result, 'to')).toBe(`${PERMIT2} (Permit2)`)
  })

  test('allows for one block where it says 0', () => {
    const result = seen(PERMIT2, encoded('approve(address,address,uint160,uint48)', USDC, BOB, 5n, 0))
    expect(valueOf(result, 'allowed until')).toBe('the block it is given in')
  })

  test('transfers', () => {
    const data = encoded('transferFrom(address,address,uint160,address)', ALICE, BOB, 5_000_000n, USDC)
    const result = seen(PERMIT2, data)
    expect(effectsOf(result)).toEqual([`transfer ${USDC} 5000000 ${BOB}`])
    expect(result.view.sentence).toBe(
      `Transfers 5 USDC of ${ALICE} to ${BOB} by way of Permit2 on Ethereum (chain 1).`,
    )
  })

  test('transfers several', () => {
    const list = [
      [ALICE, BOB, 1n, USDC],
      [ALICE, A_SAFE, 2n, DAI],
    ]
    const result = seen(PERMIT2, encoded('transferFrom((address,address,uint160,address)[])', list))
    expect(effectsOf(result)).toEqual([`transfer ${USDC} 1 ${BOB}`, `transfer ${DAI} 2 ${A_SAFE}`])
  })

  test.each([0, 65])('with a list of %d is not understood', (count) => {
    const list = Array.from({ length: count }, () => [ALICE, BOB, 1n, USDC])
    const result = seen(PERMIT2, encoded('transferFrom((address,address,uint160,address)[])', list))
    expect(effectsOf(result)).toEqual([`unknown null null ${PERMIT2}`])
  })
})

describe('a transfer of somebody else’s tokens', () => {
  test('names the owner', () => {
    const result = seen(USDC, encoded('transferFrom(address,address,uint256)', ALICE, BOB, 1n))
    expect(result.view.sentence).toBe(`Transfers 0.000001 USDC of ${ALICE} to ${BOB} on Ethereum (chain 1).`)
    expect(effectsOf(result)).toEqual([`transfer ${USDC} 1 ${BOB}`])
  })

  test('may be of an NFT at a contract that is not known', () => {
    const result = seen(SOMETHING, encoded('transferFrom(address,address,uint256)', ALICE, BOB, 8n))
    expect(valueOf(result, 'amount')).toBe('8 of its smallest unit, or the NFT with the id 8')
  })
})

describe('an NFT', () => {
  test.each([
    ['ERC-721', encoded('safeTransferFrom(address,address,uint256)', me, BOB, 8n), 1n],
    [
      'ERC-721 with data',
      encoded('safeTransferFrom(address,address,uint256,bytes)', me, BOB, 8n, '0x1234'),
      1n,
    ],
    [
      'ERC-1155',
      encoded('safeTransferFrom(address,address,uint256,uint256,bytes)', me, BOB, 8n, 3n, '0x'),
      3n,
    ],
  ])('of %s is transferred by id', (_, data, amount) => {
    const result = seen(SOMETHING, data)
    expect(effectsOf(result)).toEqual([`transfer ${SOMETHING} ${amount} ${BOB}`])
    expect(valueOf(result, 'token')).toBe(`id 8, amount ${amount}`)
  })

  const batch = 'safeBatchTransferFrom(address,address,uint256[],uint256[],bytes)'

  test('of ERC-1155 is transferred with others', () => {
    const result = seen(SOMETHING, encoded(batch, me, BOB, [8n, 9n], [3n, 4n], '0x'))
    expect(effectsOf(result)).toEqual([`transfer ${SOMETHING} 3 ${BOB}`, `transfer ${SOMETHING} 4 ${BOB}`])
  })

  test('without an amount for each id is not understood', () => {
    const result = seen(SOMETHING, encoded(batch, me, BOB, [8n, 9n], [3n], '0x'))
    expect(effectsOf(result)).toEqual([`unknown null null ${SOMETHING}`])
  })
})

describe('the wrapped coin', () => {
  test('is bought with the coin', () => {
    const result = seen(WETH, encoded('deposit()'), { value: 10n ** 17n })
    expect(result.view.sentence).toBe(
      'Turns the coins sent into 0.1 WETH, with 0.1 ETH on Ethereum (chain 1).',
    )
    expect(effectsOf(result)).toEqual([`transfer native ${10n ** 17n} ${WETH}`, `call null null ${WETH}`])
  })

  test('is turned back', () => {
    const result = seen(WETH, encoded('withdraw(uint256)', 10n ** 17n))
    expect(effectsOf(result)).toEqual([`call null null ${WETH}`])
    expect(valueOf(result, 'amount')).toContain('0.1 WETH')
  })

  test.each([
    [1, SOMETHING],
    [10, WETH],
  ])('is nothing on chain %d at %s', (chainId, to) => {
    const result = seen(to, encoded('deposit()'), { value: 5n, chainId })
    expect(effectsOf(result)).toEqual([`transfer native 5 ${to}`, `unknown null null ${to}`])
  })
})

describe('a call that is not known', () => {
  test('is shown with its selector, never by a guess', () => {
    const result = seen(SOMETHING, '0x12345678aabb')
    expect(result.view.sentence).toBe(
      `Calls the unknown function 0x12345678 of ${SOMETHING} on Ethereum (chain 1).`,
    )
    expect(effectsOf(result)).toEqual([`unknown null null ${SOMETHING}`])
    expect(valueOf(result, 'function')).toBe('0x12345678, not known here')
    expect(valueOf(result, 'data')).toMatch(/^6 bytes, keccak256 0x[0-9a-f]{64}$/)
    expect(result.view.warnings[0]).toBe(
      `What the function 0x12345678 of ${SOMETHING} does is not known here.`,
    )
  })

  test('has no function if its data is too short for one', () => {
    const result = seen(SOMETHING, '0x1234')
    expect(effectsOf(result)).toEqual([`unknown null null ${SOMETHING}`])
    expect(valueOf(result, 'function')).toBe('none, the data is too short')
  })

  const transfer = encoded('transfer(address,uint256)', ALICE, 5n)

  test.each([
    ['a trailing byte', `${transfer}00`],
    ['dirty bits above the address', transfer.replace('a9059cbb00', 'a9059cbb01')],
    ['a word too few', transfer.slice(0, -64)],
  ])('is one with %s, although it begins like a transfer', (_, data) => {
    const result = seen(USDC, data as `0x${string}`)
    expect(effectsOf(result)).toEqual([`unknown null null ${USDC}`])
    expect(valueOf(result, 'function')).toBe('0xa9059cbb, not known here')
    expect(result.view.rows.filter(({ label }) => label === 'amount')).toEqual([])
    expect(result.view.warnings[0]).toContain('It begins like transfer(address,uint256)')
  })

  test('uses the coins that are sent', () => {
    const result = seen(SOMETHING, toHex(0x12345678), { value: 3n })
    expect(effectsOf(result)).toEqual([`transfer native 3 ${SOMETHING}`, `unknown null null ${SOMETHING}`])
    expect(toFunctionSelector('transfer(address,uint256)')).toBe('0xa9059cbb')
  })
})
