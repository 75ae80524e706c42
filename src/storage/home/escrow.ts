/**
 * The files of an epoch that was split or restored: `escrow.age`, written once, because an epoch has one
 * split; `escrow/`, the public part of that split; `rebinds/`, numbered in the order in which this home
 * accepted them. The contents are opaque here.
 */
import { dirname, join } from 'node:path'
import {
  createFile,
  destroyFile,
  ensureDir,
  listDir,
  readFile,
  readSecretFile,
  replaceFile,
} from '../fs/atomic.js'
import type { Home } from './home.js'
import { epochPath } from './epochs.js'

const ESCROW_LIMIT = 1 << 20
const REBIND_LIMIT = 1 << 14

const folderOf = (home: Home, name: string, digest: Uint8Array): string =>
  dirname(epochPath(home, name, digest, 'record.cbor'))

/** Stores a sealed split; false if the epoch has one, which stays. */
export const keepSplit = (
  home: Home,
  name: string,
  digest: Uint8Array,
  sealed: Uint8Array,
): Promise<boolean> => createFile(join(folderOf(home, name, digest), 'escrow.age'), sealed)

/** Destroys a split again, if its epoch was retired meanwhile. */
export const destroySplit = (home: Home, name: string, digest: Uint8Array): Promise<boolean> =>
  destroyFile(join(folderOf(home, name, digest), 'escrow.age'))

/** The sealed split of an epoch, or null if its share was not split here. */
export const readSplit = (home: Home, name: string, digest: Uint8Array): Promise<Uint8Array | null> =>
  readSecretFile(join(folderOf(home, name, digest), 'escrow.age'), ESCROW_LIMIT)

export type RebindFile = {
  /** Its path, for a person who carries it to the other custodians. */
  readonly path: string
  readonly encoded: Uint8Array
}

/** Appends a rebind. @returns its path */
export async function appendRebind(
  home: Home,
  name: string,
  digest: Uint8Array,
  rebind: Uint8Array,
): Promise<string> {
  const folder = rebindsOf(home, name, digest)
  await ensureDir(folder)
  for (;;) {
    const last = (await rebindFiles(folder)).at(-1)
    const number = last === undefined ? 1 : Number.parseInt(last, 10) + 1
    const path = join(folder, `${String(number).padStart(6, '0')}.cbor`)
    // If another process has taken the number, the loop tries the next.
    if (await createFile(path, rebind)) return path
  }
}

/** All rebinds of an epoch, in the order in which they were stored. */
export async function listRebinds(
  home: Home,
  name: string,
  digest: Uint8Array,
): Promise<readonly RebindFile[]> {
  const folder = rebindsOf(home, name, digest)
  const held = await Promise.all(
    (await rebindFiles(folder)).map(async (file) => {
      const path = join(folder, file)
      return { path, encoded: await readFile(path, REBIND_LIMIT) }
    }),
  )
  return held.flatMap(({ path, encoded }) => (encoded === null ? [] : [{ path, encoded }]))
}

const rebindsOf = (home: Home, name: string, digest: Uint8Array): string =>
  join(folderOf(home, name, digest), 'rebinds')

const rebindFiles = async (folder: string): Promise<readonly string[]> =>
  (await listDir(folder)).filter((file) => REBIND_FILE.test(file)).sort()

const REBIND_FILE = /^[0-9]{6}\.cbor$/

// ------------------------------------------------------------------------------- the public part of a split

const PUBLIC = { 'manifest.json': 1 << 20, 'holders.txt': 1 << 20 } as const

/** Stores a public file of a split, in place of an earlier one. */
export async function writeSplitFile(
  home: Home,
  name: string,
  digest: Uint8Array,
  file: keyof typeof PUBLIC,
  bytes: Uint8Array,
): Promise<void> {
  const folder = join(folderOf(home, name, digest), 'escrow')
  await ensureDir(folder)
  await replaceFile(join(folder, file), bytes)
}

export const readSplitFile = (
  home: Home,
  name: string,
  digest: Uint8Array,
  file: keyof typeof PUBLIC,
): Promise<Uint8Array | null> => readFile(join(folderOf(home, name, digest), 'escrow', file), PUBLIC[file])

const NOTE_FILE = /^[0-9]{2}-[0-9]+-[0-9a-f]{16}\.cbor$/

/** Stores a holder's note under a name of its own; false if it is there already. */
export async function writeNote(
  home: Home,
  name: string,
  digest: Uint8Array,
  file: string,
  note: Uint8Array,
): Promise<boolean> {
  if (!NOTE_FILE.test(file)) throw new TypeError(`not the name of a note: ${file}`)
  const folder = join(folderOf(home, name, digest), 'escrow', 'notes')
  await ensureDir(folder)
  return createFile(join(folder, file), note)
}

/** All notes on a split. */
export async function listNotes(
  home: Home,
  name: string,
  digest: Uint8Array,
): Promise<readonly Uint8Array[]> {
  const folder = join(folderOf(home, name, digest), 'escrow', 'notes')
  const files = (await listDir(folder)).filter((file) => NOTE_FILE.test(file)).sort()
  const notes = await Promise.all(files.map((file) => readFile(join(folder, file), 1024)))
  return notes.filter((note) => note !== null)
}
