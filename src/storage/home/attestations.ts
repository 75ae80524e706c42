/**
 * Custodians' statements about their shares of an epoch, stored beside it. Each custodian has at most one
 * statement of each kind: that it moved to the epoch, that its share is destroyed, that it holds none. The
 * first one stays. The contents are opaque here.
 */
import { dirname, join } from 'node:path'
import { hex } from '../../wire/base/text.js'
import { createFile, ensureDir, listDir, readFile } from '../fs/atomic.js'
import type { Home } from './home.js'
import { epochPath } from './epochs.js'

const LIMIT = 1024
const FILE = /^(?:activated|deleted|lost)-[0-9a-f]{64}\.cbor$/

export type Said = 'activated' | 'deleted' | 'lost'

/** Stores a statement by its kind and its author's fingerprint; false if there is one, which stays. */
export async function writeStatement(
  home: Home,
  name: string,
  digest: Uint8Array,
  { said, by }: { readonly said: Said; readonly by: Uint8Array },
  statement: Uint8Array,
): Promise<boolean> {
  const folder = folderOf(home, name, digest)
  await ensureDir(folder)
  return createFile(join(folder, `${said}-${hex(by)}.cbor`), statement)
}

/** All statements about an epoch, sorted by kind and fingerprint. */
export async function listStatements(
  home: Home,
  name: string,
  digest: Uint8Array,
): Promise<readonly Uint8Array[]> {
  const folder = folderOf(home, name, digest)
  const files = (await listDir(folder)).filter((file) => FILE.test(file))
  const all = await Promise.all(files.map((file) => readFile(join(folder, file), LIMIT)))
  return all.filter((statement) => statement !== null)
}

const folderOf = (home: Home, name: string, digest: Uint8Array): string =>
  join(dirname(epochPath(home, name, digest, 'record.cbor')), 'statements')
