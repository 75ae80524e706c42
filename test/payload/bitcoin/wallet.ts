/** A wallet of one test key: PSBTs made by bitcoinjs-lib, and signatures made by tiny-secp256k1. */
import { RawPSBTV0, RawPSBTV2 } from '@scure/btc-signer/psbt.js'
import * as bitcoin from 'bitcoinjs-lib'
import * as ecc from 'tiny-secp256k1'
import { expect } from 'vitest'
import { psbt as decoder } from '../../../src/payload/bitcoin/psbt.js'
import type { Decoded, Subject } from '../../../src/payload/decoder.js'
import { derivePath, parsePath } from '../../../src/protocol/group/derive.js'
import type { Scheme } from '../../../src/protocol/group/scheme.js'
import { Failure } from '../../../src/wire/base/failure.js'

bitcoin.initEccLib(ecc)

export type BitcoinScheme = Exclude<Scheme, 'eddsa-ed25519'>

const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
export const bytesOf = (hex: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(hex, 'hex'))
export const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const scalar = (x: bigint): Uint8Array => bytesOf((((x % N) + N) % N).toString(16).padStart(64, '0'))

/** A watch-only wallet's knowledge of a key. */
export class Watched {
  readonly fingerprint: Uint8Array

  constructor(
    readonly scheme: BitcoinScheme,
    readonly root: Uint8Array,
    readonly chainCode: Uint8Array,
  ) {
    this.fingerprint = bitcoin.crypto.hash160(this.root).slice(0, 4)
  }

  subject(path: string | null = null, more: Partial<Subject> = {}): Subject {
    const record = { scheme: this.scheme, group_point: this.root, chain_code: this.chainCode }
    return { record, path, ...more }
  }

  point(path: string | null): Uint8Array {
    return path === null ? this.root : derivePath(this.root, this.chainCode, parsePath(path)).groupPoint
  }

  payment(path: string | null): { output: Uint8Array; address: string } {
    const point = this.point(path)
    const { output, address } =
      this.scheme === 'ecdsa-secp256k1'
        ? bitcoin.payments.p2wpkh({ pubkey: point })
        : bitcoin.payments.p2tr({ internalPubkey: point.slice(1) })
    return { output: output as Uint8Array, address: address as string }
  }

  /** The entry that names the key at the path. */
  derivation(path: string | null): object {
    const [point, entry] = [this.point(path), { masterFingerprint: this.fingerprint, path: path ?? 'm' }]
    return this.scheme === 'ecdsa-secp256k1'
      ? { bip32Derivation: [{ ...entry, pubkey: point }] }
      : {
          tapInternalKey: point.slice(1),
          tapBip32Derivation: [{ ...entry, pubkey: point.slice(1), leafHashes: [] }],
        }
  }
}

/** A key whose whole private key the test knows. */
export class Wallet extends Watched {
  constructor(
    scheme: BitcoinScheme,
    readonly secret = 0x1234_5678_9abc_def0_1357_9bdf_0246_8acen,
  ) {
    super(scheme, ecc.pointFromScalar(scalar(secret), true) as Uint8Array, new Uint8Array(32).fill(0xcc))
  }

  privateKey(path: string | null): Uint8Array {
    const shift = path === null ? 0n : derivePath(this.root, this.chainCode, parsePath(path)).shift
    return scalar((this.secret + shift) % N)
  }

  override point(path: string | null): Uint8Array {
    return ecc.pointFromScalar(this.privateKey(path), true) as Uint8Array
  }

  /** 64 bytes, made without our code. */
  sign(path: string | null, message: Uint8Array): Uint8Array {
    const key = this.privateKey(path)
    if (this.scheme === 'ecdsa-secp256k1') return ecc.sign(message, key)
    const point = ecc.pointFromScalar(key, true) as Uint8Array
    const even = point[0] === 2 ? key : ecc.privateNegate(key)
    const tweak = bitcoin.crypto.taggedHash('TapTweak', point.slice(1))
    return ecc.signSchnorr(message, ecc.privateAdd(even, tweak) as Uint8Array)
  }

  signatures({ messages }: Decoded): Uint8Array[] {
    return messages.map(({ path, message }) => this.sign(path, message))
  }
}

/** A transaction that pays this script. */
export function paying(script: Uint8Array, amount: bigint, salt = 0): bitcoin.Transaction {
  const transaction = new bitcoin.Transaction()
  transaction.addInput(new Uint8Array(32).fill(salt + 1), salt)
  transaction.addOutput(new Uint8Array(22).fill(1), 5000n)
  transaction.addOutput(script, amount)
  return transaction
}

export type InSpec = {
  readonly path?: string | null
  readonly amount?: bigint
  readonly sequence?: number
  /** In place of the wallet's own, all of it. */
  readonly script?: Uint8Array
  /** In place of its derivation. */
  readonly fields?: object
  /** Only the output is there, and not the transaction. */
  readonly witnessOnly?: boolean
}
export type OutSpec = {
  readonly script?: Uint8Array
  readonly amount: bigint
  /** Where it comes back to. */
  readonly path?: string | null
  readonly fields?: object
}

export const STRANGER = new Wallet('ecdsa-secp256k1', 999n)
/** Somebody who is paid. */
export const PAYEE = STRANGER.payment(null)

/** A PSBT of version 0, as bitcoinjs-lib writes it. */
export function psbtOf(
  wallet: Watched,
  ins: readonly InSpec[],
  outs: readonly OutSpec[],
  lockTime = 0,
): Uint8Array {
  const psbt = new bitcoin.Psbt()
  psbt.setVersion(2).setLocktime(lockTime)
  for (const [
    i,
    { path = `m/0/${i}`, amount = 100_000n, sequence, script, fields, witnessOnly },
  ] of ins.entries()) {
    const output = script ?? wallet.payment(path).output
    const previous = paying(output, amount, i)
    psbt.addInput({
      hash: previous.getId(),
      index: 1,
      ...(sequence !== undefined && { sequence }),
      ...(witnessOnly !== true && { nonWitnessUtxo: previous.toBuffer() }),
      ...(script === undefined && { witnessUtxo: { script: output, value: amount } }),
      ...(fields ?? (script ? {} : wallet.derivation(path))),
    })
  }
  for (const { script, amount, path, fields } of outs) {
    const own = path !== undefined
    psbt.addOutput({
      script: script ?? (own ? wallet.payment(path).output : PAYEE.output),
      value: amount,
      ...(fields ?? (own ? wallet.derivation(path) : {})),
    })
  }
  return psbt.toBuffer()
}

type Raw = ReturnType<typeof RawPSBTV0.decode>

/** The same PSBT with fields changed, by the names of the library. */
export function changed(file: Uint8Array, change: (raw: Raw) => void): Uint8Array {
  const raw = RawPSBTV0.decode(file)
  change(raw)
  return RawPSBTV0.encode(raw)
}

/** The same transaction as a PSBT of version 2. */
export function asV2(file: Uint8Array, change: (raw: Raw) => void = () => undefined): Uint8Array {
  const { global, inputs, outputs } = RawPSBTV0.decode(file)
  const { unsignedTx, ...rest } = global
  const tx = unsignedTx as NonNullable<typeof unsignedTx>
  const raw = {
    global: {
      ...rest,
      version: 2,
      txVersion: tx.version,
      fallbackLocktime: tx.lockTime,
      inputCount: inputs.length,
      outputCount: outputs.length,
    },
    inputs: inputs.map((fields, i) => {
      const { txid, index, sequence } = tx.inputs[i]
      return { ...fields, txid, index, sequence }
    }),
    outputs: outputs.map((fields, i) => ({ ...fields, ...tx.outputs[i] })),
  } as unknown as Raw
  change(raw)
  return RawPSBTV2.encode(raw)
}

export const decoded = (file: Uint8Array, subject: Subject): Decoded =>
  decoder.decode(decoder.read(file), subject)

/** The failure of decoding it. */
export function failureOf(run: () => unknown): Failure {
  try {
    run()
  } catch (error) {
    expect(error).toBeInstanceOf(Failure)
    return error as Failure
  }
  throw new Error('it was let through')
}

export const refusal = (file: Uint8Array, subject: Subject): Failure =>
  failureOf(() => decoded(file, subject))

/** The rows with this label, and those without one that follow. */
export function rowsOf({ view }: Decoded, label: string): string[] {
  const start = view.rows.findIndex((row) => row.label === label)
  if (start === -1) return []
  const rest = view.rows.slice(start + 1)
  const end = rest.findIndex((row) => row.label !== '')
  return view.rows.slice(start, start + 1 + (end === -1 ? rest.length : end)).map(({ value }) => value)
}
