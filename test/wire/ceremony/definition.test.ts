import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encode, type Value } from '../../../src/protocol/core/codec.js'
import { fingerprintOf, type Keys, makeCard } from '../../../src/wire/identity/card.js'
import {
  acceptDefinition,
  custodiansOf,
  type Definition,
  definitionCodec,
  type DefinitionFile,
  definitionId,
  definitionKeys,
  type HandshakeDefinition,
  type KeygenDefinition,
  type Order,
  parseDefinition,
  verifyAcceptance,
  writeDefinition,
} from '../../../src/wire/ceremony/definition.js'
import { Failure } from '../../../src/wire/base/failure.js'
import { hex } from '../../../src/wire/base/text.js'
import { keygenDefinition, type Person } from '../../support/members.js'
import {
  alice,
  another,
  bob,
  carol,
  codecErrorOf,
  failureOf,
  filled,
  flip,
  leaves,
  mallory,
  memberOf,
  rewrite,
} from '../support.js'

const dave = memberOf('dave')
const keygen: KeygenDefinition = {
  ...(keygenDefinition([alice, bob, carol]) as KeygenDefinition),
  members: [
    ...[alice, bob, carol].map(({ card }) => ({ card, role: 'custodian' as const })),
    { card: dave.card, role: 'observer' },
  ],
  nonce: filled(5),
}
const keysOf = ({ card: { name, signing, age, nkey } }: Person): Keys => ({ name, signing, age, nkey })
const byFingerprint = (all: readonly Person[]): Person[] =>
  [...all].sort((a, b) => (hex(a.card.fingerprint) < hex(b.card.fingerprint) ? -1 : 1))
const handshake: HandshakeDefinition = {
  kind: 'handshake',
  members: byFingerprint([alice, bob, carol]).map(keysOf),
}
const order: Order = {
  kind: 'sign',
  request: filled(1),
  key_id: filled(2),
  record: filled(3),
  type: 'raw',
  payload_sha256: filled(4),
  path: null,
  signers: [
    { index: 1, fingerprint: alice.card.fingerprint },
    { index: 3, fingerprint: carol.card.fingerprint },
  ],
  rebinds: [],
  policy: null,
  expires: 1_900_000_000_000,
  number: 1,
}
const all: [string, Definition][] = [
  ['keygen', keygen],
  ['handshake', handshake],
  ['sign', order],
]

const signedBy = (definition: Definition, ...signers: readonly Person[]): DefinitionFile => {
  const id = definitionId(definition)
  const signatures = signers.map(({ identity, card }) => ({
    fingerprint: card.fingerprint,
    signature: acceptDefinition(identity.signing, id),
  }))
  return { definition, id, signatures }
}
const refused = (file: Uint8Array): string => {
  const failure = failureOf(() => parseDefinition(file))
  expect(failure).toMatchObject({ kind: 'authentication', code: 'E_DEFINITION' })
  return failure.message
}
/** The problem with a definition that nobody else checked, as its reader finds it. */
const problemOf = (definition: unknown): string =>
  codecErrorOf(() => definitionCodec.decode(definitionCodec.encode(definition as Definition))).message

describe('a definition', () => {
  test.each(all)('%s: round trip', (_, definition) => {
    const encoded = definitionCodec.encode(definition)
    expect(definitionCodec.decode(encoded)).toEqual(definition)
    const file = writeDefinition(signedBy(definition))
    expect(writeDefinition(parseDefinition(file))).toEqual(file)
    expect(hex(parseDefinition(file).id)).toBe(hex(definitionId(definition)))
  })

  test.each(all)('%s: its id changes with every field', (_, definition) => {
    const encoded = definitionCodec.encode(definition)
    const ids = new Set([hex(definitionId(definition))])
    for (const path of leaves(encoded)) {
      // This tests the hash, not the rules, as below: no field may be outside the id.
      const changed = rewrite(encoded, path, another)
      let other: Definition
      try {
        other = definitionCodec.decode(changed)
      } catch {
        continue
      }
      const id = hex(definitionId(other))
      expect(ids.has(id), path.join('.')).toBe(false)
      ids.add(id)
    }
    expect(ids.size).toBeGreaterThan(3)
  })

  test('a keygen: its id changes with each field of its own, set to another permitted value', () => {
    const changes: Partial<KeygenDefinition>[] = [
      { key: 'vault' },
      { scheme: 'schnorr-taproot', engine: 'frost/1' },
      { scheme: 'ecdsa-secp256k1', engine: 'cggmp24/1' },
      { threshold: 3 },
      { members: [...keygen.members].reverse() },
      { members: keygen.members.slice(0, 3) },
      { members: keygen.members.map((m, i) => (i === 3 ? { ...m, role: 'custodian' as const } : m)) },
      { policy: filled(2, 1) },
      { policy: filled(1, 1) },
      { not_before: 1 },
      { expires: keygen.expires + 1 },
      { nonce: filled(6) },
    ]
    const ids = [keygen, ...changes.map((change) => ({ ...keygen, ...change }))].map((d) => {
      expect(definitionCodec.decode(definitionCodec.encode(d))).toEqual(d)
      return hex(definitionId(d))
    })
    expect(new Set(ids).size).toBe(changes.length + 1)
  })

  test('another card of the same keys is another definition', () => {
    const { identity, card } = alice
    const next = makeCard(
      { ...keysOf(alice), number: 2, created: card.created },
      identity.signing,
      identity.nkey,
    )
    const members = keygen.members.map((m, i) => (i === 0 ? { ...m, card: next } : m))
    expect(hex(definitionId({ ...keygen, members }))).not.toBe(hex(definitionId(keygen)))
  })

  test('signed, with one byte of the file changed anywhere it is refused', () => {
    const small: Definition = { ...keygen, members: keygen.members.slice(0, 2) }
    const file = writeDefinition(signedBy(small, alice, bob))
    const engine = Buffer.from(file).indexOf('frost/1')
    const id = hex(definitionId(small))
    let parsed = 0
    for (let at = 0; at < file.length; at++) {
      try {
        const other = parseDefinition(flip(file, at, at % 8))
        expect(hex(other.id)).not.toBe(id)
        parsed += 1
      } catch (error) {
        expect(error).toBeInstanceOf(Failure)
        const isName = at >= engine && at < engine + 'frost/1'.length
        expect(isName ? ['E_DEFINITION', 'E_ENGINE'] : ['E_DEFINITION']).toContain((error as Failure).code)
      }
    }
    // No change parses, as these signatures are not over another id.
    expect(parsed).toBe(0)
  })

  test('unsigned, a change of one byte is another ceremony', () => {
    const file = writeDefinition(signedBy(keygen))
    const engine = Buffer.from(file).indexOf('frost/1')
    const id = hex(definitionId(keygen))
    const at = file.length - 40
    fc.assert(
      fc.property(fc.integer({ min: 0, max: at }), fc.integer({ min: 0, max: 7 }), (spot, bit) => {
        try {
          expect(hex(parseDefinition(flip(file, spot, bit)).id)).not.toBe(id)
        } catch (error) {
          const isName = spot >= engine && spot < engine + 'frost/1'.length
          expect(isName ? ['E_DEFINITION', 'E_ENGINE'] : ['E_DEFINITION']).toContain((error as Failure).code)
        }
      }),
      { numRuns: 200 },
    )
  })

  test.each(all)('%s: a field missing or one more is refused', (_, definition) => {
    const file = writeDefinition(signedBy(definition))
    for (const path of leaves(file)) {
      if (path[0] === 'signatures' || typeof path.at(-1) === 'number') continue
      refused(rewrite(file, path, () => undefined))
    }
    refused(rewrite(file, ['definition', 'color'], () => 'red'))
    refused(rewrite(file, ['color'], () => 'red'))
    const people = definition.kind === 'sign' ? 'signers' : 'members'
    refused(rewrite(file, ['definition', people, 0, 'color'], () => 'red'))
  })

  test.each([
    ['nothing', new Uint8Array()],
    ['text', new TextEncoder().encode('kind: keygen')],
    ['no record', encode([1, 2])],
    ['another format', rewrite(writeDefinition(signedBy(keygen)), ['format'], () => 'mpc/definition/v2')],
    ['another kind', rewrite(writeDefinition(signedBy(keygen)), ['definition', 'kind'], () => 'reshare')],
    [
      'a prototype for a kind',
      rewrite(writeDefinition(signedBy(keygen)), ['definition', 'kind'], () => '__proto__'),
    ],
    ['a byte more', Uint8Array.of(...writeDefinition(signedBy(keygen)), 0)],
    ['more than 512 KiB', new Uint8Array((1 << 19) + 1)],
  ])('%s is none', (_, file) => {
    refused(file)
  })

  test('random bytes never throw anything but E_DEFINITION', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void refused(bytes)))
  })
})

describe('its signatures', () => {
  test('are kept, sorted by fingerprint, whoever signed first', () => {
    const one = writeDefinition(signedBy(keygen, alice, bob, carol))
    const two = writeDefinition(signedBy(keygen, carol, bob, alice))
    expect(one).toEqual(two)
    const { signatures, id } = parseDefinition(one)
    expect(signatures.map(({ fingerprint }) => hex(fingerprint))).toEqual(
      byFingerprint([alice, bob, carol]).map(({ card }) => hex(card.fingerprint)),
    )
    for (const { fingerprint, signature } of signatures) {
      const who = [alice, bob, carol].find(({ card }) => hex(card.fingerprint) === hex(fingerprint)) as Person
      expect(verifyAcceptance(who.card.signing, id, signature)).toBe(true)
      expect(verifyAcceptance(mallory.card.signing, id, signature)).toBe(false)
    }
  })

  test('stripped are missing, and nothing else', () => {
    const file = writeDefinition(signedBy(keygen, alice, bob))
    const stripped = rewrite(file, ['signatures'], () => [])
    expect(parseDefinition(stripped)).toEqual(signedBy(keygen))
    expect(parseDefinition(rewrite(file, ['signatures', 0], () => undefined)).signatures).toHaveLength(1)
  })

  test('of an observer stand under its own name: they are nobody else’s', () => {
    const file = writeDefinition(signedBy(keygen, dave))
    expect(parseDefinition(file).signatures.map(({ fingerprint }) => hex(fingerprint))).toEqual([
      hex(dave.card.fingerprint),
    ])
    const asAlice = rewrite(file, ['signatures', 0, 'fingerprint'], () => alice.card.fingerprint)
    expect(refused(asAlice)).toContain('not that of a member')
    expect(custodiansOf(keygen).map(({ name }) => name)).toEqual(['alice', 'bob', 'carol'])
  })

  const swapped = (file: Uint8Array): Uint8Array =>
    rewrite(file, ['signatures'], (old) => [...(old as readonly Value[])].reverse())
  test.each<[string, Uint8Array]>([
    ['by a stranger', writeDefinition(signedBy(keygen, mallory))],
    ['by a stranger among members', writeDefinition(signedBy(keygen, alice, mallory, bob))],
    ['twice by one', writeDefinition(signedBy(keygen, alice, alice))],
    ['unsorted', swapped(writeDefinition(signedBy(keygen, alice, bob)))],
    [
      'of another definition',
      writeDefinition({ ...signedBy({ ...keygen, nonce: filled(9) }, alice), definition: keygen }),
    ],
    [
      'by one member in the name of another',
      rewrite(
        writeDefinition(signedBy(keygen, alice)),
        ['signatures', 0, 'fingerprint'],
        () => bob.card.fingerprint,
      ),
    ],
    ['on an order, whose signers sign in their hellos', writeDefinition(signedBy(order, alice))],
  ])('%s are refused', (_, file) => {
    expect(refused(file)).toContain('a signature on it is not that of a member')
  })

  test('with any bit changed are refused', () => {
    const file = writeDefinition(signedBy(keygen, alice))
    for (let at = 0; at < 64; at++) {
      refused(rewrite(file, ['signatures', 0, 'signature'], (old) => flip(old as Uint8Array, at, at % 8)))
    }
  })

  test('under another tag are refused', () => {
    const { identity, card } = alice
    const id = definitionId(keygen)
    const signature = identity.signing.sign('mpc/request/v1', id)
    const file = { definition: keygen, id, signatures: [{ fingerprint: card.fingerprint, signature }] }
    refused(writeDefinition(file))
  })
})

describe('the rules of a key generation', () => {
  const member = (person: Person, role: 'custodian' | 'observer' = 'custodian') => ({
    card: person.card,
    role,
  })
  const namesake = memberOf('alice', 'another')
  const sameNkey = (() => {
    const { identity } = memberOf('eve')
    const unsigned = { ...keysOf(memberOf('eve')), nkey: alice.card.nkey, number: 1, created: 1 }
    return makeCard(unsigned, identity.signing, alice.identity.nkey)
  })()
  const sameSigning = (() => {
    const other = memberOf('eve')
    const unsigned = { ...keysOf(other), signing: alice.card.signing, number: 1, created: 1 }
    return makeCard(unsigned, alice.identity.signing, other.identity.nkey)
  })()
  const renamed = makeCard(
    { ...keysOf(alice), name: 'alicia', number: 2, created: 1 },
    alice.identity.signing,
    alice.identity.nkey,
  )

  test.each<[string, object, string]>([
    ['one signer', { threshold: 1 }, 'threshold'],
    ['no signer', { threshold: 0 }, 'threshold'],
    ['more signers than custodians, observers not counted', { threshold: 4 }, 'there are 3 custodians'],
    ['one member', { members: keygen.members.slice(0, 1) }, 'members'],
    ['65 members', { members: Array.from({ length: 65 }, () => member(alice)) }, 'members'],
    ['two of one name', { members: [member(alice), member(bob), member(namesake, 'observer')] }, 'one name'],
    [
      'one identity under two names',
      { members: [member(alice), { card: renamed, role: 'custodian' }] },
      'named twice',
    ],
    [
      'two with one signing key',
      { members: [member(alice), { card: sameSigning, role: 'custodian' }] },
      'named twice',
    ],
    [
      'two with one NATS key',
      { members: [member(alice), { card: sameNkey, role: 'custodian' }] },
      'NATS key',
    ],
    ['an expiry at its beginning', { not_before: 5, expires: 5 }, 'expires'],
    ['an expiry before its beginning', { not_before: 5, expires: 4 }, 'expires'],
    ['a parent', { parent: filled(1) }, 'starts from nothing'],
    ['dealers', { dealers: [filled(1), filled(2)] }, 'starts from nothing'],
    ['what it supersedes', { supersedes: [filled(1)] }, 'starts from nothing'],
    ['a minority', { minority: true }, 'starts from nothing'],
    ['another scheme', { scheme: 'bls' }, 'scheme'],
    ['another role', { members: [member(alice), { card: bob.card, role: 'admin' }] }, 'role'],
    ['a name that is a path', { key: '../x' }, 'key'],
    ['a policy beyond 64 KiB', { policy: new Uint8Array(65_537) }, 'policy'],
    ['a short nonce', { nonce: filled(1, 31) }, 'nonce'],
    ['a time before 1970', { not_before: -1 }, 'not_before'],
    ['an expiry after the year 9999', { expires: 253_402_300_800_000 }, 'expires'],
  ])('with %s it is refused', (_, change, problem) => {
    expect(problemOf({ ...keygen, ...change })).toContain(problem)
  })

  test('a card in it is checked like any card: one bit of it makes it none', () => {
    const encoded = definitionCodec.encode(keygen)
    const bad = rewrite(encoded, ['members', 0, 'card'], another)
    expect(codecErrorOf(() => definitionCodec.decode(bad)).message).toContain('members[0].card')
  })

  test('2 of 2 and 64 of 64 are the limits, and are within them', () => {
    const many = Array.from({ length: 64 }, (_, i) => member(memberOf(`m${i}`)))
    for (const [threshold, members] of [
      [2, many.slice(0, 2)],
      [64, many],
    ] as const) {
      const d = { ...keygen, threshold, members }
      expect(definitionCodec.decode(definitionCodec.encode(d))).toEqual(d)
    }
  })
})

describe('the rules of a handshake', () => {
  test('the same people make the same bytes, in whatever order they were listed', () => {
    const lists = [
      [alice, bob, carol],
      [carol, alice, bob],
      [bob, carol, alice],
    ]
    const encoded = lists.map((people) =>
      hex(definitionCodec.encode({ kind: 'handshake', members: byFingerprint(people).map(keysOf) })),
    )
    expect(new Set(encoded).size).toBe(1)
  })

  test('members out of order, twice, or one alone are refused', () => {
    const members = [...handshake.members]
    expect(problemOf({ ...handshake, members: [...members].reverse() })).toContain('not sorted')
    expect(problemOf({ ...handshake, members: [members[0], members[0]] })).toContain('one name')
    expect(problemOf({ ...handshake, members: members.slice(0, 1) })).toContain('members')
    const twice = [members[0], { ...(members[0] as Keys), name: 'zoe' }]
    expect(problemOf({ ...handshake, members: twice })).toContain('named twice')
  })

  test('keys in it are checked like those of a card', () => {
    const [first, ...rest] = handshake.members as [Keys, ...Keys[]]
    const identity = Uint8Array.of(1, ...filled(0, 31))
    for (const [change, problem] of [
      [{ signing: identity }, 'prime order'],
      [{ nkey: identity }, 'prime order'],
      [{ nkey: first.signing }, 'two protocols'],
      [{ age: 'age1' }, 'age recipient'],
      [{ name: 'A' }, 'name'],
    ] as const) {
      expect(problemOf({ ...handshake, members: [{ ...first, ...change }, ...rest] })).toContain(problem)
    }
  })

  test('its members are those whose fingerprints sign', () => {
    expect(definitionKeys(handshake).map((k) => hex(fingerprintOf(k)))).toEqual(
      byFingerprint([alice, bob, carol]).map(({ card }) => hex(card.fingerprint)),
    )
  })
})

describe('the rules of an order', () => {
  const [first, second] = order.signers as [Order['signers'][number], Order['signers'][number]]
  test.each<[string, object, string]>([
    ['signers out of record order', { signers: [second, first] }, 'order of the record'],
    ['one index twice', { signers: [first, { ...second, index: 1 }] }, 'order of the record'],
    ['one fingerprint twice', { signers: [first, { ...first, index: 2 }] }, 'named twice'],
    ['one signer', { signers: [first] }, 'signers'],
    ['index 0', { signers: [{ ...first, index: 0 }, second] }, 'index'],
    ['index 65', { signers: [first, { ...second, index: 65 }] }, 'index'],
    ['number 0', { number: 0 }, 'number'],
    ['an expiry after the year 9999', { expires: 253_402_300_800_000 }, 'expires'],
    ['an empty type', { type: '' }, 'type'],
    ['a type with a capital letter', { type: 'Raw' }, 'type'],
    ['a type that begins with a hyphen', { type: '-raw' }, 'type'],
    ['a type of 33 characters', { type: 'r'.repeat(33) }, 'type'],
    ['a type with a line break', { type: 'raw\n' }, 'type'],
    ['a long path', { path: 'm'.repeat(129) }, 'path'],
  ])('with %s it is refused', (_, change, problem) => {
    expect(problemOf({ ...order, ...change })).toContain(problem)
  })

  test('a higher number is another order', () => {
    expect(hex(definitionId({ ...order, number: 2 }))).not.toBe(hex(definitionId(order)))
  })
})
