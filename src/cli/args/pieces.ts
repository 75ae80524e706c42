/**
 * Pieces of a backup, from files, paper or typing, and the key that opens each: this home's identity, the age identity
 * of `--identity`, or a passphrase. A page printed in clear needs none, and a holder needs no identity here.
 */
import { heldKeys } from '../../ceremony/epochs/held-epochs.js'
import { wipeIdentity } from '../../ceremony/contacts/identity.js'
import type { Unlock } from '../../storage/vault/age-vault.js'
import type { Given, PieceFile } from '../../ceremony/recovery/restore.js'
import { hasIdentity } from '../../storage/home/identity.js'
import { isSealed, kindOfSealed } from '../../storage/sealed/age.js'
import type { Card } from '../../wire/identity/card.js'
import type { PublicRecord } from '../../wire/ceremony/certified-record.js'
import {
  parseExportedCertificate,
  parseExportedManifest,
  parsePublicRecord,
} from '../../wire/paper/json-export.js'
import { Failure } from '../../wire/base/failure.js'
import type { Identity } from '../../wire/identity/identity.js'
import { looksTyped, readCodeLine, readPaperLines, textIn } from '../../wire/paper/lines.js'
import type { Context } from '../runtime/context.js'
import { readInput, readNamed } from '../runtime/read-input.js'
import { readAgeIdentities } from '../runtime/passphrase.js'
import { typePiece } from './type-paper.js'

/** Bytes; longer than any page. A sealed page is the longest. */
const TEXT_LIMIT = 1 << 16
/** Bytes; longer than the longest record as hex, with its certificate. */
export const PUBLIC_LIMIT = 1 << 21

export type Self = { readonly identity: Identity; readonly card: Card }

export type PieceOptions = {
  readonly record?: string
  readonly certificate?: string
  readonly manifest?: string
  readonly piecePassphraseFd?: readonly number[]
}

type Held = {
  readonly label: string
  readonly bytes: Uint8Array
  readonly kind: 'clear' | 'passphrase' | 'recipient'
}

/**
 * Opens the pieces for as long as `act` runs.
 * @param signs opens this home's identity too, if there is one, even if no piece needs it
 */
export async function withPieces<T>(
  context: Context,
  files: readonly string[],
  { piecePassphraseFd: fds = [] }: PieceOptions,
  act: (pieces: readonly PieceFile[], self: Self | null) => Promise<T>,
  signs = false,
): Promise<T> {
  const held: Held[] = []
  for (const file of files) held.push(await heldIn(context, file))
  const byPassphrase = held.filter(({ kind }) => kind === 'passphrase')
  if (fds.length > byPassphrase.length) {
    throw new Failure(
      'usage',
      'E_USAGE',
      `--piece-passphrase-fd occurs ${fds.length} times, and ${byPassphrase.length} of these pieces have a passphrase`,
      {
        hint: 'give it once for each of them, in their order',
      },
    )
  }
  const asked = held.some(({ kind }) => kind === 'recipient') || (signs && (await isSomebody(context)))
  const self = asked ? await selfOf(context) : { self: null, identities: [] }
  try {
    const pieces: PieceFile[] = []
    for (const one of held) {
      const { label, bytes: sealed, kind } = one
      const fd = fds[byPassphrase.indexOf(one)] ?? null
      const unlock: Unlock | null =
        kind === 'clear'
          ? null
          : kind === 'passphrase'
            ? await context.pieceSecret(label, fd)
            : { kind: 'identity', identities: self.identities }
      pieces.push({ label, sealed, unlock })
    }
    return await act(pieces, self.self)
  } finally {
    if (self.self) wipeIdentity(self.self.identity)
    for (const { kind, bytes } of held) if (kind === 'clear') bytes.fill(0)
  }
}

export const withPiece = <T>(
  context: Context,
  file: string,
  options: PieceOptions,
  act: (piece: PieceFile, self: Self | null) => Promise<T>,
  signs = false,
): Promise<T> => withPieces(context, [file], options, ([piece], self) => act(piece as PieceFile, self), signs)

/** The contents of `--record`, `--certificate` and `--manifest`, and the keys that this home knows. */
export async function givenIn(
  context: Context,
  { record, certificate, manifest }: PieceOptions,
): Promise<Given> {
  if (certificate !== undefined && record === undefined) {
    throw new Failure('usage', 'E_USAGE', '--certificate needs --record', {
      hint: 'give the record that it certifies: --record FILE',
    })
  }
  const { home } = await context.existingHome()
  return {
    ...(record !== undefined && (await recordIn(record, certificate))),
    ...(manifest !== undefined && {
      manifest: parseExportedManifest(await readNamed(manifest, '--manifest', PUBLIC_LIMIT)),
    }),
    known: home ? await heldKeys(home) : [],
  }
}

async function recordIn(path: string, proof: string | undefined): Promise<PublicRecord> {
  const given = parsePublicRecord(await readNamed(path, '--record', PUBLIC_LIMIT))
  if (proof === undefined) return given
  const certificate = parseExportedCertificate(
    await readNamed(proof, '--certificate', PUBLIC_LIMIT),
    given.record,
  )
  return { ...given, certificate }
}

/** A piece as bytes, from whichever form it has on paper. A person may type it for `-`. */
async function heldIn(context: Context, label: string): Promise<Held> {
  if (label === '-' && context.terminal.interactive) {
    const bytes = await typePiece(context.terminal)
    return { label: 'the typed piece', bytes, kind: isSealed(bytes) ? kindOfSealed(bytes) : 'clear' }
  }
  const file = await readInput(label, 'FILE')
  try {
    const bytes = isSealed(file) ? file : onPaper(file)
    return { label, bytes, kind: isSealed(bytes) ? kindOfSealed(bytes) : 'clear' }
  } catch (cause) {
    throw cause instanceof Failure ? cause.of(label) : cause
  }
}

/**
 * Accepts the text of a code, typed lines, or an armored age file saved with other line ends.
 * @throws Failure `E_PIECE` (verification) if the file is none of them
 */
function onPaper(file: Uint8Array): Uint8Array {
  const text = file.length > TEXT_LIMIT ? '' : textIn(file)
  const armor = Buffer.from(text.trimStart().replaceAll('\r\n', '\n'))
  if (isSealed(armor)) return Uint8Array.from(armor)
  const bytes = readCodeLine('piece', text)
  if (bytes) return bytes
  if (looksTyped(text)) return readPaperLines(text)
  throw new Failure(
    'verification',
    'E_PIECE',
    'this is not a piece, the text of a code, or lines from paper',
    {
      hint: 'give the file of the piece, the text of the code on its page, or its lines as printed',
    },
  )
}

async function isSomebody(context: Context): Promise<boolean> {
  const { home } = await context.existingHome()
  return home !== null && (await hasIdentity(home))
}

/** This home's identity, if it can be opened, and all age identities to try. */
async function selfOf(
  context: Context,
): Promise<{ readonly self: Self | null; readonly identities: readonly string[] }> {
  const file = context.globals.identity
  const given = file === null ? [] : await readAgeIdentities(file)
  if (given.length > 0 && !(await isSomebody(context))) return { self: null, identities: given }
  const identity = await context.openIdentity().catch((error: unknown) => {
    // The age identity of `--identity` may open only the piece.
    if (given.length > 0 && error instanceof Failure && error.kind === 'decryption') return null
    throw error
  })
  if (identity === null) return { self: null, identities: given }
  return { self: { identity, card: await context.card() }, identities: [identity.age, ...given] }
}
