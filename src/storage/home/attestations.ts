/**
 * What custodians have said of their shares, beside the epoch that it is about: of each at most one statement that it
 * went over to the epoch, one that its share of it is destroyed, and one that it holds none; the first that came stays. What is in them is
 * others' business.
 */
import { dirname, join } from 'node:path'
import { hex } from '../../wire/base/text.js'
import { createFile, ensureDir, listDir, readFile } from '../fs/atomic.js'
import type { Home } from './home.js'
import { epochPath } from './epochs.js'

const LIMIT = 1024
const FILE = /^(?:activated|deleted|lost)-[0-9a-f]{64}\.cbor$/

export type Said = 'activated' | 'deleted' | 'lost'

/** Keeps a statement by what it says and whose fingerprint it names; false if one is there, which stays. */
export async function writeStatement(
  home: Home,
  name: string,
  digest: Uint8Array,
  said: Said,
  by: Uint8Array,
  statement: Uint8Array,
): Promise<boolean> {
  const folder = folderOf(home, name, digest)
  await ensureDir(folder)
  return createFile(join(folder, `${said}-${hex(by)}.cbor`), statement)
}

/** All statements about an epoch, in the order of what they say and of the fingerprints. */
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
