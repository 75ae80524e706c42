/** The largest PSBTs within the bounds, each of the costliest of its kind: they are read, and not for ever. */
import { RawOldTx, RawTx } from '@scure/btc-signer/script.js'
import * as bitcoin from 'bitcoinjs-lib'
import * as ecc from 'tiny-secp256k1'
import { expect, test } from 'vitest'
import { encodeMaps, type PsbtMap } from '../../../src/payload/bitcoin/maps.js'
import { psbt } from '../../../src/payload/bitcoin/psbt.js'
import { Failure } from '../../../src/wire/base/failure.js'
import { bytesOf, Wallet } from './wallet.js'

const wallet = new Wallet('ecdsa-secp256k1')
const own = wallet.payment(null).output

const bytes = (...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(Buffer.concat(parts.map((part) => Uint8Array.from(part))))
const u32 = (value: number): Uint8Array => {
  const all = new Uint8Array(4)
  new DataView(all.buffer).setUint32(0, value, true)
  return all
}
const point = (i: number): Uint8Array =>
  ecc.pointFromScalar(bytes(new Uint8Array(28).fill(1), u32(i)), true) as Uint8Array

type Output = { readonly amount: bigint; readonly script: Uint8Array }

/** A transaction that pays these, and its ID as the library writes it. */
function paid(outputs: readonly Output[], lockTime = 0): { raw: Uint8Array; txid: Uint8Array } {
  const input = { txid: new Uint8Array(32).fill(3), index: 0, finalScriptSig: bytesOf(''), sequence: 0 }
  const raw = RawTx.encode({
    version: 2,
    segwitFlag: false,
    inputs: [input],
    outputs: [...outputs],
    lockTime,
    witnesses: undefined,
  })
  return { raw, txid: bitcoin.crypto.hash256(raw).toReversed() }
}

const coin = paid([{ amount: 100_000_000n, script: own }])
const pair = (key: readonly number[] | Uint8Array, value: Uint8Array) => ({
  key: Uint8Array.from(key),
  value,
})

/** The maps of a PSBT that spends these and pays those. */
function maps(
  outputs: readonly Output[],
  fields: PsbtMap = [],
  spent: readonly { raw: Uint8Array; txid: Uint8Array }[] = [coin],
): PsbtMap[] {
  const inputs = spent.map(({ txid }) => ({
    txid,
    index: 0,
    finalScriptSig: bytesOf(''),
    sequence: 0xffff_ffff,
  }))
  const unsigned = RawOldTx.encode({ version: 2, inputs, outputs: [...outputs], lockTime: 0 })
  return [
    [pair([0], unsigned)],
    ...spent.map(({ raw }) => [pair([0], raw), ...fields]),
    ...outputs.map(() => []),
  ]
}

const many = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i))
const pay = { amount: 1000n, script: own }
const keys = many(1000, point)
const key = (i: number): Uint8Array => keys[i % keys.length] as Uint8Array
const scriptOf = (count: number): Uint8Array =>
  bytes(...many(count, (i) => bytes([32], key(i).slice(1), [i === count - 1 ? 0xac : 0xad])))

const cases: Record<string, () => PsbtMap[]> = {
  '9,000 derivations': () =>
    maps(
      [pay],
      keys.map((each) => pair(bytes([6], each), u32(1))),
      many(9, (i) => paid([{ amount: 1000n, script: own }], i)),
    ),
  '69,000 outputs of a previous transaction': () =>
    maps(
      [pay],
      [],
      [
        paid([
          { amount: 100_000_000n, script: own },
          ...many(69_000, () => ({ amount: 1n, script: bytesOf('') })),
        ]),
      ],
    ),
  '69,000 outputs without their maps': () =>
    maps(many(69_000, () => ({ amount: 1n, script: bytesOf('') }))).slice(0, 2),
  '1,000 inputs, 64 of them ours, and 1,000 outputs': () =>
    maps(
      many(1000, (i) => ({ amount: 900n, script: bytes([0x51, 32], key(i).slice(1)) })),
      [],
      many(1000, (i) =>
        paid([{ amount: 1000n, script: i < 64 ? own : bytes([0x51, 32], key(i).slice(1)) }], i),
      ),
    ),
  '20,000 keys in one field': () => [
    ...maps([pay]).slice(0, 2),
    [pair(bytes([8], key(1)), bytes(...many(20_000, key)))],
  ],
  '64 outputs that claim paths of 32 steps': () => [
    ...maps(many(64, () => ({ amount: 1n, script: new Uint8Array(22) }))).slice(0, 2),
    ...many(64, (i) => [
      pair(bytes([2], key(i)), bytes(wallet.fingerprint, ...many(32, (step) => u32(100 * i + step)))),
    ]),
  ],
  '950 scripts of 20 keys': () => maps(many(950, () => ({ amount: 1n, script: scriptOf(20) }))),
  'one script of 20,000 keys': () => maps([{ amount: 1n, script: scriptOf(20_000) }]),
  'a tree of 131,072 scripts': () => [
    ...maps([pay]).slice(0, 2),
    [
      pair(
        [6],
        Uint8Array.from({ length: 3 * 131_072 }, (_, i) => [17, 0xc0, 0][i % 3] as number),
      ),
    ],
  ],
  '600,000 bytes of data': () =>
    maps([{ amount: 1n, script: bytes([0x6a, 0x4e], u32(600_000), new Uint8Array(600_000).fill(0x41)) }]),
  '600,000 operations': () => maps([{ amount: 1n, script: new Uint8Array(600_000).fill(0x51) }]),
  '600,000 items of a witness': () =>
    maps([pay], [pair([8], bytes([0xfe], u32(600_000), new Uint8Array(600_000)))]),
  '2,500 global public keys': () => {
    const [global = [], ...rest] = maps([pay])
    const xpub = (i: number) =>
      bytes([1], new Uint8Array(4), [0], new Uint8Array(8), u32(i), new Uint8Array(28), key(i))
    return [[...global, ...many(2500, (i) => pair(xpub(i), u32(9)))], ...rest]
  },
}

test.each(Object.entries(cases))('%s', (_, make) => {
  const payload = encodeMaps(make())
  expect(payload.length).toBeGreaterThan(12_000)
  expect(payload.length).toBeLessThanOrEqual(700_000)
  try {
    const { view, messages } = psbt.decode(payload, wallet.subject(null, { allowForeignInputs: true }))
    expect(messages.length).toBeGreaterThan(0)
    for (const { value } of view.rows) expect(value.length).toBeLessThan(500)
  } catch (error) {
    expect(error).toBeInstanceOf(Failure)
    expect((error as Failure).message.length).toBeLessThan(500)
  }
})
