/** The Memo program, both versions: text that the transaction carries, in full. */
import { visible } from '../../wire/base/text.js'
import { type Fields, utf8 } from './fields.js'
import { type Reading, row } from './reading.js'

export const MEMOS = [
  'MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr',
  'Memo1UhkJRfHyvLMcVucJwxXeuD728EqVDDwQDxFMNo',
]

/** How much of a memo stands in one row: even if every character is escaped, the row is no page. */
const CHARACTERS = 60

export function readMemo(fields: Fields): Reading {
  const characters = [...utf8(fields.rest())]
  const pieces = Array.from({ length: Math.max(1, Math.ceil(characters.length / CHARACTERS)) }, (_, i) =>
    visible(characters.slice(i * CHARACTERS, (i + 1) * CHARACTERS).join('')),
  )
  return {
    title: 'Memo',
    does: 'writes a memo',
    rows: pieces.map((piece, i) => row(i === 0 ? 'text' : 'text goes on', piece)),
    effects: [],
    warnings: [],
  }
}
