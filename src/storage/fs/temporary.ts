/** Folders with a limited life: a temporary one, removed when its scope ends, and one that a person keeps. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Failure } from '../../wire/base/failure.js'
import { ensureDir, listDir } from './atomic.js'

export type Folder = AsyncDisposable & { readonly path: string }

/** `await using folder = await temporaryFolder('prefix-')`: private to this user. */
export async function temporaryFolder(prefix: string): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), prefix))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

/** A folder that stays. @throws Failure `E_OUTPUT_EXISTS` (conflict) unless it is empty or missing */
export async function keptFolder(path: string): Promise<Folder> {
  const absolute = resolve(path)
  if ((await listDir(absolute)).length > 0) {
    throw new Failure('conflict', 'E_OUTPUT_EXISTS', `${absolute} holds other files already`, {
      hint: 'name an empty folder, or one that is not there yet',
    })
  }
  await ensureDir(absolute)
  return { path: absolute, [Symbol.asyncDispose]: () => Promise.resolve() }
}
