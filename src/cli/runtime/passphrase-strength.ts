/**
 * A rough upper bound on the strength of a passphrase, in bits. A word counts as one of 4096, however it was chosen;
 * repeats, keyboard rows and digits in place of letters count next to nothing. Names, dates and quotations are not
 * recognised: a low figure means a weak passphrase, but a high one does not mean a strong one. Established estimators
 * need a megabyte of dictionaries for the same warning.
 */

/** Bits. Weaker passphrases fall in a year of a million guesses a second, each a scrypt of 256 MiB. */
const ENOUGH = 45
const WORD = 12
const WORD_LETTERS = 12
const NEXT = 1
const LETTER = 4.7
const MIXED = 5.7
const DIGIT = 3.3
const OTHER = 5

const ROWS = ['abcdefghijklmnopqrstuvwxyz', 'qwertyuiop', 'asdfghjkl', 'zxcvbnm', '01234567890']
const STANDS_FOR: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
  '!': 'i',
}

/** Whether a thief who has a sealed file for years could guess the passphrase. */
export const isWeak = (passphrase: string): boolean => strengthOf(passphrase) < ENOUGH

/** Bits, rounded down. */
export function strengthOf(passphrase: string): number {
  const text = passphrase.normalize('NFC')
  const disguised = [...text].filter((c) => c in STANDS_FOR).length
  const plain = [...text].map((c) => STANDS_FOR[c] ?? c).join('')
  return Math.floor(Math.min(bitsOf(text), bitsOf(plain) + disguised))
}

function bitsOf(text: string): number {
  const tokens = text.match(/\p{L}+|\p{Nd}+|[^\p{L}\p{Nd}\s]+/gu) ?? []
  const seen = new Set<string>()
  let bits = 0
  for (const token of tokens) {
    const known = seen.has(token.toLowerCase())
    seen.add(token.toLowerCase())
    bits += known ? NEXT : tokenBits(token)
  }
  return bits
}

function tokenBits(token: string): number {
  if (!/^\p{L}/u.test(token)) return stepBits(token, /^\p{Nd}/u.test(token) ? DIGIT : OTHER)
  // Capitals inside a word, or many consonants in a row, do not occur in words.
  const isMixed = /\p{Ll}/u.test(token) && /\p{Lu}/u.test(token.slice(1))
  const letters = stepBits(token, isMixed ? MIXED : LETTER)
  if (isMixed || /[bcdfghjklmnpqrstvwxz]{5}/i.test(token)) return letters
  return Math.min(letters, WORD * Math.ceil([...token].length / WORD_LETTERS))
}

/** `each` bits a character, but almost none for one that follows from the character before. */
function stepBits(token: string, each: number): number {
  const characters = [...token.toLowerCase()]
  return characters.reduce((sum, c, i) => sum + (follows(characters[i - 1], c) ? NEXT : each), 0)
}

const follows = (before: string | undefined, c: string): boolean =>
  before !== undefined &&
  (before === c || ROWS.some((row) => row.includes(before + c) || row.includes(c + before)))
