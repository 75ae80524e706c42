/** The rows beside the instructions: signers, lifetime, fee, lookup tables, memos, unknown programs. */
import { createHash } from 'node:crypto'
import { getTransferSolInstruction, getAdvanceNonceAccountInstruction } from '@solana-program/system'
import { getTransferCheckedInstruction, TOKEN_PROGRAM_ADDRESS } from '@solana-program/token'
import { getAddMemoInstruction } from '@solana-program/memo'
import {
  getRequestHeapFrameInstruction,
  getSetComputeUnitLimitInstruction,
  getSetComputeUnitPriceInstruction,
  getSetLoadedAccountsDataSizeLimitInstruction,
} from '@solana-program/compute-budget'
import { AccountRole, type Address, address, getTransactionDecoder, type Instruction } from '@solana/kit'
import { describe, expect, test } from 'vitest'
import type { View } from '../../../src/payload/decoder.js'
import { solanaTx } from '../../../src/payload/solana/decoder.js'
import {
  BLOCKHASH,
  decoded,
  instruction,
  isSigned,
  messageOf,
  mint,
  other,
  place,
  signedBy,
  signer,
  source,
  target,
  third,
  us,
  utf8,
} from './support.js'

const me = signer(us)
const pay = getTransferSolInstruction({ source: me, destination: target, amount: 1n })
const view = (...instructions: Instruction[]): View => decoded(messageOf(instructions)).view
const values = ({ rows }: View, label: string): string[] =>
  rows.filter((row) => row.label === label).map(({ value }) => value)
const feeOf = (shown: View) => shown.effects.find(({ kind }) => kind === 'fee')?.amount

describe('the fee at worst', () => {
  test('is 5000 lamports for each signature', () => {
    expect(feeOf(view(pay))).toBe(5000n)
    const shown = view(instruction(TOKEN_PROGRAM_ADDRESS, [us, other, third], [99]))
    expect(feeOf(shown)).toBe(15_000n)
    expect(values(shown, 'fee at worst')).toEqual([
      '0.000015 SOL: 0.000015 SOL for 3 signatures, 0 SOL for priority',
    ])
  })

  test('adds the price of the units that it may use, rounded up', () => {
    const shown = view(
      getSetComputeUnitLimitInstruction({ units: 300_001 }),
      getSetComputeUnitPriceInstruction({ microLamports: 5n }),
      getRequestHeapFrameInstruction({ bytes: 32_768 }),
      getSetLoadedAccountsDataSizeLimitInstruction({ accountDataSizeLimit: 1024 }),
      pay,
    )
    expect(feeOf(shown)).toBe(5002n)
    expect(shown.sentence).toBe(`Sends 0.000000001 SOL to ${target} on Solana.`)
    expect(values(shown, '2 price of a unit')).toEqual(['5 millionths of a lamport'])
  })

  test('without a limit takes the most that the network reckons: 200,000 units for each instruction', () => {
    const price = getSetComputeUnitPriceInstruction({ microLamports: 1_000_000n })
    expect(feeOf(view(price, pay))).toBe(5000n + 400_000n)
    expect(feeOf(view(price, ...Array<Instruction>(20).fill(pay)))).toBe(5000n + 1_400_000n)
  })

  test('never counts more than 1,400,000 units, and points out what is much', () => {
    const shown = view(
      getSetComputeUnitLimitInstruction({ units: 0xffff_ffff }),
      getSetComputeUnitPriceInstruction({ microLamports: 100_000_000n }),
    )
    expect(feeOf(shown)).toBe(5000n + 140_000_000n)
    expect(shown.warnings).toEqual(['The priority fee is above 0.01 SOL.'])
    expect(shown.sentence).toBe('Pays a fee on Solana and does nothing else.')
  })

  test('takes the larger of two prices', () => {
    const prices = [9n, 4n].map((price) =>
      getSetComputeUnitPriceInstruction({ microLamports: price * 1_000_000n }),
    )
    expect(feeOf(view(getSetComputeUnitLimitInstruction({ units: 10 }), ...prices))).toBe(5090n)
  })

  test('is not known where a price could hide in data that is laid out otherwise', () => {
    const { data, ...price } = getSetComputeUnitPriceInstruction({ microLamports: 1n })
    const shown = view({ ...price, data: Uint8Array.from([...data, 0]) }, pay)
    expect(shown.effects.at(-1)).toMatchObject({ kind: 'fee', amount: null })
    expect(shown.warnings).toContain('The compute budget is not understood, so the fee is not known.')
    expect(values(shown, 'fee')[0]).toMatch(/^not known: 0.000005 SOL for 1 signature and a priority fee/)
  })

  test('counts signatures that programs verify', () => {
    const verified = instruction('Ed25519SigVerify111111111111111111111111111', [], [3, 0])
    expect(feeOf(view(verified))).toBe(20_000n)
  })

  test('is no effect where another key pays it', () => {
    const message = messageOf([pay], { payer: other.address })
    const shown = decoded(message).view
    expect(feeOf(shown)).toBeUndefined()
    expect(shown.warnings).toContain('Another key pays the fee.')
    expect(values(shown, 'fee payer, signer 1')).toEqual([`${other.address} (another key)`])
    expect(values(shown, 'signer 2')).toEqual([`${us.address} (this key)`])
  })
})

describe('the lifetime', () => {
  const advance = getAdvanceNonceAccountInstruction({ nonceAccount: source, nonceAuthority: me })

  test('is a recent blockhash', () => {
    expect(values(view(pay), 'recent blockhash')).toEqual([BLOCKHASH])
  })

  test.each([
    ['as it should be', advance],
    // The network reads the number alone: bytes after it change nothing.
    ['with bytes after its data', { ...advance, data: Uint8Array.from([4, 0, 0, 0, 1]) }],
  ])('is a durable nonce if the first instruction advances one, %s', (_, first) => {
    const shown = view(first, pay)
    expect(values(shown, 'durable nonce')).toEqual([BLOCKHASH])
    expect(values(shown, 'recent blockhash')).toEqual([])
    expect(shown.warnings.some((text) => text.startsWith('It uses a durable nonce'))).toBe(true)
  })
})

describe('several signers', () => {
  const message = messageOf([instruction(TOKEN_PROGRAM_ADDRESS, [other, us, third], [99])], {
    payer: other.address,
  })

  test('are all named, and the signature goes to its own place', () => {
    const { view: shown, assemble } = decoded(message)
    expect(shown.rows.filter(({ value }) => value.endsWith('(another key)'))).toHaveLength(2)
    expect(shown.warnings.some((text) => text.startsWith('It needs 3 signatures'))).toBe(true)
    const outputs = assemble([signedBy(us, message)])
    expect(outputs).not.toHaveProperty('txid')
    expect(outputs).not.toHaveProperty('complete')
    expect(outputs['missing_signatures']).toBe(2)
    const made = getTransactionDecoder().decode(Buffer.from(String(outputs['transaction']), 'base64'))
    expect(Uint8Array.from(made.messageBytes)).toEqual(message)
    const { [us.address]: ours, ...others } = made.signatures
    expect(isSigned(us.address, message, Uint8Array.from(ours ?? []))).toBe(true)
    expect(Object.values(others)).toEqual([null, null])
  })

  test('a transaction with places for them gives the same message, filled or empty', () => {
    const empty = new Uint8Array(64 * 3)
    for (const signatures of [empty, empty.fill(7, 64, 128)]) {
      expect(solanaTx.read(Uint8Array.from([3, ...signatures, ...message]))).toEqual(message)
    }
  })

  test('one signer alone completes the transaction', () => {
    const { assemble } = decoded(messageOf([pay]))
    const outputs = assemble([signedBy(us, messageOf([pay]))])
    expect(outputs['complete']).toBe('yes')
    expect(outputs['txid']).toBe(outputs['signature'])
  })
})

describe('lookup tables', () => {
  const table = place(50)
  const transfer = getTransferCheckedInstruction({
    source,
    mint,
    destination: target,
    authority: me,
    amount: 1n,
    decimals: 0,
  })
  const compressed = (instructions: Instruction[], addresses: readonly Address[]): Uint8Array =>
    messageOf(instructions, { version: 0, tables: { [table]: [...addresses] } })

  test('hide addresses: each is shown as not known, and effects leave it open', () => {
    const shown = decoded(compressed([transfer], [place(1), target, mint])).view
    expect(shown.effects[0]).toEqual({
      chain: 'solana',
      kind: 'transfer',
      asset: null,
      amount: 1n,
      recipient: null,
    })
    expect(values(shown, 'version')).toEqual(['0'])
    expect(values(shown, '1 to token account')).toEqual([`not known here: entry 1 of lookup table ${table}`])
    expect(values(shown, 'lookup table 1')).toEqual([`${table}: 1 that may change, 1 that may not`])
    expect(shown.warnings.some((text) => text.startsWith('Some addresses stand in lookup tables'))).toBe(true)
    expect(shown.sentence).toContain('not known here: entry 2')
  })

  test('of version 0 without any table is like a legacy message', () => {
    const shown = decoded(messageOf([transfer], { version: 0 })).view
    expect(shown.effects).toEqual(view(transfer).effects)
    expect(shown.warnings).toEqual([])
  })
})

describe('a memo', () => {
  test('is shown in full over several rows', () => {
    const memo = `${'To be, or not to be: '.repeat(20)}end`
    const shown = view(getAddMemoInstruction({ memo }))
    const rows = shown.rows.filter(({ label }) => label.startsWith('1 text')).map(({ value }) => value)
    expect(rows.length).toBe(Math.ceil(memo.length / 60))
    expect(rows.map((text) => text.slice(1, -1)).join('')).toBe(memo)
    expect(shown.sentence).toBe('Writes a memo on Solana.')
    expect(shown.effects).toHaveLength(1)
  })

  test('that is no text is shown as unknown', () => {
    const shown = view({ ...getAddMemoInstruction({ memo: '' }), data: Uint8Array.from([0xff]) })
    expect(values(shown, 'instruction 1')).toEqual(['Memo: unknown instruction'])
    expect(shown.effects[0]?.kind).toBe('unknown')
  })
})

describe('an unknown program', () => {
  const program = place(88)
  const data = utf8('what is this?')

  test('is shown with its address and its data, and says that the signature of this key reaches it', () => {
    const shown = view(instruction(program, [us, target], data))
    expect(shown.effects[0]).toMatchObject({ kind: 'unknown', recipient: program, amount: null, asset: null })
    expect(values(shown, '1 data')).toEqual([
      `${data.length} bytes, sha256 ${createHash('sha256').update(data).digest('hex')}`,
    ])
    expect(shown.warnings[0]).toMatch(/which may move anything that this key holds/)
    expect(shown.sentence).toBe(`Calls an unknown program, ${program} on Solana.`)
  })

  test('without the signature of this key is less severe, and still unknown', () => {
    const shown = view(instruction(program, [target], data))
    expect(shown.effects[0]?.kind).toBe('unknown')
    expect(shown.warnings).toEqual([
      `It calls an unknown program, ${program}; what that does is not known here.`,
    ])
  })

  test.each([
    ['a number that is not in use', [99, 0, 0, 0]],
    ['a byte too many', [...pay.data, 0]],
    ['a byte too few', pay.data.slice(0, -1)],
    ['no data', []],
  ])('so is an instruction of a known program with %s', (_, bytes) => {
    const shown = view({ ...pay, data: Uint8Array.from(bytes) })
    expect(values(shown, 'instruction 1')).toEqual(['System: unknown instruction'])
    expect(shown.effects[0]).toMatchObject({ kind: 'unknown' })
  })

  test('so is one with an account too few', () => {
    const shown = view({ ...pay, accounts: [{ address: us.address, role: AccountRole.WRITABLE_SIGNER }] })
    expect(shown.effects[0]).toMatchObject({ kind: 'unknown' })
  })
})

describe('the sentence', () => {
  test('names up to four steps, and counts more by what they are', () => {
    const steps = (n: number) =>
      view(...Array<Instruction>(n).fill(pay), getAddMemoInstruction({ memo: 'x' })).sentence
    const one = `sends 0.000000001 SOL to ${target}`
    expect(steps(3)).toBe(`Takes 4 steps on Solana: ${[one, one, one].join('; ')}; writes a memo.`)
    expect(steps(5)).toBe('Takes 6 steps on Solana: 5 x System: transfer; 1 x Memo.')
  })

  test('the most severe warning comes first', () => {
    const shown = view(
      getTransferCheckedInstruction(
        { source, mint, destination: target, authority: me, amount: 1n, decimals: 0 },
        {
          programAddress: address('TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb'),
        },
      ),
      instruction(place(88), [us], []),
    )
    expect(shown.warnings[0]).toMatch(/may move anything/)
  })
})
