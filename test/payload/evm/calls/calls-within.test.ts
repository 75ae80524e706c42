/** Calls within calls: Safe, MultiSend, Multicall3 and multicall, decoded inwards and no further than is shown. */
import type { Hex } from 'viem'
import { describe, expect, test } from 'vitest'
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
  multiSend,
  MULTICALL3,
  MULTISEND,
  NOBODY,
  packed,
  seen,
  SOMETHING,
  USDC,
} from '../encoded.js'
import { valueOf } from '../subjects.js'

const transfer = encoded('transfer(address,uint256)', BOB, 5_000_000n)
const approve = encoded('approve(address,uint256)', BOB, MOST)
const aggregate3 = (list: readonly (readonly [string, boolean, Hex])[]): Hex =>
  encoded('aggregate3((address,bool,bytes)[])', list)

describe('a Safe', () => {
  test('transfers: the effect is the token’s, the maker is the Safe', () => {
    const result = seen(A_SAFE, exec(USDC, transfer))
    expect(result.view.sentence).toBe(
      `Has the Safe ${A_SAFE} do this: transfers 5 USDC to ${BOB} on Ethereum (chain 1).`,
    )
    expect(effectsOf(result)).toEqual([`call null null ${A_SAFE}`, `transfer ${USDC} 5000000 ${BOB}`])
    expect(valueOf(result, 'call 1 made by')).toBe(A_SAFE)
    expect(valueOf(result, 'call 1 recipient')).toBe(BOB)
    expect(valueOf(result, 'call 1 does')).toBe(`transfers 5 USDC to ${BOB}`)
    expect(valueOf(result, 'signatures of owners')).toContain('65 bytes')
    expect(result.view.warnings).toEqual([`Whether ${A_SAFE} is a Safe is not known here.`])
  })

  test('sends coins', () => {
    const result = seen(A_SAFE, exec(BOB, '0x', { value: 10n ** 18n }))
    expect(effectsOf(result)).toEqual([`call null null ${A_SAFE}`, `transfer native ${10n ** 18n} ${BOB}`])
  })

  test('owns what it approves', () => {
    const result = seen(A_SAFE, exec(USDC, approve))
    expect(valueOf(result, 'call 1 owner')).toBe(A_SAFE)
    expect(result.view.warnings).toEqual([
      `Unlimited: ${BOB} may take all of USDC that ${A_SAFE} has or will have.`,
      `Whether ${A_SAFE} is a Safe is not known here.`,
    ])
  })

  test('that runs code by delegatecall has an effect of its own, and nothing of that code is guessed', () => {
    const result = seen(A_SAFE, exec(USDC, transfer, { operation: 1 }))
    expect(effectsOf(result)).toEqual([
      `call null null ${A_SAFE}`,
      `delegatecall null null ${USDC}`,
      `unknown null null ${USDC}`,
    ])
    expect(result.view.warnings[0]).toBe(
      `Delegatecall: ${A_SAFE} runs the code of ${USDC}, which may do anything with all that ${A_SAFE} has.`,
    )
  })

  test('that calls itself is warned of', () => {
    const result = seen(A_SAFE, exec(A_SAFE, encoded('enableModule(address)', BOB)))
    expect(effectsOf(result)).toEqual([`call null null ${A_SAFE}`, `unknown null null ${A_SAFE}`])
    expect(result.view.warnings[0]).toContain('calls itself')
  })

  test('pays for gas: a transfer whose amount is not known', () => {
    const refund = { gasPrice: 7n, baseGas: 10n ** 12n, safeTxGas: 1n }
    const coin = seen(A_SAFE, exec(USDC, transfer, refund))
    expect(effectsOf(coin)).toContain('transfer native null null')
    expect(coin.view.warnings[0]).toContain('The Safe also pays for gas, to whoever submits it')
    const token = seen(A_SAFE, exec(USDC, transfer, { ...refund, gasToken: DAI, refundReceiver: ALICE }))
    expect(effectsOf(token)).toContain(`transfer ${DAI} null ${ALICE}`)
    expect(valueOf(token, 'for gas beyond the call')).toBe('1000000000000')
  })

  test('with an operation that no Safe does is not understood', () => {
    expect(effectsOf(seen(A_SAFE, exec(USDC, transfer, { operation: 2 })))).toEqual([
      `unknown null null ${A_SAFE}`,
    ])
  })
})

describe('MultiSend', () => {
  const both = multiSend([
    { to: USDC, data: transfer },
    { to: ALICE, data: '0x', value: 7n },
    { to: DAI, data: approve },
  ])

  test('run by a Safe makes the Safe’s calls', () => {
    const result = seen(A_SAFE, exec(MULTISEND, both, { operation: 1 }))
    expect(effectsOf(result)).toEqual([
      `call null null ${A_SAFE}`,
      `delegatecall null null ${MULTISEND}`,
      `transfer ${USDC} 5000000 ${BOB}`,
      `transfer native 7 ${ALICE}`,
      `approve ${DAI} null ${BOB}`,
    ])
    expect(valueOf(result, 'call 1.3 owner')).toBe(A_SAFE)
    expect(valueOf(result, 'call 1.1 made by')).toBe(A_SAFE)
    expect(result.view.warnings.at(-2)).toContain('which is known to make the calls that are shown')
  })

  test('at a contract that is not known may be anything, which is said first', () => {
    const result = seen(A_SAFE, exec(SOMETHING, both, { operation: 1 }))
    expect(effectsOf(result).slice(0, 2)).toEqual([
      `call null null ${A_SAFE}`,
      `delegatecall null null ${SOMETHING}`,
    ])
    expect(result.view.warnings[0]).toContain('may do anything')
    expect(result.view.warnings[1]).toContain('is no MultiSend that is known here')
  })

  test('within MultiSend runs code of others by delegatecall too', () => {
    const data = multiSend([{ to: SOMETHING, data: '0x12345678', operation: 1 }])
    const result = seen(A_SAFE, exec(MULTISEND, data, { operation: 1 }))
    expect(effectsOf(result).slice(2)).toEqual([
      `delegatecall null null ${SOMETHING}`,
      `unknown null null ${SOMETHING}`,
    ])
    expect(result.view.warnings[0]).toContain(`${A_SAFE} runs the code of ${SOMETHING}`)
  })

  test('called by anybody makes calls as itself', () => {
    const result = seen(MULTISEND, both)
    expect(effectsOf(result)[0]).toBe(`call null null ${MULTISEND}`)
    expect(valueOf(result, 'call 3 owner')).toBe(MULTISEND)
  })

  const one = packed([{ to: USDC, data: transfer }])
  test.each([
    ['a byte too many', `${one}00`],
    ['a byte too few', one.slice(0, -2)],
    ['operation 2', one.replace(/^0x00/, '0x02')],
    [
      'a recipient of zeros, which one version reads as the Safe itself',
      packed([{ to: NOBODY, data: '0x' }]),
    ],
    ['a length beyond the end', `${one.slice(0, 2 + 2 * 53)}${'f'.repeat(64)}${one.slice(2 + 2 * 85)}`],
  ])('with %s is not understood', (_, transactions) => {
    const result = seen(A_SAFE, exec(MULTISEND, encoded('multiSend(bytes)', transactions), { operation: 1 }))
    expect(effectsOf(result)).toEqual([
      `call null null ${A_SAFE}`,
      `delegatecall null null ${MULTISEND}`,
      `unknown null null ${MULTISEND}`,
    ])
  })
})

describe('calls in one', () => {
  test.each([
    ['aggregate3', aggregate3([[USDC, false, transfer]])],
    ['aggregate', encoded('aggregate((address,bytes)[])', [[USDC, transfer]])],
    ['blockAndAggregate', encoded('blockAndAggregate((address,bytes)[])', [[USDC, transfer]])],
    ['tryAggregate', encoded('tryAggregate(bool,(address,bytes)[])', true, [[USDC, transfer]])],
    [
      'tryBlockAndAggregate',
      encoded('tryBlockAndAggregate(bool,(address,bytes)[])', true, [[USDC, transfer]]),
    ],
  ])('by %s are made by Multicall3', (_, data) => {
    const result = seen(MULTICALL3, data)
    expect(effectsOf(result)).toEqual([`call null null ${MULTICALL3}`, `transfer ${USDC} 5000000 ${BOB}`])
    expect(valueOf(result, 'call 1 made by')).toBe(MULTICALL3)
    expect(result.view.rows.filter(({ label }) => label === 'may fail alone')).toEqual([])
    expect(result.view.warnings).toEqual([])
  })

  test.each([
    ['aggregate3', aggregate3([[USDC, true, transfer]])],
    ['tryAggregate', encoded('tryAggregate(bool,(address,bytes)[])', false, [[USDC, transfer]])],
  ])('by %s may fail alone where it says so', (_, data) => {
    expect(valueOf(seen(MULTICALL3, data), 'may fail alone')).toBe('1 of them')
  })

  test('by aggregate3Value send coins on', () => {
    const data = encoded('aggregate3Value((address,bool,uint256,bytes)[])', [[ALICE, false, 5n, '0x']])
    const result = seen(MULTICALL3, data, { value: 5n })
    expect(effectsOf(result)).toEqual([
      `transfer native 5 ${MULTICALL3}`,
      `call null null ${MULTICALL3}`,
      `transfer native 5 ${ALICE}`,
    ])
  })

  test('at a contract that is not known may be anything', () => {
    const result = seen(SOMETHING, aggregate3([[USDC, false, transfer]]))
    expect(effectsOf(result)[0]).toBe(`call null null ${SOMETHING}`)
    expect(result.view.warnings[0]).toContain('is no Multicall3 that is known here')
  })

  test.each([
    ['multicall(bytes[])', encoded('multicall(bytes[])', [transfer, approve])],
    ['multicall(uint256,bytes[])', encoded('multicall(uint256,bytes[])', 9n, [transfer, approve])],
    [
      'multicall(bytes32,bytes[])',
      encoded('multicall(bytes32,bytes[])', `0x${'00'.repeat(32)}`, [transfer, approve]),
    ],
  ])('by %s are of the contract itself, by the same caller', (_, data) => {
    const result = seen(SOMETHING, data)
    expect(effectsOf(result)).toEqual([
      `call null null ${SOMETHING}`,
      `transfer ${SOMETHING} 5000000 ${BOB}`,
      `approve ${SOMETHING} null ${BOB}`,
    ])
    expect(valueOf(result, 'call 2 owner')).toBe(key.address)
    expect(result.view.warnings).toContain(
      `${SOMETHING} is not known here: it may do something else than these calls.`,
    )
  })

  test('by multicall of no calls is a call of a contract that is not known', () => {
    const result = seen(SOMETHING, encoded('multicall(bytes[])', []))
    expect(effectsOf(result)).toEqual([`call null null ${SOMETHING}`])
    expect(result.view.warnings).toEqual([
      `${SOMETHING} is not known here: it may do something else than these calls.`,
    ])
  })
})

describe('depth and number', () => {
  /** Aggregates within aggregates, with a transfer in the innermost. */
  const nested = (levels: number): Hex =>
    levels === 0 ? transfer : aggregate3([[levels === 1 ? USDC : MULTICALL3, false, nested(levels - 1)]])

  test('three calls inwards are read', () => {
    const result = seen(MULTICALL3, nested(3))
    expect(effectsOf(result).at(-1)).toBe(`transfer ${USDC} 5000000 ${BOB}`)
    expect(valueOf(result, 'call 1.1.1 recipient')).toBe(BOB)
  })

  test('four are not: what lies deeper is unknown, and nothing of it is shown', () => {
    const result = seen(MULTICALL3, nested(4))
    expect(effectsOf(result).at(-1)).toBe(`unknown null null ${MULTICALL3}`)
    expect(effectsOf(result).some((effect) => effect.startsWith('transfer'))).toBe(false)
    expect(result.view.warnings).toContain(
      'Calls lie more than 3 deep: what the deeper ones do is not shown.',
    )
  })

  test('64 calls are read', () => {
    const result = seen(MULTICALL3, aggregate3(Array.from({ length: 64 }, () => [USDC, false, transfer])))
    expect(effectsOf(result).filter((effect) => effect.startsWith('transfer'))).toHaveLength(64)
    expect(result.view.warnings).toEqual([])
  })

  test('the 65th is not, wherever the others are', () => {
    const half = aggregate3(Array.from({ length: 32 }, () => [USDC, false, transfer]))
    for (const data of [
      aggregate3(Array.from({ length: 65 }, () => [USDC, false, transfer])),
      aggregate3([
        [MULTICALL3, false, half],
        [MULTICALL3, false, half],
      ]),
    ]) {
      const result = seen(MULTICALL3, data)
      expect(effectsOf(result)).toContain(`unknown null null ${MULTICALL3}`)
      expect(result.view.warnings.join('\n')).toMatch(
        /^There are more than 64 calls: what \d of them do is not shown.$/m,
      )
    }
  })

  test('as many as a transaction holds end in time, with few rows', () => {
    const many = aggregate3(Array.from({ length: 700 }, () => [USDC, false, '0x']))
    const result = seen(MULTICALL3, many)
    expect(result.view.rows.length).toBeLessThan(400)
    expect(result.view.effects.length).toBeLessThan(80)
  })
})
