/** Words that answer a question are no names, wherever names are read. */
import { describe, expect, test } from 'vitest'
import { makeCard, parseCard } from '../../../src/wire/identity/card.js'
import {
  definitionCodec,
  type HandshakeDefinition,
  type KeygenDefinition,
  parseDefinition,
  readDefinition,
  writeDefinition,
} from '../../../src/wire/ceremony/definition.js'
import { encodeManifest, parseManifest } from '../../../src/wire/escrow/manifest.js'
import { identityText, parseIdentity } from '../../../src/wire/identity/identity.js'
import { parseCards } from '../../../src/ceremony/contacts/import-cards.js'
import { requireHolders } from '../../../src/ceremony/backup/holders.js'
import { problemsOf } from '../../../src/ceremony/definition/keygen-plan.js'
import { name as nameFlag } from '../../../src/cli/runtime/parse.js'
import { NAME } from '../../../src/wire/base/text.js'
import { keygenDefinition } from '../../support/members.js'
import { cardLineNamed } from '../../support/named.js'
import { backup } from '../escrow-support.js'
import { alice, bob, carol, codecErrorOf, failureOf, filled } from '../support.js'

const ANSWERS = [
  'differ',
  'no',
  'yes',
  'end',
  'all',
  'save',
  'view',
  'passphrase',
  'no-',
  'differ--',
  'differs',
  'differ-1',
]

/** A card that the library would not make, signed by both keys that must sign it. */
const lineNamed = (name: string): string => cardLineNamed(bob.identity, bob.card.age, name)
const cardNamed = (name: string) => ({ ...bob.card, name, line: lineNamed(name) })

test('a card of any other name is made as the library makes it', () => {
  const { signing, nkey } = bob.identity
  const unsigned = {
    name: 'nora',
    number: 1,
    signing: signing.publicKey,
    age: bob.card.age,
    nkey: nkey.publicKey,
    created: bob.identity.created,
  }
  expect(lineNamed('nora')).toBe(makeCard(unsigned, signing, nkey).line)
})

test.each(['nora', 'noel', 'ending', 'allen', 'yes-man', 'save-1', 'n-o', '0'])('%s is one', (name) => {
  expect(NAME.test(name)).toBe(true)
})

describe.each(ANSWERS)('%s', (answer) => {
  test('is no name of a member: a card, a definition and a handshake are refused', () => {
    for (const read of [
      () => parseCard(lineNamed(answer)),
      () => parseCards(Buffer.from(`${alice.card.line}\n${lineNamed(answer)}\n`)),
    ]) {
      const failure = failureOf(read)
      expect(failure).toMatchObject({ kind: 'authentication', code: 'E_CARD' })
      expect(failure.message).toContain('not a word that answers a prompt')
    }
    const keygen = keygenDefinition([alice, carol]) as KeygenDefinition
    const members = [...keygen.members, { card: cardNamed(answer), role: 'custodian' as const }]
    const handshake: HandshakeDefinition = {
      kind: 'handshake',
      members: [{ ...bob.card, name: answer }, carol.card]
        .map(({ name, signing, age, nkey, fingerprint }) => ({
          keys: { name, signing, age, nkey },
          fingerprint,
        }))
        .sort((a, b) => Buffer.compare(a.fingerprint, b.fingerprint))
        .map(({ keys }) => keys),
    }
    for (const definition of [{ ...keygen, members }, handshake]) {
      const file = { definition, id: filled(0), signatures: [] }
      for (const read of [
        () => parseDefinition(writeDefinition(file)),
        () => readDefinition(definitionCodec.encode(definition)),
      ]) {
        expect(failureOf(read)).toMatchObject({
          kind: 'authentication',
          code: expect.stringMatching(/^E_(CARD|DEFINITION)$/),
        })
      }
    }
  })

  test('is no name of a key, nor of a holder, in what others wrote', () => {
    const keygen = { ...(keygenDefinition([alice, bob]) as KeygenDefinition), key: answer }
    expect(codecErrorOf(() => definitionCodec.decode(definitionCodec.encode(keygen))).message).toContain(
      'key',
    )
    const { manifest } = backup('eddsa-ed25519')
    const holders = manifest.holders.map((holder, i) => (i === 0 ? { ...holder, name: answer } : holder))
    for (const altered of [
      { ...manifest, key: answer },
      { ...manifest, holders },
    ]) {
      expect(failureOf(() => parseManifest(encodeManifest(altered)))).toMatchObject({ code: 'E_MANIFEST' })
    }
  })

  test('is no name that a person may choose', () => {
    expect(() => nameFlag(answer)).toThrow('not a word that answers a prompt')
    const holders = [answer, 'h2'].map((name) => ({ name, kind: 'passphrase' as const, passphrase: 'x' }))
    expect(failureOf(() => requireHolders(2, holders))).toMatchObject({ kind: 'usage', code: 'E_HOLDERS' })
    const plan = {
      key: answer,
      scheme: 'eddsa-ed25519',
      threshold: 2,
      members: ['alice', 'bob'],
      observers: [],
      policy: null,
      notBefore: null,
      expires: null,
      supersedes: [],
    }
    expect(problemsOf(plan as never).map(({ field }) => field)).toEqual(['key'])
    const identity = identityText({ ...alice.identity, name: answer })
    expect(failureOf(() => parseIdentity(identity))).toMatchObject({ code: 'E_IDENTITY' })
  })
})
