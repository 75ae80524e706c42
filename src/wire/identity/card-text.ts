/** A card as a field of a signed record: its line. */
import { CodecError } from '../../protocol/core/codec.js'
import { Failure } from '../base/failure.js'
import { type Card, parseCard } from './card.js'

/** Characters of the line of a card; that of a post-quantum identity is the longest. */
export const LONGEST_CARD = 6144

/** @throws CodecError unless the line is a card */
export function cardIn(line: string): Card {
  try {
    return parseCard(line)
  } catch (error) {
    if (error instanceof Failure) throw new CodecError('card', error.message)
    throw error
  }
}
