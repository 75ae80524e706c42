/**
 * The interface of payload decoders. A decoder reads one type of payload, says in words what signing it does, and
 * recomputes what is signed. Screens, approvals, JSON, paper and policies all show the same `View`.
 */
import { MOST_ENTRIES } from '../protocol/core/entries.js'
import type { Scheme } from '../protocol/group/scheme.js'
import type { RootKey } from '../wire/key/derived-key.js'

/** The key that is asked to sign, and the derivation path that the request names; null for the key itself. */
export type Subject = {
  readonly record: RootKey
  readonly path: string | null
  /** A rule allows inputs of other keys in a transaction that several sign; without it they are refused. */
  readonly allowForeignInputs?: boolean
  readonly known?: Known
}

/** Names that the caller knows, such as a policy's. They come before this program's own lists. */
export type Known = {
  /** Contracts, mints and `native`, by their chain as effects name it. */
  readonly tokens: readonly {
    readonly chain: string
    readonly contract: string
    readonly name: string
    readonly decimals: number
  }[]
  readonly labels: readonly { readonly chain: string; readonly address: string; readonly name: string }[]
  /** ERC-7730 descriptors, parsed from JSON; each counts also for the contracts beside it. */
  readonly descriptors?: readonly {
    readonly json: unknown
    readonly contracts: readonly { readonly chain: string; readonly contract: string }[]
  }[]
}

/** One thing to sign. */
export type Message = {
  /** Derivation path of the key that signs it; null for the key itself. */
  readonly path: string | null
  /** The signed bytes: 32 (a hash) for ECDSA and for taproot transactions, else the bytes themselves. */
  readonly message: Uint8Array
}

/** A line of a view. Both strings are printable: text from the payload has gone through `visible`. */
export type Row = { readonly label: string; readonly value: string }

export type EffectKind =
  | 'transfer'
  | 'approve'
  | 'permit'
  | 'call'
  | 'delegatecall'
  | 'deploy'
  | 'fee'
  | 'change'
  | 'unknown'

/** An effect of a payload once it is signed, for rules to judge. */
export type Effect = {
  /**
   * `evm:1`, `bitcoin`, `bitcoin-testnet`, `solana`; `evm:any` of a signature that holds on every chain of Ethereum's
   * kind; `unknown` where the bytes do not say.
   */
  readonly chain: string
  readonly kind: EffectKind
  /** `native`, or the contract or mint; null where there is none. */
  readonly asset: string | null
  /** In the asset's smallest unit; null if it is unlimited or not known. */
  readonly amount: bigint | null
  /** An address as its chain writes it; null where there is none. */
  readonly recipient: string | null
}

/** A payload as people and rules see it. Every string is printable. */
export type View = {
  readonly type: string
  /** One sentence: `Sends 1.5 ETH to 0x... on Ethereum (chain 1).` */
  readonly sentence: string
  readonly rows: readonly Row[]
  readonly effects: readonly Effect[]
  /** Sentences; the most severe first. */
  readonly warnings: readonly string[]
}

/** The input of the next tool in the chain: `raw_transaction`, `psbt`, `txid`, ... Names in snake case. */
export type Outputs = Readonly<Record<string, string | number>>

/** A payload, understood: the view and the messages come from the same parse. */
export type Decoded = {
  readonly view: View
  /** 1 to 64, in the order that the type fixes. */
  readonly messages: readonly Message[]
  /** @param signatures one of 64 bytes for each message, in their order, already verified */
  readonly assemble: (signatures: readonly Uint8Array[]) => Outputs
}

export type Decoder = {
  readonly type: string
  /** The schemes whose keys sign this type. */
  readonly schemes: readonly Scheme[]
  /**
   * The canonical bytes of a payload, from a file as people have it: hex with or without 0x, base64, or binary.
   * These bytes travel, are hashed and are approved.
   * @throws Failure `E_PAYLOAD` (verification)
   */
  readonly read: (file: Uint8Array) => Uint8Array
  /**
   * Decodes canonical bytes. Bytes that do not encode to themselves again are refused, and so are trailing bytes.
   * @throws Failure `E_PAYLOAD` (verification): malformed, of another key, or of a kind that is not signed;
   *   `E_PATH` (usage): the path leads to no key; `E_FOREIGN_INPUT` (refused)
   */
  readonly decode: (payload: Uint8Array, subject: Subject) => Decoded
  /**
   * The view of canonical bytes without a key: nothing in it was held against one.
   * @throws Failure `E_PAYLOAD` (verification)
   */
  readonly outline: (payload: Uint8Array) => View
}

/** At most this many messages in one payload. */
export const MOST_MESSAGES = MOST_ENTRIES
