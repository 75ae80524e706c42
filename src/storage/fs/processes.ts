/**
 * Whether the process that wrote something still lives. Pids are reused, so a process is identified by its
 * pid, its start time, the boot that both count in, and the container that the pid counts in.
 */
import { readlink } from 'node:fs/promises'
import { type Of, record, text, uint } from '../../protocol/core/codec.js'
import { codeOf } from './disk.js'
import { readFile } from './atomic.js'

/** Outside Linux only the pid is known; the rest is empty. */
export const processShape = record({
  pid: uint(Number.MAX_SAFE_INTEGER, 1),
  /** Clock ticks after the boot. */
  start: text(32),
  /** The kernel's name for this boot. */
  boot: text(64),
  /** The pid namespace. */
  namespace: text(64),
})

export type ProcessId = Of<typeof processShape>

/** The identity of this process. */
export async function thisProcess(): Promise<ProcessId> {
  const { boot, namespace } = await thisMachine()
  return { pid: process.pid, start: (await statusOf(process.pid))?.start ?? '', boot, namespace }
}

/** Whether both identify one process. */
export const isSame = (a: ProcessId, b: ProcessId): boolean =>
  a.pid === b.pid && a.start === b.start && a.boot === b.boot && a.namespace === b.namespace

/**
 * Whether a process may still live; false only if it certainly does not. After another boot it is dead,
 * because a home is used on one machine. A pid of another container means nothing here, so that process
 * counts as alive.
 */
export async function isAlive(other: ProcessId): Promise<boolean> {
  const here = await thisMachine()
  if (other.boot !== here.boot) return false
  if (other.namespace !== here.namespace) return true
  if (!exists(other.pid)) return false
  const status = await statusOf(other.pid)
  if (status === null || other.start === '') return true
  return status.start === other.start && !['Z', 'X'].includes(status.state)
}

/** Whether a process is certainly of another container of this boot: whether it lives is not to be seen from here. */
export async function isElsewhere(other: ProcessId): Promise<boolean> {
  const here = await thisMachine()
  const isKnown = other.namespace !== '' && here.namespace !== ''
  return isKnown && other.boot === here.boot && other.namespace !== here.namespace
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    // Any error but "no such process" means that the process exists, for example as another user's.
    return codeOf(cause) !== 'ESRCH'
  }
}

async function thisMachine(): Promise<{ boot: string; namespace: string }> {
  const boot = await readText('/proc/sys/kernel/random/boot_id')
  return { boot: boot.trim(), namespace: await readlink('/proc/self/ns/pid').catch(() => '') }
}

/** Fields 3 and 22 of `/proc/<pid>/stat` (proc(5)), counted after the name, which may contain anything. */
async function statusOf(pid: number): Promise<{ state: string; start: string } | null> {
  const stat = await readText(`/proc/${pid}/stat`)
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state, start] = [fields[0], fields[19]]
  return state && start ? { state, start } : null
}

/** The text of a kernel file; empty if there is none. */
async function readText(path: string): Promise<string> {
  try {
    return Buffer.from((await readFile(path, 4096)) ?? []).toString('utf8')
  } catch {
    return ''
  }
}
