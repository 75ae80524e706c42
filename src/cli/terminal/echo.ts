/**
 * Turns off the terminal's echo from the first line of this program on, since a passphrase may be typed before its
 * question stands. Input during the start of the shell, `npx` and Node still echoes. Signals from the keyboard and
 * pending input stay as they are, and Node restores the terminal at exit.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { isatty } from 'node:tty'

const STDIN = 0

/** Turns off the echo of stdin now, and whenever a shell continues this process. */
export function hideTyping(): void {
  if (!isatty(STDIN)) return
  hide()
  process.on('SIGCONT', hide)
}

function hide(): void {
  // A background process that changes the terminal is stopped.
  if (isInFront()) spawnSync('stty', ['-echo'], { stdio: ['inherit', 'ignore', 'ignore'], timeout: 2000 })
}

/** Whether this process is in the terminal's foreground group. */
function isInFront(): boolean {
  const [group, front] = process.platform === 'linux' ? fromProc() : fromPs()
  return group !== undefined && group === front
}

function fromProc(): (string | undefined)[] {
  // The program's name, in brackets, may hold anything. Then: state, parent, group, session, terminal, foreground group.
  const fields = readFileSync('/proc/self/stat', 'latin1').split(') ').at(-1)?.split(' ') ?? []
  return [fields[2], fields[5]]
}

const fromPs = (): (string | undefined)[] =>
  spawnSync('ps', ['-o', 'pgid=,tpgid=', '-p', String(process.pid)], { encoding: 'utf8', timeout: 2000 })
    .stdout?.trim()
    .split(/\s+/) ?? []
