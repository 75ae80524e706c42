/**
 * Ethereum transactions as bytes: legacy with EIP-155, EIP-2930 and EIP-1559. Anything else is refused by name. Bytes
 * that the library would write otherwise are refused, so a payload says one thing only.
 */
import { keccak_256 } from '@noble/hashes/sha3.js'
import { Transaction, type TxType } from 'micro-eth-signer'
import { equalBytes } from '../../protocol/core/codec.js'
import { hex, visible } from '../../wire/base/text.js'
import { badPayload } from '../bad-payload.js'
import type { Outputs } from '../decoder.js'
import { MOST_CHAIN_ID } from './base/chains.js'
import { MOST_BYTES, type Parts, word } from './base/signer.js'

type Entry = { readonly address: string; readonly storageKeys: readonly string[] }

export type EvmTransaction = {
  readonly kind: 'legacy' | 'EIP-2930' | 'EIP-1559'
  readonly chainId: bigint
  readonly nonce: bigint
  readonly gasLimit: bigint
  /** In wei for a unit of gas: what is paid at most. */
  readonly gasPrice: bigint
  /** In wei for a unit of gas: what of it goes to the proposer; null where the type does not say. */
  readonly priority: bigint | null
  /** EIP-55; null for a new contract. */
  readonly to: string | null
  /** In wei. */
  readonly value: bigint
  readonly data: Uint8Array
  readonly accessList: readonly Entry[]
  /** Its signer; null if unsigned. */
  readonly signedBy: string | null
  /** 32 bytes: what is signed. */
  readonly digest: Uint8Array
  readonly signed: (parts: Parts) => Outputs
}

/**
 * @throws Failure `E_PAYLOAD` (verification): malformed, not canonical, without a chain id, or of a type that is not
 *   signed
 */
export function parseTransaction(payload: Uint8Array): EvmTransaction {
  if (payload.length > MOST_BYTES) throw badPayload(`a transaction has at most ${MOST_BYTES} bytes`)
  refuseByName(payload[0])
  const tx = parsed(payload)
  const { chainId, ...raw } = tx.raw
  if (chainId === undefined) {
    throw badPayload('the transaction names no chain, so it would be valid on every one (EIP-155)', {
      hint: 'make it again with its chain id',
    })
  }
  if (chainId === 0n || chainId > MOST_CHAIN_ID) throw badPayload(`no network has the chain id ${chainId}`)
  const data = Uint8Array.from(Buffer.from(raw.data.slice(2), 'hex'))
  if (raw.to === '0x' && data.length === 0) {
    throw badPayload('the transaction has neither a recipient nor the code of a contract')
  }
  return {
    kind: kindOf(tx),
    chainId,
    nonce: raw.nonce,
    gasLimit: raw.gasLimit,
    gasPrice: 'gasPrice' in raw ? raw.gasPrice : raw.maxFeePerGas,
    priority: 'maxPriorityFeePerGas' in raw ? raw.maxPriorityFeePerGas : null,
    to: raw.to === '0x' ? null : raw.to,
    value: raw.value,
    data,
    accessList: 'accessList' in raw ? raw.accessList : [],
    signedBy: tx.isSigned ? senderOf(tx) : null,
    digest: keccak_256(tx.toBytes({ includeSignature: false })),
    signed: (parts) => signed(tx, chainId, parts),
  }
}

type Of<T extends TxType> = InstanceType<typeof Transaction<T>>
type Parsed = Of<'legacy'> | Of<'eip2930'> | Of<'eip1559'>

const kindOf = ({ type }: Parsed): EvmTransaction['kind'] =>
  type === 'legacy' ? 'legacy' : type === 'eip2930' ? 'EIP-2930' : 'EIP-1559'

/** EIP-2718: the first byte is the type, or that of a list in a legacy transaction. */
function refuseByName(first: number | undefined): void {
  if (first === undefined) throw badPayload('the payload is empty')
  if (first === 3) throw badPayload('this is a blob transaction (EIP-4844), which is not signed')
  if (first === 4) {
    throw badPayload('this transaction hands the account to code (EIP-7702), which is not signed')
  }
  if (first !== 1 && first !== 2 && first < 0xc0) {
    throw badPayload(`this is no Ethereum transaction: type ${first} is not known`)
  }
}

function parsed(payload: Uint8Array): Parsed {
  let tx: Of<TxType>
  try {
    tx = Transaction.fromBytes(payload)
  } catch (cause) {
    const detail = cause instanceof Error ? `: ${visible(cause.message)}` : ''
    throw badPayload(`this is no whole transaction in canonical form${detail}`, { cause })
  }
  if (tx.type === 'eip4844' || tx.type === 'eip7702' || !equalBytes(tx.toBytes(), payload)) {
    throw badPayload('the transaction is not in canonical form')
  }
  return tx as Parsed
}

function senderOf(tx: Parsed): string {
  try {
    return tx.sender
  } catch (cause) {
    throw badPayload('the transaction carries a signature that is not valid', { cause })
  }
}

/** The transaction with a signature in place of whatever it carried. */
function signed(tx: Parsed, chainId: bigint, { r, s, yParity }: Parts): Outputs {
  const raw = { ...tx.raw, r, s, yParity }
  const whole = new Transaction(tx.type, raw, { strict: false })
  const parity = tx.type === 'legacy' ? { v: Number(35n + 2n * chainId) + yParity } : { y_parity: yParity }
  return { raw_transaction: `0x${hex(whole.toBytes())}`, txid: whole.hash, r: word(r), s: word(s), ...parity }
}
