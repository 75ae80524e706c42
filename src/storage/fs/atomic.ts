/**
 * Atomic writes of files and folders. Bytes reach the disk under an unguessable temporary name and only then
 * get their real name, so nobody ever reads half a file. Only this file, and `disk.ts`, `folders.ts` and
 * `read.ts` below it, open files.
 */
import { dirname, join } from 'node:path'
import { equalBytes } from '../../protocol/core/codec.js'
import {
  addName,
  changeName,
  codeOf,
  discard,
  guarded,
  makeEmpty,
  makeFolder,
  overwrite,
  removeName,
  syncFolder,
  writeNew,
} from './disk.js'
import { temporaryBeside } from './folders.js'
import { readFile } from './read.js'

export { type Operation, setFaultPoint, systemWords } from './disk.js'
export { ensureDir, listDir, sweep, temporaryName } from './folders.js'
export { readFile, readGiven, readOpen, readSecretFile, tooLong } from './read.js'

const MOST = 1 << 28

/**
 * Creates a file; false if the name is taken, and then nothing changes. Of several processes that try,
 * exactly one gets true. Either answer survives a power cut once it is returned.
 */
export function createFile(path: string, bytes: Uint8Array): Promise<boolean> {
  return guarded('write', path, async () => {
    const temporary = await temporaryBeside(path)
    let made: boolean
    try {
      await writeNew(temporary, bytes)
      made = await giveName(temporary, path)
    } finally {
      await discard(temporary)
    }
    await syncFolder(dirname(path))
    return made
  })
}

/** Replaces a file's bytes atomically: a reader finds the old ones or the new ones. */
export function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  return guarded('write', path, async () => {
    const temporary = await temporaryBeside(path)
    try {
      await writeNew(temporary, bytes)
      await changeName(temporary, path)
    } catch (cause) {
      await discard(temporary)
      throw cause
    }
    await syncFolder(dirname(path))
  })
}

/** Makes sure that a file holds these bytes; false if it holds others, which stay. */
export async function writeOnce(path: string, bytes: Uint8Array): Promise<boolean> {
  if (await createFile(path, bytes)) return true
  const held = await readFile(path, MOST)
  return held !== null && equalBytes(held, bytes)
}

/** Removes a file; false if there was none. */
export function removeFile(path: string): Promise<boolean> {
  return guarded('remove', path, async () => {
    if (!(await ifThere(removeName(path)))) return false
    await syncFolder(dirname(path))
    return true
  })
}

/** As `removeFile`, but overwrites the content first. A disk may still keep it elsewhere. */
export function destroyFile(path: string): Promise<boolean> {
  return guarded('destroy', path, async () => (await ifThere(overwrite(path))) && removeFile(path))
}

/** Creates a folder with these files, all or none; false if the name is taken by a folder with content. */
export function createDir(path: string, files: Readonly<Record<string, Uint8Array>>): Promise<boolean> {
  return guarded('write', path, async () => {
    const temporary = await temporaryBeside(path)
    try {
      await makeFolder(temporary)
      for (const [name, bytes] of Object.entries(files)) await writeNew(join(temporary, name), bytes)
      await syncFolder(temporary)
      return await renameDir(temporary, path)
    } finally {
      await discard(temporary)
    }
  })
}

/** Removes a folder and its content, as far as possible; overwrites secrets first. */
export function removeDir(path: string): Promise<void> {
  return guarded('remove', path, async () => {
    await discard(path)
    await syncFolder(dirname(path))
  })
}

/** Renames a file; false if there is none. Of several processes that try, one gets true. */
export function renameFile(from: string, to: string): Promise<boolean> {
  return guarded('rename', from, async () => {
    if (!(await ifThere(changeName(from, to)))) return false
    await syncFolder(dirname(to))
    return true
  })
}

/** Renames a folder atomically; false if the name is taken by a folder with content. */
export function renameDir(from: string, to: string): Promise<boolean> {
  return guarded('rename', from, async () => {
    const renamed = await unlessTaken(changeName(from, to))
    await syncFolder(dirname(to))
    if (dirname(from) !== dirname(to)) await syncFolder(dirname(from))
    return renamed
  })
}

async function giveName(temporary: string, path: string): Promise<boolean> {
  try {
    return await unlessTaken(addName(temporary, path))
  } catch (cause) {
    const noLinks = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(codeOf(cause) ?? '')
    if (noLinks) return takeName(temporary, path)
    throw cause
  }
}

/**
 * For file systems without hard links (a memory stick): O_EXCL takes the name, then the written file replaces
 * it. A power cut between the two leaves an empty file.
 */
async function takeName(temporary: string, path: string): Promise<boolean> {
  if (!(await unlessTaken(makeEmpty(path)))) return false
  await changeName(temporary, path)
  return true
}

async function ifThere(operation: Promise<void>): Promise<boolean> {
  try {
    await operation
    return true
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return false
    throw cause
  }
}

async function unlessTaken(operation: Promise<void>): Promise<boolean> {
  try {
    await operation
    return true
  } catch (cause) {
    if (['EEXIST', 'ENOTEMPTY'].includes(codeOf(cause) ?? '')) return false
    throw cause
  }
}
