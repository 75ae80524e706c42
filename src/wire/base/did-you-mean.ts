/** Suggestions for mistyped words. */

/** The one of `words` nearest to what was typed; null if none is near. */
export function nearest(typed: string, words: readonly string[]): string | null {
  const ranked = words
    .map((word) => ({ word, away: distance(typed.toLowerCase(), word.toLowerCase()) }))
    .sort((a, b) => a.away - b.away)
  const [best] = ranked
  return best && best.away <= Math.max(2, best.word.length / 3) && best.away < best.word.length
    ? best.word
    : null
}

/** A sentence to append to a message; empty if nothing is near. */
export function didYouMean(typed: string, words: readonly string[]): string {
  const word = nearest(typed, words)
  return word === null ? '' : ` Did you mean ${word}?`
}

/** Levenshtein distance. Nobody mistypes a word of more than 64 letters, so longer input is not compared. */
function distance(a: string, b: string): number {
  if (a.length > 64) return a.length
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const above = row
    row = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = (above[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      row[j] = Math.min(change, (above[j] as number) + 1, (row[j - 1] as number) + 1)
    }
  }
  return row[b.length] as number
}
