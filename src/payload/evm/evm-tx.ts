/** The payload type `evm-tx`: an Ethereum transaction. */
import { addr } from 'micro-eth-signer'
import { badPayload } from '../bad-payload.js'
import type { Decoded, Decoder, Known, Subject, View } from '../decoder.js'
import { binaryOf } from '../input.js'
import { coins, coinsAndWei, gwei, sizeAndHash } from './base/amounts.js'
import { chargesMore, effectChain, isNamed, networkName } from './base/chains.js'
import { Report } from './base/report.js'
import { partsOf, signerOf, SOME_KEY } from './base/signer.js'
import type { Reader } from './calls/call.js'
import { describedReaders, knownReaders } from './calls/described.js'
import type { Descriptor } from './calls/descriptor.js'
import { named } from './calls/contracts.js'
import { readCall } from './calls/read-call.js'
import { type EvmTransaction, parseTransaction } from './transaction.js'

/** @param descriptors what calls of certain contracts mean, beyond what is built in */
export function evmTxDecoder(descriptors: readonly Descriptor[] = []): Decoder {
  const more = describedReaders(descriptors)
  return {
    type: 'evm-tx',
    schemes: ['ecdsa-secp256k1'],
    read: binaryOf,
    decode: (payload, subject) => decode(payload, subject, more),
    outline(payload) {
      const tx = parseTransaction(payload)
      return viewOf(tx, tx.signedBy, { more, known: null })
    },
  }
}

export const evmTx: Decoder = evmTxDecoder()

/** What the caller knows beyond this program. */
type Beyond = { readonly more: readonly Reader[]; readonly known: Known | null }

function decode(payload: Uint8Array, subject: Subject, more: readonly Reader[]): Decoded {
  const { known = null } = subject
  const tx = parseTransaction(payload)
  const signer = signerOf(subject)
  const from = signer.address
  if (tx.signedBy !== null && tx.signedBy !== from) {
    throw badPayload(
      `from is not this key: the transaction is signed by ${tx.signedBy}, this key is ${from}`,
      { hint: 'check --key and --path' },
    )
  }
  return {
    view: viewOf(tx, from, { more: [...more, ...knownReaders(known)], known }),
    messages: [{ path: subject.path, message: tx.digest }],
    assemble: ([signature]) => tx.signed(partsOf(signature as Uint8Array, tx.digest, signer)),
  }
}

/** @param from EIP-55; null if it is not known yet who signs */
function viewOf(tx: EvmTransaction, from: string | null, { more, known }: Beyond): View {
  const { chainId: chain, value, data } = tx
  const out = Report.of(effectChain(chain), known)
  const sender = from ?? SOME_KEY
  out.row('network', networkName(chain))
  out.row('from', sender)
  if (tx.to !== null) out.row('to', named(chain, tx.to))
  out.row('value', coinsAndWei(value, chain))
  out.row('nonce', `${tx.nonce}`)
  // Before the rows of calls: those may be so many that what follows them is overlooked.
  describeFee(tx, out)
  const deed =
    tx.to === null
      ? deploy(tx, from, out)
      : readCall({ chain, from: sender, to: tx.to, value, data, delegate: false }, out, more)
  out.effect('fee', { asset: 'native', amount: feeOf(tx) })
  describeGas(tx, out)
  if (tx.signedBy !== null) {
    out.warn('note', `The transaction was signed by ${tx.signedBy} before; that signature is replaced.`)
  }
  if (!isNamed(chain)) {
    out.warn('caution', `This program has no name for the network with chain id ${chain}.`)
  }
  return out.view('evm-tx', `${deed} on ${networkName(chain)}.`)
}

function deploy(tx: EvmTransaction, from: string | null, out: Report): string {
  const created = from === null ? null : addr.getCreateAddress(from, tx.nonce)
  if (created !== null) out.row('new contract', created)
  out.row('code', sizeAndHash(tx.data))
  out.effect('deploy', { recipient: created })
  if (tx.value > 0n) out.effect('transfer', { asset: 'native', amount: tx.value, recipient: created })
  out.warn('danger', 'The code of the new contract runs when it is made; what it does is not known here.')
  return `deploys ${created === null ? 'a contract' : `the contract ${created}`}${tx.value > 0n ? ` with ${coins(tx.value, tx.chainId)}` : ''}`
}

/** From how much of the native coin, in wei, a fee is remarkable. */
const MUCH = 10n ** 18n
/** So many addresses of an access list are shown. */
const MOST_LISTED = 8

/** At worst, in wei. */
const feeOf = ({ gasLimit, gasPrice }: EvmTransaction): bigint => gasLimit * gasPrice

function describeFee(tx: EvmTransaction, out: Report): void {
  const more = chargesMore(tx.chainId) ? ', and what this network charges for data on Ethereum' : ''
  out.row('fee at worst', `${coinsAndWei(feeOf(tx), tx.chainId)}${more}`)
  if (feeOf(tx) >= MUCH) {
    out.warn('danger', `The fee may be as much as ${coins(feeOf(tx), tx.chainId)}.`)
  }
}

function describeGas(tx: EvmTransaction, out: Report): void {
  out.row('transaction type', tx.kind)
  out.row('gas limit', `${tx.gasLimit}`)
  if (tx.priority === null) out.row('gas price', gwei(tx.gasPrice))
  else {
    out.row('max fee per gas', gwei(tx.gasPrice))
    out.row('max priority fee', gwei(tx.priority))
  }
  describeAccessList(tx, out)
}

/** An access list changes what is paid for gas, and nothing else. */
function describeAccessList({ accessList }: EvmTransaction, out: Report): void {
  if (accessList.length === 0) return
  const keys = accessList.reduce((sum, { storageKeys }) => sum + storageKeys.length, 0)
  out.row('access list', `${accessList.length} addresses, ${keys} storage keys`)
  for (const { address } of accessList.slice(0, MOST_LISTED)) out.row('access list', address)
  const left = accessList.length - MOST_LISTED
  if (left > 0) out.row('access list', `${left} more addresses`)
}
