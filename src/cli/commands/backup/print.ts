import { join, parse, resolve } from 'node:path'
import { printable } from '../../../ceremony/recovery/paper.js'
import { armored } from '../../../storage/sealed/age.js'
import { Failure } from '../../../wire/base/failure.js'
import { codeLine } from '../../../wire/paper/lines.js'
import { hex } from '../../../wire/base/text.js'
import type { Context } from '../../runtime/context.js'
import { lies, refuseExisting, writeNew } from '../../runtime/read-input.js'
import { htmlOf } from '../../paper/html.js'
import { pieceSheet, publicSheet } from '../../paper/page.js'
import { svgOf } from '../../paper/svg.js'
import { givenIn, type PieceOptions, withPiece } from '../../args/pieces.js'
import type { Result } from '../../runtime/result.js'
import { shellQuote } from '../../terminal/shell-quote.js'
import { fields } from '../../terminal/style.js'

export type Options = PieceOptions & { readonly out: string; readonly sealed?: true }

/** `mpc backup print PIECE -o page.html`: a piece and its public data, ready for a printer. */
export async function run(context: Context, options: Options, [file]: readonly string[]): Promise<Result> {
  const files = filesOf(options.out)
  await requireNone(files)
  const given = await givenIn(context, options)
  const sealed = options.sealed ?? false
  const { piece, bytes } = await withPiece(context, file as string, options, (one) =>
    printable(one, given, sealed),
  )
  using plain = bytes
  const now = context.now()
  const text = sealed ? armored(plain.reveal()) : codeLine('piece', plain.reveal())
  const second = await publicSheet(piece, now)
  const first = await pieceSheet(piece, { text, bytes: plain.reveal(), sealed, beside: second, now })
  const { manifest, holder, custodian, record } = piece
  const title = `${manifest.key}: the piece of ${holder.name}`
  const pages = files.length === 1 ? [htmlOf(title, [first, second.sheet])] : [first, second.sheet].map(svgOf)
  const written: string[] = []
  for (const [i, page] of pages.entries()) written.push(await writeNew(files[i] as string, Buffer.from(page)))
  const loose = [
    ...(second.record === 'file' || second.certificate === 'file' ? ['record'] : []),
    ...(second.manifest === 'file' ? ['manifest'] : []),
  ]
  return {
    data: {
      files: written,
      key: manifest.key,
      key_id: hex(manifest.key_id),
      epoch: record.epoch,
      custodian: custodian.name,
      holder: holder.name,
      sealed,
      record: second.record,
      manifest: second.manifest,
      certificate: second.certificate,
    },
    text: [
      ...fields(written.map((each, i) => [i === 0 ? 'page' : 'public', each])),
      sealed
        ? 'The printed piece is sealed, as the file is.'
        : 'The printed piece is IN CLEAR: print it in private, then delete the file.',
      ...(loose.length > 0
        ? [
            `Too long for a code: keep these files with the page: ${loose.map((each) => `${each}.json`).join(', ')}.`,
          ]
        : []),
    ],
    next: `print it and test it: mpc backup verify piece-${holder.index}.txt --record FILE${second.certificate === 'code' ? ' --certificate FILE' : ''} --manifest FILE   (the text of its codes)`,
  }
}

/** @throws Failure `E_OUTPUT_EXISTS` (conflict); an interrupted print may have left one of two files */
async function requireNone(files: readonly string[]): Promise<void> {
  const there = await Promise.all(files.map(lies))
  const [half, ...more] = files.filter((_, i) => there[i] !== null)
  if (half !== undefined && more.length < files.length - 1) {
    throw new Failure('conflict', 'E_OUTPUT_EXISTS', `${half} exists, but its other sheet does not`, {
      hint: `an earlier print was interrupted: \`rm ${shellQuote(half)}\`, then run the same command again`,
    })
  }
  for (const each of files) await refuseExisting(each)
}

/** One HTML file with both sheets, or one SVG for each. */
function filesOf(out: string): string[] {
  const { dir, name, ext } = parse(resolve(out))
  if (ext === '.html') return [resolve(out)]
  if (ext === '.svg') return [resolve(out), join(dir, `${name}-public.svg`)]
  throw new Failure('usage', 'E_USAGE', `${out} is neither .html nor .svg`, {
    hint: 'name a file that ends in .html or .svg',
  })
}
