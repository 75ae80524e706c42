/** The README's lines, as somebody pastes them. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './cli.js'

/** A section of the README, and the lines in it that are to be pasted, in order. */
export function sectionOf(title: string): { readonly prose: string; readonly lines: readonly string[] } {
  const [, body = ''] = readFileSync(join(ROOT, 'README.md'), 'utf8').split(`\n## ${title}\n`)
  const [section] = body.split('\n## ') as [string]
  const lines = [...section.matchAll(/^ {4}(.*)$/gm)].map(([, line]) => line as string)
  return { lines, prose: section.replaceAll(/^ {4}.*$/gm, '') }
}

/** What a shell makes of a line in a folder: the exit code, and all that is printed. */
export function inShell(
  line: string,
  cwd: string,
): { readonly code: number | null; readonly printed: string } {
  const { status, stdout, stderr } = spawnSync('sh', ['-c', line], { cwd, encoding: 'utf8' })
  return { code: status, printed: stdout + stderr }
}
