/**
 * Spellings of one passphrase. An accented letter has one code point on one system and two on another, and
 * words copied from paper come back with capitals and extra blanks. We seal with one canonical form, and open
 * with that form too. A file that another tool sealed opens with the exact form.
 */
import { areWords } from '../../wire/base/safety-words.js'

/** Number of words in a generated passphrase: 64 random bits. */
export const GENERATED_WORDS = 8

/**
 * The canonical form: Unicode's NFC; for eight words of our list also lower case and single blanks. In any
 * other passphrase, capitals and blanks stay, because they may be what makes it hard to guess.
 */
export function canonical(passphrase: string): string {
  const words = passphrase.trim().toLowerCase().split(/\s+/)
  return words.length === GENERATED_WORDS && areWords(words) ? words.join(' ') : passphrase.normalize('NFC')
}

/** The forms tried on opening, without duplicates: canonical, exact, NFD. Each costs one scrypt. */
export const spellings = (passphrase: string): readonly string[] => [
  ...new Set([canonical(passphrase), passphrase, passphrase.normalize('NFC'), passphrase.normalize('NFD')]),
]
