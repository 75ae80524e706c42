/**
 * One run of the tests has one folder, in which everything temporary is made, and what test files share: homes that are
 * made once and copied from then on. It goes with the run. A process that is left fails the run.
 *
 * Tests that start no process of the binary have theirs in memory, where there is enough of it: each file that is
 * written waits for the disk otherwise.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A file system in memory, and how many bytes must be free there. */
const MEMORY = '/dev/shm'
const ENOUGH = 2 ** 30

let folder: string
let inMemory: string | null = null

export async function setup(): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), 'mpc-test-'))
  process.env['TMPDIR'] = folder
  process.env['MPC_TEST_STOCK'] = join(folder, 'stock')
  await mkdir(join(folder, 'stock'))
  const found = await statfs(MEMORY).catch(() => null)
  if (!found || found.bavail * found.bsize < ENOUGH) return
  inMemory = await mkdtemp(join(MEMORY, 'mpc-test-'))
  process.env['MPC_TEST_MEMORY'] = inMemory
}

export async function teardown(): Promise<void> {
  // One that was killed takes a moment to go.
  for (let i = 0; i < 20 && leftProcesses().length > 0; i++) await new Promise((go) => setTimeout(go, 100))
  const left = leftProcesses()
  for (const each of [folder, inMemory]) if (each) await rm(each, { recursive: true, force: true })
  if (left.length === 0) return
  // An error here is shown, and does not fail the run by itself.
  process.exitCode = 1
  throw new Error(`the tests left processes behind:\n  ${left.join('\n  ')}`)
}

/** Processes that name a folder of the run in their arguments or their environment, other than those that run the tests. */
function leftProcesses(): string[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return []
    const args = textOf(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim()
    const said = args + textOf(`/proc/${pid}/environ`)
    const isOurs = said.includes(folder) || (inMemory !== null && said.includes(inMemory))
    return isOurs && !args.includes('/vitest/') && args !== '' ? [`${pid}: ${args}`] : []
  })
}

/** Empty where the process is gone, or another user's. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
