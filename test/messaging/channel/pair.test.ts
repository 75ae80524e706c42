import { createHmac } from 'node:crypto'
import { x25519 } from '@noble/curves/ed25519.js'
import { describe, expect, test } from 'vitest'
import {
  confirmTag,
  decapsulate,
  diffieHellman,
  directionKey,
  encapsulate,
  type Ephemeral,
  newEphemeral,
  pairKey,
  pairSalt,
  type PairSecrets,
  wipeEphemeral,
} from '../../../src/messaging/channel/key-agreement.js'
import { encode } from '../../../src/protocol/core/codec.js'
import { MLKEM_CIPHERTEXT, MLKEM_LENGTH } from '../../../src/wire/session/handshake.js'
import { hex } from '../../../src/wire/base/text.js'
import { rng } from '../../support/members.js'
import { seededRng } from '../../support/rng.js'
import hkdf from '../../vectors/wire/hkdf-sha256.json' with { type: 'json' }
import mlkem from '../../vectors/wire/ml-kem-768.json' with { type: 'json' }
import curve from '../../vectors/wire/x25519.json' with { type: 'json' }

const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))
const filled = (byte: number, length = 32): Uint8Array => new Uint8Array(length).fill(byte)
const flip = (bytes: Uint8Array, at: number, bit = 0): Uint8Array =>
  bytes.map((byte, i) => (i === at ? byte ^ (1 << bit) : byte))
const distinct = (all: readonly Uint8Array[]): number => new Set(all.map(hex)).size

const withX25519 = (secretKey: Uint8Array): Ephemeral => ({
  ...newEphemeral(rng),
  x25519: { secretKey, publicKey: x25519.getPublicKey(secretKey) },
})
const withMlkem = (secretKey: Uint8Array): Ephemeral => ({
  ...newEphemeral(rng),
  mlkem: { secretKey, publicKey: new Uint8Array() },
})

describe('published vectors', () => {
  const { alice_secret, alice_public, bob_secret, bob_public, shared } = curve.diffie_hellman

  test('X25519: RFC 7748, 6.1', () => {
    const [alice, bob] = [withX25519(bytesOf(alice_secret)), withX25519(bytesOf(bob_secret))]
    expect([hex(alice.x25519.publicKey), hex(bob.x25519.publicKey)]).toEqual([alice_public, bob_public])
    expect(hex(diffieHellman(alice, bytesOf(bob_public)) as Uint8Array)).toBe(shared)
    expect(hex(diffieHellman(bob, bytesOf(alice_public)) as Uint8Array)).toBe(shared)
  })

  test('ML-KEM-768: encapsulation and decapsulation', () => {
    const { ek, dk, m, c, K } = mlkem.encapsulation
    const made = encapsulate(bytesOf(ek), (length) => {
      expect(length).toBe(32)
      return bytesOf(m)
    })
    expect([hex(made?.ciphertext as Uint8Array), hex(made?.secret as Uint8Array)]).toEqual([c, K])
    expect(hex(decapsulate(bytesOf(c), withMlkem(bytesOf(dk))))).toBe(K)
  })

  test('ML-KEM-768: implicit rejection', () => {
    const { dk, c, K } = mlkem.rejection
    expect(hex(decapsulate(bytesOf(c), withMlkem(bytesOf(dk))))).toBe(K)
  })

  test.each(hkdf.extract)('HKDF-Extract: RFC 5869, %#', ({ ikm, salt, prk }) => {
    // The key of a pair is the extract step over its three secrets, joined.
    const whole = bytesOf(ikm)
    const secrets = { dh: whole.slice(0, 9), fromFirst: whole.slice(9, 15), fromSecond: whole.slice(15) }
    expect(hex(pairKey(bytesOf(salt), secrets))).toBe(prk)
  })

  test('HKDF-Expand and HMAC, held against OpenSSL', () => {
    const [prk, from, to, sid] = [filled(1), filled(2), filled(3), filled(4)]
    const info = encode(['mpc/channel/v1', 'letter', from, to, sid])
    const expanded = createHmac('sha256', prk).update(info).update(Uint8Array.of(1)).digest('hex')
    expect(hex(directionKey(prk, 'letter', from, to, sid))).toBe(expanded)
    const tag = createHmac('sha256', prk)
      .update(encode(['mpc/confirm/v1', sid, from, to]))
      .digest('hex')
    expect(hex(confirmTag(prk, sid, from, to))).toBe(tag)
  })
})

/** Both sides of one pair, as the handshake derives them; `first` stands first in the definition. */
function pair(change: { c1?: (c: Uint8Array) => Uint8Array; sid?: Uint8Array; second?: Ephemeral } = {}) {
  const [first, second] = [
    newEphemeral(seededRng('first')),
    change.second ?? newEphemeral(seededRng('second')),
  ]
  const sid = change.sid ?? filled(9)
  const e1 = encapsulate(second.mlkem.publicKey, seededRng('e1')) as {
    ciphertext: Uint8Array
    secret: Uint8Array
  }
  const e2 = encapsulate(first.mlkem.publicKey, seededRng('e2')) as {
    ciphertext: Uint8Array
    secret: Uint8Array
  }
  const arrived = change.c1 ? change.c1(e1.ciphertext) : e1.ciphertext
  const salt = pairSalt(sid, [e1.ciphertext, e2.ciphertext])
  const firsts = pairKey(salt, {
    dh: diffieHellman(first, second.x25519.publicKey) as Uint8Array,
    fromFirst: e1.secret,
    fromSecond: decapsulate(e2.ciphertext, first),
  })
  const seconds = pairKey(salt, {
    dh: diffieHellman(second, first.x25519.publicKey) as Uint8Array,
    fromFirst: decapsulate(arrived, second),
    fromSecond: e2.secret,
  })
  return { sid, firsts, seconds }
}

describe('the key of a pair', () => {
  test('is the same on both sides', () => {
    const { firsts, seconds } = pair()
    expect(hex(firsts)).toBe(hex(seconds))
    expect(firsts).toHaveLength(32)
  })

  test('is another if one ciphertext was tampered with on its way: a secret comes out all the same', () => {
    for (const at of [0, 500, MLKEM_CIPHERTEXT - 1]) {
      const { firsts, seconds } = pair({ c1: (c) => flip(c, at) })
      expect(hex(firsts)).not.toBe(hex(seconds))
    }
  })

  test('depends on the session, on each of its three secrets, and on who was first', () => {
    const secrets: PairSecrets = { dh: filled(1), fromFirst: filled(2), fromSecond: filled(3) }
    const salt = pairSalt(filled(9), [filled(7, 10)])
    const all = [
      pairKey(salt, secrets),
      pairKey(pairSalt(filled(8), [filled(7, 10)]), secrets),
      pairKey(salt, { ...secrets, dh: flip(secrets.dh, 0) }),
      pairKey(salt, { ...secrets, fromFirst: flip(secrets.fromFirst, 31) }),
      pairKey(salt, { ...secrets, fromSecond: flip(secrets.fromSecond, 31) }),
      pairKey(salt, { ...secrets, fromFirst: secrets.fromSecond, fromSecond: secrets.fromFirst }),
      pairKey(salt, { ...secrets, dh: secrets.fromFirst, fromFirst: secrets.dh }),
    ]
    expect(distinct(all)).toBe(all.length)
  })

  test('its salt binds the session and every encapsulation of everybody, in order', () => {
    const letters = [filled(1, 20), filled(2, 20), filled(3, 20)]
    const [a, b, c] = letters as [Uint8Array, Uint8Array, Uint8Array]
    const all = [
      pairSalt(filled(9), letters),
      pairSalt(filled(8), letters),
      pairSalt(filled(9), [b, a, c]),
      pairSalt(filled(9), [a, b]),
      pairSalt(filled(9), [a, b, c, c]),
      pairSalt(filled(9), [Uint8Array.of(...a, ...b), c]),
      ...letters.map((_, i) =>
        pairSalt(
          filled(9),
          letters.map((letter, j) => (i === j ? flip(letter, 19) : letter)),
        ),
      ),
    ]
    expect(distinct(all)).toBe(all.length)
  })
})

describe('the keys of a direction', () => {
  const [prk, alice, bob, sid] = [filled(1), filled(2), filled(3), filled(4)]

  test('both sides derive the same; each direction, use, pair, session and key has its own', () => {
    const all = [
      directionKey(prk, 'letter', alice, bob, sid),
      directionKey(prk, 'letter', bob, alice, sid),
      directionKey(prk, 'confirm', alice, bob, sid),
      directionKey(prk, 'confirm', bob, alice, sid),
      directionKey(prk, 'letter', alice, filled(9), sid),
      directionKey(prk, 'letter', filled(9), bob, sid),
      directionKey(prk, 'letter', alice, bob, filled(9)),
      directionKey(filled(9), 'letter', alice, bob, sid),
    ]
    expect(distinct(all)).toBe(all.length)
    expect(directionKey(prk.slice(), 'letter', alice.slice(), bob.slice(), sid.slice())).toEqual(all[0])
  })

  test('full fingerprints are in it: the last byte counts', () => {
    const key = directionKey(prk, 'letter', alice, bob, sid)
    expect(directionKey(prk, 'letter', flip(alice, 31), bob, sid)).not.toEqual(key)
    expect(directionKey(prk, 'letter', alice, flip(bob, 31), sid)).not.toEqual(key)
  })

  test('a tag is of one key, session, sender and recipient: it cannot be sent back', () => {
    const all = [
      confirmTag(prk, sid, alice, bob),
      confirmTag(prk, sid, bob, alice),
      confirmTag(flip(prk, 0), sid, alice, bob),
      confirmTag(prk, flip(sid, 0), alice, bob),
      confirmTag(prk, sid, flip(alice, 0), bob),
      confirmTag(prk, sid, alice, flip(bob, 0)),
    ]
    expect(distinct(all)).toBe(all.length)
    expect(all[0]).toHaveLength(32)
  })
})

describe('what a peer may not send', () => {
  const keys = newEphemeral(rng)

  test.each(curve.small_order)('X25519 key %s, of small order, gives null', (encoded) => {
    expect(diffieHellman(keys, bytesOf(encoded))).toBeNull()
  })

  test.each([0, 31, 33])('an X25519 key of %d bytes gives null', (length) => {
    expect(diffieHellman(keys, filled(9, length))).toBeNull()
  })

  /** The encoded key with its coefficient number `i` (12 bits, little endian) set to `value`. */
  const withCoefficient = (key: Uint8Array, i: number, value: number): Uint8Array => {
    const out = key.slice()
    const at = Math.floor(i / 2) * 3
    const shared = out[at + 1] as number
    if (i % 2 === 0) out.set([value & 255, (shared & 0xf0) | (value >> 8)], at)
    else out.set([(shared & 0x0f) | ((value & 15) << 4), value >> 4], at + 1)
    return out
  }

  test('an ML-KEM key with a coefficient beyond the modulus gives null, at each of its 768 places', () => {
    const { publicKey } = keys.mlkem
    for (let i = 0; i < 768; i++) {
      expect(encapsulate(withCoefficient(publicKey, i, 3329 + (i % 767)), rng)).toBeNull()
    }
    for (let value = 3329; value < 4096; value++) {
      expect(encapsulate(withCoefficient(publicKey, value % 768, value), rng)).toBeNull()
    }
    expect(encapsulate(withCoefficient(publicKey, 0, 3328), rng)).not.toBeNull()
    expect(encapsulate(withCoefficient(publicKey, 767, 3328), rng)).not.toBeNull()
  })

  test.each([0, 32, MLKEM_LENGTH - 1, MLKEM_LENGTH + 1])('an ML-KEM key of %d bytes gives null', (length) => {
    expect(encapsulate(new Uint8Array(length), rng)).toBeNull()
  })

  test('a tampered ciphertext gives another secret, always the same, and no error', () => {
    const made = encapsulate(keys.mlkem.publicKey, rng) as { ciphertext: Uint8Array; secret: Uint8Array }
    expect(hex(decapsulate(made.ciphertext, keys))).toBe(hex(made.secret))
    const tampered = flip(made.ciphertext, 7)
    expect(hex(decapsulate(tampered, keys))).not.toBe(hex(made.secret))
    expect(hex(decapsulate(tampered, keys))).toBe(hex(decapsulate(tampered, keys)))
    expect(hex(decapsulate(flip(made.ciphertext, 8), keys))).not.toBe(hex(decapsulate(tampered, keys)))
  })

  test('a generator that fails is not the peer’s fault', () => {
    const broken = () => {
      throw new Error('no entropy')
    }
    expect(() => encapsulate(keys.mlkem.publicKey, broken)).toThrow('no entropy')
  })
})

describe('keys of one attempt', () => {
  test('are fresh, of the right lengths, and what they were seeded with', () => {
    const [a, b] = [newEphemeral(rng), newEphemeral(rng)]
    expect(a.x25519.publicKey).toHaveLength(32)
    expect(a.mlkem.publicKey).toHaveLength(MLKEM_LENGTH)
    expect(a.nonce).toHaveLength(32)
    expect(distinct([a.x25519.publicKey, b.x25519.publicKey, a.nonce, b.nonce])).toBe(4)
    expect(hex(a.mlkem.publicKey)).not.toBe(hex(b.mlkem.publicKey))
    expect(newEphemeral(seededRng(1))).toEqual(newEphemeral(seededRng(1)))
  })

  test('are gone once wiped', () => {
    const keys = newEphemeral(rng)
    wipeEphemeral(keys)
    expect(keys.x25519.secretKey.every((byte) => byte === 0)).toBe(true)
    expect(keys.mlkem.secretKey.every((byte) => byte === 0)).toBe(true)
  })
})
