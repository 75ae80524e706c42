/**
 * A holder's note about its piece: the holder has verified it, or has destroyed it. A holder named by a card
 * signs with that identity. A holder named by age recipient or passphrase has no identity; its note convinces
 * only a person who received it from that holder, and never counts as signed.
 */
import type { SigningKeys } from '../identity/roster.js'
import { signedRecord } from '../base/signed-record.js'
import { bytes, nullable, type Of, oneOf, record, time, uint } from '../../protocol/core/codec.js'
import type { SigningKey } from '../base/ed25519.js'
import { type EscrowHolder, type Manifest, manifestDigest } from './manifest.js'
import { Failure, wellFormed } from '../base/failure.js'
import { format } from '../base/realm.js'
import { SIGNED } from '../base/domain-tags.js'
import { hex, nameShape } from '../base/text.js'

const fields = {
  format: format('mpc/escrow-note/v1'),
  key_id: bytes(32),
  /** Record digest. */
  epoch: bytes(32),
  /** Index of the custodian whose share was split. */
  custodian: uint(64, 1),
  /** Digest of the holder's manifest. */
  manifest: bytes(32),
  holder: record({ index: uint(64, 1), name: nameShape }),
  said: oneOf(['verified', 'destroyed']),
  /** The holder's clock, milliseconds since 1970. */
  time: time(),
  /** The holder's fingerprint; null if it has no identity. */
  by: nullable(bytes(32)),
}
const notes = signedRecord(fields, { signature: nullable(bytes(64)) }, { tag: SIGNED.note, limit: 1024 })

export type Note = Of<typeof notes.shape>

/** @param signing the holder's key if the manifest names it by a card; otherwise null */
export function makeNote(
  manifest: Manifest,
  holder: EscrowHolder,
  said: Note['said'],
  time: number,
  signing: SigningKey | null,
): Uint8Array {
  const by = holder.to.kind === 'card' ? holder.to.fingerprint : null
  if ((by === null) !== (signing === null))
    throw new RangeError('a holder with a card signs the note, and no other does')
  const note = {
    format: 'mpc/escrow-note/v1' as const,
    key_id: manifest.key_id,
    epoch: manifest.epoch,
    custodian: manifest.custodian.index,
    manifest: manifestDigest(manifest),
    holder: { index: holder.index, name: holder.name },
    said,
    time,
    by,
  }
  return notes.encode({ ...note, signature: signing && notes.sign(signing, note) })
}

/**
 * Parses a note. A note that names another manifest is valid too; `noteAgrees` compares.
 * @param signingOf the signing key of an identity by its fingerprint; null if it is unknown here
 * @throws Failure `E_NOTE` (verification) if it is malformed, or not signed by the identity it names
 */
export function parseNote(encoded: Uint8Array, signingOf: SigningKeys): Note {
  const refuse = (problem: string, cause?: unknown) =>
    new Failure('verification', 'E_NOTE', `this is not a holder's note: ${problem}`, {
      hint: 'ask the holder to run `mpc backup verify` again',
      cause,
    })
  const note = wellFormed(() => notes.decode(encoded), refuse)
  const { signature, by, holder } = note
  if ((signature === null) !== (by === null)) throw refuse('it names an identity, or is signed, but not both')
  if (signature === null || by === null) return note
  const key = signingOf(by)
  if (key === null) throw refuse(`the identity that ${holder.name} signs with is not known here`)
  if (!notes.isSigned(note, signature, key)) throw refuse(`it is not signed by ${holder.name}`)
  return note
}

/**
 * Whether a note confirms its holder's piece of this manifest: false if it names another manifest or split,
 * or another holder than the manifest has at that index.
 */
export function noteAgrees(note: Note, manifest: Manifest): boolean {
  const holder = manifest.holders[note.holder.index - 1]
  const by = holder?.to.kind === 'card' ? hex(holder.to.fingerprint) : null
  return (
    hex(note.manifest) === hex(manifestDigest(manifest)) &&
    hex(note.key_id) === hex(manifest.key_id) &&
    hex(note.epoch) === hex(manifest.epoch) &&
    note.custodian === manifest.custodian.index &&
    holder?.name === note.holder.name &&
    (note.by && hex(note.by)) === by
  )
}
