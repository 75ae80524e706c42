/** The owner of an input: claims of derivations, other kinds of script, and inputs of others. */
import * as bitcoin from 'bitcoinjs-lib'
import * as ecc from 'tiny-secp256k1'
import { describe, expect, test } from 'vitest'
import {
  asV2,
  bytesOf,
  changed,
  decoded,
  hexOf,
  PAYEE,
  psbtOf,
  refusal,
  rowsOf,
  STRANGER,
  Wallet,
} from './wallet.js'

const ecdsa = new Wallet('ecdsa-secp256k1')
const taproot = new Wallet('schnorr-taproot')
const wallets = [ecdsa, taproot]
const OUTS = [{ amount: 90_000n }]

type Raw = Parameters<Parameters<typeof changed>[1]>[0]
type Input = Raw['inputs'][number]

const edit = (file: Uint8Array, change: (input: Input) => void): Uint8Array =>
  changed(file, ({ inputs }) => change(inputs[0] as Input))

function expectRefused(wallet: Wallet, file: Uint8Array, message: string): void {
  const failure = refusal(file, wallet.subject())
  expect([failure.message, failure.code, failure.kind]).toEqual([message, 'E_PAYLOAD', 'verification'])
}

/** Steps of the derivation, and the key that it names. */
const claim = (input: Input) => {
  const der = input.bip32Derivation?.[0]?.[1] ?? input.tapBip32Derivation?.[0]?.[1].der
  return der as { fingerprint: number; path: number[] }
}

describe.each(wallets)('a derivation of $scheme', (wallet) => {
  const one = psbtOf(wallet, [{}], OUTS)

  test('that leads to another key is refused', () => {
    expectRefused(
      wallet,
      edit(one, (input) => claim(input).path.push(1)),
      "input 1 names this key's fingerprint, but the key at its path is another",
    )
  })

  test('that names another key is refused', () => {
    const { tapInternalKey: _, ...other } = wallet.derivation('m/0/1') as Record<string, unknown>
    expectRefused(
      wallet,
      psbtOf(wallet, [{ fields: other }], OUTS),
      `input 1 names this key, but spends ${wallet === ecdsa ? 'P2WPKH' : 'P2TR'}`,
    )
  })

  test.each([
    [0x8000_0000, 'the path does not lead to a key: step 3 is hardened'],
    [0xffff_ffff, 'the path does not lead to a key: step 3 is hardened'],
  ])('with the hardened step %i is refused', (step, message) => {
    const failure = refusal(
      edit(one, (input) => claim(input).path.push(step)),
      wallet.subject(),
    )
    expect(failure.code).toBe('E_PAYLOAD')
    expect(failure.message).toContain(`input 1 names this key: ${message}`)
  })

  test('with more steps than any key has is refused', () => {
    const failure = refusal(
      edit(one, (input) => (claim(input).path = Array.from({ length: 100_000 }, () => 0))),
      wallet.subject(),
    )
    expect(failure.message).toBe(
      'input 1 names this key: the path does not lead to a key: more than 32 steps',
    )
  })

  test('of somebody else makes the input no less ours, if it pays the key at the path of the request', () => {
    const file = edit(one, (input) => (claim(input).fingerprint = 0))
    expect(decoded(file, wallet.subject('m/0/0')).messages).toEqual(decoded(one, wallet.subject()).messages)
    const failure = refusal(file, wallet.subject())
    expect(failure.message).toBe('no input is of this key')
    expect(failure.hint).toContain(hexOf(wallet.fingerprint))
  })

  test('may not name two keys of ours', () => {
    const fields = wallet.derivation('m/0/0') as Record<string, object[]>
    const more = wallet.derivation('m/0/1') as Record<string, object[]>
    const name = wallet === ecdsa ? 'bip32Derivation' : 'tapBip32Derivation'
    const both = { ...fields, [name]: [...(fields[name] ?? []), ...(more[name] ?? [])] }
    expectRefused(
      wallet,
      psbtOf(wallet, [{ fields: both }], OUTS),
      'input 1 names several keys derived from this one',
    )
  })

  test('64 inputs are signed, 65 are not, and neither are 65 outputs that come back', () => {
    const ins = (count: number) => Array.from({ length: count }, () => ({ path: 'm/0/0', amount: 1000n }))
    const many = decoded(
      psbtOf(
        wallet,
        ins(64),
        OUTS.map(() => ({ amount: 1n })),
      ),
      wallet.subject(),
    )
    expect(many.messages).toHaveLength(64)
    expect(new Set(many.messages.map(({ message }) => hexOf(message))).size).toBe(64)
    expectRefused(wallet, psbtOf(wallet, ins(65), OUTS), 'more than 64 inputs are of this key')
    const bare = ins(65).map((each) => ({ ...each, fields: {} }))
    expect(refusal(psbtOf(wallet, bare, OUTS), wallet.subject('m/0/0')).message).toBe(
      'more than 64 inputs are of this key',
    )
    const outs = Array.from({ length: 65 }, () => ({ amount: 1n, path: 'm/1/0' }))
    expectRefused(wallet, psbtOf(wallet, [{}], outs), 'more than 64 outputs are of this key')
  })
})

describe('another kind of script under the key is refused by name', () => {
  const pubkey = ecdsa.point('m/0/0')
  const wpkh = bitcoin.payments.p2wpkh({ pubkey })
  const multi = bitcoin.payments.p2ms({ m: 1, pubkeys: [pubkey, STRANGER.point(null)] })
  const spend = (payment: bitcoin.Payment): Uint8Array =>
    psbtOf(
      ecdsa,
      [
        {
          script: payment.output as Uint8Array,
          fields: {
            ...ecdsa.derivation('m/0/0'),
            ...(payment.redeem?.output &&
              payment.name?.startsWith('p2sh') && { redeemScript: payment.redeem.output }),
          },
        },
      ],
      OUTS,
    )
  const named = (kind: string) => `input 1 names this key, but spends ${kind}`

  test.each([
    ['P2PKH', bitcoin.payments.p2pkh({ pubkey })],
    ['P2PK', bitcoin.payments.p2pk({ pubkey })],
    ['P2SH', bitcoin.payments.p2sh({ redeem: wpkh })],
    ['P2WSH', bitcoin.payments.p2wsh({ redeem: multi })],
    ['bare multisig', multi],
    ['P2TR', bitcoin.payments.p2tr({ internalPubkey: pubkey.slice(1) })],
    ['a script of an unknown kind', { output: bytesOf('51') }],
    ['a script of an unknown kind', { output: Uint8Array.of(0x4c, ...(wpkh.output as Uint8Array)) }],
  ])('%s', (kind, payment) => {
    expectRefused(ecdsa, spend(payment), named(kind))
  })

  test('P2WPKH of a taproot key', () => {
    const output = bitcoin.payments.p2wpkh({ pubkey: taproot.point('m/0/0') }).output as Uint8Array
    const fields = {
      bip32Derivation: [
        { masterFingerprint: taproot.fingerprint, path: 'm/0/0', pubkey: taproot.point('m/0/0') },
      ],
    }
    expectRefused(taproot, psbtOf(taproot, [{ script: output, fields }], OUTS), named('P2WPKH'))
  })

  test('P2TR with scripts, spent by the key path', () => {
    const internalPubkey = taproot.point('m/0/0').slice(1)
    const tree = { output: bytesOf(`20${hexOf(STRANGER.point(null).slice(1))}ac`) }
    const { output, hash } = bitcoin.payments.p2tr({ internalPubkey, scriptTree: tree })
    const fields = { ...taproot.derivation('m/0/0'), tapMerkleRoot: hash }
    const file = psbtOf(taproot, [{ script: output as Uint8Array, fields }], OUTS)
    expectRefused(taproot, file, named('P2TR'))
  })

  test('a script of a taproot output', () => {
    const file = edit(psbtOf(taproot, [{}], OUTS), (input) => {
      input.tapBip32Derivation?.[0]?.[1].hashes.push(new Uint8Array(32))
    })
    expectRefused(taproot, file, 'input 1 asks for a signature under a taproot script')
  })

  test('a key in a longer form', () => {
    const file = edit(psbtOf(ecdsa, [{}], OUTS), (input) => {
      const [entry] = input.bip32Derivation ?? []
      if (entry) entry[0] = Uint8Array.from(ecc.pointCompress(pubkey, false))
    })
    expectRefused(ecdsa, file, "input 1 names this key's fingerprint, but the key at its path is another")
  })
})

describe('the state of an input', () => {
  const one = psbtOf(ecdsa, [{}], OUTS)
  const tap = psbtOf(taproot, [{}], OUTS)
  const [key33, key32] = [
    Uint8Array.from(STRANGER.point(null)),
    Uint8Array.from(STRANGER.point(null).slice(1)),
  ]
  const [b20, b32, b64] = [20, 32, 64].map((length) => new Uint8Array(length)) as [
    Uint8Array<ArrayBuffer>,
    Uint8Array<ArrayBuffer>,
    Uint8Array<ArrayBuffer>,
  ]
  const OPEN = 'input 1 asks for a signature that leaves parts of the transaction open'

  test.each([2, 3, 0x81, 0x82, 0x83, 0x80, 0x101, 0xffff_ffff])(
    'the sighash type %i is refused',
    (sighash) => {
      for (const [wallet, file] of [
        [ecdsa, one],
        [taproot, tap],
      ] as const)
        expectRefused(
          wallet,
          edit(file, (input) => (input.sighashType = sighash)),
          OPEN,
        )
    },
  )

  test('DEFAULT is one of taproot alone', () => {
    const [v0, v1] = [one, tap].map((file) => edit(file, (input) => (input.sighashType = 0)))
    expectRefused(ecdsa, v0 as Uint8Array, OPEN)
    expect(decoded(v1 as Uint8Array, taproot.subject()).messages).toEqual(
      decoded(tap, taproot.subject()).messages,
    )
  })

  const both: Record<string, [(input: Input) => void, string]> = {
    'a final witness': [(input) => (input.finalScriptWitness = [b64]), 'is final already'],
    'a final script': [(input) => (input.finalScriptSig = b20), 'is final already'],
    'an empty final script': [(input) => (input.finalScriptSig = bytesOf('')), 'is final already'],
    'a signature': [(input) => (input.partialSig = [[key33, b64]]), 'is signed already'],
    'a signature of taproot': [(input) => (input.tapKeySig = b64), 'is signed already'],
    'a signature of a taproot script': [
      (input) => (input.tapScriptSig = [[{ pubKey: key32, leafHash: b32 }, b64]]),
      'is signed already',
    ],
    'a redeem script': [(input) => (input.redeemScript = bytesOf('51')), 'has a redeem script (P2SH)'],
    'a witness script': [(input) => (input.witnessScript = bytesOf('51')), 'has a witness script (P2WSH)'],
    'a taproot script': [
      (input) =>
        (input.tapLeafScript = [[{ version: 0xc0, internalKey: key32, merklePath: [] }, bytesOf('51c0')]]),
      'has a taproot script',
    ],
    'a tree of taproot scripts': [(input) => (input.tapMerkleRoot = b32), 'has a tree of taproot scripts'],
    'a tweak of its key': [(input) => (input.p2cKeyTweak = [[key33, b32]]), 'has a key that is tweaked'],
    'several signers': [
      (input) => (input.musig2ParticipantPubkeys = [[key33, [key33]]]),
      'is of several signers (MuSig2)',
    ],
    'a nonce of MuSig2': [
      (input) =>
        (input.musig2PubNonce = [[{ participantPubkey: key33, aggregatePubkey: key33 }, new Uint8Array(66)]]),
      'is of several signers (MuSig2)',
    ],
    'a signature of MuSig2': [
      (input) => (input.musig2PartialSig = [[{ participantPubkey: key33, aggregatePubkey: key33 }, b32]]),
      'is of several signers (MuSig2)',
    ],
  }

  test.each(Object.entries(both))('with %s it is refused', (_, [change, what]) => {
    for (const [wallet, file] of [
      [ecdsa, one],
      [taproot, tap],
    ] as const)
      expectRefused(wallet, edit(file, change), `input 1 is of this key, but ${what}`)
  })

  test('of a silent payment is refused', () => {
    const file = asV2(tap, ({ inputs: [input] }) => {
      if (input) input.spTweak = b32
    })
    expectRefused(taproot, file, 'input 1 is of this key, but is a silent payment')
  })

  test('with another internal key is refused', () => {
    for (const [wallet, file] of [
      [ecdsa, one],
      [taproot, tap],
    ] as const)
      expectRefused(
        wallet,
        edit(file, (input) => (input.tapInternalKey = key32)),
        'input 1 is of this key, but names another internal key',
      )
  })

  test('of 0 BTC is refused, because BIP-322 signs texts in that form', () => {
    for (const wallet of wallets)
      expectRefused(
        wallet,
        psbtOf(wallet, [{ amount: 0n }, { amount: 100_000n }], OUTS),
        'input 1 is of 0 BTC, so it may be a message (BIP-322)',
      )
  })
})

describe.each(wallets)('inputs of other keys with $scheme', (wallet) => {
  const other = new Wallet(wallet.scheme, 777n)
  const theirs = { script: other.payment('m/0/1').output }
  const leave = { allowForeignInputs: true }
  const withCoin = (file: Uint8Array): Uint8Array =>
    changed(file, ({ inputs: [, second] }) => {
      if (second) second.witnessUtxo = { script: Uint8Array.from(theirs.script), amount: 100_000n }
    })
  const mixed = withCoin(
    psbtOf(wallet, [{}, theirs], [{ amount: 150_000n }, { amount: 40_000n, path: 'm/1/0' }]),
  )

  test('are refused without leave of a policy, with an error that says so', () => {
    const failure = refusal(mixed, wallet.subject())
    expect(failure).toMatchObject({ kind: 'refused', code: 'E_FOREIGN_INPUT' })
    expect(failure.message).toBe('coins of other keys are spent by input 2')
    expect(refusal(mixed, STRANGER.subject()).code).toBe('E_PAYLOAD')
    const six = psbtOf(wallet, [{}, ...Array.from({ length: 6 }, () => theirs)], OUTS)
    expect(refusal(six, wallet.subject()).message).toBe(
      'coins of other keys are spent by inputs 2, 3, 4, 5, 6 and 1 more',
    )
  })

  test('are shown and not signed with leave', () => {
    const result = decoded(mixed, wallet.subject(null, leave))
    expect(result.messages.map(({ path }) => path)).toEqual(['m/0/0'])
    expect(result.view.sentence).toBe(
      `Sends 0.0015 BTC to ${PAYEE.address} on Bitcoin, for a fee of 0.0001 BTC. Signs 1 of 2 inputs.`,
    )
    expect(rowsOf(result, 'input 2').slice(0, 2)).toEqual([
      '0.001 BTC of ANOTHER key',
      other.payment('m/0/1').address,
    ])
    expect(rowsOf(result, 'leaves this key')).toEqual(['0.0006 BTC'])
    expect(rowsOf(result, 'fee rate')[0]).toMatch(/^about /)
    expect(result.view.warnings).toEqual([
      '1 of the inputs is of another key: what the transaction does depends on its signer too.',
    ])
  })

  test('keep the transaction from being complete, until they are final', () => {
    const result = decoded(mixed, wallet.subject(null, leave))
    const outputs = result.assemble(wallet.signatures(result))
    expect(Object.keys(outputs)).toEqual(['psbt'])
    // The other signs what comes out, and what comes out of that is whole.
    const half = changed(
      Uint8Array.from(Buffer.from(outputs['psbt'] as string, 'base64')),
      ({ inputs: [first] }) => {
        const value = first?.partialSig?.[0]?.[1] ?? first?.tapKeySig
        first!.finalScriptWitness =
          wallet === ecdsa ? [value!, Uint8Array.from(wallet.point('m/0/0'))] : [value!]
        delete first!.partialSig
        delete first!.tapKeySig
      },
    )
    const second = decoded(half, other.subject('m/0/1', leave))
    expect(rowsOf(second, 'unsigned txid')).toEqual(rowsOf(result, 'unsigned txid'))
    const { transaction, txid } = second.assemble(other.signatures(second))
    expect(bitcoin.Transaction.fromHex(transaction as string).getId()).toBe(txid)
    expect([txid]).toEqual(rowsOf(result, 'unsigned txid'))
  })

  test('may pay into the key', () => {
    const file = withCoin(psbtOf(wallet, [{}, theirs], [{ amount: 190_000n, path: 'm/1/0' }]))
    const result = decoded(file, wallet.subject(null, leave))
    expect(rowsOf(result, 'comes to this key')).toEqual(['0.0009 BTC'])
    expect(rowsOf(result, 'leaves this key')).toEqual([])
  })

  test('alone are no business of the key', () => {
    expect(refusal(psbtOf(wallet, [theirs], OUTS), wallet.subject(null, leave)).message).toBe(
      'no input is of this key',
    )
  })
})

test('segwit v0 needs the previous transactions of other keys too: their amounts make the fee', () => {
  const file = changed(psbtOf(ecdsa, [{}, { script: PAYEE.output }], OUTS), ({ inputs: [, second] }) => {
    delete second?.nonWitnessUtxo
    if (second) second.witnessUtxo = { script: Uint8Array.from(PAYEE.output), amount: 1n }
  })
  const failure = refusal(file, ecdsa.subject(null, { allowForeignInputs: true }))
  expect(failure.message).toBe('the previous transaction of input 2 is missing, so its amount may be a lie')
})

test('the ID of a transaction with legacy inputs is that with their scripts', () => {
  const legacy = bitcoin.payments.p2pkh({ pubkey: STRANGER.point(null) })
  const file = changed(
    psbtOf(ecdsa, [{}, { script: legacy.output as Uint8Array }], OUTS),
    ({ inputs: [, second] }) => {
      // Nothing here asks whether others signed well; nodes do.
      second!.finalScriptSig = bytesOf('0151')
    },
  )
  const result = decoded(file, ecdsa.subject(null, { allowForeignInputs: true }))
  const { transaction, txid } = result.assemble(ecdsa.signatures(result))
  expect(bitcoin.Transaction.fromHex(transaction as string).getId()).toBe(txid)
  expect([txid]).not.toEqual(rowsOf(result, 'unsigned txid'))
})
