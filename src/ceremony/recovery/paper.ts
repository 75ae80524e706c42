/** A piece prepared for paper: checked, reduced to what fits, in clear or sealed as before. */
import { ageVault } from '../../storage/vault/age-vault.js'
import { Secret } from '../../protocol/core/secret.js'
import { encodePaperPiece } from '../../wire/paper/piece-page.js'
import type { Piece } from '../../wire/escrow/piece.js'
import { Failure } from '../../wire/base/failure.js'
import { type Given, openPiece, type PieceFile } from './restore.js'

export type Printable = {
  readonly piece: Omit<Piece, 'value'>
  /** The bytes to print: the piece, or an age file that contains it. The caller wipes them. */
  readonly bytes: Secret
}

/**
 * @param sealed whether to seal it to whatever opens the piece now
 * @throws Failure as `openPiece`; `E_PAPER_SEAL` (usage) if the piece must be sealed, and is now in clear
 */
export async function printable(file: PieceFile, given: Given, sealed: boolean): Promise<Printable> {
  const { value, ...piece } = await openPiece(file, given)
  using secret = value
  const bytes = new Secret(encodePaperPiece({ ...piece, value: secret }))
  if (!sealed) return { piece, bytes }
  using plaintext = bytes
  return { piece, bytes: new Secret(await sealAsBefore(file, plaintext.reveal())) }
}

async function sealAsBefore(
  { label, sealed, unlock }: PieceFile,
  plaintext: Uint8Array,
): Promise<Uint8Array> {
  if (unlock?.kind === 'passphrase') return ageVault(unlock).seal(plaintext, 'piece')
  for (const identity of unlock?.identities ?? []) {
    const vault = ageVault({ kind: 'identity', identities: [identity] })
    using opened = await vault.open(sealed, 'piece').catch(() => null)
    if (opened !== null) return vault.seal(plaintext, 'piece')
  }
  throw new Failure(
    'usage',
    'E_PAPER_SEAL',
    `${label}: this piece is in clear, so there is nothing to seal it by`,
    {
      hint: 'print the piece as its custodian sealed it, or leave out --sealed',
    },
  )
}
