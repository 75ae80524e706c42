/**
 * How hard a passphrase is to guess, in bits, roughly and from above: what people take for a guess is worth less than its
 * length. A word is worth as much as one of a list of 4096, whoever chose it; repeats, rows of keys and letters that
 * figures stand for are worth next to nothing. Of names, dates and quotations it knows nothing: a low figure is a weak
 * passphrase, a high one need not be a strong one. The known estimators bring dictionaries of a megabyte for the same
 * warning.
 */

/** Below this a passphrase is called weak: a year of a million guesses a second, each of which is a scrypt of 256 MiB. */
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

/** Whether a passphrase is too easily guessed for a file that a thief may have for years. */
export const isWeak = (passphrase: string): boolean => strengthOf(passphrase) < ENOUGH

/** In bits, rounded down. */
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
  // Capitals in the midst of a word, or many consonants on end, are no word's.
  const isMixed = /\p{Ll}/u.test(token) && /\p{Lu}/u.test(token.slice(1))
  const letters = stepBits(token, isMixed ? MIXED : LETTER)
  if (isMixed || /[bcdfghjklmnpqrstvwxz]{5}/i.test(token)) return letters
  return Math.min(letters, WORD * Math.ceil([...token].length / WORD_LETTERS))
}

/** So many bits a character, but next to none for one that the character before suggests. */
function stepBits(token: string, each: number): number {
  const characters = [...token.toLowerCase()]
  return characters.reduce((sum, c, i) => sum + (follows(characters[i - 1], c) ? NEXT : each), 0)
}

const follows = (before: string | undefined, c: string): boolean =>
  before !== undefined &&
  (before === c || ROWS.some((row) => row.includes(before + c) || row.includes(c + before)))
