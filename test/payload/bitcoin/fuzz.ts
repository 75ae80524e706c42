/** Hostile PSBTs: a typed refusal comes of them, or a view that adds up and a signature that fits it. */
import * as bitcoin from 'bitcoinjs-lib'
import fc from 'fast-check'
import { expect } from 'vitest'
import { encodeMaps, parseMaps, type PsbtMap } from '../../../src/payload/bitcoin/maps.js'
import { psbt } from '../../../src/payload/bitcoin/psbt.js'
import type { Decoded, View } from '../../../src/payload/decoder.js'
import { Failure } from '../../../src/wire/base/failure.js'
import { near } from '../../support/mutants.js'
import { HOSTILE } from '../../support/hostile.js'
import { asV2, bytesOf, psbtOf, rowsOf, STRANGER, Wallet } from './wallet.js'

type Seed = { readonly wallet: Wallet; readonly payload: Uint8Array }

const seeds: readonly Seed[] = (['ecdsa-secp256k1', 'schnorr-taproot'] as const).flatMap((scheme) => {
  const wallet = new Wallet(scheme)
  const outs = [
    { amount: 50_000n },
    { amount: 40_000n, path: 'm/1/0' },
    { amount: 0n, script: bytesOf('6a026869') },
  ]
  const files = [
    psbtOf(wallet, [{}], outs),
    psbtOf(wallet, [{}, { sequence: 144 }], outs, 800_000),
    psbtOf(wallet, [{}, { script: STRANGER.payment(null).output }], outs),
    asV2(psbtOf(wallet, [{}, {}], outs), ({ inputs: [first], global }) => {
      if (first) first.requiredHeightLocktime = 800_000
      global.txModifiable = 3
    }),
  ]
  return files.map((file) => ({ wallet, payload: psbt.read(file) }))
})

/** Types of fields, known and not. */
const KINDS = [...Array.from({ length: 0x21 }, (_, i) => i), 0x35, 0xf0, 0xfb, 0xfc]

/** Well-formed maps with fields lost, copied, moved, renamed or changed. */
const rearranged = ({ payload }: Seed): fc.Arbitrary<Uint8Array> => {
  const maps = parseMaps(payload)
  const all = maps.flat()
  const place = fc.nat(maps.length - 1)
  const value = fc.oneof(
    fc.constantFrom(...all).map((pair) => pair.value),
    fc.constantFrom(...all).chain((pair) => near(pair.value)),
    fc.uint8Array({ maxLength: 40 }),
  )
  const key = fc.oneof(
    fc.constantFrom(...all).map((pair) => pair.key),
    fc.constantFrom(...KINDS).map((kind) => Uint8Array.of(kind)),
    fc
      .tuple(fc.constantFrom(...KINDS), fc.uint8Array({ maxLength: 34 }))
      .map(([kind, rest]) => Uint8Array.of(kind, ...rest)),
  )
  const change = fc.oneof(
    fc.tuple(place, key, value).map(
      ([at, key, value]) =>
        (map: PsbtMap, i: number) =>
          i === at ? [...map, { key, value }] : map,
    ),
    fc.tuple(place, fc.nat(9)).map(
      ([at, which]) =>
        (map: PsbtMap, i: number) =>
          i === at ? map.filter((_, j) => j !== which % map.length) : map,
    ),
    fc.tuple(place, fc.nat(9), value).map(
      ([at, which, value]) =>
        (map: PsbtMap, i: number) =>
          i === at ? map.map((pair, j) => (j === which % map.length ? { ...pair, value } : pair)) : map,
    ),
    fc.tuple(place, place).map(
      ([at, from]) =>
        (map: PsbtMap, i: number) =>
          i === at ? (maps[from] as PsbtMap) : map,
    ),
  )
  return fc
    .array(change, { minLength: 1, maxLength: 3 })
    .map((changes) => encodeMaps(changes.reduce<readonly PsbtMap[]>((now, each) => now.map(each), maps)))
}

/** Amounts and steps changed where they stand, so that most are still well-formed. */
const tweaked = ({ payload }: Seed): fc.Arbitrary<Uint8Array> =>
  fc
    .array(fc.tuple(fc.nat(payload.length - 1), fc.nat(255)), { minLength: 1, maxLength: 2 })
    .map((changes) => payload.map((byte, i) => changes.find(([at]) => at === i)?.[1] ?? byte))

const cases = fc.constantFrom(...seeds).chain((seed) =>
  fc.record({
    wallet: fc.constant(seed.wallet),
    payload: fc.oneof(near(seed.payload), tweaked(seed), rearranged(seed), rearranged(seed)),
    path: fc.constantFrom(null, 'm/0/0'),
    allowForeignInputs: fc.boolean(),
  }),
)

function checkTexts(view: View): void {
  const strings = [
    view.sentence,
    ...view.warnings,
    ...view.rows.flatMap(({ label, value }) => [label, value]),
  ]
  for (const text of strings) expect(text).not.toMatch(HOSTILE)
}

/** @returns null if it is refused with one of these codes */
function shownOr<T>(refusals: readonly string[], show: () => T): T | null {
  try {
    return show()
  } catch (error) {
    expect(error).toBeInstanceOf(Failure)
    expect(refusals).toContain((error as Failure).code)
    expect((error as Failure).message).not.toMatch(HOSTILE)
    return null
  }
}

/** Whatever a key signs has an outline, with the same amounts to the same recipients for the same fee. */
function checkOutline(payload: Uint8Array, result: Decoded | null): void {
  const outline = shownOr(['E_PAYLOAD'], () => psbt.outline(payload))
  if (outline) checkTexts(outline)
  if (result === null) return
  const deeds = ({ effects }: View) =>
    effects.map(({ chain, asset, amount, recipient }) => [chain, asset, amount, recipient])
  expect(outline && deeds(outline)).toEqual(deeds(result.view))
}

function check(wallet: Wallet, result: Decoded): void {
  const { view, messages } = result
  checkTexts(view)
  expect(messages.length).toBeGreaterThan(0)
  expect(messages.length).toBeLessThanOrEqual(64)
  const { psbt: signed, transaction } = result.assemble(wallet.signatures(result))
  expect(signed).toBeTypeOf('string')
  if (transaction === undefined) return
  // The outputs shown are those that leave.
  const final = bitcoin.Transaction.fromHex(transaction as string)
  const effects = view.effects.filter(({ kind }) => kind !== 'fee')
  expect(final.outs.map(({ value }) => value)).toEqual(effects.map(({ amount }) => amount))
  for (const { witness, script } of final.ins) expect(witness.length + script.length).toBeGreaterThan(0)
  expect(rowsOf(result, 'unsigned txid')).toHaveLength(1)
}

/** @returns how many of the cases were signed */
export function fuzz(numRuns: number, seed: number): number {
  let signed = 0
  fc.assert(
    fc.property(cases, ({ wallet, payload, path, allowForeignInputs }) => {
      const result = shownOr(['E_PAYLOAD', 'E_FOREIGN_INPUT'], () =>
        psbt.decode(payload, wallet.subject(path, { allowForeignInputs })),
      )
      checkOutline(payload, result)
      if (result === null) return
      check(wallet, result)
      signed += 1
    }),
    { numRuns, seed, endOnFailure: true },
  )
  return signed
}
