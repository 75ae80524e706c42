/**
 * Pieces of a share: each checked by its holder or handed on to the person who restores, and the share
 * restored from enough of them on a new machine. Uses no network, and makes every check before it writes
 * anything. Each other custodian decides whether the new identity may take the old seat
 * (`wire/key/rebind.ts`).
 */
import { ageVault, type Unlock } from '../../storage/vault/age-vault.js'
import { equalBytes } from '../../protocol/core/codec.js'
import { wipeAuxSecret } from '../../protocol/cggmp24/auxiliary/data.js'
import { Secret } from '../../protocol/core/secret.js'
import type { Rng } from '../../protocol/core/session.js'
import { createFile } from '../../storage/fs/atomic.js'
import { makeNote } from '../../wire/escrow/note.js'
import type { Manifest } from '../../wire/escrow/manifest.js'
import { isPaperPiece, parsePaperPiece } from '../../wire/paper/piece-page.js'
import { parsePiece, type Piece, requirePieceOf, requireUnder } from '../../wire/escrow/piece.js'
import { type Restored, restoreShare } from '../../wire/escrow/restore.js'
import { Failure } from '../../wire/base/failure.js'
import { makeRebind } from '../../wire/key/rebind.js'
import type { NamedPolicy } from '../../wire/key/named-policy.js'
import { type KeyRecord, recordDigest } from '../../wire/key/record.js'
import { auxSecretCodec, encodeShare } from '../../wire/key/share.js'
import { hex } from '../../wire/base/text.js'
import type { Owner } from '../keys/key.js'
import { type HeldKey, newestOf, requireKnownKey } from '../epochs/held-epochs.js'
import { type HolderSeal, sealFor } from '../backup/holders.js'
import { placeShare, requireNoKey } from './install-share.js'

/** A piece as stored: its label for people (the path), and its secret; null for one in clear. */
export type PieceFile = {
  readonly label: string
  readonly sealed: Uint8Array
  readonly unlock: Unlock | null
}

/** Whether a piece's epoch is in use: unknown, or so by a given record or by this home. */
export type InUse = 'unknown' | 'given' | 'home'

/** Material that the person gave beside the pieces. */
export type Given = {
  /** Record of the epoch in use; for paper, of the epoch that the page names. */
  readonly record?: KeyRecord
  /** The checked certificate of that record. */
  readonly certificate?: Uint8Array | null
  /** Manifest of the split. */
  readonly manifest?: Manifest
  /** This home's knowledge of keys. */
  readonly known?: readonly HeldKey[]
}

/**
 * Opens a piece and makes all checks that are possible for it alone; the caller wipes its value.
 * @throws Failure that begins with the label: as `age.ts` if it does not open, as `parsePiece`,
 *   `parsePaperPiece`, `requirePieceOf` and `requireKnownKey`; `E_PIECES_DIFFER` (verification) if its
 *   manifest is not the given one
 */
export async function openPiece(file: PieceFile, given: Given): Promise<Piece> {
  using plaintext = await unseal(file)
  return checkPiece(file.label, plaintext, given)
}

function checkPiece(label: string, plaintext: Secret, given: Given, others: readonly Piece[] = []): Piece {
  try {
    const { record, certificate = null, manifest, known = [] } = given
    const piece = isPaperPiece(plaintext.reveal())
      ? parsePaperPiece(plaintext.reveal(), {
          records: record ? [{ record, certificate }, ...sameEpoch(others, record)] : others,
          manifests: manifest ? [manifest] : others.map((other) => other.manifest),
        })
      : parsePiece(plaintext.reveal())
    try {
      if (record) requirePieceOf(piece, record)
      if (manifest) requireUnder(piece, manifest)
      requireKnownKey(piece.record, known)
    } catch (cause) {
      piece.value.wipe()
      throw cause
    }
    return piece
  } catch (cause) {
    throw cause instanceof Failure ? cause.of(label) : cause
  }
}

/**
 * Checks a holder's piece, and makes the note of it for the custodian.
 * @param signer the holder's identity, if it has one; the note of a holder with a card needs that very
 *   identity, and is null without it
 */
export async function verifyPiece(
  file: PieceFile,
  given: Given,
  signer: Pick<Owner, 'identity' | 'card'> | null,
  now: number,
): Promise<{
  readonly piece: Omit<Piece, 'value'>
  readonly inUse: InUse
  readonly note: Uint8Array | null
}> {
  const { value, ...piece } = await openPiece(file, given)
  value.wipe()
  const inUse = inUseOf(piece, given)
  const { manifest, holder } = piece
  if (holder.to.kind !== 'card')
    return { piece, inUse, note: makeNote(manifest, holder, 'verified', now, null) }
  const isHolder = signer !== null && hex(signer.card.fingerprint) === hex(holder.to.fingerprint)
  return {
    piece,
    inUse,
    note: isHolder ? makeNote(manifest, holder, 'verified', now, signer.identity.signing) : null,
  }
}

/**
 * A record named by a page came with the page, so its match does not show that its epoch is in use.
 * @throws Failure `E_PIECE_RETIRED` (verification) if this home knows a later epoch
 */
function inUseOf(piece: Omit<Piece, 'value'>, { record, known = [] }: Given): InUse {
  const newest = known.map(newestOf).find((each) => equalKey(each?.record ?? null, piece.record))?.record
  if (newest && newest.epoch >= piece.record.epoch) {
    requirePieceOf(piece, newest)
    return 'home'
  }
  return record && piece.parts !== null ? 'given' : 'unknown'
}

const equalKey = (a: KeyRecord | null, b: KeyRecord): boolean => a !== null && equalBytes(a.key_id, b.key_id)

/**
 * Seals a checked piece to somebody else, as a holder does for the person who restores. The holder must know
 * beforehand that this is the right person.
 * @throws Failure as `openPiece`; `E_OUTPUT_EXISTS` (conflict)
 */
export async function handOn(file: PieceFile, given: Given, to: HolderSeal, out: string): Promise<void> {
  using plaintext = await unseal(file)
  checkPiece(file.label, plaintext, given).value.wipe()
  if (await createFile(out, await sealFor(to, plaintext.reveal()))) return
  throw new Failure('conflict', 'E_OUTPUT_EXISTS', `${out} is there already, and nothing is overwritten`, {
    hint: 'name a file that is not there yet',
  })
}

export type RestoreOrder = {
  /** The key's name here; null keeps its custodian's name for it. */
  readonly name: string | null
  readonly pieces: readonly PieceFile[]
  /** Without it, what the pieces carry is believed. */
  readonly given: Given
  /** Asks whether the record is the key's; throws if not. The default accepts only a certified one. */
  readonly trust?: (record: KeyRecord, certified: boolean) => Promise<void>
  /** Milliseconds since 1970. */
  readonly now: number
  readonly rng: Rng
}

export type RestoredKey = {
  /** The key's name here. */
  readonly name: string
  readonly record: KeyRecord
  readonly digest: Uint8Array
  readonly certified: boolean
  /** Index of the seat. */
  readonly index: number
  /** Path of the rebind that puts this identity into the seat; null if it sits there already. */
  readonly rebind: string | null
  /** Whether the auxiliary data could not be opened: refresh before signing. */
  readonly lost: boolean
  /** The policy that the key had when its share was split, which is to be brought; null: none. */
  readonly policy: NamedPolicy | null
}

/**
 * Restores the share and puts it into this home, active.
 * @throws Failure as `openPiece` and `restoreShare`, naming the bad piece; `E_KEY_EXISTS` (conflict);
 *   `E_REBIND_CARD` (authentication) if this identity cannot take the seat; `E_NOT_CERTIFIED` (verification)
 *   if nothing certifies the record; as `trust`
 */
export async function restore(owner: Owner, order: RestoreOrder): Promise<RestoredKey> {
  if (order.name !== null) await requireNoKey(owner.home, order.name)
  const pieces: Piece[] = []
  try {
    pieces.push(...(await openAll(order)))
    const restored = restoreShare(pieces)
    using share = restored.share
    using auxiliary = restored.auxiliary
    const first = pieces[0] as Piece
    const name = order.name ?? first.manifest.key
    await requireNoKey(owner.home, name, first.record)
    const certificate = pieces.find((piece) => piece.certificate !== null)?.certificate ?? null
    const { trust = certifiedOnly } = order
    await trust(first.record, certificate !== null)
    return await place(owner, { ...order, name }, first, certificate, { ...restored, share, auxiliary })
  } finally {
    for (const piece of pieces) piece.value.wipe()
  }
}

/** Pieces of the same record, which may bring the certificate that the record came without. */
const sameEpoch = (pieces: readonly Piece[], record: KeyRecord): readonly Piece[] =>
  pieces.filter((piece) => equalBytes(recordDigest(piece.record), recordDigest(record)))

const certifiedOnly = (_: KeyRecord, certified: boolean): Promise<void> =>
  certified ? Promise.resolve() : Promise.reject(notCertified())

export const notCertified = (): Failure =>
  new Failure('verification', 'E_NOT_CERTIFIED', 'nothing here certifies the record of the key', {
    hint:
      'give --certificate FILE, or as --record what a custodian exports today (`mpc key show NAME --export`); ' +
      'or, if another custodian tells you the public key: --public-key HEX',
  })

/** Opens every piece, or throws one failure that names every bad one, with the code of the first. */
async function openAll({ pieces: files, given }: RestoreOrder): Promise<readonly Piece[]> {
  const opened: Piece[] = []
  const fromPaper: (readonly [PieceFile, Secret])[] = []
  const bad: Failure[] = []
  const attempt = (act: () => Piece): void => {
    try {
      opened.push(act())
    } catch (cause) {
      if (!(cause instanceof Failure)) throw cause
      bad.push(cause)
    }
  }
  for (const file of files) {
    const plaintext = await unseal(file).catch((cause: unknown) => {
      if (!(cause instanceof Failure)) throw cause
      bad.push(cause)
      return null
    })
    // The other pieces may bring what a paper piece lacks.
    if (plaintext && isPaperPiece(plaintext.reveal())) fromPaper.push([file, plaintext])
    else if (plaintext) {
      attempt(() => checkPiece(file.label, plaintext, given))
      plaintext.wipe()
    }
  }
  const whole = [...opened]
  for (const [{ label }, plaintext] of fromPaper) {
    attempt(() => checkPiece(label, plaintext, given, whole))
    plaintext.wipe()
  }
  const [first] = bad
  if (!first) return opened
  for (const piece of opened) piece.value.wipe()
  const { kind, code, hint } = first
  const message = bad.map((each) => each.message).join('; ')
  throw new Failure(kind, code, message, { cause: first, ...(hint !== null && { hint }) })
}

/** Puts a share into the home, with a rebind if the seat is another identity's. */
async function place(
  owner: Owner,
  { name, now, rng }: RestoreOrder & { readonly name: string },
  { record, manifest }: Piece,
  certificate: Uint8Array | null,
  { share, index, auxiliary, lost }: Restored,
): Promise<RestoredKey> {
  const { identity, card } = owner
  const digest = recordDigest(record)
  const primes = auxiliary && auxSecretCodec().decode(auxiliary.reveal())
  const own = { record: digest, scheme: record.scheme, index, share: share.reveal(), auxiliary: primes }
  using plaintext = new Secret(encodeShare(own))
  if (primes) wipeAuxSecret(primes)
  const seat = record.members[index - 1] as KeyRecord['members'][number]
  const sits = hex(seat.card.fingerprint) === hex(card.fingerprint)
  const taken = { index, share, card, from: null, created: now }
  const rebind = sits ? null : makeRebind(record, taken, identity.signing, rng)
  const path = await placeShare(owner, {
    name,
    record,
    certificate,
    index,
    plaintext,
    rebind,
    policy: manifest.policy?.number ?? 0,
    now,
  })
  const policy = manifest.policy ?? record.policy
  return { name, record, digest, certified: certificate !== null, index, rebind: path, lost, policy }
}

/** The plaintext. @throws Failure that begins with the label */
async function unseal({ label, sealed, unlock }: PieceFile): Promise<Secret> {
  try {
    return unlock === null ? new Secret(sealed.slice()) : await ageVault(unlock).open(sealed, 'piece')
  } catch (cause) {
    throw cause instanceof Failure ? cause.of(label) : cause
  }
}
