/**
 * The policies that a key has had, by number: the file itself, and beside each that a ceremony of its own made the
 * ceremony's definition and certificate. The contents are opaque here. A file that the state of the key counts is
 * never changed.
 */
import { join } from 'node:path'
import { ensureDir, listDir, readFile, replaceFile } from '../fs/atomic.js'
import type { Home } from './home.js'

/** The files of a policy, and their largest sizes in bytes. */
const LIMITS = { yaml: 1 << 16, cbor: 1 << 20 } as const
const CERTIFICATE = /^([1-9][0-9]{0,14})\.cbor$/
export type PolicyFile = keyof typeof LIMITS

/** @param number from 1 */
export const readPolicyFile = (
  home: Home,
  name: string,
  number: number,
  file: PolicyFile,
): Promise<Uint8Array | null> => readFile(policyPath(home, name, number, file), LIMITS[file])

/** The highest number of which a certificate is here; 0: of none. */
export async function lastCertified(home: Home, name: string): Promise<number> {
  const numbers = (await listDir(folderOf(home, name))).map((file) =>
    Number(CERTIFICATE.exec(file)?.[1] ?? 0),
  )
  return Math.max(0, ...numbers)
}

/** Writes the files of a policy before the state counts it. */
export async function stagePolicy(
  home: Home,
  name: string,
  number: number,
  files: Readonly<Partial<Record<PolicyFile, Uint8Array>>>,
): Promise<void> {
  await ensureDir(folderOf(home, name))
  for (const [file, bytes] of Object.entries(files) as [PolicyFile, Uint8Array][])
    await replaceFile(policyPath(home, name, number, file), bytes)
}

/** The path of a policy's file, for people and scripts that copy it. */
export const policyPath = (home: Home, name: string, number: number, file: PolicyFile): string =>
  join(folderOf(home, name), `${number}.${file}`)

const folderOf = (home: Home, name: string): string => join(home.keys, name, 'policies')
