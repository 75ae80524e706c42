/** Folders: private to this user, and listed without temporary names. */
import { randomBytes } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Failure } from '../../wire/base/failure.js'
import { hex } from '../../wire/base/text.js'
import { codeOf, discard, guarded, makeFolder, makePrivate, syncFolder } from './disk.js'

const TEMPORARY = /^\.tmp-[0-9a-f]{32}$/
const LEFT_OVER_MS = 3_600_000

/**
 * Creates a folder with its parents, mode 0700; an existing one is set to 0700.
 * @throws Failure `E_FILE_MODE` (configuration) if another user owns it
 */
export function ensureDir(path: string): Promise<void> {
  return guarded('make the folder', path, async () => {
    try {
      await makeFolder(path)
    } catch (cause) {
      if (codeOf(cause) === 'EEXIST') return takeFolder(path)
      if (codeOf(cause) !== 'ENOENT' || dirname(path) === path) throw cause
      await ensureDir(dirname(path))
      return ensureDir(path)
    }
    return syncFolder(dirname(path))
  })
}

async function takeFolder(path: string): Promise<void> {
  const found = await stat(path)
  if (!found.isDirectory()) {
    throw new Failure('configuration', 'E_STORAGE', `${path} is not a folder`, {
      hint: 'move it away, or name another place',
    })
  }
  if (found.uid !== process.getuid?.()) {
    throw new Failure('configuration', 'E_FILE_MODE', `the folder ${path} belongs to another user`, {
      hint: 'use a folder of your own: its owner can replace the files in it',
    })
  }
  if ((found.mode & 0o777) !== 0o700) await makePrivate(path)
}

/** The names in a folder, sorted, without temporary ones; empty if there is no folder. */
export function listDir(path: string): Promise<readonly string[]> {
  return guarded('list', path, async () =>
    (await namesIn(path)).filter((name) => !TEMPORARY.test(name)).sort(),
  )
}

async function namesIn(path: string): Promise<string[]> {
  try {
    return await readdir(path)
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return []
    throw cause
  }
}

/** A temporary name: `listDir` omits it, and it is removed once it is old. @param id 16 bytes */
export const temporaryName = (folder: string, id: Uint8Array): string => join(folder, `.tmp-${hex(id)}`)

/** An unguessable temporary name in the same folder. Removes old leftovers of crashes first. */
export async function temporaryBeside(path: string): Promise<string> {
  const folder = dirname(path)
  for (const name of await namesIn(folder)) {
    if (TEMPORARY.test(name) && (await isLeftOver(join(folder, name)))) await discard(join(folder, name))
  }
  return temporaryName(folder, randomBytes(16))
}

/** Removes every temporary name in a folder, whatever its age. The caller knows that nobody writes there. */
export function sweep(folder: string): Promise<void> {
  return guarded('clear', folder, async () => {
    const left = (await namesIn(folder)).filter((name) => TEMPORARY.test(name))
    for (const name of left) await discard(join(folder, name))
    if (left.length > 0) await syncFolder(folder)
  })
}

async function isLeftOver(path: string): Promise<boolean> {
  try {
    return Date.now() - (await stat(path)).mtimeMs > LEFT_OVER_MS
  } catch {
    return false
  }
}
