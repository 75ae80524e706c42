/** `psbt`: a Bitcoin transaction that is partially signed. */
import { binaryOf } from '../input.js'
import type { Decoder } from '../decoder.js'
import { encodeMaps, parseMaps } from './maps.js'
import { assemblePsbt } from './psbt-assemble.js'
import { psbtOutline } from './psbt-outline.js'
import { psbtView } from './psbt-view.js'
import { readPsbt } from './reading.js'

export const psbt: Decoder = {
  type: 'psbt',
  schemes: ['ecdsa-secp256k1', 'schnorr-taproot'],
  read: (file) => encodeMaps(parseMaps(binaryOf(file))),
  outline: psbtOutline,
  decode(payload, subject) {
    const reading = readPsbt(payload, subject)
    return {
      view: psbtView(reading),
      messages: reading.own.map(({ key, message }) => ({ path: key.path, message })),
      assemble: (signatures) => assemblePsbt(reading, signatures),
    }
  },
}
