/**
 * The identity's two files: `identity.age`, sealed, and `identity.card`, public. The identity exists if and
 * only if `identity.age` does. The card is written first, so a crash in between leaves a card that nothing
 * reads and the next attempt replaces; the other order would make the repair overwrite a secret.
 */
import { join } from 'node:path'
import { Failure } from '../../wire/base/failure.js'
import { createFile, readFile, replaceFile } from '../fs/atomic.js'
import type { Home } from './home.js'
import { acquireLock } from '../fs/lock.js'
import { readSealed } from '../sealed/rehearsal-mark.js'

const LIMIT = 1 << 16

export async function hasIdentity(home: Home): Promise<boolean> {
  return (await readFile(home.identity, LIMIT)) !== null
}

/**
 * Writes a new identity.
 * @param identity `sealed`: the age file; `card`: the card's line
 * @throws Failure (conflict) `E_IDENTITY_EXISTS` if there is one, `E_BUSY` if another process is writing one
 */
export async function writeIdentity(
  home: Home,
  identity: { readonly sealed: Uint8Array; readonly card: string },
): Promise<void> {
  // `createFile` protects the secret; the lock makes sure that the card beside it is the same identity's.
  const lock = await acquireLock(join(home.root, 'identity.lock'), home)
  try {
    if (await hasIdentity(home)) throw exists(home)
    await replaceFile(home.card, Buffer.from(`${identity.card}\n`))
    if (!(await createFile(home.identity, identity.sealed))) throw exists(home)
  } finally {
    await lock.release()
  }
}

/**
 * Replaces the sealed identity atomically: a reader finds the old file or the new one, even after a crash.
 * @throws Failure `E_BUSY` (conflict) if another process is writing one
 */
export async function replaceIdentity(home: Home, sealed: Uint8Array): Promise<void> {
  const lock = await acquireLock(join(home.root, 'identity.lock'), home)
  try {
    await replaceFile(home.identity, sealed)
  } finally {
    await lock.release()
  }
}

/** The bytes of `identity.age`, or null if there is no identity. */
export function readSealedIdentity(home: Home): Promise<Uint8Array | null> {
  return readSealed(home.identity, LIMIT)
}

/** The line of the own card, unparsed; null if there is no identity. */
export async function readCard(home: Home): Promise<string | null> {
  if (!(await hasIdentity(home))) return null
  const card = await readFile(home.card, LIMIT)
  if (card === null) {
    throw new Failure('configuration', 'E_IDENTITY_CARD', `${home.card} is missing beside its identity`, {
      hint: 'put back the card that you gave to others; it is public',
    })
  }
  return Buffer.from(card).toString('utf8').trimEnd()
}

const exists = (home: Home): Failure =>
  new Failure('conflict', 'E_IDENTITY_EXISTS', `there is an identity already: ${home.identity}`, {
    hint: '`mpc identity show` shows it; another one needs another --home',
  })
