import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decode, encode } from '../../../src/protocol/core/codec.js'
import { SCHEMES } from '../../../src/protocol/group/scheme.js'
import { Secret } from '../../../src/protocol/core/secret.js'
import type { PartyId } from '../../../src/protocol/core/session.js'
import { openBlob, sealBlob } from '../../../src/wire/escrow/blob.js'
import { encodeKept, parseKept } from '../../../src/wire/escrow/kept.js'
import {
  blobPlace,
  checkManifest,
  encodeManifest,
  type Manifest,
  manifestDigest,
  type ManifestFields,
  manifestWords,
  parseManifest,
} from '../../../src/wire/escrow/manifest.js'
import { parsePiece, requirePieceOf } from '../../../src/wire/escrow/piece.js'
import { restoreShare } from '../../../src/wire/escrow/restore.js'
import { Failure } from '../../../src/wire/base/failure.js'
import { encodeRecord, type KeyRecord, parseRecord, recordDigest } from '../../../src/wire/key/record.js'
import { makeCertificate } from '../../../src/wire/ceremony/certificate.js'
import { hex } from '../../../src/wire/base/text.js'
import { seededRng } from '../../support/rng.js'
import { AUXILIARY, backup, certifiedKey, forge, HOLDERS } from '../escrow-support.js'
import {
  alice,
  another,
  bob,
  expectNoSecret,
  failureOf,
  filled,
  flip,
  leaves,
  mallory,
  rewrite,
} from '../support.js'

const made = backup('eddsa-ed25519', { auxiliary: AUXILIARY })
const { record, share, manifest, blob, values, curve } = made
const rng = seededRng('escrow wire')
const piece = made.pieceOf(2)
const secrets = [share.reveal(), AUXILIARY, ...[...values.values()].map((value) => value.reveal())]

const refused = (act: () => unknown, code: string, ...words: readonly string[]): void => {
  const failure = failureOf(act)
  expect(failure).toMatchObject({ kind: 'verification', code })
  for (const word of words) expect(failure.message).toContain(word)
  expect(failure.hint).toBeTruthy()
  expectNoSecret(failure, secrets)
}

describe.each(SCHEMES)('a backup of a share, %s', (scheme) => {
  const auxiliary = scheme === 'ecdsa-secp256k1' ? AUXILIARY : null
  const made = backup(scheme, { auxiliary })
  const all = () => HOLDERS.map(({ index }) => parsePiece(made.pieceOf(index)))

  test('each holder’s piece holds by itself', () => {
    for (const [i, parsed] of all().entries()) {
      expect(parsed.holder).toEqual(HOLDERS[i])
      expect(parsed.custodian).toEqual(alice.card)
      expect(parsed.record).toEqual(made.record)
      expect(encodeManifest(parsed.manifest)).toEqual(encodeManifest(made.manifest))
      expect(() => requirePieceOf(parsed, made.record)).not.toThrow()
    }
  })

  test('any three restore share and auxiliary secret; with two it says whom to ask', () => {
    const pieces = all()
    for (const chosen of [
      [0, 1, 2],
      [4, 2, 0],
      [1, 3, 4],
      [0, 1, 2, 3, 4],
    ]) {
      const restored = restoreShare(chosen.map((i) => pieces[i] as (typeof pieces)[number]))
      expect(restored).toMatchObject({ index: 1, lost: false })
      expect(hex(restored.share.reveal())).toBe(hex(made.share.reveal()))
      expect(restored.auxiliary?.reveal() ?? null).toEqual(auxiliary)
    }
    const failure = failureOf(() => restoreShare(pieces.slice(1, 3)))
    expect(failure).toMatchObject({ kind: 'absent', code: 'E_PIECES_FEW' })
    expect(failure.hint).toBe('get 1 more of: bob, sister, dave')
    expect(failureOf(() => restoreShare([]))).toMatchObject({ kind: 'absent', code: 'E_PIECES_FEW' })
  })

  test('the manifest: round trip, and it names its custodian', () => {
    const encoded = encodeManifest(made.manifest)
    expect(parseManifest(encoded)).toEqual(made.manifest)
    expect(checkManifest(parseManifest(encoded), made.record)).toEqual(alice.card)
    expect(manifestWords(made.manifest)).toHaveLength(16)
  })

  test('what is kept makes the same pieces again, to the byte', () => {
    const kept = parseKept(made.kept, made.share)
    expect(kept.manifest).toEqual(made.manifest)
    expect(kept.blob).toEqual(made.blob)
    for (const [index, value] of kept.pieces) expect(made.pieceOf(index, value)).toEqual(made.pieceOf(index))
  })
})

describe('a manifest', () => {
  const encoded = encodeManifest(manifest)

  test('with any field changed, missing, or one more is refused', () => {
    for (const path of leaves(encoded)) {
      for (const change of [another, () => undefined, () => null]) {
        if (hex(rewrite(encoded, path, change)) === hex(encoded)) continue
        const failure = failureOf(() => checkManifest(parseManifest(rewrite(encoded, path, change)), record))
        expect(failure.code, path.join('.')).toMatch(/^E_MANIFEST/)
        expect(failure.kind).toBe('verification')
      }
    }
    refused(() => parseManifest(rewrite(encoded, ['note'], () => 'x')), 'E_MANIFEST')
    refused(() => parseManifest(rewrite(encoded, ['holders', 0, 'note'], () => 'x')), 'E_MANIFEST')
  })

  test('with any bits changed, cut or longer is refused', () => {
    const hostile = fc.oneof(
      fc.tuple(fc.nat(encoded.length - 1), fc.nat(7)).map(([at, bit]) => flip(encoded, at, bit)),
      fc.nat(encoded.length - 1).map((length) => encoded.slice(0, length)),
      fc.uint8Array({ minLength: 1, maxLength: 4 }).map((more) => Uint8Array.of(...encoded, ...more)),
      fc.uint8Array({ maxLength: 80 }),
    )
    fc.assert(
      fc.property(hostile, (bytes) => {
        const failure = failureOf(() => checkManifest(parseManifest(bytes), record))
        expect(failure.code).toMatch(/^E_MANIFEST/)
      }),
      { numRuns: 300, seed: 4545 },
    )
  })

  test('its digest changes with every field, and not with another signature', () => {
    const digest = hex(manifestDigest(manifest))
    for (const path of leaves(encoded)) {
      let changed: Manifest
      try {
        changed = parseManifest(rewrite(encoded, path, another))
      } catch (error) {
        expect(error).toBeInstanceOf(Failure)
        continue
      }
      expect(hex(manifestDigest(changed)) === digest, path.join('.')).toBe(path[0] === 'signature')
    }
  })

  const signs = (fields: Partial<ManifestFields>, known?: Secret) =>
    backup('eddsa-ed25519', { fields, ...(known && { known }) }).manifest
  const two = HOLDERS.slice(0, 2)
  const named = (to: ManifestFields['holders'][number]['to'], name = 'eve') => ({ index: 3, name, to })

  test.each<[string, Partial<ManifestFields>, string]>([
    ['one point too few', { vector: manifest.vector.slice(0, 2) }, 'as many points'],
    [
      'one point too many',
      { vector: [...manifest.vector, manifest.vector[0] as Uint8Array] },
      'as many points',
    ],
    ['a point that is none', { vector: [...manifest.vector.slice(0, 2), filled(2)] }, 'not a point'],
    [
      'the identity for a point',
      { vector: [...manifest.vector.slice(0, 2), curve.O.toBytes()] },
      'not a point',
    ],
    ['more pieces needed than there are', { holders: two }, 'more than there are holders'],
    ['holders out of order', { holders: [...two, { ...two[0], index: 4 } as never] }, 'not in order'],
    ['two holders of one name', { holders: [...two, named({ kind: 'passphrase' }, 'bob')] }, 'one name'],
    [
      'one holder twice',
      { holders: [...two, named((two[0] as (typeof HOLDERS)[number]).to)] },
      'named twice',
    ],
    [
      'what is no age recipient',
      { holders: [...two, named({ kind: 'age', recipient: 'age1x' })] },
      'age recipient',
    ],
  ])('with %s is none', (_, fields, problem) => {
    const whole = { ...manifest, ...fields }
    refused(() => parseManifest(encodeManifest(whole)), 'E_MANIFEST', problem)
  })

  test('with as many points as some other number of pieces is none, however it is signed', () => {
    expect(() => signs({ threshold: 2 })).toThrow('as many points')
    expect(() => signs({ threshold: 4 })).toThrow('as many points')
  })

  test('forged with the right constant, and pieces that verify, does not prove the share', () => {
    const { vector, pieces } = forge({ curve, share }, rng)
    const guess = new Secret(curve.scalarBytes(7n))
    // Even if the custodian's own machine signs it.
    const made = backup('eddsa-ed25519', { fields: { vector }, known: guess })
    const named = 'the manifest of alice does not prove'
    refused(() => checkManifest(made.manifest, record), 'E_MANIFEST_PROOF', named)
    for (const [i, value] of pieces.entries()) {
      const holder = ['bob', 'carol'][i] as string
      refused(
        () => parsePiece(made.pieceOf(i + 1, value)),
        'E_MANIFEST_PROOF',
        `the piece of ${holder}`,
        named,
      )
    }
    // With the proof of a genuine manifest, signed again.
    const copied = { ...manifest, vector }
    refused(() => checkManifest(copied, record), 'E_MANIFEST_PROOF', named)
  })

  test('with a proof of another manifest, epoch or salt is refused', () => {
    const other = backup('eddsa-ed25519', { seed: 'two' }).manifest
    refused(() => checkManifest({ ...manifest, proof: other.proof }, record), 'E_MANIFEST_PROOF')
    refused(() => checkManifest({ ...manifest, salt: other.salt }, record), 'E_MANIFEST_PROOF')
    refused(
      () => checkManifest({ ...manifest, holders: two.concat(HOLDERS.slice(2, 4)) }, record),
      'E_MANIFEST_PROOF',
    )
    refused(() => checkManifest({ ...manifest, blob_sha256: null }, record), 'E_MANIFEST_PROOF')
  })

  test('that begins with another share is refused', () => {
    const theirs = backup('eddsa-ed25519', { custodian: [bob, 2] }).manifest
    const { vector } = theirs
    refused(() => checkManifest(signs({ vector }), record), 'E_MANIFEST_VECTOR', 'manifest of alice')
    expect(checkManifest(theirs, record)).toEqual(bob.card)
  })

  test('by another identity than holds the seat is refused, unless that was accepted', () => {
    const byMallory = backup('eddsa-ed25519', { custodian: [mallory, 1] })
    refused(() => checkManifest(byMallory.manifest, record), 'E_MANIFEST_SIGNER', 'manifest of alice')
    const inHerName = { ...byMallory.manifest, custodian: manifest.custodian }
    refused(() => checkManifest(inHerName, record), 'E_MANIFEST_PROOF')
    expect(checkManifest(byMallory.manifest, record, mallory.card)).toEqual(mallory.card)
    refused(() => checkManifest(manifest, record, mallory.card), 'E_MANIFEST_SIGNER', 'manifest of mallory')
    expect(parsePiece(byMallory.pieceOf(1), mallory.card).custodian).toEqual(mallory.card)
  })

  test('that nobody, or somebody else, signed is refused', () => {
    const signature = mallory.identity.signing.sign('mpc/escrow-manifest/v1', 'anything')
    refused(
      () => checkManifest({ ...manifest, signature }, record),
      'E_MANIFEST_SIGNATURE',
      'not signed by alice',
    )
    refused(() => checkManifest({ ...manifest, signature: filled(0, 64) }, record), 'E_MANIFEST_SIGNATURE')
    const byMallory = backup('eddsa-ed25519', {
      custodian: [{ ...mallory, card: alice.card, member: alice.member }, 1],
    }).manifest
    refused(() => checkManifest(byMallory, record), 'E_MANIFEST_SIGNATURE', 'not signed by alice')
  })

  test.each<[string, KeyRecord, string]>([
    ['another key', certifiedKey('schnorr-taproot').record, 'another key'],
    ['another key id', certifiedKey('eddsa-ed25519', { key_id: filled(5) }).record, 'another key'],
    [
      'another epoch',
      certifiedKey('eddsa-ed25519', { epoch: 2, parent: recordDigest(record) }).record,
      'another epoch',
    ],
  ])('is not of %s', (_, other, problem) => {
    refused(() => checkManifest(manifest, other), 'E_MANIFEST_RECORD', problem)
  })

  test('of a custodian whom the record does not have is refused', () => {
    const changed = { ...manifest, custodian: { ...manifest.custodian, index: 4 } }
    refused(() => checkManifest(changed, record), 'E_MANIFEST_RECORD', 'no such custodian')
  })
})

describe('a piece', () => {
  const whose = 'the piece of carol (holder 2)'

  test('with any field changed, missing, or one more is refused', () => {
    for (const path of leaves(piece)) {
      for (const change of [another, () => undefined, () => null, () => filled(1, 40)]) {
        const failure = failureOf(() => parsePiece(rewrite(piece, path, change)))
        expect(failure.kind, path.join('.')).toBe('verification')
        expectNoSecret(failure, secrets)
      }
    }
    refused(() => parsePiece(rewrite(piece, ['note'], () => 'x')), 'E_PIECE')
  })

  test('with any leaf of its manifest, record or certificate changed is refused, and says whose it is', () => {
    for (const part of ['manifest', 'record', 'certificate'] as const) {
      const inner = (decode(piece) as ReadonlyMap<string, Uint8Array>).get(part) as Uint8Array
      for (const path of leaves(inner)) {
        const changed = rewrite(piece, [part], () => rewrite(inner, path, another))
        const failure = failureOf(() => parsePiece(changed))
        expect(failure.kind, path.join('.')).toBe('verification')
        if (part !== 'manifest') expect(failure.message).toContain(whose)
        expectNoSecret(failure, secrets)
      }
    }
  })

  test('with any bits changed, cut or longer is refused, and says nothing of the secret', () => {
    const hostile = fc.oneof(
      fc.tuple(fc.nat(piece.length - 1), fc.nat(7)).map(([at, bit]) => flip(piece, at, bit)),
      fc.nat(piece.length - 1).map((length) => piece.slice(0, length)),
      fc.uint8Array({ minLength: 1, maxLength: 4 }).map((more) => Uint8Array.from([...piece, ...more])),
      fc.uint8Array({ maxLength: 80 }),
    )
    fc.assert(
      fc.property(hostile, (bytes) => {
        const failure = failureOf(() => parsePiece(bytes))
        expect(failure.kind).toBe('verification')
        expectNoSecret(failure, secrets)
      }),
      { numRuns: 300, seed: 4545 },
    )
  })

  test.each<[string, (value: Uint8Array) => Uint8Array]>([
    ['another value', (value) => flip(value, 0)],
    ['another holder’s value', () => (values.get(3) as Secret).reveal()],
    ['the share', () => share.reveal()],
    ['zero', () => filled(0)],
    ['no scalar', () => filled(255)],
  ])('with %s is refused, by its holder’s name', (_, alter) => {
    const value = new Secret(alter((values.get(2) as Secret).reveal()).slice())
    refused(() => parsePiece(made.pieceOf(2, value)), 'E_PIECE_VALUE', whose)
  })

  test('of a holder whom the manifest does not know is refused', () => {
    refused(() => parsePiece(rewrite(piece, ['holder'], () => 6)), 'E_PIECE', 'the piece of holder 6')
  })

  test('with auxiliary data that are not the manifest’s is refused', () => {
    const other = backup('eddsa-ed25519', { auxiliary: AUXILIARY, seed: 'two' }).blob
    for (const bad of [other, null, flip(blob as Uint8Array, 30)]) {
      refused(() => parsePiece(rewrite(piece, ['blob'], () => bad)), 'E_PIECE_BLOB', whose)
    }
    const without = backup('eddsa-ed25519').pieceOf(2)
    refused(() => parsePiece(rewrite(without, ['blob'], () => blob)), 'E_PIECE_BLOB', whose)
  })

  test('with a certificate of another record, or that lacks a custodian, is refused', () => {
    const { ran, result, receipts } = made
    const [first, second, third] = receipts as [never, never, never]
    const withCertificate = (certificate: Uint8Array) => rewrite(piece, ['certificate'], () => certificate)
    refused(
      () => parsePiece(withCertificate(makeCertificate(ran, result, [first, second]))),
      'E_CERTIFICATE',
      whose,
      'the receipt of carol is missing',
    )
    refused(
      () => parsePiece(withCertificate(makeCertificate(ran, result, [first, second, second]))),
      'E_CERTIFICATE',
      'the receipt of carol',
    )
    const other = certifiedKey('eddsa-ed25519', { policy: { number: 1, sha256: filled(4) } })
    refused(() => parsePiece(withCertificate(other.certificate)), 'E_CERTIFICATE', whose, 'another result')
    refused(
      () => parsePiece(withCertificate(makeCertificate({ ...ran, definition: filled(8) }, result, receipts))),
      'E_CERTIFICATE',
      'another ceremony',
    )
    // Others took part in it, and have signed as well: a resharing's dealers who left.
    const more = {
      ...(receipts[0] as NonNullable<(typeof receipts)[0]>),
      fingerprint: filled(1),
      proof: null,
    }
    expect(
      parsePiece(withCertificate(makeCertificate(ran, result, [more, first, second, third]))),
    ).toBeTruthy()
  })

  test('is of one key and epoch, and says which', () => {
    const parsed = parsePiece(piece)
    const next = certifiedKey('eddsa-ed25519', { epoch: 2, parent: recordDigest(record) }).record
    const later = certifiedKey('eddsa-ed25519', { epoch: 3, parent: recordDigest(next) }).record
    expect(() => requirePieceOf(parsed, parseRecord(encodeRecord(record)))).not.toThrow()
    refused(() => requirePieceOf(parsed, next), 'E_PIECE_RETIRED', whose, 'genuine, but of a retired epoch')
    refused(() => requirePieceOf(parsed, later), 'E_PIECE_RETIRED', whose, 'says that it is of epoch 1')
    const taproot = certifiedKey('schnorr-taproot').record
    refused(() => requirePieceOf(parsed, taproot), 'E_PIECE_FOREIGN', whose, 'another key')
    refused(() => requirePieceOf(parsed, { ...record, key_id: filled(5) }), 'E_PIECE_FOREIGN', whose)
  })
})

describe('pieces together', () => {
  const parsed = (from: ReturnType<typeof backup>, ...holders: PartyId[]) =>
    holders.map((holder) => parsePiece(from.pieceOf(holder)))

  test('of two splits of one share do not restore it, and are named', () => {
    const two = backup('eddsa-ed25519', { seed: 'two' })
    const mixed = [...parsed(made, 1, 3), ...parsed(two, 2)]
    refused(() => restoreShare(mixed), 'E_PIECES_DIFFER', 'bob, vault | carol')
    refused(() => restoreShare([...parsed(made, 1, 2, 3), ...parsed(two, 1)]), 'E_PIECES_DIFFER')
  })

  test('one of which stands twice are refused', () => {
    refused(() => restoreShare(parsed(made, 1, 3, 1)), 'E_PIECE_TWICE', 'the piece of bob (holder 1)')
    refused(() => restoreShare(parsed(made, 1, 2, 3, 3)), 'E_PIECE_TWICE', 'the piece of vault')
  })

  test('of another key, another custodian or another epoch are named', () => {
    const taproot = backup('schnorr-taproot', { record: { key_id: filled(6) } })
    refused(
      () => restoreShare([...parsed(made, 1, 2), ...parsed(taproot, 3)]),
      'E_PIECE_FOREIGN',
      'piece of vault',
    )
    const bobs = backup('eddsa-ed25519', { custodian: [bob, 2] })
    refused(
      () => restoreShare([...parsed(made, 1, 2), ...parsed(bobs, 3)]),
      'E_PIECE_FOREIGN',
      'the piece of vault (holder 3) is of the share of bob',
      'of that of alice',
    )
    const next = backup('eddsa-ed25519', { record: { epoch: 2, parent: recordDigest(record) } })
    for (const pieces of [
      [...parsed(made, 1), ...parsed(next, 2, 3)],
      [...parsed(next, 2, 3), ...parsed(made, 1)],
    ]) {
      refused(
        () => restoreShare(pieces),
        'E_PIECE_RETIRED',
        'the piece of bob (holder 1) is of epoch 1',
        'of 2',
      )
    }
  })

  test('restore the share even where the auxiliary secret does not open, and say so', () => {
    // The custodian's machine sealed with something else than the share.
    const sealed = sealBlob(blobPlace(manifest), new Secret(filled(3)), AUXILIARY, rng)
    const pieces = parsed(made, 1, 2, 3).map((piece) => ({ ...piece, blob: sealed }))
    const restored = restoreShare(pieces)
    expect(restored).toMatchObject({ auxiliary: null, lost: true })
    expect(hex(restored.share.reveal())).toBe(hex(share.reveal()))
  })
})

describe('the blob', () => {
  const place = blobPlace(manifest)

  test('opens with the share, in its place only', () => {
    expect(openBlob(place, share, blob as Uint8Array)).toEqual(AUXILIARY)
    const others = [
      { ...place, key_id: filled(1) },
      { ...place, epoch: filled(1) },
      { ...place, custodian: filled(1) },
      { ...place, salt: filled(1) },
      { ...place, manifest: flip(place.manifest, 9) },
    ]
    for (const other of others) expect(openBlob(other, share, blob as Uint8Array)).toBeNull()
    expect(openBlob(place, new Secret(filled(1)), blob as Uint8Array)).toBeNull()
  })

  test('with any bit changed, or cut short, does not open', () => {
    const sealed = blob as Uint8Array
    for (let at = 0; at < sealed.length; at += 3) expect(openBlob(place, share, flip(sealed, at))).toBeNull()
    for (const length of [0, 5, 24, 39, sealed.length - 1]) {
      expect(openBlob(place, share, sealed.slice(0, length))).toBeNull()
    }
  })

  test('has a random nonce, and room for a quarter of a megabyte', () => {
    const [a, b] = [1, 2].map(() => sealBlob(place, share, AUXILIARY, rng))
    expect(hex(a as Uint8Array)).not.toBe(hex(b as Uint8Array))
    const most = filled(1, 1 << 18)
    expect(openBlob(place, share, sealBlob(place, share, most, rng))).toEqual(most)
    expect(() => sealBlob(place, share, filled(1, (1 << 18) + 1), rng)).toThrow(RangeError)
    expect(openBlob(place, share, sealBlob(place, share, new Uint8Array(), rng))).toEqual(new Uint8Array())
  })
})

describe('what is kept of a split', () => {
  const damaged = (bytes: Uint8Array, own = share) => {
    const failure = failureOf(() => parseKept(bytes, own))
    expect(failure).toMatchObject({ kind: 'decryption', code: 'E_ESCROW_KEPT' })
    expectNoSecret(failure, [...secrets, made.coefficients.reveal()])
  }

  test('with another share, other coefficients, or damage is refused', () => {
    damaged(made.kept, made.shares[1])
    const other = backup('eddsa-ed25519', { seed: 'two' })
    damaged(encodeKept(manifest, other.coefficients, blob))
    damaged(encodeKept(manifest, new Secret(made.coefficients.reveal().slice(32)), blob))
    damaged(rewrite(made.kept, ['coefficients'], () => filled(1, 33)))
    damaged(rewrite(made.kept, ['coefficients'], () => filled(0, 64)))
    damaged(made.kept.slice(1))
    damaged(encode('x'))
  })
})
