/** The arguments of calls: as viem decodes them, and never from bytes that an encoder would not write. */
import fc from 'fast-check'
import { decodeFunctionData, encodeFunctionData, parseAbi, toFunctionSelector } from 'viem'
import { describe, expect, test } from 'vitest'
import { abiFunction, type AbiType } from '../../../../src/payload/evm/calls/abi.js'
import { bytesOf, hex0 } from '../subjects.js'

const address = fc.uint8Array({ minLength: 20, maxLength: 20 }).map((bytes) => hex0(bytes))
const DETAILS = ['address', 'uint160', 'uint48'] as const

/** Types, and arguments for viem. */
const FUNCTIONS: readonly (readonly [readonly AbiType[], string, fc.Arbitrary<readonly unknown[]>])[] = [
  [['address', 'uint256'], 'f(address,uint256)', fc.tuple(address, fc.bigInt(0n, 2n ** 256n - 1n))],
  [
    ['bytes[]'],
    'f(bytes[])',
    fc.tuple(fc.array(fc.uint8Array({ maxLength: 70 }).map(hex0), { maxLength: 4 })),
  ],
  [
    ['uint8', 'bool', 'bytes32'],
    'f(uint8,bool,bytes32)',
    fc.tuple(
      fc.integer({ min: 0, max: 255 }),
      fc.boolean(),
      fc.uint8Array({ minLength: 32, maxLength: 32 }).map(hex0),
    ),
  ],
  [
    [{ each: DETAILS }, 'uint256[]', 'bytes'],
    'f((address,uint160,uint48)[],uint256[],bytes)',
    fc.tuple(
      fc.array(fc.tuple(address, fc.bigInt(0n, 2n ** 160n - 1n), fc.integer({ min: 0, max: 2 ** 48 - 1 })), {
        maxLength: 4,
      }),
      fc.array(fc.bigInt(0n, 2n ** 256n - 1n), { maxLength: 4 }),
      fc.uint8Array({ maxLength: 70 }).map(hex0),
    ),
  ],
  [
    ['address', [[...DETAILS], 'address', 'bytes']],
    'f(address,((address,uint160,uint48),address,bytes))',
    fc.tuple(
      address,
      fc.tuple(
        fc.tuple(address, fc.bigInt(0n, 2n ** 160n - 1n), fc.integer({ min: 0, max: 2 ** 48 - 1 })),
        address,
        fc.uint8Array({ maxLength: 70 }).map(hex0),
      ),
    ),
  ],
]

/** Ours in viem's terms: bytes in hex, small numbers as numbers. */
const likeViem = (value: unknown): unknown => {
  if (value instanceof Uint8Array) return hex0(value)
  if (Array.isArray(value)) return value.map(likeViem)
  return typeof value === 'number' ? BigInt(value) : value
}

describe('a function', () => {
  test.each(FUNCTIONS)('of %j is decoded as viem decodes it', (types, signature, args) => {
    const abi = parseAbi([`function ${signature}`] as never)
    const ours = abiFunction('f', types)
    expect(ours.selector).toBe(toFunctionSelector(signature))
    fc.assert(
      fc.property(args, (values) => {
        const data = encodeFunctionData<typeof abi>({ abi, args: values } as never)
        const theirs = decodeFunctionData({ abi, data }) as unknown as { args: readonly unknown[] }
        expect(likeViem(ours.decode(bytesOf(data)))).toEqual(likeViem(theirs.args))
      }),
      { seed: 2, numRuns: 60 },
    )
  })

  test('without arguments is its selector alone', () => {
    const deposit = abiFunction('deposit', [])
    expect(deposit.decode(bytesOf('d0e30db0'))).toEqual([])
    expect(deposit.decode(bytesOf('d0e30db000'))).toBeNull()
    expect(deposit.decode(bytesOf('d0e30db1'))).toBeNull()
  })
})

describe('not understood', () => {
  const transfer = abiFunction('transfer', ['address', 'uint256'])
  const batch = abiFunction('f', ['bytes', 'bytes'])
  const word = (value: number | string): string => value.toString(16).padStart(64, '0')
  const good = `a9059cbb${word('70997970c51812dc3a010c7d01b50e0d17dc79c8')}${word(5)}`
  const selector = batch.selector.slice(2)
  const two = `${selector}${word(0x40)}${word(0x80)}${word(1)}${'aa'.padEnd(64, '0')}${word(1)}${'bb'.padEnd(64, '0')}`

  test('the examples below are understood but for what is odd', () => {
    expect(transfer.decode(bytesOf(good))).toEqual(['0x70997970C51812dc3A010C7d01b50e0d17dc79C8', 5n])
    expect(batch.decode(bytesOf(two))?.map((each) => hex0(each))).toEqual(['0xaa', '0xbb'])
  })

  test.each([
    [
      'dirty bits above an address',
      transfer,
      good.replace(
        word('70997970c51812dc3a010c7d01b50e0d17dc79c8'),
        `01${word('70997970c51812dc3a010c7d01b50e0d17dc79c8').slice(2)}`,
      ),
    ],
    ['a trailing byte', transfer, `${good}00`],
    ['a trailing word', transfer, `${good}${word(0)}`],
    ['a missing byte', transfer, good.slice(0, -2)],
    ['the selector alone', transfer, 'a9059cbb'],
    ['another selector', transfer, good.replace('a9059cbb', 'a9059cbc')],
    [
      'tails in another order',
      batch,
      `${selector}${word(0x80)}${word(0x40)}${word(1)}${'bb'.padEnd(64, '0')}${word(1)}${'aa'.padEnd(64, '0')}`,
    ],
    [
      'two offsets to one tail',
      batch,
      `${selector}${word(0x40)}${word(0x40)}${word(1)}${'aa'.padEnd(64, '0')}`,
    ],
    [
      'an offset past a gap',
      batch,
      `${selector}${word(0x60)}${word(0xa0)}${word(0)}${word(1)}${'aa'.padEnd(64, '0')}${word(1)}${'bb'.padEnd(64, '0')}`,
    ],
    ['an offset beyond the end', batch, two.replace(word(0x80), word(0x8000))],
    ['an offset beyond exact numbers', batch, two.replace(word(0x80), 'f'.repeat(64))],
    ['padding that is not zero', batch, `${two.slice(0, -2)}01`],
    [
      'a bool that is 2',
      abiFunction('g', ['bool']),
      `${abiFunction('g', ['bool']).selector.slice(2)}${word(2)}`,
    ],
    [
      'a number beyond its bits',
      abiFunction('g', ['uint8']),
      `${abiFunction('g', ['uint8']).selector.slice(2)}${word(256)}`,
    ],
    [
      'a list longer than the data',
      abiFunction('g', ['bytes[]']),
      `${abiFunction('g', ['bytes[]']).selector.slice(2)}${word(0x20)}${word('ffffffff')}`,
    ],
  ] as const)('%s', (_, { decode }, data) => {
    expect(decode(bytesOf(data))).toBeNull()
  })
})
