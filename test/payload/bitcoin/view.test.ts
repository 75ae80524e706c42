/** The view of unusual transactions in a PSBT: fees, change, data, scripts without address, lock times. */
import * as bitcoin from 'bitcoinjs-lib'
import { describe, expect, test } from 'vitest'
import { HOSTILE, hostileTexts } from '../../support/hostile.js'
import { bytesOf, changed, decoded, hexOf, PAYEE, psbtOf, rowsOf, STRANGER, Wallet } from './wallet.js'

const wallet = new Wallet('ecdsa-secp256k1')
const shown = (...args: [Parameters<typeof psbtOf>[1], Parameters<typeof psbtOf>[2], number?]) =>
  decoded(psbtOf(wallet, ...args), wallet.subject())
const warnings = (...args: Parameters<typeof shown>): readonly string[] => shown(...args).view.warnings

describe('a fee', () => {
  test('above 10 % of what is paid away is warned of', () => {
    expect(warnings([{ amount: 110_000n }], [{ amount: 100_000n }])).toEqual([])
    expect(warnings([{ amount: 110_001n }], [{ amount: 100_000n }])).toEqual([
      'The fee is high: 0.00010001 BTC, 10 % of the amount.',
    ])
    expect(
      warnings([{ amount: 400_000n }], [{ amount: 1000n }, { amount: 398_000n, path: 'm/1/0' }]),
    ).toEqual(['The fee is high: 0.00001 BTC, 100 % of the amount.'])
  })

  test('of a transaction within the key is held against all of it', () => {
    expect(warnings([{ amount: 100_000n }], [{ amount: 99_000n, path: 'm/1/0' }])).toEqual([])
    expect(warnings([{ amount: 100_000n }], [{ amount: 80_000n, path: 'm/1/0' }])).toEqual([
      'The fee is high: 0.0002 BTC, 25 % of the amount.',
    ])
  })

  test('above 500 sat/vB is warned of', () => {
    // 110 vB: 10.5 of the transaction, 41 of the input, 31 of the output, 27.25 of the witness.
    expect(warnings([{ amount: 10_055_000n }], [{ amount: 10_000_000n }])).toEqual([])
    expect(warnings([{ amount: 10_055_001n }], [{ amount: 10_000_000n }])).toEqual([
      'The fee is high: 500.0 sat/vB.',
    ])
  })

  test('of everything, where only data is left, is warned of', () => {
    expect(warnings([{}], [{ script: bytesOf('6a'), amount: 0n }])[0]).toBe('The fee is high: 0.001 BTC.')
  })
})

describe('change', () => {
  const ins = [{ path: 'm/0/0' }]

  test('is only what pays this key: a derivation alone makes an output no change', () => {
    for (const fields of [wallet.derivation('m/1/0'), wallet.derivation(null)]) {
      const result = shown(ins, [{ amount: 5000n }, { script: PAYEE.output, amount: 94_000n, fields }])
      expect(rowsOf(result, 'output 2')).toEqual(['0.00094 BTC paid away', PAYEE.address])
      expect(result.view.effects.map(({ kind }) => kind)).toEqual(['transfer', 'transfer', 'fee'])
      expect(result.view.warnings).toEqual([
        'Output 2 claims to be change, but it is not of this key: it is paid away.',
      ])
      expect(result.view.sentence).toBe(
        'Sends 0.00099 BTC to 2 recipients on Bitcoin, for a fee of 0.00001 BTC.',
      )
    }
  })

  test('at another path than it says is paid away, although the key could spend it', () => {
    const { output } = wallet.payment('m/1/1')
    const result = shown(ins, [{ script: output, amount: 99_000n, fields: wallet.derivation('m/1/0') }])
    expect(result.view.effects.map(({ kind }) => kind)).toEqual(['transfer', 'fee'])
    expect(result.view.warnings).toHaveLength(1)
  })

  test('with a hardened or endless path is paid away', () => {
    for (const path of [[0x8000_0000], Array.from({ length: 40 }, () => 0)]) {
      const file = changed(
        psbtOf(wallet, ins, [{ amount: 99_000n, path: 'm/1/0' }]),
        ({ outputs: [output] }) => {
          const entry = output?.bip32Derivation?.[0]
          if (entry) entry[1].path = path
        },
      )
      expect(decoded(file, wallet.subject()).view.effects[0]?.kind).toBe('transfer')
    }
  })

  test('without a derivation is change only at the path of the request', () => {
    const file = psbtOf(wallet, ins, [{ amount: 99_000n, path: 'm/0/0', fields: {} }])
    expect(decoded(file, wallet.subject('m/0/0')).view.effects[0]?.kind).toBe('change')
    expect(decoded(file, wallet.subject()).view.effects[0]?.kind).toBe('transfer')
  })

  test.each([
    ['m/0/0', true],
    ['m/1/10000', true],
    ['m/1/10001', false],
    ['m/2/0', false],
    ['m/1', false],
    ['m/1/0/0', false],
    [null, false],
  ])('at %s is near the inputs: %s', (path, isNear) => {
    const far = `Output 1 goes to ${path ?? 'the key itself'}, far from the paths of the inputs: note it, or no wallet may find it.`
    expect(warnings(ins, [{ amount: 99_000n, path }])).toEqual(isNear ? [] : [far])
  })
})

describe('an output without an address', () => {
  const point = STRANGER.point(null)

  test.each([
    ['P2PK', bitcoin.payments.p2pk({ pubkey: point }).output as Uint8Array],
    ['bare multisig', bitcoin.payments.p2ms({ m: 1, pubkeys: [point] }).output as Uint8Array],
    ['a script of an unknown kind', bytesOf('51')],
    ['a script of an unknown kind', bytesOf('')],
    ['a script of an unknown kind', bytesOf('4c')],
    ['a script of an unknown kind', bytesOf(`5220${'11'.repeat(32)}`)],
    // No point has this x.
    ['a script of an unknown kind', bytesOf(`5120${'ff'.repeat(32)}`)],
    // P2PKH, but with a push that no wallet looks for.
    ['a script of an unknown kind', bytesOf(`76a94c14${'11'.repeat(20)}88ac`)],
  ])('is shown in hex and warned of: %s', (kind, script) => {
    const result = shown([{}], [{ script, amount: 99_000n }])
    expect(rowsOf(result, 'output 1')).toEqual([
      '0.00099 BTC paid away',
      `no address: ${kind}, ${hexOf(script)}`,
    ])
    expect(result.view.sentence).toBe(`Sends 0.00099 BTC to ${kind} on Bitcoin, for a fee of 0.00001 BTC.`)
    expect(result.view.effects[0]).toMatchObject({ kind: 'transfer', amount: 99_000n, recipient: null })
    expect(result.view.warnings).toEqual(['A script without an address is paid by output 1.'])
  })

  test('of many bytes is cut, with its length and hash', () => {
    const script = new Uint8Array(9000).fill(0x51)
    const [, row] = rowsOf(shown([{}], [{ script, amount: 99_000n }]), 'output 1')
    expect(row).toBe(
      `no address: a script of an unknown kind, ${'51'.repeat(64)}… (9000 bytes, SHA-256 ${hexOf(bitcoin.crypto.sha256(script))})`,
    )
  })

  test.each([
    ['P2PKH', bitcoin.payments.p2pkh({ pubkey: point })],
    ['P2SH', bitcoin.payments.p2sh({ redeem: { output: bytesOf('51') } })],
    ['P2WPKH', bitcoin.payments.p2wpkh({ pubkey: point })],
    ['P2WSH', bitcoin.payments.p2wsh({ redeem: { output: bytesOf('51') } })],
    ['P2TR', bitcoin.payments.p2tr({ internalPubkey: point.slice(1) })],
    ['P2A', { output: bytesOf('51024e73'), address: 'bc1pfeessrawgf' }],
  ])('is none of these, which bitcoinjs-lib gives the same address: %s', (_, { output, address }) => {
    const result = shown([{}], [{ script: output as Uint8Array, amount: 99_000n }])
    expect(rowsOf(result, 'output 1')[1]).toBe(address)
    expect(result.view.effects[0]?.recipient).toBe(address)
  })
})

describe('data', () => {
  const data = (bytes: Uint8Array): Uint8Array =>
    bitcoin.payments.embed({ data: [bytes] }).output as Uint8Array
  const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
  const pay = { amount: 95_000n }

  test('is shown as text, if it is text, and in hex', () => {
    const result = shown([{}], [pay, { script: data(utf8('for "rent"')), amount: 0n }])
    expect(rowsOf(result, 'output 2')).toEqual([
      '0 BTC lost, with data (OP_RETURN)',
      '"for \\"rent\\""',
      `6a0a${hexOf(utf8('for "rent"'))}`,
    ])
    expect(result.view.effects[1]).toEqual({
      chain: 'bitcoin',
      kind: 'unknown',
      asset: 'native',
      amount: 0n,
      recipient: null,
    })
    expect(result.view.warnings).toEqual(['Data that may mean something to other programs is in output 2.'])
  })

  test.each(['6a', '6a02ff00', '6a5d0101', '6a0201', '6a4cff', `6a4d0001${'00'.repeat(256)}`])(
    'that is no text is shown in hex alone: %s',
    (script) => {
      const rows = rowsOf(shown([{}], [pay, { script: bytesOf(script), amount: 0n }]), 'output 2')
      expect(rows.at(-1)?.slice(0, 128)).toBe(script.slice(0, 128))
    },
  )

  test('that destroys money is warned of before it is named', () => {
    expect(warnings([{}], [pay, { script: data(utf8('x')), amount: 3000n }])).toEqual([
      '0.00003 BTC is destroyed by output 2: nobody can spend it.',
      'Data that may mean something to other programs is in output 2.',
    ])
  })

  test('in many outputs is one warning', () => {
    const many = Array.from({ length: 30 }, () => ({ script: data(utf8('x')), amount: 10n }))
    expect(warnings([{}], [pay, ...many])).toEqual([
      '0.000003 BTC is destroyed by outputs 2, 3, 4, 5, 6 and 25 more: nobody can spend it.',
      'Data that may mean something to other programs is in outputs 2, 3, 4, 5, 6 and 25 more.',
    ])
  })

  test('cannot touch the screen', () => {
    for (let at = 0; at < hostileTexts.length; at += 40) {
      const texts = hostileTexts.slice(at, at + 40)
      const { view } = shown([{}], [pay, ...texts.map((text) => ({ script: data(utf8(text)), amount: 0n }))])
      const all = [
        view.sentence,
        ...view.warnings,
        ...view.rows.flatMap(({ label, value }) => [label, value]),
      ]
      for (const text of all) expect(text).not.toMatch(HOSTILE)
    }
  })
})

describe('time', () => {
  const ins = (sequence: number) => [{ sequence }]
  const rows = (sequence: number, lockTime: number) => shown(ins(sequence), [{ amount: 99_000n }], lockTime)

  test.each([
    [0xffff_ffff, 0, 'none'],
    [0xffff_fffe, 0, 'none'],
    [0xffff_fffe, 800_000, 'not before block 800000'],
    [0xffff_fffe, 499_999_999, 'not before block 499999999'],
    [0xffff_fffe, 500_000_000, 'not before 1985-11-05T00:53:20.000Z'],
    [0xffff_fffe, 0xffff_ffff, 'not before 2106-02-07T06:28:15.000Z'],
    [0xffff_ffff, 800_000, 'none (block 800000 is named, but not in force)'],
  ])('with sequence %i and lock time %i: %s', (sequence, lockTime, text) => {
    expect(rowsOf(rows(sequence, lockTime), 'lock time')).toEqual([text])
  })

  test.each([
    [0xffff_ffff, 'no'],
    [0xffff_fffe, 'no'],
    [0xffff_fffd, 'yes, by one with a higher fee that is signed anew (BIP-125)'],
  ])('sequence %i is replaceable: %s', (sequence, text) => {
    expect(rowsOf(rows(sequence, 0), 'replaceable')).toEqual([text])
  })

  test.each([
    [144, 'not before its coin is 144 blocks old'],
    [0x40_0003, 'not before its coin is 1536 seconds old'],
    [0x40_0000, undefined],
    [0x8000_0090, undefined],
  ])('sequence %i waits: %s', (sequence, text) => {
    expect(rowsOf(rows(sequence, 0), 'input 1')[3]).toBe(text)
  })
})

test('fields that nobody knows cannot touch the screen', () => {
  const file = changed(psbtOf(wallet, [{}], [{ amount: 99_000n }]), ({ global, inputs, outputs }) => {
    const value = Uint8Array.from(new TextEncoder().encode('\u001b[2Japproved'))
    for (const map of [global, inputs[0], outputs[0]])
      if (map) map.unknown = [[{ type: 0xf0, key: value }, value]]
  })
  const { view } = decoded(file, wallet.subject())
  expect(JSON.stringify(view.rows)).not.toMatch(/approved|u001b/)
})
