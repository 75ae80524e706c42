const QUOTE = "'"

/** A word as a shell takes it, quoted where it must be. */
export const shellQuote = (word: string): string =>
  /^[A-Za-z0-9._/:=,@+-]+$/.test(word)
    ? word
    : `${QUOTE}${word.replaceAll(QUOTE, `${QUOTE}\\${QUOTE}${QUOTE}`)}${QUOTE}`
