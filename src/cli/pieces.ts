/**
 * Pieces as commands are given them: files, and what opens each. That is this home's identity, or the age identity of
 * `--identity`, or a passphrase of the piece's own; a holder need not have an identity here.
 */
import { type Unlock, wipeIdentity } from '../ceremony/identity.js'
import type { PieceFile } from '../ceremony/restore.js'
import { hasIdentity } from '../storage/identity.js'
import { kindOfSealed } from '../storage/seal.js'
import type { Card } from '../wire/card.js'
import { parseExportedRecord } from '../wire/exported.js'
import { Failure } from '../wire/failure.js'
import type { Identity } from '../wire/identity.js'
import type { KeyRecord } from '../wire/record.js'
import type { Context } from './context.js'
import { readInput, readNamed } from './inputs.js'
import { readAgeIdentities } from './secrets.js'

export type Self = { readonly identity: Identity; readonly card: Card }

/** The pieces in these files, each with what opens it, for as long as `act` runs. */
export async function withPieces<T>(
  context: Context,
  files: readonly string[],
  fds: readonly number[],
  act: (pieces: readonly PieceFile[], self: Self | null) => Promise<T>,
): Promise<T> {
  const sealed: { readonly label: string; readonly bytes: Uint8Array; readonly kind: string }[] = []
  for (const label of files) {
    const bytes = await readInput(label, 'FILE', context.signal)
    sealed.push({ label, bytes, kind: kindIn(label, bytes) })
  }
  const byPassphrase = sealed.filter(({ kind }) => kind === 'passphrase')
  if (fds.length > byPassphrase.length) {
    throw new Failure(
      'usage',
      'E_USAGE',
      `${byPassphrase.length} of these pieces are sealed by a passphrase`,
      {
        hint: '--piece-passphrase-fd is given once for each of them, in their order',
      },
    )
  }
  const self = byPassphrase.length < sealed.length ? await selfOf(context) : { self: null, identities: [] }
  try {
    const pieces: PieceFile[] = []
    for (const { label, bytes, kind } of sealed) {
      const at = byPassphrase.findIndex((each) => each.label === label)
      const unlock: Unlock =
        kind === 'passphrase'
          ? await context.pieceSecret(label, fds[at] ?? null)
          : { kind: 'identity', identities: self.identities }
      pieces.push({ label, sealed: bytes, unlock })
    }
    return await act(pieces, self.self)
  } finally {
    if (self.self) wipeIdentity(self.self.identity)
  }
}

/** The same for one. */
export const withPiece = <T>(
  context: Context,
  file: string,
  fds: readonly number[],
  act: (piece: PieceFile, self: Self | null) => Promise<T>,
): Promise<T> => withPieces(context, [file], fds, ([piece], self) => act(piece as PieceFile, self))

/** The record that `--record` names, or null. */
export const recordIn = async (file: string | undefined): Promise<KeyRecord | null> =>
  file === undefined ? null : parseExportedRecord(await readNamed(file, '--record'))

function kindIn(label: string, bytes: Uint8Array): string {
  try {
    return kindOfSealed(bytes)
  } catch (cause) {
    if (!(cause instanceof Failure)) throw cause
    throw cause.of(label)
  }
}

/** This home's identity, if there is one that opens, and all age identities to try. */
async function selfOf(
  context: Context,
): Promise<{ readonly self: Self | null; readonly identities: readonly string[] }> {
  const { home } = await context.existingHome()
  const file = context.globals.identity
  const given = file === null ? [] : await readAgeIdentities(file)
  if (given.length > 0 && !(home && (await hasIdentity(home)))) return { self: null, identities: given }
  const identity = await context.openIdentity().catch((error: unknown) => {
    // What `--identity` holds may be for the piece alone.
    if (given.length > 0 && error instanceof Failure && error.kind === 'decryption') return null
    throw error
  })
  if (identity === null) return { self: null, identities: given }
  return { self: { identity, card: await context.card() }, identities: [identity.age, ...given] }
}
