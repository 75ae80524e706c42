/**
 * Reading: never more than the caller expects, and secrets only from where nobody else could have read or put
 * them.
 */
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { Failure } from '../wire/failure.js'
import { codeOf, guarded } from './disk.js'

const CHUNK = 1 << 16

/**
 * The bytes of a file, or null if there is none.
 * @throws Failure `E_FILE_SIZE` (configuration) if it holds more than `limit` bytes
 */
export function readFile(path: string, limit: number): Promise<Uint8Array | null> {
  return reading(path, constants.O_RDONLY, (handle) => readUpTo(handle, path, limit))
}

/**
 * As `readFile`, for what others must not have seen or put there: shares, identities, passphrase files (L-6).
 * @throws Failure `E_FILE_MODE` (configuration) unless it is a regular file, no link, of this user or root,
 *   and closed to everybody else
 */
export function readSecretFile(path: string, limit: number): Promise<Uint8Array | null> {
  // Not blocking, because opening a pipe would wait for its writer before it could be refused.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
  return reading(path, flags, async (handle) => {
    const found = await handle.stat()
    if (!found.isFile()) throw unsafe(path, 'is not a regular file', 'name the file itself')
    if (found.uid !== process.getuid?.() && found.uid !== 0) {
      throw unsafe(path, 'belongs to another user', 'use a file of your own')
    }
    if ((found.mode & 0o077) !== 0) {
      throw unsafe(path, 'is open to other users', `run: chmod 600 ${path}; then ask who may have read it`)
    }
    return readUpTo(handle, path, limit)
  })
}

function unsafe(path: string, problem: string, hint: string): Failure {
  return new Failure('configuration', 'E_FILE_MODE', `${path} should be secret but ${problem}`, { hint })
}

function reading<T>(path: string, flags: number, use: (handle: FileHandle) => Promise<T>): Promise<T | null> {
  return guarded('read', path, async () => {
    let handle: FileHandle
    try {
      handle = await open(path, flags)
    } catch (cause) {
      if (codeOf(cause) === 'ENOENT') return null
      if (codeOf(cause) === 'ELOOP')
        throw unsafe(path, 'is a symbolic link', 'name the file that it leads to')
      throw cause
    }
    try {
      return await use(handle)
    } finally {
      await handle.close()
    }
  })
}

async function readUpTo(handle: FileHandle, path: string, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let length = 0
  for (;;) {
    const chunk = new Uint8Array(CHUNK)
    const { bytesRead } = await handle.read(chunk, 0, CHUNK)
    if (bytesRead === 0) break
    length += bytesRead
    if (length > limit) {
      throw new Failure('configuration', 'E_FILE_SIZE', `${path} is longer than ${limit} bytes`, {
        hint: 'it is not a file of the kind that belongs here',
      })
    }
    chunks.push(chunk.subarray(0, bytesRead))
  }
  return new Uint8Array(Buffer.concat(chunks, length))
}
