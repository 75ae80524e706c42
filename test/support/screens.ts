/**
 * Screens held against the agreed ones: text files in `test/golden/screens`, where whatever differs from run
 * to run is masked. `UPDATE_SCREENS=1 npx vitest run --config test/vitest.config.ts
 * test/cli/terminal/screens.process.ts` writes them.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { ROOT } from './cli.js'
import type { Person } from './person.js'

const FOLDER = join(ROOT, 'test', 'golden', 'screens')
const PICTURES = join(ROOT, 'ceremonies', 'pictures')

/** Moments of one person's screen, by what had just happened. */
export type Moments = Readonly<Record<string, string>>

/** Compares with the golden file, or writes it where that is asked for. */
export function expectScreens(name: string, moments: Moments): void {
  const text = Object.entries(moments)
    .map(([moment, screen]) => `=== ${moment}\n${masked(screen)}\n`)
    .join('\n')
  const path = join(FOLDER, `${name}.txt`)
  if (process.env['UPDATE_SCREENS'] === '1') {
    mkdirSync(FOLDER, { recursive: true })
    writeFileSync(path, text)
  }
  expect(text, name).toBe(readFileSync(path, 'utf8'))
}

/** Writes a picture for the guides where golden files are written: it shows one run, and is not compared. */
export function keepPicture(person: Person, name: string, title: string): void {
  if (process.env['UPDATE_SCREENS'] === '1')
    writeFileSync(join(PICTURES, `${name}.svg`), person.picture(title))
}

const WORD = 'word'

/** Times, keys, fingerprints, words: each by its kind, in as much room, so that where lines are folded still shows. */
export function masked(screen: string): string {
  return (
    screen
      .replaceAll(/\b\d+:\d\d left/g, 'M:SS left')
      .replaceAll(
        /\b[A-Z][a-z]{2}(\s+)\d\d(\s+)[A-Z][a-z]{2}(\s+)\d{4},(\s+)\d\d:\d\d\b/g,
        'Day$101$2Mon$32030,$400:00',
      )
      // Hex that the terminal broke is put together where a whole line is nothing else.
      .replaceAll(/[0-9a-f]{16,}(?:\n[0-9a-f]+)*/g, (hex) => `<${hex.replaceAll('\n', '').length} hex>`)
      .replaceAll(/\b[1-9A-HJ-NP-Za-km-z]{43,44}\b/g, '<address>')
      .replaceAll(/"[a-z]+(\s+)[a-z]+"(?=, (?:or no|"view)|\s+or "no")/g, `"${WORD}$1${WORD}"`)
      // An answer of two words, wherever the terminal broke it.
      .replaceAll(
        /(or "?no"?:)[ \n][a-z]+[a-z\n ]* ?[a-z]+(?=\n\n|\nWaiting|\n\? |\n *M:SS|$)/g,
        `$1 ${WORD} ${WORD}`,
      )
      .replaceAll(/^( *\d{1,2} [A-Za-z]+ *)+$/gm, (line) =>
        line
          .replaceAll(/(\d{1,2}) ([A-Za-z]+)( *)/g, (_, n: string, word: string, blanks: string) =>
            blanks === '' ? `${n} ${WORD}` : `${n} ${WORD.padEnd(word.length + blanks.length)}`,
          )
          .trimEnd(),
      )
  )
}
