/** Writes output completely, or reports that it could not. */
import { fstatSync, writeSync } from 'node:fs'
import type { Writable } from 'node:stream'

/** A stream of the process or its stand-in. The size is the terminal's. */
export type Output = Writable & {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
  readonly fd?: number
}

/** Null if all was written, else the error. */
export async function write(stream: Output, text: string): Promise<Error | null> {
  if (text === '') return null
  try {
    // Node writes to a file once and ignores a short write.
    const { fd } = stream
    if (!stream.isTTY && fd !== undefined && isFile(fd)) return writeAll(fd, Buffer.from(text))
    return await new Promise((resolve) => stream.write(text, (error) => resolve(error ?? null)))
  } catch (error) {
    return error as Error
  }
}

/** Writes all bytes to a descriptor. @throws the system's error */
export function writeAll(fd: number, bytes: Uint8Array): null {
  for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written)
  return null
}

function isFile(fd: number): boolean {
  const found = fstatSync(fd)
  return found.isFile() || found.isCharacterDevice()
}
