/**
 * One passphrase, spelt in several ways. A letter with an accent is one code point on one system and two on another, and
 * words that were written down come back with capitals and stray blanks. All that we seal is sealed by one form; whatever
 * a person types opens it by that form too. What stock age or another tool has sealed opens by the form it was given.
 */
import { areWords } from '../../wire/base/safety-words.js'

/** How many words a passphrase of ours has: 64 random bits. */
export const GENERATED_WORDS = 8

/**
 * The form by which we seal: Unicode's NFC; of eight words of our list, lower case with one blank between them. Only of
 * those: in a passphrase of somebody's own, capitals and blanks may be what makes it hard to guess.
 */
export function canonical(passphrase: string): string {
  const words = passphrase.trim().toLowerCase().split(/\s+/)
  return words.length === GENERATED_WORDS && areWords(words) ? words.join(' ') : passphrase.normalize('NFC')
}

/**
 * The forms that are tried on opening, in this order, each once: the one by which we seal, the exact one, NFD. Each costs
 * a whole scrypt, so there are three at most; of ASCII without our words there is one.
 */
export const spellings = (passphrase: string): readonly string[] => [
  ...new Set([canonical(passphrase), passphrase, passphrase.normalize('NFC'), passphrase.normalize('NFD')]),
]
