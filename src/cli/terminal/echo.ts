/**
 * What is typed before a question stands is shown by the terminal itself, a passphrase too: from the first line of this
 * program on it is not. What is typed while a shell, `npx` and Node begin is beyond it. Signals of the keyboard stay as
 * they are, and what was typed stays in line for whoever reads next. Node gives the terminal back as it was found.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { isatty } from 'node:tty'

const STDIN = 0

/** Turns off the echo of the terminal at stdin, now and whenever a shell has given it back to this process. */
export function hideTyping(): void {
  if (!isatty(STDIN)) return
  hide()
  process.on('SIGCONT', hide)
}

function hide(): void {
  // Whoever changes the terminal in the background is stopped for it.
  if (isInFront()) spawnSync('stty', ['-echo'], { stdio: ['inherit', 'ignore', 'ignore'], timeout: 2000 })
}

/** Whether this process is in the group that the terminal listens to. */
function isInFront(): boolean {
  const [group, front] = process.platform === 'linux' ? fromProc() : fromPs()
  return group !== undefined && group === front
}

function fromProc(): (string | undefined)[] {
  // The name of the program, in brackets, may hold anything; after it: state, parent, group, session, terminal, front.
  const fields = readFileSync('/proc/self/stat', 'latin1').split(') ').at(-1)?.split(' ') ?? []
  return [fields[2], fields[5]]
}

const fromPs = (): (string | undefined)[] =>
  spawnSync('ps', ['-o', 'pgid=,tpgid=', '-p', String(process.pid)], { encoding: 'utf8', timeout: 2000 })
    .stdout?.trim()
    .split(/\s+/) ?? []
