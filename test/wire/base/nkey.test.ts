import nkeys from 'nkeys.js'
import { describe, expect, test } from 'vitest'
import { Secret } from '../../../src/protocol/core/secret.js'
import { SigningKey, verifyEd25519 } from '../../../src/wire/base/ed25519.js'
import { nkeySeedText, nkeyText, parseNkeySeed } from '../../../src/wire/base/nkey.js'
import { rng } from '../../support/members.js'
import { alice, codecErrorOf, expectNoSecret, utf8 } from '../support.js'

const ascii = (bytes: Uint8Array): string => Buffer.from(bytes).toString('ascii')
const key = alice.identity.nkey
const seed = nkeySeedText(key.seed)

describe('NATS keys, held against the library of the NATS authors', () => {
  test('its seeds and public keys are ours', () => {
    for (let i = 0; i < 20; i++) {
      const theirs = nkeys.createUser()
      const ours = new SigningKey(parseNkeySeed(ascii(theirs.getSeed())))
      expect(nkeyText(ours.publicKey)).toBe(theirs.getPublicKey())
      expect(nkeySeedText(ours.seed)).toBe(ascii(theirs.getSeed()))
    }
  })

  test('ours are its', () => {
    for (let i = 0; i < 20; i++) {
      const ours = new SigningKey(new Secret(rng(32)))
      const theirs = nkeys.fromSeed(utf8(nkeySeedText(ours.seed)))
      expect(theirs.getPublicKey()).toBe(nkeyText(ours.publicKey))
      expect(nkeyText(ours.publicKey)).toMatch(/^U[A-Z2-7]{55}$/)
      expect(nkeySeedText(ours.seed)).toMatch(/^SU[A-Z2-7]{56}$/)
    }
  })

  test('each verifies what the other signs: the nonce of a server', () => {
    const nonce = utf8('kZHMWZ0rGZ4oJyA')
    const theirs = nkeys.fromSeed(utf8(seed))
    expect(nkeys.fromPublic(nkeyText(key.publicKey)).verify(nonce, key.signBytes(nonce))).toBe(true)
    expect(verifyEd25519(key.publicKey, nonce, theirs.sign(nonce))).toBe(true)
  })

  const others: Record<string, string> = {
    'of an account': ascii(nkeys.createAccount().getSeed()),
    'of an operator': ascii(nkeys.createOperator().getSeed()),
    'that is a public key': nkeyText(key.publicKey),
    'with a damaged checksum': `${seed.slice(0, 30)}${seed[30] === 'A' ? 'B' : 'A'}${seed.slice(31)}`,
    'in lower case': seed.toLowerCase(),
    'with a character less': seed.slice(0, -1),
    'with a character more': `${seed}A`,
    'with a line break': `${seed}\n`,
    'with padding': `${seed}======`,
    'that is empty': '',
  }
  test.each(Object.entries(others))('a seed %s is refused, and not quoted', (_, text) => {
    const error = codecErrorOf(() => parseNkeySeed(text))
    if (text !== '') expectNoSecret(error, [text])
  })

  test('a seed has one spelling: the bits that base32 leaves over are zero', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
    const last = alphabet.indexOf(seed.at(-1) as string)
    const spellings = [1, 2, 3].map((spare) => `${seed.slice(0, -1)}${alphabet[last ^ spare]}`)
    for (const spelling of spellings) codecErrorOf(() => parseNkeySeed(spelling))
  })
})
