/** A piece as paper holds it: whole with the record and the manifest that it names, and with no others. */
import { describe, expect, test } from 'vitest'
import { isPiece } from '../../../src/protocol/sharing/escrow.js'
import { SCHEMES } from '../../../src/protocol/group/scheme.js'
import { Secret } from '../../../src/protocol/core/secret.js'
import { encodePaperPiece, isPaperPiece, parsePaperPiece } from '../../../src/wire/paper/piece-page.js'
import { encodeManifest } from '../../../src/wire/escrow/manifest.js'
import { parsePiece, type Piece } from '../../../src/wire/escrow/piece.js'
import { restoreShare } from '../../../src/wire/escrow/restore.js'
import {
  certificateCode,
  manifestCode,
  parseExportedCertificate,
  parseExportedManifest,
  parseExportedRecord,
  recordCode,
} from '../../../src/wire/paper/json-export.js'
import { paperLines } from '../../../src/wire/paper/lines.js'
import { encodeRecord, recordDigest } from '../../../src/wire/key/record.js'
import { hex } from '../../../src/wire/base/text.js'
import { seededRng } from '../../support/rng.js'
import { AUXILIARY, backup, forge, HOLDERS } from '../escrow-support.js'
import { another, expectNoSecret, failureOf, filled, flip, leaves, rewrite } from '../support.js'

const made = backup('eddsa-ed25519')
const secrets = [made.share.reveal(), ...[...made.values.values()].map((value) => value.reveal())]
const atHand = { records: [made], manifests: [made.manifest] }
const onPaper = (holder: number, from = made): Uint8Array =>
  encodePaperPiece(parsePiece(from.pieceOf(holder)))

const refused = (act: () => unknown, kind: string, code: string, ...words: readonly string[]): void => {
  const failure = failureOf(act)
  expect(failure).toMatchObject({ kind, code })
  for (const word of words) expect(failure.message).toContain(word)
  expect(failure.hint).toBeTruthy()
  expectNoSecret(failure, secrets)
}

describe.each(SCHEMES)('pieces of a share on paper, %s', (scheme) => {
  const auxiliary = scheme === 'ecdsa-secp256k1' ? AUXILIARY : null
  const from = backup(scheme, { auxiliary })
  const known = { records: [from], manifests: [from.manifest] }

  test('restore it, any three of them, and with a whole one among them what it carries too', () => {
    const pieces = HOLDERS.map(({ index }) => parsePaperPiece(onPaper(index, from), known))
    for (const [i, piece] of pieces.entries())
      expect(piece).toMatchObject({
        holder: HOLDERS[i],
        certificate: from.certificate,
        parts: null,
        blob: null,
      })
    for (const chosen of [
      [0, 1, 2],
      [4, 2, 0],
      [1, 3, 4],
    ]) {
      const restored = restoreShare(chosen.map((i) => pieces[i] as Piece))
      expect(hex(restored.share.reveal())).toBe(hex(from.share.reveal()))
      expect([restored.auxiliary, restored.lost]).toEqual([null, auxiliary !== null])
    }
    const mixed = restoreShare([pieces[0] as Piece, parsePiece(from.pieceOf(4)), pieces[2] as Piece])
    expect(mixed.auxiliary?.reveal() ?? null).toEqual(auxiliary)
    expect(mixed.lost).toBe(false)
  })

  test('are short, and the codes beside them give record and manifest', () => {
    expect(onPaper(1, from).length).toBeLessThan(190)
    expect(isPaperPiece(onPaper(1, from))).toBe(true)
    expect(isPaperPiece(from.pieceOf(1))).toBe(false)
    const [record, manifest, certificate] = [
      recordCode(from.record),
      manifestCode(from.manifest),
      certificateCode(from.certificate),
    ].map((code) => Buffer.from(code)) as [Buffer, Buffer, Buffer]
    expect(parseExportedCertificate(certificate, from.record)).toEqual(from.certificate)
    expect(
      failureOf(() => parseExportedCertificate(certificate, { ...from.record, epoch: 2 })),
    ).toMatchObject({
      kind: 'verification',
      code: 'E_CERTIFICATE',
    })
    expect(encodeRecord(parseExportedRecord(record))).toEqual(encodeRecord(from.record))
    expect(encodeManifest(parseExportedManifest(manifest))).toEqual(encodeManifest(from.manifest))
  })
})

/**
 * The steps under "Should the program be lost", done by the page alone: digits of bech32 to bytes, the end of
 * the CBOR to a number, Lagrange at zero.
 */
function byHand(pages: ReadonlyMap<number, readonly string[]>, order: bigint, little: boolean): bigint {
  const digits = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'
  const points = [...pages].map(([index, lines]) => {
    const bytes = lines.flatMap((line) => {
      const bits = Array.from(line.toLowerCase().replaceAll(' ', '').slice(0, -6))
        .map((c) => digits.indexOf(c).toString(2).padStart(5, '0'))
        .join('')
      return (bits.match(/.{8}/g) ?? []).map((eight) => Number.parseInt(eight, 2))
    })
    const value = bytes.slice(-32)
    return [
      BigInt(index),
      BigInt(`0x${Buffer.from(little ? value.reverse() : value).toString('hex')}`),
    ] as const
  })
  const mod = (a: bigint): bigint => ((a % order) + order) % order
  const power = (a: bigint, e: bigint): bigint =>
    e === 0n ? 1n : mod(power(mod(a * a), e >> 1n) * (e & 1n ? a : 1n))
  return points.reduce((sum, [x, y]) => {
    const others = points.flatMap(([other]) => (other === x ? [] : [other]))
    const weight = others.reduce((w, other) => mod(w * other * power(mod(other - x), order - 2n)), 1n)
    return mod(sum + y * weight)
  }, 0n)
}

test.each(SCHEMES)('%s: pages alone give the share by hand, as they say', (scheme) => {
  const from = backup(scheme)
  const chosen = new Map([2, 3, 5].map((holder) => [holder, paperLines(onPaper(holder, from))]))
  const little = scheme === 'eddsa-ed25519'
  const order = little
    ? 2n ** 252n + 27742317777372353535851937790883648493n
    : 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
  const share = from.share.reveal()
  const expected = BigInt(`0x${hex(little ? share.slice().reverse() : share)}`)
  expect(byHand(chosen, order, little)).toBe(expected)
})

describe('a piece on paper', () => {
  const piece = onPaper(2)

  test('with any field changed, cut or longer is refused, and says nothing of the secret', () => {
    const at = leaves(piece)
    expect(at).toHaveLength(9)
    for (const path of at) {
      const changed = rewrite(piece, path, another)
      const failure = failureOf(() => parsePaperPiece(changed, atHand))
      expect(failure.kind, path.join('.')).toBe('verification')
      expect(failure.code).toMatch(/^E_PIECE/)
      expectNoSecret(failure, secrets)
    }
    for (const broken of [
      piece.slice(0, -1),
      new Uint8Array([...piece, 0]),
      flip(piece, 0),
      filled(0x88, 4),
    ]) {
      refused(() => parsePaperPiece(broken, atHand), 'verification', 'E_PIECE')
    }
  })

  test('needs record and manifest, and says whose it is', () => {
    refused(
      () => parsePaperPiece(piece, { ...atHand, records: [] }),
      'usage',
      'E_PAPER_PUBLIC',
      'carol',
      'record',
    )
    refused(
      () => parsePaperPiece(piece, { ...atHand, manifests: [] }),
      'usage',
      'E_PAPER_PUBLIC',
      'carol',
      'manifest',
    )
  })

  test('of another split, key or epoch is refused by name', () => {
    const two = backup('eddsa-ed25519', { seed: 'two' })
    refused(
      () => parsePaperPiece(onPaper(2, two), atHand),
      'verification',
      'E_PIECES_DIFFER',
      'the piece of carol',
    )
    const other = backup('schnorr-taproot', { record: { key_id: filled(0) } })
    refused(
      () => parsePaperPiece(onPaper(2, other), atHand),
      'verification',
      'E_PIECE_FOREIGN',
      'the piece of carol',
    )
    const next = backup('eddsa-ed25519', { record: { epoch: 2, parent: recordDigest(made.record) } })
    const known = { records: [next], manifests: [made.manifest] }
    refused(
      () => parsePaperPiece(piece, known),
      'verification',
      'E_PIECE_RETIRED',
      'a retired epoch, the one before 2',
    )
  })

  test('that lies on a forged vector with the right constant proves nothing', () => {
    const { vector, pieces } = forge(made, seededRng('forged paper'))
    const guess = new Secret(made.curve.scalarBytes(7n))
    // Even if the custodian's own machine signs it.
    const forged = backup('eddsa-ed25519', { fields: { vector }, known: guess })
    for (const [i, value] of pieces.entries()) {
      const { holder } = parsePiece(made.pieceOf(i + 1))
      expect(isPiece(made.curve, vector, i + 1, value)).toBe(true)
      const page = encodePaperPiece({ holder, value, manifest: forged.manifest })
      const known = { records: [made], manifests: [forged.manifest] }
      refused(
        () => parsePaperPiece(page, known),
        'verification',
        'E_MANIFEST_PROOF',
        holder.name,
        'does not prove',
      )
    }
  })

  test('with the value of another holder is refused', () => {
    const swapped = encodePaperPiece({ ...parsePiece(made.pieceOf(2)), value: made.values.get(3) as Secret })
    refused(() => parsePaperPiece(swapped, atHand), 'verification', 'E_PIECE_VALUE', 'the piece of carol')
  })
})
