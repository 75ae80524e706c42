/** A real browser without a screen, and readers of pictures that know nothing of who made them. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const there = (command: string): boolean => spawnSync(command, ['--version']).error === undefined
const BROWSER = ['chromium', 'chromium-browser', 'google-chrome'].find(there)
const NEEDED = { 'a chromium': BROWSER !== undefined, zbarimg: there('zbarimg'), pdftoppm: there('pdftoppm') }

/** The programs missing here; null if none is. Where the browser is required, a test fails for want of it. */
export const missing: string | null =
  Object.entries(NEEDED)
    .flatMap(([what, is]) => (is ? [] : [what]))
    .join(' and ') || null
if (missing !== null && process.env['MPC_REQUIRE_BROWSER'] === '1') {
  throw new Error(`MPC_REQUIRE_BROWSER: there is no ${missing} here`)
}

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--hide-scrollbars',
  '--no-pdf-header-footer',
]

function browse(page: string, ...flags: string[]): void {
  const profile = mkdtempSync(join(tmpdir(), 'mpc-browser-'))
  try {
    const all = [...FLAGS, `--user-data-dir=${profile}`, ...flags, pathToFileURL(page).href]
    execFileSync(BROWSER as string, all, { stdio: 'ignore', timeout: 120_000 })
  } finally {
    rmSync(profile, { recursive: true, force: true })
  }
}

/** A photograph of the page as it is on a screen of this size. */
export function photograph(page: string, picture: string, [width, height]: readonly [number, number]): void {
  browse(page, `--window-size=${width},${height}`, '--force-device-scale-factor=2', `--screenshot=${picture}`)
}

/** Prints the page on whatever paper it asks for, else on US Letter. */
export const print = (page: string, pdf: string): void => browse(page, `--print-to-pdf=${pdf}`)

/** A picture of each page, in black and white only, as a fax would have it. */
export function pagesOf(pdf: string): string[] {
  const pages = Number(/^Pages: +(\d+)$/m.exec(execFileSync('pdfinfo', [pdf], { encoding: 'utf8' }))?.[1])
  execFileSync('pdftoppm', ['-r', '300', '-mono', pdf, pdf])
  return Array.from({ length: pages }, (_, i) => `${pdf}-${i + 1}.pbm`)
}

/** The text of one page, from 1. */
export const textOf = (pdf: string, page: number): string =>
  execFileSync('pdftotext', ['-f', String(page), '-l', String(page), '-layout', pdf, '-'], {
    encoding: 'utf8',
  })

/** The texts of all codes in a picture, by a decoder that is not ours. */
export function codesIn(picture: string): string[] {
  const args = ['--quiet', '--xml', '-Sdisable', '-Sqrcode.enable', picture]
  const { stdout } = spawnSync('zbarimg', args, { encoding: 'utf8' })
  return [...stdout.matchAll(/<data><!\[CDATA\[([\s\S]*?)\]\]><\/data>/g)].map(([, text]) => text as string)
}
