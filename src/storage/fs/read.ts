/**
 * Reading with limits: at most as many bytes as the caller expects, and secrets only from files that nobody
 * else could read or write. A home is read from regular files alone, because a pipe could block for ever. A
 * file that a flag names may be a pipe; it is opened here without blocking, and the caller reads it.
 */
import {
  close as closeFd,
  constants,
  fstat as fstatFd,
  open as openFd,
  read as readFd,
  type Stats,
} from 'node:fs'
import { promisify } from 'node:util'
import { Failure } from '../../wire/base/failure.js'
import { codeOf, guarded } from './disk.js'

const CHUNK = 1 << 16
const [close, fstat, open, read] = [
  promisify(closeFd),
  promisify(fstatFd),
  promisify(openFd),
  promisify(readFd),
]

/**
 * The bytes of a file, or null if there is none.
 * @throws Failure (configuration) `E_FILE_SIZE` above `limit` bytes, `E_STORAGE` if it is not a regular file
 */
export const readFile = (path: string, limit: number): Promise<Uint8Array | null> =>
  reading(path, { limit, secret: false })

/**
 * As `readFile`, for secrets: shares, identities, passphrase files.
 * @throws Failure `E_FILE_MODE` (configuration) unless it is a regular file, no link, owned by this user or
 *   root, and closed to everybody else
 */
export const readSecretFile = (path: string, limit: number): Promise<Uint8Array | null> =>
  reading(path, { limit, secret: true })

/** How something is to be read. */
type Way = { readonly limit: number; readonly secret: boolean }

/** `stream` reads a pipe or device to its end, and closes it. */
type GivenWay = Way & { readonly stream: (fd: number) => Promise<Uint8Array> }

/** As `readFile` or `readSecretFile`, for a path that a person gave: `stream` reads a pipe or a device. */
export const readGiven = (path: string, way: GivenWay): Promise<Uint8Array | null> => reading(path, way)

/** As `readGiven`, for an open descriptor. @param name its name for people */
export async function readOpen(fd: number, name: string, { limit, stream }: GivenWay): Promise<Uint8Array> {
  return (await fstat(fd)).isFile() ? readUpTo(fd, name, limit) : stream(fd)
}

function reading(path: string, way: Way | GivenWay): Promise<Uint8Array | null> {
  return guarded('read', path, async () => {
    const fd = await openFor(path, way)
    if (fd === null) return null
    let isOurs = true
    try {
      const found = await fstat(fd)
      if (way.secret) requireOwn(path, found, way)
      if ('stream' in way && (found.isFIFO() || found.isCharacterDevice())) {
        isOurs = false
        return await way.stream(fd)
      }
      if (!found.isFile()) throw noFile(path, found)
      return await readUpTo(fd, path, way.limit)
    } finally {
      if (isOurs) await close(fd)
    }
  })
}

/** A name for a descriptor of this process, as a shell writes for `<(...)`. */
const DESCRIPTOR = /^\/(?:dev|proc\/self)\/(?:fd\/[0-9]+|stdin)$/

async function openFor(path: string, way: Way | GivenWay): Promise<number | null> {
  const follows = !way.secret || ('stream' in way && DESCRIPTOR.test(path))
  // Non-blocking, because opening a pipe waits for its writer.
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | (follows ? 0 : constants.O_NOFOLLOW)
  try {
    return await open(path, flags)
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return null
    if (codeOf(cause) === 'ELOOP') throw unsafe(path, 'is a symbolic link', 'name the file that it leads to')
    throw cause
  }
}

function requireOwn(path: string, found: Stats, way: Way | GivenWay): void {
  const isPipe = 'stream' in way && found.isFIFO()
  if (!found.isFile() && !isPipe) throw unsafe(path, 'is not a regular file', 'name the file itself')
  // A pipe without a name in a folder is this process's own, whatever mode the system reports.
  if (isPipe && DESCRIPTOR.test(path)) return
  if (found.uid !== process.getuid?.() && found.uid !== 0) {
    throw unsafe(path, 'belongs to another user', 'use a file of your own')
  }
  if ((found.mode & 0o077) !== 0) {
    throw unsafe(path, 'is open to other users', `run: chmod 600 ${path}; then ask who may have read it`)
  }
}

const noFile = (path: string, found: Stats): Failure =>
  new Failure('configuration', 'E_STORAGE', `cannot read ${path}: it is not a regular file`, {
    hint: found.isDirectory()
      ? 'a folder stands where a file belongs: move it away'
      : 'move it away: reading a pipe or a device could wait for ever',
  })

function unsafe(path: string, problem: string, hint: string): Failure {
  return new Failure('configuration', 'E_FILE_MODE', `${path} should be secret but ${problem}`, { hint })
}

async function readUpTo(fd: number, path: string, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let length = 0
  for (;;) {
    const chunk = new Uint8Array(CHUNK)
    const { bytesRead } = await read(fd, chunk, 0, CHUNK, null)
    if (bytesRead === 0) break
    length += bytesRead
    if (length > limit) throw tooLong(path, limit)
    chunks.push(chunk.subarray(0, bytesRead))
  }
  return gathered(chunks)
}

/** Joins the chunks into one new array and wipes them, because they may hold secrets. */
function gathered(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = Uint8Array.from(Buffer.concat(chunks))
  for (const chunk of chunks) chunk.fill(0)
  return whole
}

export const tooLong = (path: string, limit: number): Failure =>
  new Failure('configuration', 'E_FILE_SIZE', `${path} is longer than ${limit} bytes`, {
    hint: 'it is not a file of the kind that belongs here',
  })
