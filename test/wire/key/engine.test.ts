/** Whatever another engine or another version of one has made is refused, and says so; nobody is accused. */
import { describe, expect, test } from 'vitest'
import { verifyTranscript } from '../../../src/audit/transcript.js'
import { engineOf } from '../../../src/protocol/engines/registry.js'
import { SCHEMES } from '../../../src/protocol/group/scheme.js'
import { parseDefinition, readDefinition, writeDefinition } from '../../../src/wire/ceremony/definition.js'
import { encodeRecord, parseRecord, recordDigest } from '../../../src/wire/key/record.js'
import { parseSeating } from '../../../src/wire/key/seated-record.js'
import { encodeShare, parseShare } from '../../../src/wire/key/share.js'
import { definitionCodec, definitionId } from '../../../src/wire/ceremony/definition.js'
import { held } from '../../golden/make.js'
import { keygenDefinition } from '../../support/members.js'
import { alice, bob, failureOf, filled, madeKey, rewrite } from '../support.js'

const { record, shares } = madeKey('eddsa-ed25519')
const encodedRecord = encodeRecord(record)
const share = encodeShare({
  record: recordDigest(record),
  scheme: 'eddsa-ed25519',
  index: 1,
  share: shares[0]?.reveal() as Uint8Array,
  auxiliary: null,
})
const keygen = keygenDefinition([alice, bob])
const refresh = definitionCodec.encode({
  kind: 'refresh',
  key: 'treasury',
  scheme: record.scheme,
  engine: record.engine,
  threshold: record.threshold,
  members: record.members.map(({ card }) => ({ card, role: 'custodian' as const })),
  policy: null,
  approvals: null,
  parent: recordDigest(record),
  parent_record: record,
  rebinds: [],
  earlier_rebinds: [],
  dealers: record.members.slice(0, 2).map(({ card }) => card.fingerprint),
  supersedes: null,
  minority: false,
  not_before: 1,
  expires: 2,
  nonce: filled(1),
  rehearsal: false,
})

/** What names an engine, where its name stands, and its reader. */
const NAMED: Readonly<
  Record<string, { file: Uint8Array; at: readonly string[]; read: (file: Uint8Array) => unknown }>
> = {
  'a key generation': { file: definitionCodec.encode(keygen), at: [], read: readDefinition },
  'a refresh': { file: refresh, at: [], read: readDefinition },
  'a ceremony file': {
    file: writeDefinition({ definition: keygen, id: definitionId(keygen), signatures: [] }),
    at: ['definition'],
    read: parseDefinition,
  },
  'a record': { file: encodedRecord, at: [], read: parseRecord },
  'a record with its seats': { file: encodedRecord, at: [], read: parseSeating },
  'a share': { file: share, at: [], read: (file) => parseShare(file, record, 1) },
}
const cases = Object.entries(NAMED).map(([name, named]) => ({ name, ...named }))
const naming = (engine: unknown, { file, at }: { file: Uint8Array; at: readonly string[] }): Uint8Array =>
  rewrite(file, [...at, 'engine'], () => engine as string)

describe('another engine or version', () => {
  test('each scheme has one engine, which names its version', () => {
    expect(SCHEMES.map((scheme) => engineOf(scheme).name)).toEqual(['cggmp24/1', 'frost/1', 'frost/1'])
  })

  test.each(cases)('$name as it is made here is read', ({ file, read }) => {
    expect(() => read(file)).not.toThrow()
  })

  test.each(cases)('$name of an unknown version or engine is refused by its name', (named) => {
    for (const engine of ['frost/2', 'frost/10', 'cggmp24/2', 'other/1']) {
      const failure = failureOf(() => named.read(naming(engine, named)))
      expect(failure).toMatchObject({
        kind: 'configuration',
        code: 'E_ENGINE',
        hint: 'use the version of mpc that made it, or a newer one; if this one made it, the file is damaged',
      })
      expect(failure.message).toContain(`made by the engine ${engine}, which this program does not have`)
    }
  })

  test.each(cases)('$name is refused so before a field that only the other version has', (named) => {
    const more = rewrite(naming('frost/2', named), [...named.at, 'proof'], () => filled(1))
    expect(failureOf(() => named.read(more)).code).toBe('E_ENGINE')
  })

  test.each(cases)(
    '$name with the engine of another scheme, with none, or with no name is malformed',
    (named) => {
      const wrong = [
        'cggmp24/1',
        undefined,
        null,
        '',
        'frost',
        'frost/0',
        'frost/01',
        'Frost/1',
        'frost/1 ',
        1,
      ]
      for (const engine of wrong) {
        const { code } = failureOf(() => named.read(naming(engine, named)))
        expect(['E_DEFINITION', 'E_RECORD', 'E_SHARE']).toContain(code)
      }
    },
  )

  test('the record within a refresh', () => {
    const changed = rewrite(refresh, ['parent_record'], () =>
      naming('frost/2', { file: encodedRecord, at: [] }),
    )
    expect(failureOf(() => readDefinition(changed))).toMatchObject({ code: 'E_ENGINE' })
  })

  test('a transcript, where its definition or its record names it', async () => {
    const transcript = held('eddsa-ed25519.transcript.cbor')
    for (const part of ['definition', 'outcome']) {
      const changed = rewrite(transcript, [part], (inner) =>
        naming('frost/2', { file: inner as Uint8Array, at: [] }),
      )
      await expect(verifyTranscript(changed)).rejects.toMatchObject({ code: 'E_ENGINE' })
    }
  })

  test('the name is under every id that a hello, an order or a receipt is bound to', () => {
    const other = { ...keygen, engine: 'frost/2' } as typeof keygen
    expect(definitionId(other)).not.toEqual(definitionId(keygen))
    expect(recordDigest({ ...record, engine: 'frost/2' })).not.toEqual(recordDigest(record))
  })
})
