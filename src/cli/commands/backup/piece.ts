import { dirname, join, resolve } from 'node:path'
import { handOn, verifyPiece } from '../../../ceremony/recovery/restore.js'
import { manifestDigest, manifestWords } from '../../../wire/escrow/manifest.js'
import { Failure } from '../../../wire/base/failure.js'
import { recordPublicKey } from '../../../wire/key/record.js'
import { hex, rfc3339 } from '../../../wire/base/text.js'
import type { Context } from '../../runtime/context.js'
import { refuseExisting, writeNew } from '../../runtime/read-input.js'
import { givenIn, type PieceOptions, withPiece } from '../../args/pieces.js'
import { confirmCard, verifiedCard } from '../../args/recipient.js'
import type { Result } from '../../runtime/result.js'
import { shellQuote } from '../../terminal/shell-quote.js'
import { fields } from '../../terminal/style.js'

export type VerifyOptions = PieceOptions & { readonly out?: string }

/** `mpc backup verify PIECE`: a holder checks its piece and writes a note for the custodian. */
export async function runVerify(
  context: Context,
  options: VerifyOptions,
  [file]: readonly string[],
): Promise<Result> {
  const given = await givenIn(context, options)
  if (options.out !== undefined) await refuseExisting(options.out)
  const now = context.now()
  const { piece, inUse, note } = await withPiece(
    context,
    file as string,
    options,
    (one, self) => context.terminal.busy('Checking the piece', verifyPiece(one, given, self, now)),
    true,
  ).catch(asVerification)
  const { manifest, holder, custodian } = piece
  const written =
    note &&
    (options.out === undefined
      ? await noteBeside(file as string, holder.name, now, note)
      : await writeNew(options.out, note))
  const words = manifestWords(manifest)
  return {
    data: {
      valid: true,
      key: manifest.key,
      key_id: hex(manifest.key_id),
      public_key: hex(recordPublicKey(piece.record)),
      epoch: piece.record.epoch,
      custodian: custodian.name,
      holder: holder.name,
      threshold: manifest.threshold,
      holders: manifest.holders.map(({ name }) => name),
      manifest_digest: hex(manifestDigest(manifest)),
      words,
      certified: piece.certificate !== null,
      record_given: inUse !== 'unknown',
      note: written,
    },
    text: [
      `This is the piece of ${holder.name}, of the share of ${custodian.name} in ${manifest.key}. It is intact, and`,
      `${custodian.name} made it under this manifest. Any ${manifest.threshold} of ${manifest.holders.length} pieces restore the share.`,
      ...fields([
        ['public key', hex(recordPublicKey(piece.record))],
        [
          'epoch',
          `${piece.record.epoch}${IN_USE[inUse === 'unknown' && piece.parts === null ? 'page' : inUse]}`,
        ],
        ['certified', piece.certificate ? 'by every custodian in the record' : NOT_CERTIFIED],
        ['note', written ?? 'none: the piece was made for another identity'],
      ]),
      '  The words of the manifest, which must be the same for every holder:',
      { words },
      'Only the notes of the other holders show that they have their pieces.',
    ],
    ...(written !== null && { next: `give ${written} to ${custodian.name}, for \`mpc backup status\`` }),
  }
}

const IN_USE = {
  given: ', the epoch of the given record',
  home: ', the newest that this home knows',
  unknown: ' (to check that it is in use, give --record)',
  page:
    ', the epoch of the record on paper. Paper cannot show whether it is still in use: ' +
    'the custodian checks it with the note and `mpc backup status`',
} as const

const NOT_CERTIFIED =
  'NO: the key could be forged. Compare the public key with the custodians, or give --certificate'

/** A damaged piece fails its check; it is not a wrong passphrase. */
function asVerification(error: unknown): never {
  if (!(error instanceof Failure) || error.code !== 'E_CORRUPT') throw error
  throw new Failure('verification', 'E_PIECE', error.message, {
    hint: 'ask the custodian to seal it again: `mpc backup split --again`',
    cause: error,
  })
}

/** Writes the note under a new name with the time, so that every check leaves one. */
async function noteBeside(piece: string, holder: string, now: number, note: Uint8Array): Promise<string> {
  const { createFile } = await import('../../../storage/fs/atomic.js')
  const time = rfc3339(now).replaceAll(/[-:]|\.\d+/g, '')
  const folder = resolve(piece === '-' ? '.' : dirname(piece))
  for (let n = 1; ; n++) {
    const path = join(folder, `${holder}-${time}${n === 1 ? '' : `-${n}`}.note`)
    if (await createFile(path, note)) return path
  }
}

export type OpenOptions = PieceOptions & {
  readonly to: string
  readonly out: string
  readonly confirm?: string
}

/** `mpc backup open PIECE --to CARD`: seals a checked piece to a verified card. */
export async function runOpen(
  context: Context,
  options: OpenOptions,
  [file]: readonly string[],
): Promise<Result> {
  await refuseExisting(options.out)
  const given = await givenIn(context, options)
  const card = await verifiedCard(context, options.to)
  const out = resolve(options.out)
  const question = `Anybody with enough pieces has the share. You give this piece to ${card.name}, whom you have verified.`
  await confirmCard(context, card, options.confirm, question)
  await withPiece(context, file as string, options, (one) =>
    context.terminal.busy(
      'Sealing the piece',
      handOn(one, given, { name: card.name, kind: 'card', card }, out),
    ),
  )
  return {
    data: { file: out, to: card.name, fingerprint: hex(card.fingerprint) },
    text: [out],
    next: `mpc backup restore ${shellQuote(options.out)} ...   (${card.name}, with the pieces of the others)`,
  }
}
