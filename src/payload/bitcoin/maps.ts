/**
 * The outer form of a PSBT (BIP-174, "Specification"): a magic, then maps of keys and values. The library that reads
 * the values sets no bounds, takes maps in any order and is slow to write large ones, so these bytes are read, put in
 * order and written here.
 */
import { concatBytes } from '@noble/hashes/utils.js'
import { compareBytes } from '@scure/btc-signer/utils.js'
import { hex } from '../../wire/base/text.js'
import { badPayload } from '../bad-payload.js'

/** `key` is type and key data together, as in the file. */
export type Pair = { readonly key: Uint8Array; readonly value: Uint8Array }
export type PsbtMap = readonly Pair[]

/** BIP-174: `psbt` and 0xff, which begin no other file. */
const MAGIC = Uint8Array.of(0x70, 0x73, 0x62, 0x74, 0xff)

/** As much as a request carries. */
const MOST_BYTES = 700_000
/** Inputs, and outputs. */
export const MOST_ENTRIES = 1000
const MOST_MAPS = 1 + 2 * MOST_ENTRIES
/** Each may hold a public key, which takes a fraction of a millisecond to check. */
const MOST_PAIRS = 10_000

export const isPsbt = (bytes: Uint8Array): boolean =>
  compareBytes(bytes.subarray(0, MAGIC.length), MAGIC) === 0

/**
 * The maps of a PSBT: the global one, then those of the inputs, then those of the outputs. Pairs are as in the file.
 * @throws Failure `E_PAYLOAD` (verification) if it is malformed or beyond the bounds
 */
export function parseMaps(psbt: Uint8Array): PsbtMap[] {
  if (psbt.length > MOST_BYTES) throw badPayload(`the PSBT has more than ${MOST_BYTES} bytes`)
  if (!isPsbt(psbt)) throw badPayload('this is not a PSBT: it does not begin with "psbt"')
  const reader = new Reader(psbt)
  reader.bytes(MAGIC.length)
  const maps: Pair[][] = []
  let pairs = 0
  while (!reader.isAtEnd) {
    if (maps.length === MOST_MAPS)
      throw badPayload(`the PSBT has more than ${MOST_ENTRIES} inputs or outputs`)
    const map: Pair[] = []
    for (let length = reader.size(); length !== 0; length = reader.size()) {
      if (++pairs > MOST_PAIRS) throw badPayload(`the PSBT has more than ${MOST_PAIRS} fields`)
      map.push({ key: reader.bytes(length), value: reader.bytes(reader.size()) })
    }
    if (new Set(map.map(({ key }) => hex(key))).size !== map.length)
      throw badPayload('the PSBT holds a field twice')
    maps.push(map)
  }
  return maps
}

/** The one form of these maps that travels: the keys of each in ascending order of their bytes. */
export const encodeMaps = (maps: readonly PsbtMap[]): Uint8Array =>
  concatBytes(
    MAGIC,
    ...maps.flatMap((map) => [
      ...map
        .toSorted((a, b) => compareBytes(a.key, b.key))
        .flatMap(({ key, value }) => [size(key.length), key, size(value.length), value]),
      size(0),
    ]),
  )

/** CompactSize: a byte below 0xfd, or 0xfd and two, or 0xfe and four, least significant first. */
function size(value: number): Uint8Array {
  if (value < 0xfd) return Uint8Array.of(value)
  const bytes = new Uint8Array(value <= 0xffff ? 3 : 5)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, value <= 0xffff ? 0xfd : 0xfe)
  if (value <= 0xffff) view.setUint16(1, value, true)
  else view.setUint32(1, value, true)
  return bytes
}

class Reader {
  readonly #all: Uint8Array
  readonly #view: DataView
  #at = 0

  constructor(all: Uint8Array) {
    this.#all = all
    this.#view = new DataView(all.buffer, all.byteOffset, all.byteLength)
  }

  get isAtEnd(): boolean {
    return this.#at === this.#all.length
  }

  bytes(length: number): Uint8Array {
    if (length > this.#all.length - this.#at) throw badPayload('the PSBT ends too early')
    this.#at += length
    return this.#all.subarray(this.#at - length, this.#at)
  }

  /** A CompactSize in its shortest form; none in a PSBT of ours has eight bytes. */
  size(): number {
    const [first = 0] = this.bytes(1)
    if (first < 0xfd) return first
    const width = first === 0xfd ? 2 : 4
    if (first === 0xff) throw badPayload('the PSBT holds a field of more than 4 GiB')
    const start = this.#at
    this.bytes(width)
    const value = width === 2 ? this.#view.getUint16(start, true) : this.#view.getUint32(start, true)
    if (value < (width === 2 ? 0xfd : 0x1_0000))
      throw badPayload('the PSBT holds a length that is not in its shortest form')
    return value
  }
}
