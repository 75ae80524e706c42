/** Homes with keys that were dealt anew, and what is left in them of old shares. */
import { readdirSync, readFileSync } from 'node:fs'
import { cp, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findKey, openShare } from '../../src/ceremony/epochs/find-key.js'
import { wipeSigningKey } from '../../src/protocol/engines/engine.js'
import { openHome } from '../../src/storage/home/home.js'
import { readEpochFile } from '../../src/storage/home/epochs.js'
import { openWith } from '../../src/storage/sealed/age.js'
import { hex } from '../../src/wire/base/text.js'
import type { Custodian } from './worlds.js'

/** The same custodian in a copy of its home. */
export async function copyOf(custodian: Custodian): Promise<Custodian> {
  const root = join(await mkdtemp(join(tmpdir(), 'mpc-copy-')), 'home')
  await cp(custodian.home.root, root, { recursive: true })
  return { ...custodian, home: await openHome(root) }
}

/** The scalar of the share that is in use, in hex. */
export async function scalarOf({ home, identity, card }: Custodian): Promise<string> {
  const own = await openShare(home, await findKey(home, 'treasury'), identity, card)
  const scalar = hex(own.share.share.reveal())
  wipeSigningKey(own)
  return scalar
}

/** The paths of all files in a home from which its identity gets this scalar, however they are named. */
export async function filesWith({ home, identity }: Custodian, scalar: string): Promise<string[]> {
  const found: string[] = []
  for (const entry of readdirSync(home.root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const held = Uint8Array.from(readFileSync(path))
    const plaintext = path.endsWith('.age') ? await openWith([identity.age], held).catch(() => held) : held
    if (Buffer.from(plaintext).toString('hex').includes(scalar)) found.push(path.slice(home.root.length))
  }
  return found
}

export const hasShare = async ({ home }: Custodian, digest: Uint8Array): Promise<boolean> =>
  (await readEpochFile(home, 'treasury', digest, 'share.age')) !== null
