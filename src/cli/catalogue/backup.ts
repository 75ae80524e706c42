/** Codes of backups: splits of a share, their pieces, and seats after a restore. */
import { entry } from './entry.js'

const SPLIT_ANEW = 'Do not rely on this backup. Ask the custodian, in person, to split the share again.'

export const backupCodes = {
  E_HOLDERS: entry(
    'The holders or the threshold of the split are not valid.',
    'Name two or more holders, each once, and how many of them restore the share.',
  ),
  E_SPLIT_EXISTS: entry(
    'The share of this epoch was split before. A second split would double the pieces to guard.',
    'To replace a lost piece, use --again; to seal all pieces again, repeat the threshold and holders. For other holders, refresh the key and split again.',
  ),
  E_SPLIT_REBOUND: entry(
    "The custodian's new identity is not in the record yet, so holders could not check their pieces.",
    'Refresh the key, which writes the new identity into the record. Then split the share.',
  ),
  E_AUXILIARY_LOST: entry(
    'The share was restored without the primes that signing needs.',
    'Refresh the key, then sign. The share can still take part in a refresh or a reshare.',
  ),
  E_NO_SPLIT: entry('The share of this epoch was not split here.', 'Split it: `mpc backup split`.'),
  E_MANIFEST: entry(
    'This is not a manifest of a backup, or it was altered.',
    'Ask the custodian for it again.',
  ),
  E_MANIFEST_RECORD: entry(
    'The manifest and the public record are for different keys, epochs or custodians.',
    'Give the record of the epoch in which the share was split.',
  ),
  E_MANIFEST_SIGNER: entry(
    "The manifest names another identity than the one in the custodian's seat.",
    'If the custodian has a new identity, import it first, with its rebind.',
  ),
  E_MANIFEST_VECTOR: entry("The manifest is not for the custodian's share.", SPLIT_ANEW),
  E_MANIFEST_PROOF: entry(
    'The manifest does not prove that its author knew the share. The pieces may not combine.',
    SPLIT_ANEW,
  ),
  E_MANIFEST_SIGNATURE: entry('The custodian did not sign the manifest.', SPLIT_ANEW),
  E_PIECE: entry('This is not a piece of a backup, or it is damaged.', 'Ask its holder for another copy.'),
  E_PIECE_VALUE: entry(
    'The value of the piece is not the one in its manifest.',
    'Leave it out. The custodian can seal the right piece again.',
  ),
  E_PIECE_BLOB: entry(
    'The auxiliary data in the piece are not those in its manifest.',
    "Leave it out. Another holder's piece carries the same data.",
  ),
  E_PIECE_FOREIGN: entry('The piece is for another key or custodian.', 'Find the pieces of the right share.'),
  E_PIECE_RETIRED: entry(
    'The piece is for another epoch of the key. The share has changed since.',
    'Use pieces of the epoch in use. The custodian splits again after each reshare.',
  ),
  E_PIECE_TWICE: entry('The piece of one holder was given twice.', "Give another holder's piece instead."),
  E_PIECES_DIFFER: entry(
    'The pieces are under different manifests and do not combine.',
    'Use the pieces of one manifest, and ask the custodian why there are two.',
  ),
  E_PAPER_LINE: entry(
    'Some lines typed from paper contain mistakes.',
    'Compare the lines that the error names with the page, character by character.',
  ),
  E_PAPER_CODE: entry(
    'The text of a QR code is incomplete.',
    'Scan it again and save all of its text, or type the lines beside it.',
  ),
  E_PAPER_PUBLIC: entry(
    'A piece from paper needs the record of the key and the manifest of the split.',
    'Give --record FILE and --manifest FILE, as files or as the text of the codes on the public sheet.',
  ),
  E_NOT_CERTIFIED: entry(
    'No certificate covers the record beside the pieces, so its key could be forged.',
    "Give --certificate FILE, a custodian's current export as --record, or the public key as another custodian tells it.",
  ),
  E_PUBLIC_KEY: entry(
    'The public key in the record is not the one that this home knows, or that you gave. One of them is forged.',
    'Use neither. Compare the public key with other custodians, in person.',
  ),
  E_PAPER_SEAL: entry(
    'The page cannot be sealed: the piece is stored in clear, or its seal is too long for paper.',
    'Print the piece as its custodian sealed it, or print it in clear.',
  ),
  E_PIECES_FEW: entry('Too few pieces to restore the share.', 'Ask the holders that the error names.'),
  E_ESCROW_KEPT: entry(
    'The stored copy of the split is damaged.',
    'Restore escrow.age from a copy of this home.',
  ),
  E_BACKUP_STALE: entry(
    'The pieces are for an old epoch. They restore no share that can sign.',
    'Split the share of the epoch in use, and ask the holders to destroy the old pieces.',
  ),
  E_MANIFESTS_DIFFER: entry(
    'Some holders report a manifest that was not made here.',
    'Compare the 16 words with each of them, and seal the right piece again with --again.',
  ),
  E_NOTE: entry("This is not a holder's note.", 'Ask the holder to run `mpc backup verify` again.'),
  E_REBIND: entry(
    'This is not a rebind for this epoch and seat.',
    'Ask the custodian that restored the share to make it again.',
  ),
  E_REBIND_PROOF: entry(
    'The rebind does not prove that its author knew the share of the seat.',
    'Do not accept it. Ask the person; do not trust the file.',
  ),
  E_REBIND_TIME: entry(
    'The time in the rebind is more than two minutes ahead of this clock.',
    "Find out which clock is wrong. If it is the author's, the author must make the rebind again.",
  ),
  E_NO_SEAT: entry(
    'A signer or dealer has no seat in the key, as far as this home knows.',
    'If a custodian has a new identity, hear its fingerprint and import its card with the rebind: --rebind FILE.',
  ),
  E_REBIND_CARD: entry(
    'The new card cannot take the seat: its name or keys belong to another member, or its keys are the old ones.',
    'Make a new identity for the seat.',
  ),
} as const
