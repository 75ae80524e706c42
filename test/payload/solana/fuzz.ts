/** Hostile bytes: a view or a typed refusal comes of them, never an error of a library, and every string is printable. */
import { type Address, address, getTransactionDecoder } from '@solana/kit'
import fc from 'fast-check'
import { expect } from 'vitest'
import type { Decoded, View } from '../../../src/payload/decoder.js'
import { solanaTx } from '../../../src/payload/solana/decoder.js'
import { Failure } from '../../../src/wire/base/failure.js'
import vectors from '../../vectors/solana/transactions.json' with { type: 'json' }
import { instruction, messageOf, other, place, subject, transactionOf, us } from './support.js'

const PROGRAMS = [
  '11111111111111111111111111111111',
  'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA',
  'TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb',
  'ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL',
  'ComputeBudget111111111111111111111111111111',
  'MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr',
  place(88),
]
const ACCOUNTS = [us, other, place(1), place(2), place(3)]

/** A payload, and the key that is asked to sign it. */
type Case = { readonly bytes: Uint8Array; readonly key: Address }

/** Messages and whole transactions; most are of one signer. */
const seeds: readonly Case[] = [
  { bytes: messageOf([instruction(place(9), [us, other], [1, 2, 3])]), key: us.address },
  { bytes: messageOf([instruction(place(9), [us], [1])], { version: 0 }), key: us.address },
  ...vectors.map(transactionOf).flatMap((transaction) => {
    const { messageBytes, signatures } = getTransactionDecoder().decode(transaction)
    const key = address(Object.keys(signatures)[0] as string)
    return [
      { bytes: transaction, key },
      { bytes: Uint8Array.from(messageBytes), key },
    ]
  }),
]

/** Known messages with up to two bytes changed; every second one is also cut or longer. */
const mutated = fc
  .tuple(
    fc.constantFrom(...seeds),
    fc.array(fc.tuple(fc.nat(1300), fc.nat(255)), { maxLength: 2 }),
    fc.oneof(fc.constant(0), fc.nat(20)),
    fc.oneof(fc.constant(new Uint8Array()), fc.uint8Array({ maxLength: 8 })),
  )
  .map(([{ bytes: seed, key }, changes, cut, added]): Case => {
    const bytes = Uint8Array.from(seed)
    for (const [at, value] of changes) bytes[at % bytes.length] = value
    return { bytes: Uint8Array.from([...bytes.slice(0, bytes.length - cut), ...added]), key }
  })

const ofUs = (bytes: Uint8Array): Case => ({ bytes, key: us.address })

/** Well-formed messages whose instructions have any data: numbers of known instructions are frequent among them. */
const data = fc.oneof(
  fc.uint8Array({ maxLength: 60 }),
  fc
    .tuple(fc.nat(20), fc.uint8Array({ maxLength: 48 }))
    .map(([kind, rest]) => Uint8Array.from([kind, 0, 0, 0, ...rest])),
  fc
    .tuple(fc.nat(20), fc.uint8Array({ maxLength: 40 }))
    .map(([kind, rest]) => Uint8Array.from([kind, ...rest])),
  fc.string({ unit: 'binary', maxLength: 40 }).map((text) => new TextEncoder().encode(text)),
)
const composed = fc
  .tuple(
    fc.constantFrom('legacy' as const, 0 as const),
    fc.array(
      fc
        .tuple(fc.constantFrom(...PROGRAMS), fc.subarray(ACCOUNTS), data)
        .map(([program, accounts, bytes]) => instruction(program, accounts, bytes)),
      { maxLength: 6 },
    ),
  )
  .map(([version, instructions]) => ofUs(messageOf(instructions, { version })))

const CONTROL = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u

function expectPrintable(view: View): void {
  const strings = [
    view.sentence,
    ...view.rows.flatMap(({ label, value }) => [label, value]),
    ...view.warnings,
    ...view.effects.flatMap((each) => [each.chain, each.kind, each.asset ?? '', each.recipient ?? '']),
  ]
  expect(strings.filter((text) => CONTROL.test(text))).toEqual([])
  expect(strings.filter((text) => text.length > 2000)).toEqual([])
}

/** @returns whether the bytes are shown as a transaction of this key */
function survives({ bytes, key }: Case): boolean {
  let shown: Decoded | null = null
  let outline: View | null = null
  for (const act of [
    () => solanaTx.read(bytes),
    () => (shown = solanaTx.decode(bytes, subject(key))),
    () => (outline = solanaTx.outline(bytes)),
  ]) {
    try {
      act()
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      expect(error).toMatchObject({ kind: 'verification', code: 'E_PAYLOAD' })
      expect(CONTROL.test(error.message)).toBe(false)
    }
  }
  if (outline !== null) expectPrintable(outline)
  if (shown === null) return false
  const decoded: Decoded = shown
  expectPrintable(decoded.view)
  expect(outline).toMatchObject({ sentence: expect.any(String), rows: { length: decoded.view.rows.length } })
  expect(decoded.messages).toEqual([{ path: null, message: bytes }])
  const made = decoded.assemble([new Uint8Array(64).fill(7)])
  expect(solanaTx.read(Uint8Array.from(Buffer.from(String(made['transaction']), 'base64')))).toEqual(bytes)
  return true
}

/** @returns how many cases of each kind were shown; the rest were refused */
export function fuzz(numRuns: number, seed: number): { readonly [kind: string]: number } {
  const kinds = { random: fc.uint8Array({ maxLength: 1300 }).map(ofUs), mutated, composed }
  const shown = { random: 0, mutated: 0, composed: 0 }
  for (const kind of ['random', 'mutated', 'composed'] as const) {
    fc.assert(
      fc.property(kinds[kind], (each) => {
        if (survives(each)) shown[kind] += 1
      }),
      { numRuns: Math.ceil(numRuns / 3), seed },
    )
  }
  return shown
}
