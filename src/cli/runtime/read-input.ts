/** Input from files that flags name, stdin and descriptors. Only here is a missing file exit 2. */
import { createReadStream, fstatSync, type Stats } from 'node:fs'
import { lstat } from 'node:fs/promises'
import { Socket } from 'node:net'
import { resolve } from 'node:path'
import { Readable } from 'node:stream'
import { isatty, ReadStream } from 'node:tty'
import { Failure } from '../../wire/base/failure.js'

const LIMIT = 1 << 26

/** Ends all reading of pipes; a process has one deadline. */
let patience: AbortSignal = new AbortController().signal
let stdin: Readable = Readable.from([])

/** Sets stdin and the deadline for pipes. @param signal aborts with a Failure */
export function readFrom(input: Readable, signal: AbortSignal): void {
  stdin = input
  patience = signal
}

/** The failure when `--timeout` ends a wait for a pipe. */
export const inputLate = (): Failure =>
  new Failure('absent', 'E_INPUT_LATE', 'a pipe that a flag names sent nothing, or was not closed, in time', {
    hint: 'check the program that writes to it; nothing was done',
  })

/** The bytes of the file or pipe in `flag`. @throws Failure `E_NO_FILE` (usage) */
export async function readNamed(path: string, flag: string, limit = LIMIT): Promise<Uint8Array> {
  return readPath(path, flag, limit, false)
}

/** The same for a file that other users must not read or change. @throws Failure `E_FILE_MODE` */
export async function readNamedSecret(path: string, flag: string, limit = 1 << 16): Promise<Uint8Array> {
  return readPath(path, flag, limit, true)
}

async function readPath(path: string, flag: string, limit: number, secret: boolean): Promise<Uint8Array> {
  const { readGiven } = await import('../../storage/fs/atomic.js')
  const stream = (fd: number): Promise<Uint8Array> => readStream(streamOf(fd), path, limit)
  const bytes = await readGiven(resolve(path), { limit, secret, stream })
  if (bytes) return bytes
  throw new Failure('usage', 'E_NO_FILE', `the file ${path} does not exist`, { hint: `${flag} names it` })
}

function streamOf(fd: number): Readable {
  if (isatty(fd)) return new ReadStream(fd)
  // A device other than a terminal never blocks.
  return fstatSync(fd).isCharacterDevice()
    ? createReadStream('', { fd })
    : new Socket({ fd, writable: false })
}

/** The bytes of a file, or of stdin for `-`. */
export async function readInput(path: string, flag: string): Promise<Uint8Array> {
  return path === '-' ? readStdin(LIMIT) : readNamed(path, flag)
}

async function readStdin(limit: number): Promise<Uint8Array> {
  try {
    return await readStream(stdin, 'stdin', limit)
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'E_FILE_SIZE') throw error
    throw new Failure('usage', 'E_INPUT_SIZE', `stdin has more than ${limit} bytes`)
  }
}

/** The bytes of a descriptor, up to its end. @throws Failure `E_FD` (usage) if it cannot be read */
export async function readDescriptor(fd: number, flag: string, limit: number): Promise<Uint8Array> {
  const { readOpen } = await import('../../storage/fs/atomic.js')
  const name = `descriptor ${fd}`
  const stream = (open: number): Promise<Uint8Array> => readStream(streamOf(open), name, limit)
  try {
    return await (fd === 0 ? readStdin(limit) : readOpen(fd, name, { limit, secret: false, stream }))
  } catch (cause) {
    if (patience.aborted) throw cause
    if (cause instanceof Failure) {
      throw new Failure('usage', 'E_FD', `descriptor ${fd} has more than ${limit} bytes`)
    }
    throw new Failure('usage', 'E_FD', `cannot read from descriptor ${fd}`, {
      hint: `${flag} needs a descriptor that is open for reading`,
      cause,
    })
  }
}

/** All bytes of a stream, which is then closed. @throws Failure `E_FILE_SIZE`; the deadline's reason */
async function readStream(stream: Readable, from: string, limit: number): Promise<Uint8Array> {
  const { tooLong } = await import('../../storage/fs/atomic.js')
  patience.throwIfAborted()
  const chunks: Uint8Array[] = []
  const leave = (): void => void stream.destroy(patience.reason as Error)
  patience.addEventListener('abort', leave)
  try {
    let length = 0
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      length += chunk.length
      if (length > limit) throw tooLong(from, limit)
      chunks.push(chunk)
    }
    // Joined into bytes that the caller owns and can wipe: no copy stays behind.
    const all = new Uint8Array(length)
    let at = 0
    for (const chunk of chunks) {
      all.set(chunk, at)
      at += chunk.length
    }
    return all
  } catch (error) {
    throw patience.aborted ? patience.reason : error
  } finally {
    patience.removeEventListener('abort', leave)
    for (const chunk of chunks) chunk.fill(0)
    stream.destroy()
  }
}

/** Writes a new file. @throws Failure `E_OUTPUT_EXISTS` (conflict); files are never overwritten */
export async function writeNew(path: string, bytes: Uint8Array): Promise<string> {
  const { createFile, replaceFile } = await import('../../storage/fs/atomic.js')
  const absolute = resolve(path)
  if (await createFile(absolute, bytes)) return absolute
  await refuseExisting(path)
  await replaceFile(absolute, bytes)
  return absolute
}

/** The check of `writeNew`, before the work is done. */
export async function refuseExisting(path: string): Promise<void> {
  if ((await lies(path)) !== null) throw outputExists(path)
}

/** The file of this name; null if there is none, or an empty one, which a crash may have left. */
export async function lies(path: string): Promise<Stats | null> {
  const there = await lstat(resolve(path)).catch(() => null)
  return there?.isFile() && there.size === 0 ? null : there
}

const outputExists = (path: string): Failure =>
  new Failure('conflict', 'E_OUTPUT_EXISTS', `${path} already exists, and mpc never overwrites a file`, {
    hint: 'name another file, or move this one away',
  })

/** The failure where a format is no text, and no file is named. */
export const notPrinted = (format: string): Failure =>
  new Failure('usage', 'E_BINARY', `${format} is binary, and goes into a file`, { hint: 'add -o FILE' })

/** Replaces the contents of a file atomically. */
export async function replace(path: string, bytes: Uint8Array): Promise<void> {
  const { replaceFile } = await import('../../storage/fs/atomic.js')
  await replaceFile(resolve(path), bytes)
}
