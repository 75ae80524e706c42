/**
 * What lies beside an epoch's share when it was split, or came back from a split: `escrow.age`, made once (an
 * epoch has one split, F-39); `escrow/`, what everybody may know of that split; `rebinds/`, who sits in whose seat.
 * What is in them is others' business.
 */
import { dirname, join } from 'node:path'
import { hex } from '../wire/text.js'
import {
  createFile,
  destroyFile,
  ensureDir,
  listDir,
  readFile,
  readSecretFile,
  replaceFile,
  writeOnce,
} from './files.js'
import type { Home } from './home.js'
import { epochPath } from './keys.js'

const ESCROW_LIMIT = 1 << 20
const REBIND_LIMIT = 1 << 14

const folderOf = (home: Home, name: string, digest: Uint8Array): string =>
  dirname(epochPath(home, name, digest, 'record.cbor'))

/** Keeps a sealed split; false if the epoch has one, which stays as it is. */
export const keepSplit = (
  home: Home,
  name: string,
  digest: Uint8Array,
  sealed: Uint8Array,
): Promise<boolean> => createFile(join(folderOf(home, name, digest), 'escrow.age'), sealed)

/** For who kept it just now, of an epoch that was retired in the meantime. */
export const destroySplit = (home: Home, name: string, digest: Uint8Array): Promise<boolean> =>
  destroyFile(join(folderOf(home, name, digest), 'escrow.age'))

/** The sealed split of an epoch, or null if its share was not split here. */
export const readSplit = (home: Home, name: string, digest: Uint8Array): Promise<Uint8Array | null> =>
  readSecretFile(join(folderOf(home, name, digest), 'escrow.age'), ESCROW_LIMIT)

/** Stores a rebind by the fingerprint of who takes the seat; false if another of it is there, which stays. */
export async function writeRebind(
  home: Home,
  name: string,
  digest: Uint8Array,
  fingerprint: Uint8Array,
  rebind: Uint8Array,
): Promise<boolean> {
  const path = rebindPath(home, name, digest, fingerprint)
  await ensureDir(dirname(path))
  return writeOnce(path, rebind)
}

/** Where it lies, for who wants to carry it to the other custodians. */
export const rebindPath = (home: Home, name: string, digest: Uint8Array, fingerprint: Uint8Array): string =>
  join(folderOf(home, name, digest), 'rebinds', `${hex(fingerprint)}.cbor`)

/** All rebinds of an epoch, in the order of the fingerprints. */
export async function listRebinds(
  home: Home,
  name: string,
  digest: Uint8Array,
): Promise<readonly Uint8Array[]> {
  const folder = join(folderOf(home, name, digest), 'rebinds')
  const files = (await listDir(folder)).filter((file) => REBIND_FILE.test(file)).sort()
  const rebinds = await Promise.all(files.map((file) => readFile(join(folder, file), REBIND_LIMIT)))
  return rebinds.filter((rebind) => rebind !== null)
}

const REBIND_FILE = /^[0-9a-f]{64}\.cbor$/

// -------------------------------------------------------------------------------- what everybody may know of a split

const PUBLIC = { 'manifest.json': 1 << 20, 'holders.txt': 1 << 20 } as const

/** Keeps a public file of a split; one that is there is replaced. */
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

/** Keeps a holder's note under a name of its own; false if it is there already. */
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

/** All notes that were kept of a split. */
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
