/** The members whose receipts certify a record. */
import { playersOf } from './key-definition.js'
import type { KeyDefinition } from './definition.js'
import type { KeyRecord } from '../key/record.js'
import type { Holder } from './certificate.js'
import { hex } from '../base/text.js'

/** The members who must sign receipts for a record: all participants, with their shares if any. */
export function votersOf(definition: KeyDefinition, record: KeyRecord): Holder[] {
  const { scheme, members } = record
  return playersOf(definition).map(({ fingerprint, signing }) => {
    const member = members.find(({ card }) => hex(card.fingerprint) === hex(fingerprint))
    const share = member ? { scheme, index: member.index, publicShare: member.public_share } : null
    return { fingerprint, signing, share }
  })
}
