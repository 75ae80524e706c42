import { beforeAll, describe, expect, it } from 'vitest'
import {
  acceptanceWords,
  buildKeygen,
  checkAccepted,
  checkMember,
  checkNotExpired,
  mergeCeremonies,
  missingFrom,
  participantsOf,
  readCeremony,
  signCeremony,
  signersOf,
  unsigned,
} from '../../../src/ceremony/definition/build.js'
import type { KeygenPlan } from '../../../src/ceremony/definition/keygen-plan.js'
import type { Known } from '../../../src/ceremony/contacts/contacts.js'
import { fingerprintOf } from '../../../src/wire/identity/card.js'
import { type Definition, writeDefinition } from '../../../src/wire/ceremony/definition.js'
import { hex } from '../../../src/wire/base/text.js'
import { people, type Person, rng } from '../../support/members.js'

const now = Date.UTC(2030, 0, 1)
const plan: KeygenPlan = {
  key: 'treasury',
  scheme: 'schnorr-taproot',
  threshold: 2,
  members: ['carol', 'alice'],
  observers: ['bob', 'dave'],
  policy: null,
  notBefore: null,
  expires: null,
}

let everybody: Person[]
let known: Known[]

beforeAll(async () => {
  everybody = await people('alice', 'bob', 'carol', 'dave')
  known = everybody.map(({ card }) => ({
    card,
    status: 'verified',
    since: null,
    how: 'words',
    beside: false,
  }))
})

const named = (name: string) => everybody.find(({ card }) => card.name === name) as Person
const build = (changes: Partial<KeygenPlan> = {}) => buildKeygen({ ...plan, ...changes }, known, { now, rng })
const sign = (file: ReturnType<typeof unsigned>, name: string) =>
  signCeremony(file, named(name).card, named(name).identity)

describe('a key generation', () => {
  it('has its custodians first, in the order of the plan, and a week', () => {
    const definition = build()
    expect(definition.members.map(({ card, role }) => [card.name, role])).toEqual([
      ['carol', 'custodian'],
      ['alice', 'custodian'],
      ['bob', 'observer'],
      ['dave', 'observer'],
    ])
    expect(definition.expires - definition.not_before).toBe(7 * 86_400_000)
    expect(participantsOf(unsigned(definition)).map(({ name }) => name)).toEqual(['carol', 'alice'])
  })

  it('is another one each time', () => {
    expect(hex(unsigned(build()).id)).not.toBe(hex(unsigned(build()).id))
  })

  it('is refused for what nobody could keep', () => {
    expect(() => build({ threshold: 3 })).toThrow('but there are only 2 custodians')
    expect(() => build({ members: ['alice', 'zoe'] })).toThrow('nobody here is known as zoe')
    expect(() => build({ expires: '2029-12-31T23:59:59Z' })).toThrow('has passed')
    expect(() => build({ notBefore: '2031-01-01T00:00:00Z', expires: '2030-06-01T00:00:00Z' })).toThrow(
      'expires',
    )
  })
})

describe('a ceremony file', () => {
  it('collects the signatures of its members, in any order, each once', () => {
    const file = unsigned(build())
    expect(missingFrom(file).map(({ name }) => name)).toEqual(['carol', 'alice'])
    const [a, c, b] = [sign(file, 'alice'), sign(sign(file, 'carol'), 'carol'), sign(file, 'bob')]
    const copies = [a, b, c, a].map((copy) => ({ path: 'f', file: copy }))
    const merged = mergeCeremonies(copies)
    expect(writeDefinition(merged)).toEqual(writeDefinition(mergeCeremonies([...copies].reverse())))
    const read = readCeremony(writeDefinition(merged))
    expect(missingFrom(read)).toEqual([])
    expect(signersOf(read).map(({ name }) => name)).toEqual(['carol', 'alice', 'bob'])
  })

  it('is not united with another', () => {
    const files = [unsigned(build()), unsigned(build())].map((file, i) => ({ path: `${i}\u001b[2J`, file }))
    expect(() => mergeCeremonies(files)).toThrow('"1\\u{1b}[2J" is another ceremony')
  })

  it('is for its members, until it expires, under the id that was accepted', async () => {
    const file = unsigned(build())
    const [stranger] = (await people('alice')) as [Person]
    expect(() => checkMember(file, stranger.card)).toThrow('is not a member')
    expect(() => signCeremony(file, stranger.card, stranger.identity)).toThrow('is not a member')
    checkMember(file, named('dave').card)
    checkNotExpired(file, now + 7 * 86_400_000 - 1)
    expect(() => checkNotExpired(file, now + 7 * 86_400_000)).toThrow('expired')
    checkAccepted(file, hex(file.id))
    expect(() => checkAccepted(file, hex(file.id).slice(0, 62))).toThrow('--accept')
    expect(acceptanceWords(file.id)).toMatch(/^\S+ \S+$/)
  })

  it('may be of a handshake, and is none for an order to sign', () => {
    const members = everybody
      .map(({ card: { name, signing, age, nkey } }) => ({ name, signing, age, nkey }))
      .sort((a, b) => (hex(fingerprintOf(a)) < hex(fingerprintOf(b)) ? -1 : 1))
    const handshake = readCeremony(writeDefinition(unsigned({ kind: 'handshake', members })))
    expect(participantsOf(handshake)).toHaveLength(4)
    expect(signersOf(sign(handshake, 'bob')).map(({ name }) => name)).toEqual(['bob'])
    const order: Definition = {
      kind: 'sign',
      request: rng(32),
      key_id: rng(32),
      record: rng(32),
      type: 'raw',
      payload_sha256: rng(32),
      path: null,
      signers: [
        { index: 1, fingerprint: rng(32) },
        { index: 2, fingerprint: rng(32) },
      ],
      rebinds: [],
      policy: null,
      expires: now,
      number: 1,
    }
    const bytes = writeDefinition({ definition: order, id: rng(32), signatures: [] })
    expect(() => readCeremony(bytes)).toThrow('this is the order of a signing')
  })
})
