/**
 * The presignatures of an epoch, each in a folder of its own: what is public of it, and the sealed secret. A folder
 * appears whole, or not at all. The contents are opaque here.
 */
import { join } from 'node:path'
import { fromHex, hex } from '../../wire/base/text.js'
import { createDir, destroyFile, ensureDir, listDir, readFile, removeDir, sweep } from '../fs/atomic.js'
import { listEpochs, presignaturesOf } from '../home/epochs.js'
import type { Home } from '../home/home.js'
import { readSealed } from '../sealed/rehearsal-mark.js'

const PUBLIC = 'public.cbor'
const SECRET = 'secret.age'
const LIMIT = 1 << 18

/** The encoded public part, and the sealed secret. */
export type PresignatureFiles = Readonly<Record<typeof PUBLIC | typeof SECRET, Uint8Array>>

/** An epoch of a key of this home. */
export type EpochHere = { readonly home: Home; readonly name: string; readonly digest: Uint8Array }

/** Keeps a presignature; false if one of this ID is there, which stays. @param id 32 bytes */
export async function keepPresignature(
  { home, name, digest }: EpochHere,
  id: Uint8Array,
  files: PresignatureFiles,
): Promise<boolean> {
  const folder = presignaturesOf(home, name, digest)
  await ensureDir(folder)
  return createDir(join(folder, hex(id)), files)
}

/** The IDs of an epoch's presignatures whose secrets are here, sorted. */
export async function presignatureIds({ home, name, digest }: EpochHere): Promise<readonly Uint8Array[]> {
  const folder = presignaturesOf(home, name, digest)
  const held = (await listDir(folder)).flatMap((each) => fromHex(each, 32) ?? [])
  const isHeld = await Promise.all(
    held.map(async (id) => (await listDir(join(folder, hex(id)))).includes(SECRET)),
  )
  return held.filter((_, i) => isHeld[i])
}

/** The public parts of an epoch's presignatures whose secrets are here, by ID. */
export async function listPresignatures(here: EpochHere): Promise<readonly Uint8Array[]> {
  const ids = await presignatureIds(here)
  const found = await Promise.all(ids.map(async (id) => (await readPresignature(here, id))[PUBLIC]))
  return found.filter((each) => each !== null)
}

/** The files of a presignature, without taking it; null for one that is not there. @param id 32 bytes */
export async function readPresignature(
  { home, name, digest }: EpochHere,
  id: Uint8Array,
): Promise<Readonly<Record<keyof PresignatureFiles, Uint8Array | null>>> {
  const folder = join(presignaturesOf(home, name, digest), hex(id))
  return {
    [PUBLIC]: await readFile(join(folder, PUBLIC), LIMIT),
    [SECRET]: await readSealed(join(folder, SECRET), LIMIT),
  }
}

/**
 * Destroys the presignatures of these epochs of a key, the secrets first, and what crashes left of them.
 * @param epochs digests; by default all that are here
 */
export async function voidPresignatures(
  home: Home,
  name: string,
  epochs?: readonly Uint8Array[],
): Promise<void> {
  for (const digest of epochs ?? (await listEpochs(home, name))) {
    const folder = presignaturesOf(home, name, digest)
    const ids = await listDir(folder)
    if (ids.length === 0) continue
    for (const id of ids) await destroyFile(join(folder, id, SECRET))
    for (const id of ids) await removeDir(join(folder, id))
    await sweep(folder)
  }
}
