/** One passphrase in several spellings. */
import { Decrypter, Encrypter } from 'age-encryption'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openWithPassphrase, sealWithPassphrase } from '../../../src/storage/sealed/age.js'
import { canonical, spellings } from '../../../src/storage/sealed/spelling.js'
import { wordsOf } from '../../../src/wire/base/safety-words.js'
import { failureOf, utf8 } from '../support.js'

const PLAIN = utf8('a share, or what stands for one')
const FACTOR = 10
const COMPOSED = 'un caf\u00e9 cr\u00e8me \u1e9b\u0323'.normalize('NFC')
const DECOMPOSED = COMPOSED.normalize('NFD')
const WORDS = wordsOf(Uint8Array.from([1, 2, 3, 250, 5, 6, 7, 8])).map((word) => word.toLowerCase())
const GENERATED = WORDS.join(' ')

const opens = (passphrase: string, sealed: Uint8Array) =>
  openWithPassphrase(passphrase, sealed).then(
    (opened) => Buffer.from(opened).equals(PLAIN),
    () => false,
  )

/** As another program seals, in the form that it was given. */
async function elsewhere(passphrase: string): Promise<Uint8Array> {
  const encrypter = new Encrypter()
  encrypter.setPassphrase(passphrase)
  encrypter.setScryptWorkFactor(FACTOR)
  return encrypter.encrypt(PLAIN)
}

test('accents open however they are typed, whoever sealed, in whatever form', async () => {
  expect(COMPOSED).not.toBe(DECOMPOSED)
  for (const sealedBy of [COMPOSED, DECOMPOSED]) {
    for (const typed of [COMPOSED, DECOMPOSED]) {
      expect(await opens(typed, await sealWithPassphrase(sealedBy, PLAIN, FACTOR))).toBe(true)
      expect(await opens(typed, await elsewhere(sealedBy))).toBe(true)
    }
  }
  // Neither form: half of it is composed.
  const mixed = 'caf\u00e9 cafe\u0301'
  expect(await opens(mixed, await elsewhere(mixed))).toBe(true)
})

test('we seal by the composed form, which is what another program is to be given', async () => {
  const decrypter = new Decrypter()
  decrypter.addPassphrase(COMPOSED)
  expect(await decrypter.decrypt(await sealWithPassphrase(DECOMPOSED, PLAIN, FACTOR))).toEqual(PLAIN)
})

test.each([
  ['a capital', `${GENERATED.charAt(0).toUpperCase()}${GENERATED.slice(1)}`],
  ['capitals', GENERATED.toUpperCase()],
  ['two blanks', GENERATED.replace(' ', '  ')],
  ['a blank before', ` ${GENERATED}`],
  ['a blank after', `${GENERATED} `],
  ['tabs and blanks that do not break', GENERATED.replace(' ', '\t').replace(' ', '\u00a0')],
])('words of ours open with %s', async (_, typed) => {
  expect(canonical(typed)).toBe(GENERATED)
  expect(await opens(typed, await sealWithPassphrase(GENERATED, PLAIN, FACTOR))).toBe(true)
  // The same words seal a piece's page, and it opens by them as they were given.
  expect(await opens(GENERATED, await sealWithPassphrase(typed, PLAIN, FACTOR))).toBe(true)
})

test('of any other passphrase capitals and blanks count', async () => {
  for (const own of ['Correct Horse  battery', WORDS.slice(1).join(' '), WORDS.toReversed().join(' ')]) {
    const sealed = await sealWithPassphrase(own, PLAIN, FACTOR)
    expect(await opens(own, sealed)).toBe(true)
    for (const other of [own.toUpperCase(), ` ${own}`, own.replace(' ', '   ')]) {
      expect(await failureOf(() => openWithPassphrase(other, sealed))).toMatchObject({ code: 'E_DECRYPT' })
    }
  }
})

test('no more than three forms are tried, of ASCII one or two', () => {
  const text = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: 'binary' }),
    fc
      .array(fc.constantFrom('e\u0301', '\u00e9', 'A', ' ', '\u212b', '\u1e9b\u0323'))
      .map((all) => all.join('')),
  )
  fc.assert(
    fc.property(text, (passphrase) => {
      const forms = spellings(passphrase)
      expect(forms.length).toBeLessThanOrEqual(3)
      expect(forms).toContain(passphrase)
      expect(forms[0]).toBe(canonical(passphrase))
      expect(canonical(canonical(passphrase))).toBe(canonical(passphrase))
    }),
  )
  expect(spellings('open sesame')).toEqual(['open sesame'])
  expect(spellings(GENERATED)).toEqual([GENERATED])
  expect(spellings(GENERATED.toUpperCase())).toEqual([GENERATED, GENERATED.toUpperCase()])
})
