/** The payloads of a rehearsal: ones that our decoders read without a warning, and other libraries alike. */
import { getCompiledTransactionMessageDecoder } from '@solana/kit'
import * as bitcoin from 'bitcoinjs-lib'
import { parseTransaction } from 'viem'
import { expect, test } from 'vitest'
import { type Example, examplesFor } from '../../../src/payload/examples/examples.js'
import { targetOf } from '../../../src/payload/registry/target.js'
import { SCHEMES, type Scheme } from '../../../src/protocol/group/scheme.js'
import { madeKey } from '../../wire/support.js'

const SENTENCES: Readonly<Record<Scheme, readonly RegExp[]>> = {
  'ecdsa-secp256k1': [
    /^Sends 0\.01 ETH to 0x000000000000000000000000000000000000dEaD on Sepolia, a test network/,
    /^Sends 0\.001 BTC to bc1qqurswpc\w+ on Bitcoin, for a fee of 0\.00001 BTC\.$/,
  ],
  'schnorr-taproot': [/^Sends 0\.001 BTC to bc1qqurswpc\w+ on Bitcoin, for a fee of 0\.00001 BTC\.$/],
  'eddsa-ed25519': [/0\.25 SOL/],
}

/** Another library's reading of it. */
const ELSEWHERE: Readonly<Record<string, (payload: Uint8Array) => unknown>> = {
  'evm-tx': (payload) => parseTransaction(`0x${Buffer.from(payload).toString('hex')}`).value,
  psbt: (payload) => bitcoin.Psbt.fromBuffer(payload).txOutputs.map(({ value }) => value),
  'solana-tx': (payload) => getCompiledTransactionMessageDecoder().decode(payload).header.numSignerAccounts,
}
const READ: Readonly<Record<string, unknown>> = {
  'evm-tx': 10n ** 16n,
  psbt: [100_000n, 19_000n],
  'solana-tx': 1,
}

test.each(SCHEMES)('a key of %s has examples of its own', async (scheme) => {
  const { record } = madeKey(scheme)
  const examples = await examplesFor(record)
  expect(examples).toHaveLength(SENTENCES[scheme].length)
  for (const [i, { type, payload }] of examples.entries()) {
    const { decoded } = await targetOf(record, { type, payload, path: null })
    expect(decoded.view.sentence).toMatch(SENTENCES[scheme][i] as RegExp)
    expect(decoded.view.warnings).toEqual([])
    expect(decoded.messages).toHaveLength(type === 'psbt' ? 2 : 1)
    expect(ELSEWHERE[type]?.(payload)).toEqual(READ[type])
  }
  expect(new Set(examples.map(({ file }: Example) => file)).size).toBe(examples.length)
})
