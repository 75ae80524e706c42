/** What somebody may have meant who made a slip in a word. */

/** The one of `words` that is nearest to what was typed; null where none is near. */
export function nearest(typed: string, words: readonly string[]): string | null {
  const ranked = words
    .map((word) => ({ word, away: distance(typed.toLowerCase(), word.toLowerCase()) }))
    .sort((a, b) => a.away - b.away)
  const [best] = ranked
  return best && best.away <= Math.max(2, best.word.length / 3) && best.away < best.word.length
    ? best.word
    : null
}

/** A sentence for a message; empty where nothing is near. */
export function didYouMean(typed: string, words: readonly string[]): string {
  const word = nearest(typed, words)
  return word === null ? '' : ` Did you mean ${word}?`
}

/** How many letters must be put in, taken out or changed (Levenshtein). Nobody mistypes hundreds of letters. */
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
