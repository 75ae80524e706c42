/** What comes in from outside: files that flags name, stdin, descriptors. Only here does a missing one become exit 2. */
import { readSync } from 'node:fs'
import { resolve } from 'node:path'
import { Failure } from '../wire/failure.js'

const LIMIT = 1 << 26

/** The bytes of a file that `flag` names. @throws Failure `E_NO_FILE` (usage) if there is none */
export async function readNamed(path: string, flag: string, limit = LIMIT): Promise<Uint8Array> {
  const { readFile } = await import('../storage/files.js')
  return (await readFile(resolve(path), limit)) ?? missing(path, flag)
}

/** As `readNamed`, for a file that nobody else may have read or put there. @throws Failure `E_FILE_MODE` */
export async function readNamedSecret(path: string, flag: string, limit = 1 << 16): Promise<Uint8Array> {
  const { readSecretFile } = await import('../storage/files.js')
  return (await readSecretFile(resolve(path), limit)) ?? missing(path, flag)
}

function missing(path: string, flag: string): never {
  throw new Failure('usage', 'E_NO_FILE', `there is no file ${path}`, { hint: `${flag} names it` })
}

/** A file, or all of stdin for `-`. */
export async function readInput(path: string, flag: string, signal: AbortSignal): Promise<Uint8Array> {
  if (path !== '-') return readNamed(path, flag)
  const chunks: Uint8Array[] = []
  let length = 0
  const { addAbortSignal } = await import('node:stream')
  try {
    for await (const chunk of addAbortSignal(signal, process.stdin) as AsyncIterable<Uint8Array>) {
      length += chunk.length
      if (length > LIMIT) throw new Failure('usage', 'E_INPUT_SIZE', `stdin holds more than ${LIMIT} bytes`)
      chunks.push(chunk)
    }
  } catch (error) {
    throw signal.aborted ? signal.reason : error
  }
  return Uint8Array.from(Buffer.concat(chunks))
}

/** What a descriptor gives, up to its end. @throws Failure `E_FD` (usage) if it cannot be read */
export function readDescriptor(fd: number, flag: string, limit: number): Uint8Array {
  const held = Buffer.alloc(limit + 1)
  let length = 0
  try {
    for (;;) {
      const read = readSync(fd, held, length, held.length - length, null)
      length += read
      if (read === 0 || length > limit) break
    }
  } catch (cause) {
    throw new Failure('usage', 'E_FD', `cannot read from descriptor ${fd}`, {
      hint: `${flag} names a descriptor that is open for reading`,
      cause,
    })
  }
  if (length > limit) throw new Failure('usage', 'E_FD', `descriptor ${fd} gives more than ${limit} bytes`)
  const bytes = Uint8Array.from(held.subarray(0, length))
  held.fill(0)
  return bytes
}

/** Writes a new file. @throws Failure `E_OUTPUT_EXISTS` (conflict) if there is one: nothing is overwritten */
export async function writeNew(path: string, bytes: Uint8Array): Promise<string> {
  const { createFile } = await import('../storage/files.js')
  const absolute = resolve(path)
  if (!(await createFile(absolute, bytes))) throw outputExists(path)
  return absolute
}

/** As `writeNew` would, before the work is done. */
export async function refuseExisting(path: string): Promise<void> {
  const { lstat } = await import('node:fs/promises')
  const there = await lstat(resolve(path)).catch(() => null)
  if (there) throw outputExists(path)
}

const outputExists = (path: string): Failure =>
  new Failure('conflict', 'E_OUTPUT_EXISTS', `${path} is there already, and nothing is overwritten`, {
    hint: 'name another file, or move that one away',
  })

/** Writes a file in place of what it held, at once. */
export async function replace(path: string, bytes: Uint8Array): Promise<void> {
  const { replaceFile } = await import('../storage/files.js')
  await replaceFile(resolve(path), bytes)
}
