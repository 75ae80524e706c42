import {
  Decrypter,
  Encrypter,
  generateHybridIdentity,
  generateX25519Identity,
  identityToRecipient,
} from 'age-encryption'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  cardOfIdentity,
  identityText,
  newIdentity,
  parseIdentity,
} from '../../../src/wire/identity/identity.js'
import { nkeySeedText } from '../../../src/wire/base/nkey.js'
import { hex } from '../../../src/wire/base/text.js'
import { rng } from '../../support/members.js'
import { alice, bob, expectNoSecret, failureOf, utf8 } from '../support.js'

const { identity } = alice
const text = identityText(identity)
const secrets = [
  identity.signing.seed.reveal(),
  identity.nkey.seed.reveal(),
  nkeySeedText(identity.nkey.seed),
  identity.age,
]

const refused = (changed: string): void => {
  expect(changed).not.toBe(text)
  const failure = failureOf(() => parseIdentity(changed))
  expect(failure).toMatchObject({ kind: 'configuration', code: 'E_IDENTITY' })
  expectNoSecret(failure, secrets)
  expectNoSecret(
    failure,
    changed.split(/\s+/).filter((part) => part.length > 40),
  )
}

const line = (field: string): string => text.split('\n').find((l) => l.startsWith(field)) as string
const without = (field: string): string => text.replace(`${line(field)}\n`, '')
const changed = (field: string, to: string): string => text.replace(line(field), to)

describe('the text of an identity', () => {
  test('parses back to the same keys, and encodes to the same text', () => {
    const back = parseIdentity(text)
    expect(identityText(back)).toBe(text)
    expect(back).toMatchObject({ name: 'alice', number: 1, created: identity.created, age: identity.age })
    expect(hex(back.signing.publicKey)).toBe(hex(identity.signing.publicKey))
    expect(hex(back.nkey.publicKey)).toBe(hex(identity.nkey.publicKey))
    expect(cardOfIdentity(back, alice.card.age).line).toBe(alice.card.line)
  })

  test.each([
    ['X25519', generateX25519Identity],
    ['post-quantum', generateHybridIdentity],
  ])(
    'with a %s age identity is such as the stock age takes: comments, then the one identity',
    async (_, generate) => {
      const age = await generate()
      const made = identityText(newIdentity('carol', age, 1_800_000_000_000, rng))
      expect(identityText(parseIdentity(made))).toBe(made)
      const plain = made.split('\n').filter((l) => l !== '' && !l.startsWith('#'))
      expect(plain).toEqual([age])
      const sealing = new Encrypter()
      sealing.addRecipient(await identityToRecipient(plain[0]))
      const opening = new Decrypter()
      opening.addIdentity(plain[0])
      expect(await opening.decrypt(await sealing.encrypt('opened'), 'text')).toBe('opened')
    },
  )

  test('is made of three keys that have nothing in common', () => {
    const made = newIdentity('carol', identity.age, 1, rng)
    expect(hex(made.signing.publicKey)).not.toBe(hex(made.nkey.publicKey))
    expect(hex(newIdentity('carol', identity.age, 1, rng).signing.publicKey)).not.toBe(
      hex(made.signing.publicKey),
    )
  })

  const seedHex = hex(identity.signing.seed.reveal())
  const nkey = nkeySeedText(identity.nkey.seed)
  test.each([
    ['nothing', ''],
    ['another version', changed('# mpc-identity', '# mpc-identity v2')],
    ['CR LF', text.replaceAll('\n', '\r\n')],
    ['a byte order mark', `\ufeff${text}`],
    ['no line break at the end', text.slice(0, -1)],
    ['a blank line at the end', `${text}\n`],
    ['a second age identity', `${text}${bob.identity.age}\n`],
    ['a comment more', text.replace('# name', '# note: x\n# name')],
    ['a line left out', without('# number')],
    [
      'two lines swapped',
      text.replace(`${line('# name')}\n${line('# number')}`, `${line('# number')}\n${line('# name')}`),
    ],
    ['a name with a leading dash', changed('# name', '# name: -rf')],
    ['a name in upper case', changed('# name', '# name: Alice')],
    ['a name of 33 characters', changed('# name', `# name: ${'x'.repeat(33)}`)],
    ['number 0', changed('# number', '# number: 0')],
    ['a number with leading zeros', changed('# number', '# number: 01')],
    ['a number in another notation', changed('# number', '# number: 1e2')],
    ['the 30th of February', changed('# created', '# created: 2026-02-30T00:00:00.000Z')],
    ['a date that is none', changed('# created', '# created: 2026-13-01T00:00:00.000Z')],
    ['a date in another form', changed('# created', '# created: 2026-01-01T00:00:00.00ZZ')],
    ['a date before 1970', changed('# created', '# created: 1969-12-31T23:59:59.999Z')],
    ['a seed in upper case', text.replace(seedHex, seedHex.toUpperCase())],
    ['a seed of 31 bytes', text.replace(seedHex, seedHex.slice(2))],
    ['a seed of 33 bytes', text.replace(seedHex, `${seedHex}00`)],
    [
      'an nkey with a damaged checksum',
      text.replace(nkey, `${nkey.slice(0, 20)}${nkey[20] === 'A' ? 'B' : 'A'}${nkey.slice(21)}`),
    ],
    ['the nkey of an account', text.replace(nkey, `SA${nkey.slice(2)}`)],
    ['an nkey in lower case', text.replace(nkey, nkey.toLowerCase())],
    [
      'an age identity with a damaged checksum',
      text.replace(/.\n$/, (end) => (end === 'Q\n' ? 'P\n' : 'Q\n')),
    ],
    ['an age identity in lower case', text.replace(identity.age, identity.age.toLowerCase())],
    ['an age recipient', text.replace(identity.age, alice.card.age)],
  ])('with %s is refused', (_, text) => refused(text))

  test('with a character of a secret changed is refused or another identity; no secret is said', () => {
    const spots = fc.integer({ min: text.indexOf('# ed25519'), max: text.length - 1 })
    fc.assert(
      fc.property(spots, fc.constantFrom(...'aAqQ0279zZ \n'), (at, c) => {
        if (text[at] === c) return
        const other = `${text.slice(0, at)}${c}${text.slice(at + 1)}`
        const inSeed = at >= text.indexOf(seedHex) && at < text.indexOf(seedHex) + 64 && /[0-9a-f]/.test(c)
        // The seed of the signing key has no checksum of its own: the card beside it tells.
        if (inSeed)
          expect(hex(parseIdentity(other).signing.publicKey)).not.toBe(hex(identity.signing.publicKey))
        else refused(other)
      }),
      { numRuns: 400 },
    )
  })

  test('random text never throws anything but E_IDENTITY', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (other) => refused(other)))
  })

  test('does not print its secrets: JSON refuses, inspection redacts', async () => {
    const { inspect } = await import('node:util')
    expect(() => JSON.stringify(identity.signing)).toThrow(TypeError)
    expect(inspect(identity, { depth: 9 })).not.toContain(seedHex)
    expect(utf8(String(identity.signing.seed))).toEqual(utf8('[secret]'))
  })
})
