/** The old seats by a resharing's definition: its reader holds every rebind in it against the record. */
import { describe, expect, test } from 'vitest'
import { decode } from '../../../src/protocol/core/codec.js'
import { Secret } from '../../../src/protocol/core/secret.js'
import {
  acceptDefinition,
  definitionCodec,
  type DefinitionFile,
  definitionId,
  definitionKeys,
  parseDefinition,
  type ReshareDefinition,
  writeDefinition,
} from '../../../src/wire/ceremony/definition.js'
import {
  dealersOf,
  formerIdentities,
  playersOf,
  reshareInputOf,
  seatedBefore,
  watchersOf,
} from '../../../src/wire/ceremony/key-definition.js'
import { makeRebind, parseRebind, type Rebind, rebindShape } from '../../../src/wire/key/rebind.js'
import { type KeyRecord, recordDigest } from '../../../src/wire/key/record.js'
import { hex } from '../../../src/wire/base/text.js'
import type { Person } from '../../support/members.js'
import { seededRng } from '../../support/rng.js'
import { certifiedKey } from '../escrow-support.js'
import {
  alice,
  another,
  bob,
  carol,
  codecErrorOf,
  CREATED,
  failureOf,
  filled,
  leaves,
  mallory,
  memberOf,
  rewrite,
} from '../support.js'

const { record, shares } = certifiedKey('eddsa-ed25519')
const rng = seededRng('definition of a reshare')
/** Both have lost their machines. */
const [newAlice, newBob] = [memberOf('alice', 'new machine'), memberOf('bob', 'new machine')]

type Changes = { share?: Secret; signer?: Person; r?: KeyRecord; created?: number }
const madeFor = (
  index: number,
  who: Person,
  { share, signer = who, r = record, created = CREATED }: Changes,
) =>
  makeRebind(
    r,
    {
      index,
      share: share ?? (shares[index - 1] as Secret),
      card: who.card,
      from: null,
      created,
    },
    signer.identity.signing,
    rng,
  )
const rebind = (index: number, who: Person, created = CREATED): Rebind =>
  parseRebind(madeFor(index, who, { created }), record)

const custodian = ({ card }: Person) => ({ card, role: 'custodian' as const })
const fingerprints = (...people: readonly Person[]) => people.map(({ card }) => card.fingerprint)
const whole: ReshareDefinition = {
  kind: 'refresh',
  key: 'treasury',
  scheme: record.scheme,
  engine: record.engine,
  threshold: record.threshold,
  members: [newAlice, newBob, carol].map(custodian),
  policy: null,
  approvals: null,
  parent: recordDigest(record),
  parent_record: record,
  rebinds: [rebind(1, newAlice), rebind(2, newBob)],
  earlier_rebinds: [],
  dealers: fingerprints(newAlice, newBob),
  supersedes: null,
  minority: false,
  not_before: CREATED,
  expires: CREATED + 1000,
  nonce: filled(5),
  rehearsal: false,
}
const encoded = definitionCodec.encode(whole)
const refused = (changes: object): string =>
  codecErrorOf(() => definitionCodec.decode(definitionCodec.encode({ ...whole, ...changes }))).message
const lines = (people: readonly { readonly line: string }[]) => people.map(({ line }) => line)

describe('a definition with rebinds', () => {
  test('has the new identities wherever old custodians are meant, and the record as it was', () => {
    const read = definitionCodec.decode(encoded) as ReshareDefinition
    expect(read).toEqual(whole)
    expect(seatedBefore(read).members.map(({ card }) => card.line)).toEqual(
      lines([newAlice.card, newBob.card, carol.card]),
    )
    expect(hex(recordDigest(read.parent_record))).toBe(hex(whole.parent))
    expect(lines(playersOf(whole))).toEqual(lines([newAlice.card, newBob.card, carol.card]))
    expect(dealersOf(whole).map(({ card, index }) => [index, card.line])).toEqual([
      [1, newAlice.card.line],
      [2, newBob.card.line],
    ])
    const { dealers, old } = reshareInputOf(whole)
    expect([...dealers]).toEqual([
      [1, 1],
      [2, 2],
    ])
    expect([...old.publicShares.values()]).toEqual(record.members.map((member) => member.public_share))
  })

  test('has the new identity among those who watch, and never the old one', () => {
    const away: ReshareDefinition = {
      ...whole,
      kind: 'reshare',
      members: [carol, memberOf('dave')].map(custodian),
      rebinds: [rebind(1, newAlice)],
      dealers: fingerprints(bob, carol),
    }
    expect(lines(watchersOf(away))).toEqual([newAlice.card.line])
    expect(lines(playersOf(away))).not.toContain(alice.card.line)
    expect(definitionKeys(away).map(({ signing }) => hex(signing))).not.toContain(hex(alice.card.signing))
    const signed = (by: Person): DefinitionFile => {
      const id = definitionId(away)
      const signature = acceptDefinition(by.identity.signing, id)
      return { definition: away, id, signatures: [{ fingerprint: by.card.fingerprint, signature }] }
    }
    expect(parseDefinition(writeDefinition(signed(newAlice))).signatures).toHaveLength(1)
    const failure = failureOf(() => parseDefinition(writeDefinition(signed(alice))))
    expect(failure).toMatchObject({ kind: 'authentication', code: 'E_DEFINITION' })
    expect(failure.message).toContain('not that of a member')
  })

  test('is another ceremony without one of them, or with another', () => {
    const ids = [
      whole.rebinds,
      [],
      [rebind(1, newAlice)],
      [rebind(2, newBob)],
      [rebind(1, newAlice, CREATED + 1), rebind(2, newBob)],
    ].map((rebinds) => hex(definitionId({ ...whole, rebinds })))
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('with anything in a rebind changed is none', () => {
    const inRebind = leaves(encoded).filter(([field, at]) => field === 'rebinds' && at === 0)
    expect(inRebind.length).toBeGreaterThan(8)
    for (const path of inRebind) {
      for (const change of [another, () => undefined]) {
        const { message } = codecErrorOf(() => definitionCodec.decode(rewrite(encoded, path, change)))
        expect(message, path.join('.')).toContain('rebinds')
      }
    }
  })

  test.each<[string, () => Uint8Array, string]>([
    [
      'made without the share',
      () => madeFor(1, newAlice, { share: new Secret(filled(3)) }),
      'knew the share of alice',
    ],
    [
      'made with the share of another seat',
      () => madeFor(1, newAlice, { share: shares[1] as Secret }),
      'knew the share of alice',
    ],
    ['that the new identity did not sign', () => madeFor(1, newAlice, { signer: mallory }), 'not signed by'],
    [
      'of another epoch',
      () => madeFor(1, newAlice, { r: { ...record, epoch: 2, parent: filled(1) } }),
      'of another epoch',
    ],
    ['of another key', () => madeFor(1, newAlice, { r: { ...record, key_id: filled(5) } }), 'of another key'],
    ['into the seat of somebody else', () => madeFor(1, memberOf('carol', 'new machine'), {}), 'one name'],
  ])('is refused with a rebind %s', (_, make, problem) => {
    // As it was made, for whatever record: nobody else has checked it.
    const foreign = rebindShape.parse(decode(make()), '')
    expect(refused({ rebinds: [foreign, rebind(2, newBob)] })).toContain(problem)
  })

  test('is refused with two rebinds of one seat, in another order, and of one new identity', () => {
    const [first, second] = [rebind(1, newAlice), rebind(2, newBob)]
    const [later, again] = [rebind(1, newAlice, CREATED + 1), rebind(1, memberOf('alice', 'third'))]
    for (const rebinds of [
      [first, first, second],
      [first, later, second],
      [first, again, second],
      [second, first],
    ]) {
      expect(refused({ rebinds })).toContain('rebinds: not one a seat')
    }
    const twice = [rebind(1, memberOf('zoe')), rebind(2, memberOf('zoe'))]
    expect(refused({ rebinds: twice })).toContain('do not go together')
  })

  test('names earlier rebinds of the seats that have a new identity, and the next record their identities', () => {
    const between = memberOf('alice', 'between')
    const earlier_rebinds = [rebind(1, between)]
    const read = definitionCodec.decode(
      definitionCodec.encode({ ...whole, earlier_rebinds }),
    ) as ReshareDefinition
    expect(read.earlier_rebinds).toEqual(earlier_rebinds)
    expect(lines(seatedBefore(read).members.map(({ card }) => card))).toEqual(
      lines([newAlice.card, newBob.card, carol.card]),
    )
    const former = (definition: ReshareDefinition) =>
      formerIdentities(definition).map(({ identity }) => hex(identity))
    expect(former(read)).toEqual(fingerprints(alice, bob, between).map(hex).sort())
    expect(former(whole)).toEqual(fingerprints(alice, bob).map(hex).sort())
    expect(refused({ earlier_rebinds: [rebind(3, memberOf('carol', 'between'))] })).toContain(
      'earlier_rebinds: of a seat that has its identity of the record',
    )
    expect(
      refused({ earlier_rebinds: [rebind(2, memberOf('bob', 'between')), ...earlier_rebinds] }),
    ).toContain('earlier_rebinds: not in the order of the record')
    const unproven = rebindShape.parse(decode(madeFor(1, between, { share: shares[1] as Secret })), '')
    expect(refused({ earlier_rebinds: [unproven] })).toContain('earlier_rebinds: ')
    const unsigned = rebindShape.parse(decode(madeFor(1, between, { signer: mallory })), '')
    expect(refused({ earlier_rebinds: [unsigned] })).toContain('not signed by the new identity')
  })

  test('names earlier rebinds that bore one name, in two seats one after another', () => {
    const [one, two] = ['one', 'two'].map((seed) => memberOf('spare', seed)) as [Person, Person]
    const earlier_rebinds = [rebind(1, one), rebind(2, two)]
    const read = definitionCodec.decode(definitionCodec.encode({ ...whole, earlier_rebinds }))
    expect(formerIdentities(read as ReshareDefinition).map(({ identity }) => hex(identity))).toEqual(
      fingerprints(alice, bob, one, two).map(hex).sort(),
    )
  })

  test('gives nothing to an identity whose seat another has: no dealing, no share, no place in a refresh', () => {
    expect(refused({ dealers: fingerprints(alice, newBob) })).toContain('dealers')
    const members = [alice, newBob, carol].map(custodian)
    expect(refused({ members })).toContain('another identity has the seat that this alice had')
    expect(refused({ kind: 'reshare', members })).toContain('another identity has the seat')
    // Nor is there a refresh for the new ones unless the definition says by which rebinds.
    const dealers = fingerprints(newAlice, carol)
    expect(refused({ rebinds: [rebind(1, newAlice)], dealers })).toContain('same custodians')
    expect(refused({ rebinds: [] })).toContain('dealers')
  })
})
