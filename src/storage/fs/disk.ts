/**
 * The operations that change a disk, one function each, and the words for their errors. The power may fail
 * between any two of them; `setFaultPoint` lets a test stop exactly there. `atomic.ts` combines them.
 */
import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, chmod, link, mkdir, open, rename, rm, stat, unlink } from 'node:fs/promises'
import { getSystemErrorMap } from 'node:util'
import { Failure } from '../../wire/base/failure.js'

/** Files are 0600 and folders 0700, whatever the umask. */
const FILE = 0o600
const FOLDER = 0o700

export type Operation =
  | 'mkdir'
  | 'chmod'
  | 'create'
  | 'write'
  | 'sync'
  | 'link'
  | 'rename'
  | 'unlink'
  | 'remove'

/** Called before each operation; an error that it throws stands for the operation's failure. */
export type FaultPoint = (operation: Operation, path: string) => void

let faultPoint: FaultPoint | null = null

/** Sets the fault point; for tests alone. */
export function setFaultPoint(point: FaultPoint | null): void {
  faultPoint = point
}

async function step<T>(operation: Operation, path: string, act: () => Promise<T>): Promise<T> {
  faultPoint?.(operation, path)
  return act()
}

/**
 * Writes a new file and syncs it to the disk; removes it again on failure.
 * @throws EEXIST if the name is taken, even by a dangling link
 */
export async function writeNew(path: string, bytes: Uint8Array): Promise<void> {
  const handle = await openOwn(path, 'wx')
  try {
    await writeTo(handle, path, bytes)
  } catch (cause) {
    await discard(path)
    throw cause
  } finally {
    await handle.close()
  }
}

/** Creates an empty file. @throws EEXIST if the name is taken */
export async function makeEmpty(path: string): Promise<void> {
  await (await openOwn(path, 'wx')).close()
}

/**
 * Overwrites a file's content with random bytes and syncs it; the name stays. Disks and file systems that
 * write elsewhere may keep the old content.
 * @throws ENOENT if there is none
 */
export async function overwrite(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDWR | constants.O_NOFOLLOW)
  try {
    const { size } = await handle.stat()
    await step('write', path, () => handle.write(randomBytes(size), 0, size, 0))
    await step('sync', path, () => handle.sync())
  } finally {
    await handle.close()
  }
}

const openOwn = (path: string, flag: 'wx'): Promise<FileHandle> =>
  step('create', path, () => open(path, flag, FILE))

async function writeTo(handle: FileHandle, path: string, bytes: Uint8Array): Promise<void> {
  if (lacks((await handle.stat()).mode, FILE)) await step('chmod', path, () => handle.chmod(FILE))
  await step('write', path, () => handle.writeFile(bytes))
  await step('sync', path, () => handle.sync())
}

/** Whether a strict umask removed rights that we need; it cannot give rights to others. */
const lacks = (mode: number, wanted: number): boolean => (mode & wanted) !== wanted

/** @throws EEXIST if the name is taken, ENOENT if the parent folder is missing */
export async function makeFolder(path: string): Promise<void> {
  await step('mkdir', path, () => mkdir(path, FOLDER))
  if (lacks((await stat(path)).mode, FOLDER)) await makePrivate(path)
}

/** Sets a folder to 0700. */
export const makePrivate = (path: string): Promise<void> => step('chmod', path, () => chmod(path, FOLDER))

/** Syncs a folder's names: without it a new name may be lost in a power cut. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await step('sync', path, () => handle.sync())
  } finally {
    await handle.close()
  }
}

/** Adds a hard link. @throws EEXIST if the name is taken: this is as exclusive as O_EXCL */
export const addName = (path: string, name: string): Promise<void> =>
  step('link', name, () => link(path, name))

/** Renames a file; one that has the new name is replaced atomically. */
export const changeName = (path: string, name: string): Promise<void> =>
  step('rename', name, () => rename(path, name))

export const removeName = (path: string): Promise<void> => step('unlink', path, () => unlink(path))

/** Removes a temporary file or folder. Its errors must not hide an earlier one. */
export async function discard(path: string): Promise<void> {
  try {
    await step('remove', path, () => rm(path, { recursive: true, force: true }))
  } catch {
    // It stays, under a name that nothing reads, until a later write into this folder removes it.
  }
}

// -----------------------------------------------------------------------------------------------------------

/** The code of a system error, such as ENOENT; null for any other error. */
export function codeOf(error: unknown): string | null {
  const code = error instanceof Error && 'code' in error ? error.code : null
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? code : null
}

/** The text of a system error; null for any other error. */
export function systemWords(error: unknown): string | null {
  const errno = error instanceof Error && 'errno' in error ? Number(error.errno) : 0
  return getSystemErrorMap().get(errno)?.[1] ?? codeOf(error)
}

const SPACE = 'free some space and run the same command again; what was there before is unchanged'
const RIGHTS = 'check who owns it and the folder that it lies in, and their modes'
const HINTS: Readonly<Record<string, string>> = {
  ENOSPC: SPACE,
  EDQUOT: SPACE,
  EACCES: RIGHTS,
  EPERM: RIGHTS,
  EROFS: 'choose a place that can be written, for example with --home',
  EISDIR: 'a folder stands where a file belongs: move it away',
  ENOTDIR: 'a file stands where a folder belongs: move it away',
  ENOENT: 'the folder that it belongs in is gone: make it, or name another',
  EIO: 'the disk reports errors: copy what can be read before anything else',
}

/** Runs `act`; a system error becomes `E_STORAGE` (configuration) with the operation and the path. */
export async function guarded<T>(doing: string, path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (cause) {
    const code = codeOf(cause)
    if (code === null) throw cause
    throw new Failure(
      'configuration',
      'E_STORAGE',
      `cannot ${doing} ${path}: ${systemWords(cause) ?? code}`,
      {
        hint: HINTS[code] ?? `the system says ${code}; fix that, then run the same command again`,
        cause,
      },
    )
  }
}
