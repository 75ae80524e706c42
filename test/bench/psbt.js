/**
 * One PSBT of 20 inputs, signed in one run, beside 20 PSBTs of one input, signed one after the other: wall clock in
 * milliseconds, 2-of-3, whole signings of two custodians in one process over a network in memory, with handshake, files and
 * receipts. `ratio` is apart over together. For ECDSA the jobs run on as many threads as there are processors; the primes
 * are those of the tests.
 */
import { readFileSync } from 'node:fs'
import { Transaction } from '@scure/btc-signer/transaction.js'
import { planKeygen, runKeygen } from '../../dist/ceremony/dkg/keygen.js'
import { findKey } from '../../dist/ceremony/epochs/find-key.js'
import { ask, join as joinRequest, payloadHash } from '../../dist/ceremony/signing/ask-and-join.js'
import { Workers } from '../../dist/cli/threads/workers.js'
import { MemoryNetwork } from '../../dist/messaging/transport/memory.js'
import { psbt } from '../../dist/payload/bitcoin/psbt.js'
import { txidOf } from '../../dist/payload/bitcoin/coins.js'
import { ownerOf } from '../../dist/payload/bitcoin/own.js'
import { definitionId } from '../../dist/wire/ceremony/definition.js'
import { defined, people, world } from './custodians.js'
import { spread } from './spread.js'

const SCHEMES = ['schnorr-taproot', 'ecdsa-secp256k1']
const INPUTS = 20

/** @param runs how often each is signed by a taproot key; an ECDSA key, which takes minutes, signs once */
export async function psbtFigures(folder, runs) {
  const report = {}
  for (const scheme of SCHEMES) {
    process.stderr.write(`psbt ${scheme}\n`)
    const workers = new Workers()
    try {
      report[scheme] = await figures(folder, scheme, scheme === 'ecdsa-secp256k1' ? 1 : runs, workers)
    } finally {
      workers.close()
    }
  }
  return report
}

async function figures(folder, scheme, runs, { compute }) {
  const everybody = await people(folder, 3)
  const changes = { compute, makePrimes: heldPrimes }
  const definition = defined(everybody, 'coins', scheme, 2)
  const file = { definition, id: definitionId(definition), signatures: [] }
  await together(everybody, changes, async (own, { home, card }) =>
    runKeygen(own, await planKeygen(home, card, file, Date.now())),
  )
  const signers = everybody.slice(0, 2)
  const { record } = await findKey(signers[0].home, 'coins')
  const times = { together: [], apart: [] }
  for (let run = 0; run < runs; run++) {
    const salt = 1 + run * (INPUTS + 1)
    times.together.push(await timed(() => signed(signers, changes, spending(record, INPUTS, salt))))
    times.apart.push(
      await timed(async () => {
        for (let i = 1; i <= INPUTS; i++) await signed(signers, changes, spending(record, 1, salt + i))
      }),
    )
  }
  const [one, many] = [spread(times.together).median, spread(times.apart).median]
  return {
    together: one,
    apart: many,
    an_input: Math.round(one / INPUTS),
    ratio: Math.round((100 * many) / one) / 100,
  }
}

/** Both custodians sign; fails unless every input has its signature. */
async function signed(signers, changes, payload) {
  const approval = { payloads: new Set([payloadHash(payload)]), type: 'psbt', path: null }
  const named = signers.map(({ card }) => card.fingerprint)
  const [{ target, signatures }] = await together(signers, changes, async (own, { home }, i) => {
    const key = await findKey(home, 'coins')
    if (i > 0) return joinRequest(own, key, null, approval)
    return ask(own, key, { type: 'psbt', payload, path: null, reason: '', signers: named })
  })
  const { transaction } = target.decoded.assemble(signatures)
  if (transaction === undefined) throw new Error('the transaction is not whole')
}

async function together(everybody, changes, act) {
  const network = new MemoryNetwork()
  return Promise.all(
    everybody.map((who, i) => act(world(who, network.connect(who.card.name), changes), who, i)),
  )
}

/** A PSBT that spends coins of the key itself, all paid by one transaction. @param salt makes it another one */
function spending(record, inputs, salt) {
  const { script } = ownerOf({ record, path: null }).asked
  const previous = {
    version: 2,
    segwitFlag: false,
    witnesses: undefined,
    inputs: [
      {
        txid: new Uint8Array(32).fill(salt),
        index: 0,
        finalScriptSig: new Uint8Array(),
        sequence: 0xffff_ffff,
      },
    ],
    outputs: Array.from({ length: inputs }, () => ({ amount: 100_000n, script })),
    lockTime: 0,
  }
  const transaction = new Transaction()
  for (const [index, witnessUtxo] of previous.outputs.entries())
    transaction.addInput({ txid: txidOf(previous), index, nonWitnessUtxo: previous, witnessUtxo })
  transaction.addOutput({ amount: 99_000n * BigInt(inputs), script })
  return psbt.read(transaction.toPSBT())
}

let next = 0
function heldPrimes(bits, count, found) {
  const held = JSON.parse(
    readFileSync(new URL(`../vectors/safe-primes-${bits}.json`, import.meta.url), 'utf8'),
  )
  for (let i = 0; i < count; i++) found(Uint8Array.from(Buffer.from(held[next++ % held.length], 'hex')))
  return Promise.resolve()
}

async function timed(act) {
  const begun = performance.now()
  await act()
  return performance.now() - begun
}
