/** Mutated payloads: each gives a typed refusal or a view, and a view is of the bytes that were given. */
import fc from 'fast-check'
import {
  decodeFunctionData,
  encodeFunctionData,
  type Hex,
  hashMessage,
  hashTypedData,
  parseAbi,
  parseTransaction,
  serializeTransaction,
} from 'viem'
import { expect } from 'vitest'
import type { Decoded, Decoder } from '../../../src/payload/decoder.js'
import { eip191 } from '../../../src/payload/evm/eip191.js'
import { eip712 } from '../../../src/payload/evm/eip712.js'
import { evmTx } from '../../../src/payload/evm/evm-tx.js'
import { checked } from '../../../src/payload/registry/registry.js'
import { Failure } from '../../../src/wire/base/failure.js'
import {
  A_SAFE,
  ALICE,
  BOB,
  DAI,
  encoded,
  exec,
  key,
  MOST,
  multiSend,
  MULTICALL3,
  MULTISEND,
  NOBODY,
  PERMIT2,
  SOMETHING,
  transaction,
  USDC,
} from './encoded.js'
import { assembled, bytesOf, hex0 } from './subjects.js'
import { jsonOf, typedData } from './typed.js'

const transfer = encoded('transfer(address,uint256)', ALICE, 5n)
const details = [USDC, 5n, 9, 0]
const CALLS: readonly Hex[] = [
  transfer,
  encoded('approve(address,uint256)', BOB, MOST),
  encoded(
    'safeBatchTransferFrom(address,address,uint256[],uint256[],bytes)',
    ALICE,
    BOB,
    [1n, 2n],
    [3n, 4n],
    '0x12',
  ),
  encoded(
    'permit(address,((address,uint160,uint48,uint48)[],address,uint256),bytes)',
    ALICE,
    [[details, details], BOB, 5n],
    '0x11',
  ),
  encoded('transferFrom((address,address,uint160,address)[])', [[ALICE, BOB, 1n, USDC]]),
  encoded('aggregate3((address,bool,bytes)[])', [
    [USDC, true, transfer],
    [A_SAFE, false, exec(DAI, transfer)],
  ]),
  encoded('aggregate3Value((address,bool,uint256,bytes)[])', [[ALICE, false, 5n, '0x']]),
  encoded('tryAggregate(bool,(address,bytes)[])', false, [[USDC, transfer]]),
  encoded('multicall(bytes[])', [transfer, transfer]),
  exec(USDC, transfer, { value: 3n }),
  exec(
    MULTISEND,
    multiSend([
      { to: USDC, data: transfer },
      { to: ALICE, data: '0x', value: 7n },
    ]),
    { operation: 1 },
  ),
]
const TARGETS = [
  USDC,
  PERMIT2,
  MULTICALL3,
  MULTISEND,
  A_SAFE,
  SOMETHING,
  '0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2',
]

const TRANSACTIONS: readonly Uint8Array[] = [
  transaction(USDC, transfer),
  transaction(ALICE, '0x', { value: 10n ** 18n }),
  transaction(ALICE, '0x', { accessList: [{ address: BOB, storageKeys: [`0x${'01'.repeat(32)}`] }] }),
  transaction(ALICE, '0x', { type: 'legacy', gasPrice: 5n, maxFeePerGas: undefined }),
  transaction(ALICE, '0x', { type: 'eip2930', gasPrice: 5n, maxFeePerGas: undefined }),
  bytesOf(assembled(evmTx, transaction(USDC, transfer), key)['raw_transaction'] as string),
]

const DETAILS = 'PermitDetails(address token,uint160 amount,uint48 expiration,uint48 nonce)'
const TYPED: readonly Uint8Array[] = [
  typedData('Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)', USDC, {
    owner: key.address,
    spender: BOB,
    value: MOST,
    nonce: 0,
    deadline: 0,
  }),
  typedData(`PermitBatch(PermitDetails[] details,address spender,uint256 sigDeadline)${DETAILS}`, PERMIT2, {
    details: [{ token: USDC, amount: 5, expiration: 9, nonce: 0 }],
    spender: BOB,
    sigDeadline: 7,
  }),
  typedData(
    'SafeTx(address to,uint256 value,bytes data,uint8 operation,uint256 safeTxGas,uint256 baseGas,uint256 gasPrice,address gasToken,address refundReceiver,uint256 nonce)',
    A_SAFE,
    {
      to: USDC,
      value: 0,
      data: transfer,
      operation: 0,
      safeTxGas: 0,
      baseGas: 0,
      gasPrice: 1,
      gasToken: NOBODY,
      refundReceiver: NOBODY,
      nonce: 1,
    },
  ),
  typedData('Order(string note,int8[2][] many,Side[] sides)Side(bool yes,bytes what,bytes4 tag)', SOMETHING, {
    note: 'a "quoted" \u00e9',
    many: [[1, -1]],
    sides: [{ yes: true, what: '0x1234', tag: '0x01020304' }],
  }),
].map(jsonOf)

/** One change of bytes: another byte, some bytes less, more, again, or swapped. */
type Change = (bytes: readonly number[]) => readonly number[]
const change = (byte: fc.Arbitrary<number>): fc.Arbitrary<Change> =>
  fc
    .tuple(fc.nat(), fc.nat(), byte, fc.integer({ min: 0, max: 4 }))
    .map(([at, length, value, kind]) => (bytes) => {
      const i = at % (bytes.length + 1)
      const n = length % 40
      switch (kind) {
        case 0:
          return bytes.with(Math.min(i, Math.max(bytes.length - 1, 0)), value)
        case 1:
          return bytes.toSpliced(i, n % 33)
        case 2:
          return bytes.toSpliced(i, 0, value)
        case 3:
          return bytes.toSpliced(i, 0, ...bytes.slice(i, i + n))
        default:
          return [...bytes.slice(0, i), ...bytes.slice(i, i + n).reverse(), ...bytes.slice(i + n)]
      }
    })

const mutated = (corpus: readonly Uint8Array[], byte = fc.integer({ min: 0, max: 255 })) =>
  fc
    .tuple(fc.constantFrom(...corpus), fc.array(change(byte), { minLength: 0, maxLength: 4 }))
    .map(([bytes, changes]) =>
      Uint8Array.from(
        changes.reduce<readonly number[]>((now, each) => (now.length > 0 ? each(now) : now), [...bytes]),
      ),
    )

const JSON_BYTES = fc.constantFrom(
  ...[...'"{}[],:0123456789abefxEnul-\\ .'].map((c) => c.charCodeAt(0)),
  0xc3,
  0,
  10,
)

type Case = {
  readonly decoder: Decoder
  readonly payload: Uint8Array
  readonly holds: (decoded: Decoded) => void
}

/** viem takes no address in capitals alone; the one text among the samples is called `note`. */
const smallHex = (key: string, value: unknown): unknown =>
  typeof value === 'string' && key !== 'note' && /^0x[0-9A-F]{40}$/.test(value) ? value.toLowerCase() : value

const digestOf = ({ messages }: Decoded): string => hex0(messages[0]?.message as Uint8Array)

/** The bytes are those of the transaction that viem reads in them; the function shown is the one in the data. */
function holdsTransaction(payload: Uint8Array, decoded: Decoded): void {
  const tx = parseTransaction(hex0(payload) as never) as Record<string, unknown> & { data?: Hex }
  const { r, s, v, yParity, ...unsigned } = tx
  const signature = r === undefined ? undefined : { r, s, v, yParity }
  expect(serializeTransaction(unsigned as never, signature as never)).toBe(hex0(payload))
  const shown = decoded.view.rows.find(({ label }) => label === 'function')?.value
  if (shown === undefined || shown.includes(' ')) return
  const abi = parseAbi([`function ${shown}`] as never)
  const { args } = decodeFunctionData({ abi, data: tx.data as Hex }) as { args?: readonly unknown[] }
  expect(encodeFunctionData({ abi, ...(args && { args }) } as never)).toBe(tx.data)
}

const cases: fc.Arbitrary<Case> = fc.oneof(
  mutated(TRANSACTIONS).map((payload) => ({
    decoder: evmTx,
    payload,
    holds: (decoded: Decoded) => holdsTransaction(payload, decoded),
  })),
  fc
    .tuple(
      mutated(CALLS.map(bytesOf)),
      fc.constantFrom(...TARGETS),
      fc.constantFrom(1, 10),
      fc.bigInt(0n, 3n),
    )
    .map(([data, to, chainId, value]) => {
      const payload = transaction(to, hex0(data), { chainId, value })
      return { decoder: evmTx, payload, holds: (decoded: Decoded) => holdsTransaction(payload, decoded) }
    }),
  mutated(TYPED, JSON_BYTES).map((payload) => ({
    decoder: eip712,
    payload,
    holds: (decoded: Decoded) => {
      const data = JSON.parse(new TextDecoder().decode(payload), smallHex) as never
      expect(digestOf(decoded)).toBe(hashTypedData(data))
    },
  })),
  fc
    .oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.string({ unit: 'binary' }).map((text) => new TextEncoder().encode(text)),
    )
    .map((payload) => ({
      decoder: eip191,
      payload,
      holds: (decoded: Decoded) => expect(digestOf(decoded)).toBe(hashMessage({ raw: payload })),
    })),
)

/** @returns how many payloads had a view, by type; so many that the test means something */
export function fuzz(numRuns: number, seed: number): Record<string, number> {
  const views: Record<string, number> = {}
  fc.assert(
    fc.property(cases, ({ decoder, payload, holds }) => {
      const before = hex0(payload)
      const decoded = decodedOrRefused(decoder, payload)
      expect(hex0(payload)).toBe(before)
      if (decoded === null) return
      views[decoder.type] = (views[decoder.type] ?? 0) + 1
      holds(decoded)
    }),
    { seed, numRuns },
  )
  return views
}

function decodedOrRefused(decoder: Decoder, payload: Uint8Array): Decoded | null {
  try {
    return checked(decoder).decode(payload, key.subject)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    expect([error.kind, error.code]).toEqual(['verification', 'E_PAYLOAD'])
    expect(error.message).not.toContain('cannot be shown')
    return null
  }
}
