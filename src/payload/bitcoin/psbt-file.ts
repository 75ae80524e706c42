/** A PSBT's content (BIP-174, BIP-370), in one form for both versions; nothing in it is believed yet. */
import { RawPSBTV0, RawPSBTV2 } from '@scure/btc-signer/psbt.js'
import { equalBytes } from '../../protocol/core/codec.js'
import { hex, visible } from '../../wire/base/text.js'
import { badPayload } from '../bad-payload.js'
import { encodeMaps, MOST_ENTRIES, parseMaps, type PsbtMap } from './maps.js'

type Decoded = ReturnType<typeof RawPSBTV0.decode>
/** Fields by the names that the library gives them. */
export type InputFields = Decoded['inputs'][number]
export type OutputFields = Decoded['outputs'][number]

export type PsbtInput = {
  /** From 1, as people are told. */
  readonly number: number
  /** As it is written: the bytes of the hash in reverse. */
  readonly txid: string
  readonly vout: number
  readonly sequence: number
  readonly fields: InputFields
}

export type PsbtOutput = {
  /** From 1. */
  readonly number: number
  /** In satoshis. */
  readonly amount: bigint
  readonly script: Uint8Array
  readonly fields: OutputFields
}

export type Psbt = {
  readonly psbtVersion: number
  /** Of the transaction. */
  readonly version: number
  /** In force unless inputs require others. */
  readonly lockTime: number
  readonly inputs: readonly PsbtInput[]
  readonly outputs: readonly PsbtOutput[]
  /** Fields that are carried along and not understood. */
  readonly unknownFields: number
  /** The same as it came. */
  readonly maps: readonly PsbtMap[]
}

/** 21 million bitcoins, in satoshis. */
export const MOST_MONEY = 2_100_000_000_000_000n

const FINAL_SEQUENCE = 0xffff_ffff
const VERSIONS = [1, 2, 3]

/**
 * @param payload canonical bytes
 * @throws Failure `E_PAYLOAD` (verification)
 */
export function parsePsbt(payload: Uint8Array): Psbt {
  const maps = parseMaps(payload)
  if (!equalBytes(encodeMaps(maps), payload)) throw badPayload('the fields of the PSBT are not in order')
  const psbtVersion = versionOf(maps)
  const { global, inputs, outputs } = decode(psbtVersion === 0 ? RawPSBTV0 : RawPSBTV2, payload)
  if (global.genericSignedMessage !== undefined)
    throw badPayload('this PSBT asks for a signed message (BIP-322)', {
      hint: 'sign the text with --type bip322',
    })
  const unsigned = global.unsignedTx
  // The library lets an empty map follow, as an old program wrote it.
  if (unsigned && outputs.length !== unsigned.outputs.length)
    throw badPayload('the PSBT goes on after its last output')
  const psbt: Psbt = {
    psbtVersion,
    version: unsigned?.version ?? (global.txVersion as number),
    lockTime: unsigned?.lockTime ?? global.fallbackLocktime ?? 0,
    inputs: inputs.map((fields, i) => {
      const { txid, index, sequence } = unsigned?.inputs[i] ?? fields
      return {
        number: i + 1,
        txid: hex(txid as Uint8Array),
        vout: index as number,
        sequence: sequence ?? FINAL_SEQUENCE,
        fields,
      }
    }),
    outputs: outputs.map((fields, i) => {
      const { amount, script } = unsigned?.outputs[i] ?? fields
      return { number: i + 1, amount: amount as bigint, script: script as Uint8Array, fields }
    }),
    unknownFields: [global, ...inputs, ...outputs]
      .flatMap(({ unknown, proprietary }) => [unknown?.length ?? 0, proprietary?.length ?? 0])
      .reduce((sum, count) => sum + count, 0),
    maps,
  }
  check(psbt)
  return psbt
}

/** 0 where the field is left out. */
function versionOf([global = []]: readonly PsbtMap[]): number {
  const value = global.find(({ key }) => key.length === 1 && key[0] === 0xfb)?.value
  if (value === undefined) return 0
  const version = value.length === 4 ? new DataView(value.slice().buffer).getUint32(0, true) : -1
  if (version !== 0 && version !== 2)
    throw badPayload('the PSBT is of an unknown version', { hint: 'versions 0 and 2 are signed' })
  return version
}

/** Both coders have the same type of value. */
function decode(coder: typeof RawPSBTV0, payload: Uint8Array): Decoded {
  try {
    return coder.decode(payload)
  } catch (cause) {
    const why = cause instanceof Error ? visible(cause.message) : 'for no reason that is known'
    throw badPayload(`the PSBT is malformed: ${why}`, { cause })
  }
}

/** Refuses what no transaction may be. */
function check({ version, inputs, outputs }: Psbt): void {
  if (inputs.length === 0 || outputs.length === 0)
    throw badPayload('the transaction has no inputs or no outputs')
  if (inputs.length > MOST_ENTRIES || outputs.length > MOST_ENTRIES)
    throw badPayload(`the PSBT has more than ${MOST_ENTRIES} inputs or outputs`)
  if (!VERSIONS.includes(version))
    throw badPayload('the transaction is of an unknown version', { hint: 'versions 1, 2 and 3 are signed' })
  if (inputs.some(({ txid, vout }) => vout === 0xffff_ffff || /^0+$/.test(txid)))
    throw badPayload('the transaction is a coinbase: it spends no coin')
  if (new Set(inputs.map(({ txid, vout }) => `${txid}:${vout}`)).size !== inputs.length)
    throw badPayload('the transaction spends a coin twice')
  const total = outputs.reduce((sum, { amount }) => sum + amount, 0n)
  if (total > MOST_MONEY) throw badPayload('the outputs come to more than 21 million BTC')
}
