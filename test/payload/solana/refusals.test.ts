/** Every way in which a Solana payload is refused, and that nothing else comes of hostile bytes. */
import { getTransferSolInstruction } from '@solana-program/system'
import { getTransactionDecoder, getTransactionEncoder } from '@solana/kit'
import { base58 } from '@scure/base'
import { describe, expect, test } from 'vitest'
import { solanaTx } from '../../../src/payload/solana/decoder.js'
import { failureOf } from '../../wire/support.js'
import {
  base64,
  decoded,
  instruction,
  messageOf,
  other,
  place,
  signer,
  subject,
  target,
  us,
  utf8,
} from './support.js'

const me = signer(us)
const pay = getTransferSolInstruction({ source: me, destination: target, amount: 1n })
const message = messageOf([pay])
const transaction = Uint8Array.from([1, ...new Uint8Array(64), ...message])

/** Why a message is refused, on its own, in a transaction, and as a file of either. */
function refused(bytes: Uint8Array): string {
  const failure = failureOf(() => decoded(bytes))
  expect(failure).toMatchObject({ kind: 'verification', code: 'E_PAYLOAD' })
  expect(failureOf(() => solanaTx.read(bytes))).toMatchObject({ code: 'E_PAYLOAD' })
  const wrapped = Uint8Array.from([1, ...new Uint8Array(64), ...bytes])
  expect(failureOf(() => solanaTx.read(wrapped))).toMatchObject({ code: 'E_PAYLOAD' })
  return failure.message
}

/** The message with bytes put in place of others. */
const changed = (at: number, remove: number, ...put: number[]): Uint8Array =>
  Uint8Array.from([...message.slice(0, at), ...put, ...message.slice(at + remove)])

// Of the message: header 3, number of accounts 1, accounts 3 x 32, blockhash 32, number of instructions 1, program 1,
// number of accounts 1, accounts 2, length of data 1, data 12.
const [ACCOUNTS, INSTRUCTIONS, PROGRAM, USED, DATA] = [3, 132, 133, 134, 137]

/** As many as asked for; @solana/kit makes none with more than 64. */
function manyInstructions(count: number): Uint8Array {
  const one = messageOf([instruction(place(9), [], [])])
  const at = one.length - 4
  expect(one.slice(at)).toEqual(Uint8Array.of(1, 1, 0, 0))
  return Uint8Array.from([
    ...one.slice(0, at),
    count,
    ...Array.from({ length: count }, () => [1, 0, 0]).flat(),
  ])
}

describe('a key', () => {
  test('that is not among the signers is named with those who are', () => {
    const failure = failureOf(() => decoded(message, other.address))
    expect(failure).toMatchObject({ kind: 'verification', code: 'E_PAYLOAD' })
    expect(failure.message).toBe(
      `this key, ${other.address}, is not among the signers of the transaction: ${us.address}`,
    )
  })

  test('that the message only mentions is not among the signers', () => {
    const mention = messageOf([
      getTransferSolInstruction({ source: me, destination: other.address, amount: 1n }),
    ])
    expect(failureOf(() => decoded(mention, other.address)).message).toContain('not among the signers')
  })

  test('of Ed25519 has no paths', () => {
    expect(failureOf(() => solanaTx.decode(message, subject(us.address, 'm/0')))).toMatchObject({
      kind: 'usage',
      code: 'E_PATH',
    })
  })

  test.each(['ecdsa-secp256k1', 'schnorr-taproot'] as const)('of %s signs none', (scheme) => {
    const { record, path } = subject(us.address)
    const failure = failureOf(() => solanaTx.decode(message, { record: { ...record, scheme }, path }))
    expect(failure).toMatchObject({ kind: 'verification', code: 'E_PAYLOAD' })
    expect(failure.message).toContain(scheme)
  })
})

describe('a message', () => {
  test('with bytes after its end', () => {
    expect(refused(Uint8Array.from([...message, 0]))).toBe('the message has 1 bytes after its end')
  })

  test.each([1, 12, 13, 14, 50, 100, 149])('cut by %i bytes', (cut) => {
    expect(refused(message.slice(0, -cut))).toMatch(/malformed|does not encode again/)
  })

  test.each([
    ['of accounts', ACCOUNTS, 3],
    ['of instructions', INSTRUCTIONS, 1],
    ['of the accounts of an instruction', USED, 2],
    ['of data', DATA, 12],
  ])('whose number %s is longer than it need be', (_, at, value) => {
    expect(message[at]).toBe(value)
    expect(refused(changed(at, 1, value | 0x80, 0))).toBe(
      'the message does not encode again to the same bytes',
    )
    expect(refused(changed(at, 1, value | 0x80, 0x80, 0))).toBe(
      'the message does not encode again to the same bytes',
    )
  })

  test.each([
    ['that never ends', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
    ['beyond 65,535', [0xff, 0xff, 0x7f]],
    ['that wraps around to a negative one', [0x80, 0x80, 0x80, 0x80, 0x08]],
    ['that wraps around to itself', [0x83, 0x80, 0x80, 0x80, 0x80, 0x00]],
  ])('with a number of accounts %s', (_, number) => {
    expect(refused(changed(ACCOUNTS, 1, ...number))).toMatch(
      /malformed|encode again|after its end|counts more/,
    )
  })

  test('without the number of its lookup tables, of version 0', () => {
    const whole = messageOf([pay], { version: 0 })
    expect(whole.at(-1)).toBe(0)
    expect(refused(whole.slice(0, -1))).toBe('the message does not encode again to the same bytes')
  })

  test('with an account twice', () => {
    const twice = Uint8Array.from(message)
    twice.set(base58.decode(us.address), 4 + 32)
    expect(refused(twice)).toBe('the message names an account twice; validators refuse it')
  })

  test.each([1, 2, 126, 127])('of version %i', (version) => {
    const bytes = Uint8Array.from([0x80 | version, ...message])
    expect(refused(bytes)).toBe(`the message has version ${version}, which is not known here`)
  })

  test('that is an off-chain one', () => {
    const bytes = Uint8Array.from([0xff, ...utf8('solana offchain'), 0, 0, 2, 0, 104, 105])
    expect(refused(bytes)).toContain('version 127')
  })

  test('that makes a transaction above 1232 bytes', () => {
    const filled = (length: number) => messageOf([instruction(place(9), [us], new Uint8Array(length))])
    const most = 1232 - 65 - filled(128).length + 128
    expect(decoded(filled(most)).view.type).toBe('solana-tx')
    expect(refused(filled(most + 1))).toBe('the transaction has 1233 bytes; Solana takes at most 1232')
    expect(refused(new Uint8Array(5000).fill(1))).toContain('has 5000 bytes')
  })

  test('with as many instructions as can run is shown', () => {
    expect(decoded(manyInstructions(64)).view.effects).toHaveLength(65)
  })

  test('that is empty', () => {
    expect(failureOf(() => decoded(new Uint8Array())).message).toBe('the message is empty')
    expect(failureOf(() => solanaTx.read(new Uint8Array())).code).toBe('E_PAYLOAD')
  })

  test.each([
    ['without a signer', changed(0, 1, 0), /no signer that could pay/],
    ['whose signers may change nothing', changed(1, 1, 1), /no signer that could pay/],
    ['with more signers than accounts', changed(0, 1, 4), /counts more accounts/],
    ['with more accounts that stay as they are than there are', changed(2, 1, 3), /counts more accounts/],
    ['whose program is the fee payer', changed(PROGRAM, 1, 0), /instruction 1 names no program/],
    ['whose program is missing', changed(PROGRAM, 1, 3), /instruction 1 names no program/],
    ['with an account that is missing', changed(USED + 1, 1, 3), /instruction 1 uses an account/],
    ['with more instructions than can run', manyInstructions(65), /has 65 instructions; no more than 64/],
  ])('%s', (_, bytes, reason) => {
    expect(refused(bytes)).toMatch(reason)
  })

  test('of version 0 with a lookup table that gives nothing, or with more accounts than a byte can name', () => {
    const whole = messageOf([pay], { version: 0 }).slice(0, -1)
    const table = base58.decode(place(50))
    expect(refused(Uint8Array.from([...whole, 1, ...table, 0, 0]))).toMatch(/takes no address from it/)
    const places = Array.from({ length: 254 }, (_, i) => i)
    expect(refused(Uint8Array.from([...whole, 1, ...table, 0xfe, 1, ...places, 0]))).toMatch(
      /more than 256 accounts/,
    )
  })

  test('of version 0 with a program from a lookup table', () => {
    const whole = messageOf([pay], { version: 0 }).slice(0, -1)
    whole[PROGRAM + 1] = 3
    expect(refused(Uint8Array.from([...whole, 1, ...base58.decode(place(50)), 1, 0, 0]))).toMatch(
      /names no program/,
    )
  })
})

describe('a transaction', () => {
  const reason = (bytes: Uint8Array): string => {
    const failure = failureOf(() => solanaTx.read(bytes))
    expect(failure).toMatchObject({ kind: 'verification', code: 'E_PAYLOAD' })
    return failure.message
  }

  test('is read if it is whole', () => {
    expect(solanaTx.read(transaction)).toEqual(message)
    expect(solanaTx.read(utf8(base64(transaction)))).toEqual(message)
  })

  test('with bytes after its end', () => {
    expect(reason(Uint8Array.from([...transaction, 0]))).toBe('the message has 1 bytes after its end')
  })

  test('with another number of signatures than its message requires', () => {
    expect(reason(Uint8Array.from([2, ...new Uint8Array(128), ...message]))).toMatch(
      /not as many as it needs/,
    )
    expect(reason(Uint8Array.from([0, ...message]))).toMatch(/not as many as it needs/)
  })

  test('whose number of signatures is longer than it need be', () => {
    expect(reason(Uint8Array.from([0x81, 0, ...transaction.slice(1)]))).toMatch(/version 1,|encode again/)
  })

  test('above 1232 bytes', () => {
    const large = messageOf([instruction(place(9), [us], new Uint8Array(1168))])
    const whole = Uint8Array.from([1, ...new Uint8Array(64), ...large])
    expect(reason(whole)).toBe(`the transaction has ${whole.length} bytes; Solana takes at most 1232`)
  })

  test('of version 1 is not signed, though the library knows it', () => {
    const whole = { messageBytes: Uint8Array.from([0x81, ...message]), signatures: { [us.address]: null } }
    const bytes = getTransactionEncoder().encode(whole as never)
    expect(reason(Uint8Array.from(bytes))).toBe('the message has version 1, which is not known here')
  })

  test('that is also a message is refused: the signature would be of other bytes than some tool shows', () => {
    const { bytes, inner } = crafted()
    expect(decoded(bytes).view.type).toBe('solana-tx')
    expect(Uint8Array.from(getTransactionDecoder().decode(bytes).messageBytes)).toEqual(inner)
    expect(decoded(inner).view.type).toBe('solana-tx')
    expect(reason(bytes)).toBe('the file is both a message and a transaction that holds another message')
  })
})

/**
 * Bytes that are a legacy message and a transaction. The transaction's signature is free, so it holds the header and the
 * first account of the outer message. Most of the inner message is the data of the outer one's only instruction.
 */
function crafted(): { readonly bytes: Uint8Array; readonly inner: Uint8Array } {
  const inner = messageOf([instruction(place(9), [], new Uint8Array(60))])
  const bytes = new Uint8Array(65 + inner.length)
  bytes.set([1, 0, 1, 3, ...base58.decode(us.address)])
  bytes.fill(8, 36, 65)
  bytes.set(inner, 65)
  // The outer instructions begin behind three accounts and the blockhash, at 132: within the inner blockhash.
  bytes.set([1, 1, 0, bytes.length - 132 - 4], 132)
  return { bytes, inner: bytes.slice(65) }
}
