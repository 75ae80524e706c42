/** A rehearsing process refuses files made in earnest. The golden files are such, and known to be good. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { verifyTranscript } from '../../../src/audit/transcript.js'
import { encode } from '../../../src/protocol/core/codec.js'
import { type Card, parseCard } from '../../../src/wire/identity/card.js'
import {
  definitionCodec,
  type KeygenDefinition,
  parseDefinition,
} from '../../../src/wire/ceremony/definition.js'
import { type SigningKey, verifyEd25519, verifySignature } from '../../../src/wire/base/ed25519.js'
import {
  parseExportedHandover,
  parseExportedManifest,
  parseExportedRecord,
} from '../../../src/wire/paper/json-export.js'
import { Failure } from '../../../src/wire/base/failure.js'
import { identityText, parseIdentity } from '../../../src/wire/identity/identity.js'
import { readCodeLine, readPaperLines } from '../../../src/wire/paper/lines.js'
import { enterRehearsal, isRehearsal, refusalOf, tagged } from '../../../src/wire/base/realm.js'
import { completeRebind } from '../../../src/wire/key/rebind.js'
import { type KeyRecord, parseRecord } from '../../../src/wire/key/record.js'
import { parseRequest } from '../../../src/wire/ceremony/request.js'
import { parseCertificate } from '../../../src/wire/ceremony/certificate.js'
import { parseStatement } from '../../../src/wire/key/attestation.js'
import { SIGNED, signedBytes } from '../../../src/wire/base/domain-tags.js'
import { GOLDEN } from '../../golden/make.js'
import { keygenDefinition, person } from '../../support/members.js'

enterRehearsal()

const held = (name: string): Uint8Array => Uint8Array.from(readFileSync(join(GOLDEN, name)))
const textOf = (name: string): string => readFileSync(join(GOLDEN, name), 'utf8')
const failureOf = (act: () => unknown): unknown => {
  try {
    return act()
  } catch (error) {
    return error
  }
}

/** The failure of a check, which may take its time. */
const failureIn = (check: () => unknown): Promise<Failure> =>
  Promise.resolve()
    .then(check)
    .then(
      () => Promise.reject(new Error('it is not refused')),
      (error: Failure) => error,
    )

// The realm of these is checked before anything else.
const NOBODY = {} as KeyRecord
const NOBODYS_CARD = {} as Card
const NOBODYS_KEY = {} as SigningKey

describe('in a rehearsal', () => {
  test.each<[string, () => unknown]>([
    ['card', () => parseCard(textOf('test-alice.card').trim())],
    ['identity', () => parseIdentity(textOf('test-alice.identity.txt'))],
    ['definition', () => parseDefinition(held('eddsa-ed25519.keygen.mpc'))],
    ['record', () => parseRecord(held('eddsa-ed25519.record.cbor'))],
    ['certificate', () => parseCertificate(held('eddsa-ed25519.certificate.cbor'), [], null)],
    ['request', () => parseRequest(held('request.cbor'), () => null)],
    ['transcript of a key', () => verifyTranscript(held('schnorr-taproot.transcript.cbor'))],
    ['statement about a share', () => parseStatement(held('activated.cbor'), NOBODY)],
    ['handover', () => parseExportedHandover(held('handover.json'))],
    ['offered rebind', () => completeRebind(held('rebind.offer'), NOBODY, NOBODYS_CARD, NOBODYS_KEY)],
    ['transcript of a signature', () => verifyTranscript(held('sign.transcript.cbor'))],
    ['page', () => readPaperLines(textOf('eddsa-ed25519.paper-lines.txt'))],
    ['code of a piece', () => readCodeLine('piece', textOf('eddsa-ed25519.paper-piece.txt'))],
    ['code of a record', () => parseExportedRecord(held('eddsa-ed25519.paper-record.txt'))],
    ['code of a manifest', () => parseExportedManifest(held('eddsa-ed25519.paper-manifest.txt'))],
  ])('a real %s is refused for what it is', async (_, parse) => {
    const error = await failureIn(parse)
    expect(refusalOf(error)).toMatchObject({ kind: 'refused', code: 'E_REHEARSAL' })
    expect((refusalOf(error) as Failure).message).toContain('is real, and this is a rehearsal')
  })

  test('what fails for another reason stays as it is', () => {
    for (const parse of [() => parseCard('nonsense'), () => parseRecord(new Uint8Array(3))]) {
      const error = failureOf(parse)
      expect(error).toBeInstanceOf(Failure)
      expect(refusalOf(error)).toBe(error)
    }
    expect(refusalOf(null)).toBeNull()
  })

  test('a definition that does not say so in words is refused too', async () => {
    const everybody = await Promise.all(['alice', 'bob'].map(person))
    const definition = { ...(keygenDefinition(everybody) as KeygenDefinition), rehearsal: true }
    expect(definitionCodec.decode(definitionCodec.encode(definition))).toEqual(definition)
    const silent = definitionCodec.encode({ ...definition, rehearsal: false })
    expect(refusalOf(failureOf(() => definitionCodec.decode(silent)))).toMatchObject({ code: 'E_REHEARSAL' })
  })

  test('an identity and its card are of the rehearsal, and load again', async () => {
    const { identity, card } = await person('alice')
    expect(identityText(identity)).toMatch(/^# mpc-rehearsal-identity v1\n/)
    expect(parseIdentity(identityText(identity)).name).toBe('alice')
    expect(card.line).toMatch(/^mpcrehearsalcard1/)
    expect(parseCard(card.line)).toEqual(card)
  })

  test('no signature of an identity is one in earnest', async () => {
    const { signing } = (await person('alice')).identity
    for (const tag of Object.values(SIGNED)) {
      const fields = [new Uint8Array(32), 'anything']
      const signature = signing.sign(tag, ...fields)
      expect(verifySignature(signing.publicKey, signature, tag, ...fields)).toBe(true)
      expect(verifyEd25519(signing.publicKey, encode([tag, ...fields]), signature)).toBe(false)
      const real = signing.signBytes(encode([tag, ...fields]))
      expect(verifySignature(signing.publicKey, real, tag, ...fields)).toBe(false)
    }
  })

  test('nothing that is signed encodes as anything that is signed in earnest', () => {
    const tag = fc.constantFrom(...Object.values(SIGNED))
    const fields = fc.array(fc.oneof(fc.string(), fc.uint8Array(), fc.nat()), { maxLength: 3 })
    fc.assert(
      fc.property(tag, fields, tag, fields, (a, ours, b, theirs) => {
        expect(Buffer.compare(signedBytes(a, ours), encode([b, ...theirs]))).not.toBe(0)
      }),
    )
  })
})

describe('which it is', () => {
  const fresh = async () => {
    vi.resetModules()
    return import('../../../src/wire/base/realm.js')
  }

  test('is settled by the first who asks, for good', async () => {
    const realm = await fresh()
    expect(realm.tagged('mpc/share/v1')).toBe('mpc/share/v1')
    expect(() => realm.enterRehearsal()).toThrow('a real tag')
    expect(realm.isRehearsal()).toBe(false)
    const other = await fresh()
    other.enterRehearsal()
    other.enterRehearsal()
    expect(other.tagged('mpc/share/v1')).toBe('mpc-rehearsal/share/v1')
    expect([isRehearsal(), tagged('mpc/card/v1')]).toEqual([true, 'mpc-rehearsal/card/v1'])
  })

  test('is not for any other line to say: formats are made in one way', () => {
    const src = join(import.meta.dirname, '../../../src')
    const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.ts'),
    )
    for (const file of files) {
      const text = readFileSync(join(src, file), 'utf8')
      expect(text, file).not.toMatch(
        /oneOf\(\[\s*'mpc\/|(?<!odec\.)encode\(\{\s*format: '|stringify\(\{\s*format: '|'# mpc-/,
      )
      if (file !== join('wire', 'base', 'realm.ts'))
        expect(text, file).not.toMatch(/'mpccard|'mpc-rehearsal'/)
    }
  })
})
