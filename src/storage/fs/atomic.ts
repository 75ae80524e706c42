/**
 * Files and folders, whole or not at all. Nothing half-written is ever seen under its name: bytes reach the
 * disk under a name that nobody can guess, and only then get theirs. With `disk.ts`, `folders.ts` and
 * `read.ts`, which stand below it and which nobody else need know, this is the only place that opens files.
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

export { type FaultPoint, type Operation, setFaultPoint, systemWords } from './disk.js'
export { ensureDir, listDir, sweep, temporaryName } from './folders.js'
export { readFile, readGiven, readOpen, readSecretFile, tooLong } from './read.js'

const MOST = 1 << 28

/**
 * Makes a file with these bytes; false if anything has that name already, which is left as it is. Of several
 * that try, in whatever processes, exactly one gets true. When it returns, either answer survives a power
 * cut.
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

/** Puts these bytes under the name, at once: whoever reads finds the old ones or the new ones. */
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

/** Makes sure that a file holds these bytes; false if it holds others, which are left as they are. */
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

/** As `removeFile`, and what it held is written over first, as far as the disk does what it is told. */
export function destroyFile(path: string): Promise<boolean> {
  return guarded('destroy', path, async () => (await ifThere(overwrite(path))) && removeFile(path))
}

/**
 * Makes a folder that holds these files, all of them or nothing; false if a folder with content has that
 * name.
 */
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

/** Removes a folder with all that is in it, as far as it can; secrets in it are destroyed before. */
export function removeDir(path: string): Promise<void> {
  return guarded('remove', path, async () => {
    await discard(path)
    await syncFolder(dirname(path))
  })
}

/** Takes a file's name away and gives it another; false if it has none. Of several that try, one gets true. */
export function renameFile(from: string, to: string): Promise<boolean> {
  return guarded('rename', from, async () => {
    if (!(await ifThere(changeName(from, to)))) return false
    await syncFolder(dirname(to))
    return true
  })
}

/** Gives a folder another name, at once; false if a folder with content has it already. */
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
 * Where there are no hard links (a memory stick): O_EXCL takes the name, and what was written takes its place. A power cut
 * between the two leaves an empty file.
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
