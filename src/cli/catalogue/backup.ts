/** Codes of backups: splits of a share, their pieces, and who sits in a seat after a restore. */
import { entry } from './entry.js'

export const backupCodes = {
  E_HOLDERS: entry(
    'A share cannot be split so.',
    'Name two or more holders, each once, and how many restore it.',
  ),
  E_SPLIT_EXISTS: entry(
    'The share was split before in this epoch. Two splits of one share are one too many to watch.',
    'Seal a lost piece again with --again; the same threshold and holders seal all of them again. For other holders, refresh the key and split anew.',
  ),
  E_SPLIT_REBOUND: entry(
    'A custodian whose new identity is not yet in the record splits its share: its holders could check nothing.',
    'Refresh the key, which writes the new identity into the record; then split.',
  ),
  E_AUXILIARY_LOST: entry(
    'The share was restored without the primes that its engine needs.',
    'It can deal and be dealt anew: refresh the key, then sign.',
  ),
  E_NO_SPLIT: entry('The share was not split here in this epoch.', 'Split it: `mpc backup split`.'),
  E_MANIFEST: entry(
    'This is not the manifest of a backup, or it was altered.',
    'Ask the custodian for it again.',
  ),
  E_MANIFEST_RECORD: entry(
    'The manifest and the public record are of different keys, epochs or custodians.',
    'Give the record of the epoch in which the share was split.',
  ),
  E_MANIFEST_SIGNER: entry(
    'The manifest is by another identity than holds the seat of the custodian.',
    'If the custodian has a new identity, import it with its rebind statement first.',
  ),
  E_MANIFEST_VECTOR: entry(
    "The manifest is about another secret than the custodian's share.",
    'Do not rely on it: ask the custodian, in person, to split the share anew.',
  ),
  E_MANIFEST_PROOF: entry(
    'Whoever made the manifest did not know the share: its pieces may never combine.',
    'Do not rely on it: ask the custodian, in person, to split the share anew.',
  ),
  E_MANIFEST_SIGNATURE: entry(
    'The custodian did not sign the manifest.',
    'Do not rely on it: ask the custodian, in person, to split the share anew.',
  ),
  E_PIECE: entry('This is not a piece of a backup, or it is damaged.', 'Ask its holder for another copy.'),
  E_PIECE_VALUE: entry(
    'The piece is not the one that its manifest gives this holder.',
    'Leave it out. The custodian can seal the right one again.',
  ),
  E_PIECE_BLOB: entry(
    'What the piece carries beside the share is not what its manifest names.',
    "Leave it out: another holder's piece carries the same data.",
  ),
  E_PIECE_FOREIGN: entry('The piece is of another key or custodian.', 'Look for the pieces of one share.'),
  E_PIECE_RETIRED: entry(
    'The piece is of another epoch of the key: the share has changed since.',
    'Use the pieces of the epoch in use; the custodian splits again after each reshare.',
  ),
  E_PIECE_TWICE: entry('The piece of one holder is given twice.', "Give another holder's in its place."),
  E_PIECES_DIFFER: entry(
    'Holders have pieces under different manifests, which do not combine.',
    'Use those of one manifest, and ask the custodian how there can be two.',
  ),
  E_PAPER_LINE: entry(
    'Lines that were typed from paper are not as they were printed.',
    'Compare the lines that the error names with the page, character by character, and correct them.',
  ),
  E_PAPER_CODE: entry(
    'The text of a code from paper is not whole.',
    'Scan it again and save all of its text; or type the lines beside it.',
  ),
  E_PAPER_PUBLIC: entry(
    'A piece from paper names the record of the key and the manifest of the split, and they are not here.',
    'Give both: --record FILE and --manifest FILE, as files or as the text of the codes on the public sheet.',
  ),
  E_NOT_CERTIFIED: entry(
    'Nothing certifies the record beside the pieces, so the key in it could be made up.',
    'Give --certificate FILE, or a fresh export of a custodian as --record; or the public key, as others tell it.',
  ),
  E_PUBLIC_KEY: entry(
    'The record gives the key another public key than is known here, or than was given.',
    'Use none of it: one of the two is made up. Compare the public key with other custodians, in person.',
  ),
  E_PAPER_SEAL: entry(
    'A page cannot be sealed: the piece lies here in clear, so nothing opens it, or what seals it is too long for paper.',
    'Print the piece as its custodian sealed it, or print it in clear.',
  ),
  E_PIECES_FEW: entry(
    'More pieces are needed to restore the share.',
    'Ask the holders that the error names.',
  ),
  E_ESCROW_KEPT: entry(
    'What was kept of a split is damaged.',
    'Restore escrow.age from a copy of this home.',
  ),
  E_BACKUP_STALE: entry(
    'The pieces are of an epoch that is no longer in use: they restore nothing that signs.',
    'Split the share of the epoch in use, and ask the holders to destroy the old pieces.',
  ),
  E_MANIFESTS_DIFFER: entry(
    'Holders say that they hold pieces under another manifest than the one that was made here.',
    'Compare the 16 words with each of them, and seal the right piece again with --again.',
  ),
  E_NOTE: entry("This is not a holder's note.", 'Ask the holder to verify its piece again.'),
  E_REBIND: entry(
    'This is not a rebind statement for this epoch and seat.',
    'Whoever restored the share makes it.',
  ),
  E_REBIND_PROOF: entry(
    'Whoever made the rebind statement did not know the share of the seat.',
    'Do not accept it. Ask the person, not the file.',
  ),
  E_REBIND_TIME: entry(
    'The rebind statement says that it was made more than two minutes from now.',
    'Find out whose clock is wrong. If it is its maker’s, it sets the clock and makes the rebind again.',
  ),
  E_NO_SEAT: entry(
    'Somebody signs, or deals the key anew, who sits in none of the seats of the key as they are known here.',
    'If a custodian has a new identity, hear its fingerprint and import its card with the rebind: --rebind FILE.',
  ),
  E_REBIND_CARD: entry(
    "The new card cannot sit there: its name or keys are another member's, or the old ones.",
    'Make a new identity for the seat.',
  ),
} as const
