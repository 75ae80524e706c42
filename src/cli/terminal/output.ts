/** What is printed reaches whoever reads it, or it is known that it did not. */
import { fstatSync, writeSync } from 'node:fs'
import type { Writable } from 'node:stream'

/** A stream of the process, or one that stands for it. The size is that of a terminal. */
export type Output = Writable & {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
  readonly fd?: number
}

/** Writes all of a text; gives why that was not possible, or null. */
export async function write(stream: Output, text: string): Promise<Error | null> {
  if (text === '') return null
  try {
    // Node writes to a file once, and takes a part of it for the whole.
    const { fd } = stream
    if (!stream.isTTY && fd !== undefined && isFile(fd)) return writeAll(fd, Buffer.from(text))
    return await new Promise((resolve) => stream.write(text, (error) => resolve(error ?? null)))
  } catch (error) {
    return error as Error
  }
}

/** Writes all of these bytes to a descriptor that does not block. @throws what the system says */
export function writeAll(fd: number, bytes: Uint8Array): null {
  for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written)
  return null
}

function isFile(fd: number): boolean {
  const found = fstatSync(fd)
  return found.isFile() || found.isCharacterDevice()
}
