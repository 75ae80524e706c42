/** The files of backups of format version 1 load for ever, say what they said, and are made again to the same bytes. */
import { describe, expect, test } from 'vitest'
import { parseCard } from '../../src/wire/identity/card.js'
import { parseKept } from '../../src/wire/escrow/kept.js'
import {
  checkManifest,
  type EscrowHolder,
  encodeManifest,
  manifestDigest,
  manifestWords,
  parseManifest,
} from '../../src/wire/escrow/manifest.js'
import { makeNote, noteAgrees, parseNote } from '../../src/wire/escrow/note.js'
import { parsePaperPiece } from '../../src/wire/paper/piece-page.js'
import { encodePiece, parsePiece } from '../../src/wire/escrow/piece.js'
import { restoreShare } from '../../src/wire/escrow/restore.js'
import { parseExportedManifest, parseExportedRecord } from '../../src/wire/paper/json-export.js'
import { parseIdentity } from '../../src/wire/identity/identity.js'
import { readCodeLine, readPaperLines } from '../../src/wire/paper/lines.js'
import { parseRebind, rebindDigest } from '../../src/wire/key/rebind.js'
import { parseRecord } from '../../src/wire/key/record.js'
import { parseShare } from '../../src/wire/key/share.js'
import { hex } from '../../src/wire/base/text.js'
import { held, SCHEMES, textOf } from '../golden/make.js'
import { AUXILIARY, paperGolden, writeBackupGolden } from '../golden/make-backup.js'

const writing = process.env['MPC_GOLDEN'] === 'write'
test.runIf(writing)('the golden files of backups are written', writeBackupGolden, 60_000)

const known = (name: string) =>
  (JSON.parse(textOf('known-backup.json')) as Record<string, Record<string, string>>)[name] as Record<
    string,
    string
  >
const card = (name: string) => parseCard(textOf(`${name}.card`).trim())

describe.skipIf(writing)('the golden files of backups, version 1', () => {
  test.each(SCHEMES)('%s: the manifest', (scheme) => {
    const encoded = held(`${scheme}.manifest.cbor`)
    const manifest = parseManifest(encoded)
    expect(encodeManifest(manifest)).toEqual(encoded)
    expect(checkManifest(manifest, parseRecord(held(`${scheme}.record.cbor`))).name).toBe('test-alice')
    expect({ digest: hex(manifestDigest(manifest)), words: manifestWords(manifest).join(' ') }).toEqual(
      known(`${scheme}.manifest.cbor`),
    )
  })

  test.each(SCHEMES)('%s: every piece, and the share that any two restore', (scheme) => {
    const record = parseRecord(held(`${scheme}.record.cbor`))
    const { share } = parseShare(held(`${scheme}.share.cbor`), record, 1).share
    const pieces = [1, 2, 3].map((holder) => {
      const encoded = held(`${scheme}.piece-${holder}.cbor`)
      const piece = parsePiece(encoded)
      expect(piece.holder.index).toBe(holder)
      expect(encodePiece({ holder, value: piece.value.reveal(), ...piece.parts })).toEqual(encoded)
      return piece
    })
    for (const two of [pieces.slice(0, 2), pieces.slice(1), [pieces[2], pieces[0]] as typeof pieces]) {
      const restored = restoreShare(two)
      expect(hex(restored.share.reveal())).toBe(hex(share.reveal()))
      expect(restored.auxiliary && Buffer.from(restored.auxiliary.reveal())).toEqual(AUXILIARY[scheme])
    }
  })

  test.each(SCHEMES)('%s: a page, by its code and by its lines', (scheme) => {
    const record = parseExportedRecord(held(`${scheme}.paper-record.txt`))
    const manifest = parseExportedManifest(held(`${scheme}.paper-manifest.txt`))
    const whole = parsePiece(held(`${scheme}.piece-1.cbor`))
    for (const bytes of [
      readCodeLine('piece', textOf(`${scheme}.paper-piece.txt`)),
      readPaperLines(textOf(`${scheme}.paper-lines.txt`)),
    ]) {
      const piece = parsePaperPiece(bytes as Uint8Array, {
        records: [{ record, certificate: null }],
        manifests: [manifest],
      })
      expect(piece.holder).toEqual(whole.holder)
      // Pages from before certificates stood on the public sheet say so.
      expect(piece.certificate).toBeNull()
      expect(hex(piece.value.reveal())).toBe(hex(whole.value.reveal()))
    }
    for (const [name, text] of Object.entries(paperGolden())) expect(textOf(name), name).toBe(text)
  })

  test.each(SCHEMES)('%s: what was kept makes the pieces again', (scheme) => {
    const record = parseRecord(held(`${scheme}.record.cbor`))
    const { share } = parseShare(held(`${scheme}.share.cbor`), record, 1).share
    const kept = parseKept(held(`${scheme}.kept.cbor`), share)
    const { parts } = parsePiece(held(`${scheme}.piece-1.cbor`))
    for (const [holder, value] of kept.pieces) {
      expect(encodePiece({ holder, value: value.reveal(), ...parts })).toEqual(
        held(`${scheme}.piece-${holder}.cbor`),
      )
    }
  })

  test('the notes, and bob signs the same again', () => {
    const manifest = parseManifest(held('eddsa-ed25519.manifest.cbor'))
    const [first, , third] = manifest.holders as unknown as [EscrowHolder, EscrowHolder, EscrowHolder]
    const { signing } = parseIdentity(textOf('test-bob.identity.txt'))
    const note = parseNote(held('note.cbor'), () => card('test-bob').signing)
    expect(noteAgrees(note, manifest)).toBe(true)
    expect(makeNote(manifest, first, 'verified', note.time, signing)).toEqual(held('note.cbor'))
    const unsigned = parseNote(held('note-unsigned.cbor'), () => null)
    expect(makeNote(manifest, third, 'destroyed', unsigned.time, null)).toEqual(held('note-unsigned.cbor'))
  })

  test('the rebind', () => {
    const rebind = parseRebind(held('rebind.cbor'), parseRecord(held('eddsa-ed25519.record.cbor')))
    expect(rebind.card.name).toBe('test-alice')
    expect(hex(rebind.old)).toBe(hex(card('test-alice').fingerprint))
    expect(rebind.handed_by?.fingerprint).toEqual(rebind.old)
    expect(hex(rebindDigest(rebind))).toBe(known('rebind.cbor')['digest'])
  })
})
