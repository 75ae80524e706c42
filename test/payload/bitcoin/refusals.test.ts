/** Every PSBT that is refused is refused by name, and for that reason alone: the next one like it is signed. */
import { RawTx } from '@scure/btc-signer/script.js'
import { describe, expect, test } from 'vitest'
import { psbt as decoder } from '../../../src/payload/bitcoin/psbt.js'
import {
  asV2,
  bytesOf,
  changed,
  decoded,
  failureOf,
  hexOf,
  paying,
  psbtOf,
  refusal,
  STRANGER,
  Wallet,
} from './wallet.js'

const ecdsa = new Wallet('ecdsa-secp256k1')
const taproot = new Wallet('schnorr-taproot')
const OUTS = [{ amount: 90_000n }]
const one = psbtOf(ecdsa, [{}], OUTS)
const tap = psbtOf(taproot, [{}], OUTS)

type Raw = Parameters<Parameters<typeof changed>[1]>[0]
type Change = (raw: Raw, input: Raw['inputs'][number]) => void

const edit = (file: Uint8Array, change: Change): Uint8Array =>
  changed(file, (raw) => change(raw, raw.inputs[0] as Raw['inputs'][number]))

/** Of the key's, exit 9. */
function expectRefused(wallet: Wallet, file: Uint8Array, message: string | RegExp): void {
  const failure = refusal(file, wallet.subject())
  expect(failure).toMatchObject({ kind: 'verification', code: 'E_PAYLOAD' })
  if (typeof message === 'string') expect(failure.message).toBe(message)
  else expect(failure.message).toMatch(message)
}

test('what the changes below start from is signed', () => {
  expect(decoded(one, ecdsa.subject()).messages).toHaveLength(1)
  expect(decoded(tap, taproot.subject()).messages).toHaveLength(1)
})

describe('bytes', () => {
  const payload = decoder.read(one)
  const decode = (bytes: Uint8Array): string =>
    failureOf(() => decoder.decode(bytes, ecdsa.subject())).message
  const insert = (at: number, ...bytes: readonly number[]): Uint8Array =>
    Uint8Array.of(...payload.slice(0, at), ...bytes, ...payload.slice(at))

  test('that are no PSBT', () => {
    expect(decode(Uint8Array.of())).toBe('this is not a PSBT: it does not begin with "psbt"')
    expect(decode(payload.slice(1))).toBe('this is not a PSBT: it does not begin with "psbt"')
    const transaction = new TextEncoder().encode(paying(new Uint8Array(22), 1n).toHex())
    expectRefused(ecdsa, transaction, 'this is not a PSBT: it does not begin with "psbt"')
  })

  test('that end too early, wherever they are cut', () => {
    const messages = Array.from({ length: payload.length }, (_, length) => decode(payload.slice(0, length)))
    expect(new Set(messages.slice(5))).toContain('the PSBT ends too early')
    // At the border of a map the bytes are whole maps, but too few.
    expect(messages.filter((message) => message.startsWith('the PSBT is malformed'))).not.toHaveLength(0)
    expect(decode(payload.slice(0, 40))).toBe('the PSBT ends too early')
  })

  test('that go on after the end', () => {
    expect(decode(Uint8Array.of(...payload, 0))).toBe('the PSBT goes on after its last output')
    expect(decode(Uint8Array.of(...payload, 0, 0))).toMatch(/^the PSBT is malformed/)
    expect(decode(Uint8Array.of(...decoder.read(asV2(one)), 0))).toMatch(/^the PSBT is malformed/)
    expect(decode(Uint8Array.of(...payload, 1))).toBe('the PSBT ends too early')
    expectRefused(ecdsa, Uint8Array.of(...payload, 0), 'the PSBT goes on after its last output')
  })

  test('that write a length longer than need be', () => {
    expect(payload[5]).toBe(1)
    const long = Uint8Array.of(...payload.slice(0, 5), 0xfd, 1, 0, ...payload.slice(6))
    expect(decode(long)).toBe('the PSBT holds a length that is not in its shortest form')
    const longer = Uint8Array.of(...payload.slice(0, 5), 0xfe, 1, 0, 0, 0, ...payload.slice(6))
    expect(decode(longer)).toBe('the PSBT holds a length that is not in its shortest form')
    const endless = Uint8Array.of(...payload.slice(0, 5), 0xff, 1, 0, 0, 0, 0, 0, 0, 0, ...payload.slice(6))
    expect(decode(endless)).toBe('the PSBT holds a field of more than 4 GiB')
  })

  test('that hold a field twice', () => {
    expect(decode(insert(5, 2, 0xf0, 1, 0, 2, 0xf0, 1, 0))).toBe('the PSBT holds a field twice')
  })

  test('with fields in another order, unless they are read from a file', () => {
    const mixed = insert(5, 2, 0xf0, 1, 0)
    expect(decode(mixed)).toBe('the fields of the PSBT are not in order')
    const read = decoder.read(mixed)
    expect(decoder.decode(read, ecdsa.subject()).messages).toEqual(decoded(one, ecdsa.subject()).messages)
  })

  test('of more than 700,000 bytes', () => {
    expect(decode(new Uint8Array(700_001))).toBe('the PSBT has more than 700000 bytes')
  })

  test('of more than 2,001 maps or 10,000 fields', () => {
    const magic = [0x70, 0x73, 0x62, 0x74, 0xff]
    expect(decode(Uint8Array.of(...magic, ...new Uint8Array(2002)))).toBe(
      'the PSBT has more than 1000 inputs or outputs',
    )
    const fields = Array.from({ length: 10_001 }, (_, i) => [3, 0xf0, i >> 8, i & 0xff, 0]).flat()
    expect(decode(Uint8Array.of(...magic, ...fields, 0))).toBe('the PSBT has more than 10000 fields')
  })

  test.each(['0401000000', '0403000000', '0402000001', '0102'])(
    'of a version that is unknown: %s',
    (value) => {
      const v2 = hexOf(asV2(one))
      expect(v2).toContain('01fb0402000000')
      expectRefused(
        ecdsa,
        bytesOf(v2.replace('01fb0402000000', `01fb${value}`)),
        'the PSBT is of an unknown version',
      )
    },
  )
})

describe('a transaction', () => {
  const tx = ({ global }: Raw) => global.unsignedTx as NonNullable<Raw['global']['unsignedTx']>
  const cases: Record<string, [Change, string]> = {
    'of an unknown version': [(raw) => (tx(raw).version = 4), 'the transaction is of an unknown version'],
    'of version 0, as signed messages are': [
      (raw) => (tx(raw).version = 0),
      'the transaction is of an unknown version',
    ],
    'without outputs': [
      (raw) => {
        tx(raw).outputs = []
        raw.outputs = []
      },
      'the transaction has no inputs or no outputs',
    ],
    'that is a coinbase': [
      (raw, input) => {
        tx(raw).inputs[0] = {
          txid: new Uint8Array(32),
          index: 0xffff_ffff,
          finalScriptSig: bytesOf(''),
          sequence: 0,
        }
        delete input.nonWitnessUtxo
      },
      'the transaction is a coinbase: it spends no coin',
    ],
    'that spends a coin twice': [
      (raw, input) => {
        const [first] = tx(raw).inputs
        if (first) tx(raw).inputs.push(first)
        raw.inputs.push(input)
      },
      'the transaction spends a coin twice',
    ],
    'that pays more than there is': [
      (raw) => {
        tx(raw).outputs = [{ amount: 2_100_000_000_000_001n, script: bytesOf('51') }]
      },
      'the outputs come to more than 21 million BTC',
    ],
    'whose outputs add up to more than there is': [
      (raw) => {
        const output = { amount: 1_100_000_000_000_000n, script: bytesOf('51') }
        tx(raw).outputs = [output, output]
        raw.outputs = [{}, {}]
      },
      'the outputs come to more than 21 million BTC',
    ],
    'that pays more than its inputs': [
      (raw) => {
        tx(raw).outputs = [{ amount: 100_001n, script: bytesOf('51') }]
      },
      'the outputs come to more than the inputs',
    ],
    'that asks for a signed message': [
      ({ global }) => (global.genericSignedMessage = bytesOf('6869')),
      'this PSBT asks for a signed message (BIP-322)',
    ],
  }

  test.each(Object.entries(cases))('%s', (_, [change, message]) => {
    expectRefused(ecdsa, edit(one, change), message)
  })

  test('whose inputs add up to more than there is', () => {
    const ins = [0, 1].map(() => ({ amount: 1_100_000_000_000_000n }))
    expectRefused(ecdsa, psbtOf(ecdsa, ins, OUTS), 'the inputs come to more than 21 million BTC')
  })

  test('whose inputs require lock times that do not go together', () => {
    const two = asV2(psbtOf(ecdsa, [{}, {}], OUTS), ({ inputs: [first, second] }) => {
      if (first) first.requiredHeightLocktime = 10_000
      if (second) second.requiredTimeLocktime = 1_657_048_460
    })
    expectRefused(
      ecdsa,
      two,
      'input 2 does not fit into the transaction: "PSBTv2: incompatible height-based and time-based locktime requirements"',
    )
  })
})

describe('what is said of a coin', () => {
  const NO_PROOF = 'the previous transaction of input 1 is missing, so its amount may be a lie'

  test('segwit v0 needs the previous transaction', () => {
    expectRefused(ecdsa, psbtOf(ecdsa, [{ witnessOnly: true }], OUTS), NO_PROOF)
  })

  test('the previous transaction alone is enough', () => {
    const file = edit(one, (_, input) => delete input.witnessUtxo)
    expect(decoded(file, ecdsa.subject()).messages).toEqual(decoded(one, ecdsa.subject()).messages)
  })

  test('nothing is not enough', () => {
    const neither = 'input 1 says neither its amount nor its script'
    const strip: Change = (_, input) => {
      delete input.nonWitnessUtxo
      delete input.witnessUtxo
    }
    expectRefused(ecdsa, edit(one, strip), neither)
    expectRefused(taproot, edit(tap, strip), neither)
  })

  const LIE = 'input 1 says of its coin what its previous transaction does not'
  const lies: [string, Change, string][] = [
    [
      'another previous transaction',
      (_, input) => {
        const other = paying(ecdsa.payment('m/0/0').output, 100_000n, 5).toBuffer()
        input.nonWitnessUtxo = RawTx.decode(other) as NonNullable<typeof input.nonWitnessUtxo>
      },
      'the previous transaction of input 1 is not the one that the input names',
    ],
    [
      'one that was changed',
      (_, { nonWitnessUtxo }) => {
        const output = nonWitnessUtxo?.outputs[1]
        if (output) output.amount += 1n
      },
      'the previous transaction of input 1 is not the one that the input names',
    ],
    [
      'an output that is not there',
      ({ global }) => {
        const input = global.unsignedTx?.inputs[0]
        if (input) input.index = 2
      },
      'input 1 spends an output that its transaction lacks',
    ],
    [
      'a smaller amount',
      (_, { witnessUtxo }) => {
        if (witnessUtxo) witnessUtxo.amount -= 1n
      },
      LIE,
    ],
    [
      'another script',
      (_, { witnessUtxo }) => {
        if (witnessUtxo) witnessUtxo.script = Uint8Array.from(STRANGER.payment(null).output)
      },
      LIE,
    ],
  ]

  test.each(lies)('a lie: %s', (_, change, message) => {
    expectRefused(ecdsa, edit(one, change), message)
    // A taproot signature would be worthless; it is refused as well.
    expectRefused(taproot, edit(tap, change), message)
  })

  test('more than 21 million BTC', () => {
    const file = edit(tap, (_, input) => {
      delete input.nonWitnessUtxo
      if (input.witnessUtxo) input.witnessUtxo.amount = 2_100_000_000_000_001n
    })
    expectRefused(taproot, file, 'input 1 is of more than 21 million BTC')
  })
})
