/** Definitions of a resharing: allowed, or refused before anybody is asked. */
import { beforeAll, describe, expect, test } from 'vitest'
import { participantsOf, unsigned } from '../../../src/ceremony/definition/build.js'
import { findKey } from '../../../src/ceremony/epochs/find-key.js'
import type { Key } from '../../../src/ceremony/keys/key.js'
import { buildReshare, type ResharePlan } from '../../../src/ceremony/definition/build-reshare.js'
import {
  definitionCodec,
  definitionKeys,
  type ReshareDefinition,
} from '../../../src/wire/ceremony/definition.js'
import { watchersNeeded, watchersOf } from '../../../src/wire/ceremony/key-definition.js'
import { recordDigest } from '../../../src/wire/key/record.js'
import { knownOf, makeTreasury, SAME } from '../../support/reshares.js'
import { rng } from '../../support/members.js'
import { type Custodian, custodians } from '../../support/worlds.js'

const plan: ResharePlan = { ...SAME, notBefore: null, expires: null }
const now = Date.UTC(2030, 0, 1)

let everybody: Custodian[]
let key: Key

beforeAll(async () => {
  everybody = await custodians('alice', 'bob', 'carol', 'dave', 'erin', 'frank')
  const old = everybody.slice(0, 4)
  await makeTreasury(old, 2)
  key = await findKey((old[0] as Custodian).home, 'treasury')
})

const build = (changes: Partial<ResharePlan> = {}): ReshareDefinition =>
  buildReshare({ ...plan, ...changes }, key, knownOf(everybody), { now, rng, policy: null })
const names = (keys: readonly { readonly name: string }[]) => keys.map(({ name }) => name)

describe('a reshare', () => {
  test('is of the same people, as many of whom must sign, if nothing else is said', () => {
    const definition = build()
    expect(names(definition.members.map(({ card }) => card))).toEqual(['alice', 'bob', 'carol', 'dave'])
    expect(definition).toMatchObject({ key: 'treasury', threshold: 2, parent: key.digest, policy: null })
    expect(definition.expires - definition.not_before).toBe(7 * 86_400_000)
    expect(definitionCodec.decode(definitionCodec.encode(definition))).toEqual(definition)
  })

  test('has new custodians first among who take part, and everybody of both epochs among its members', () => {
    const definition = build({ members: ['erin', 'bob'], dealers: ['carol', 'alice'] })
    expect(names(participantsOf(unsigned(definition)))).toEqual(['erin', 'bob', 'alice', 'carol'])
    expect(names(definitionKeys(definition))).toEqual(['erin', 'bob', 'alice', 'carol', 'dave'])
  })

  test.each<[string, Partial<ResharePlan>]>([
    [
      'only more than half of the old custodians replace a ceremony',
      { members: ['erin', 'frank'], minority: true, supersedes: [new Uint8Array(32)] },
    ],
    ['--dealers are custodians of the key now', { dealers: ['alice', 'erin'] }],
    ['--dealers are 2, as many as must sign', { dealers: ['alice'] }],
    ['--dealers are 2, as many as must sign', { dealers: ['alice', 'alice'] }],
    ['--threshold is at least 2', { threshold: 1 }],
    ['--threshold is 5, but there are only 4', { threshold: 5 }],
    ['--members name bob again', { members: ['alice', 'bob', 'bob'] }],
    ['nobody here is known as zoe', { members: ['alice', 'zoe'] }],
    ['a refresh has the same custodians', { kind: 'refresh', threshold: 3 }],
    ['a refresh has the same custodians', { kind: 'refresh', members: ['alice', 'bob', 'carol', 'dave'] }],
    ['has passed', { expires: '2020-01-01T00:00:00Z' }],
  ])('is refused: %s', (problem, changes) => {
    expect(() => build(changes)).toThrow(problem)
  })

  test('needs as many who get no share as make it more than half of the old custodians; a minority needs none', () => {
    const members = ['erin', 'frank']
    expect(names(watchersOf(build({ members })))).toEqual(['carol', 'dave'])
    expect(watchersNeeded(build({ members }))).toBe(1)
    expect(watchersNeeded(build({ members: ['carol', 'frank'] }))).toBe(0)
    expect(watchersNeeded(build({ members, minority: true }))).toBe(0)
  })
})

describe('the definition of a reshare', () => {
  const changed = (changes: Partial<ReshareDefinition>) => () =>
    definitionCodec.decode(definitionCodec.encode({ ...build(), ...changes }))

  test('holds the record whose digest it names, and no other', () => {
    const other = { ...key.record, epoch: 2, parent: new Uint8Array(32) }
    expect(changed({ parent_record: other })).toThrow('parent')
    expect(changed({ parent: new Uint8Array(32) })).toThrow('parent')
    expect(changed({ parent_record: other, parent: recordDigest(other) })).not.toThrow()
  })

  test('names dealers in the order of the record, and each once', () => {
    const [alice, bob, , , erin] = everybody.map(({ card }): Uint8Array => card.fingerprint)
    const dealers = (...fingerprints: (Uint8Array | undefined)[]) =>
      changed({ dealers: fingerprints as Uint8Array[] })
    expect(dealers(bob, alice)).toThrow('dealers')
    expect(dealers(alice, alice)).toThrow('dealers')
    expect(dealers(alice, erin)).toThrow('dealers')
    expect(dealers(alice, bob)).not.toThrow()
  })

  test('replaces one ceremony or several, each named once, and 16 at most; or none, which is null and no list', () => {
    const ids = Array.from({ length: 17 }, (_, i) => new Uint8Array(32).fill(i))
    for (const supersedes of [null, ids.slice(0, 1), ids.slice(0, 16), [ids[1], ids[0]] as Uint8Array[]]) {
      const definition = { ...build(), supersedes }
      expect(definitionCodec.decode(definitionCodec.encode(definition))).toEqual(definition)
    }
    const [one, two] = ids as [Uint8Array, Uint8Array]
    expect(changed({ supersedes: [] })).toThrow('supersedes: expected 1 to 16 items')
    expect(changed({ supersedes: ids })).toThrow('supersedes: expected 1 to 16 items')
    expect(changed({ supersedes: [one, two, one] })).toThrow('supersedes: names one twice')
    expect(changed({ supersedes: [one.subarray(1)] })).toThrow('supersedes[0]')
    // A single id, as it was before there were lists.
    expect(changed({ supersedes: one as unknown as Uint8Array[] })).toThrow('supersedes')
  })

  test('changes neither scheme nor policy, and a refresh changes nobody', () => {
    expect(changed({ scheme: 'schnorr-taproot' })).toThrow('scheme')
    expect(changed({ policy: { number: 1, bytes: new Uint8Array() } })).toThrow('policy')
    expect(changed({ kind: 'refresh' })).not.toThrow()
    expect(changed({ kind: 'refresh', threshold: 3 })).toThrow('kind')
    expect(changed({ kind: 'refresh', members: build().members.slice().reverse() })).toThrow('kind')
  })
})
