const QUOTE = "'"

/** Quotes a word for a shell if necessary. */
export const shellQuote = (word: string): string =>
  /^[A-Za-z0-9._/:=,@+-]+$/.test(word)
    ? word
    : `${QUOTE}${word.replaceAll(QUOTE, `${QUOTE}\\${QUOTE}${QUOTE}`)}${QUOTE}`
