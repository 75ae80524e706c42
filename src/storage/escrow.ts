/**
 * What lies beside an epoch's share when it was split, or came back from a split: `escrow.age`, made once (an
 * epoch has one split, F-39), and `rebinds/`, who sits in whose seat. What is in them is others' business.
 */
import { dirname, join } from 'node:path'
import { hex } from '../wire/text.js'
import { createFile, ensureDir, readFile, readSecretFile, writeOnce } from './files.js'
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

/** The rebind that puts this identity into a seat, or null. */
export const readRebind = (
  home: Home,
  name: string,
  digest: Uint8Array,
  fingerprint: Uint8Array,
): Promise<Uint8Array | null> => readFile(rebindPath(home, name, digest, fingerprint), REBIND_LIMIT)

/** Where it lies, for who wants to carry it to the other custodians. */
export const rebindPath = (home: Home, name: string, digest: Uint8Array, fingerprint: Uint8Array): string =>
  join(folderOf(home, name, digest), 'rebinds', `${hex(fingerprint)}.cbor`)
