import { describe, expect, test } from 'vitest'
import type { Header } from '../../../src/wire/session/envelope.js'
import {
  attemptId,
  confirmCodec,
  encapsulateCodec,
  type Hello,
  helloCodec,
  helloCommitment,
  PROTOCOL,
  MLKEM_CIPHERTEXT,
  MLKEM_LENGTH,
  type Reveal,
  revealCodec,
  sessionId,
  sessionWords,
} from '../../../src/wire/session/handshake.js'
import { hex } from '../../../src/wire/base/text.js'
import { wordsOf } from '../../../src/wire/base/safety-words.js'
import { alice, bob, codecErrorOf, filled, flip, leaves, rewrite } from '../support.js'

const reveal = (seed: number): Reveal => ({
  x25519: filled(seed),
  mlkem: filled(seed + 1, MLKEM_LENGTH),
  nonce: filled(seed + 2),
})
const header = (from: Uint8Array): Header => ({
  v: 1,
  kind: 'hello',
  definition: filled(1),
  session: filled(0),
  round: '1',
  from,
  to: null,
  time: 1_800_000_000_000,
  key: null,
})
const hello: Hello = {
  protocol: PROTOCOL,
  start: 1,
  program: 'mpc/test',
  commitment: filled(7),
  accepted: filled(8, 64),
  others: [{ fingerprint: filled(9), signature: filled(10, 64) }],
}
const hellos = [alice, bob].map(({ card }) => ({
  header: header(card.fingerprint),
  body: helloCodec.encode(hello),
}))
const distinct = (all: readonly Uint8Array[]): number => new Set(all.map(hex)).size

describe('the letters of the opening', () => {
  const letters = {
    hello: [helloCodec, helloCodec.encode(hello)],
    reveal: [revealCodec, revealCodec.encode(reveal(1))],
    encapsulate: [
      encapsulateCodec,
      encapsulateCodec.encode([{ to: filled(1), ciphertext: filled(2, MLKEM_CIPHERTEXT) }]),
    ],
    confirm: [confirmCodec, confirmCodec.encode([{ to: filled(1), tag: filled(2) }])],
  } as const

  test.each(Object.entries(letters))('%s: round trip, exact fields, exact lengths', (_, [codec, encoded]) => {
    expect(codec.encode(codec.decode(encoded) as never)).toEqual(encoded)
    for (const path of leaves(encoded)) {
      codecErrorOf(() => codec.decode(rewrite(encoded, path, () => undefined)))
      codecErrorOf(() => codec.decode(rewrite(encoded, path, () => null)))
      codecErrorOf(() =>
        codec.decode(
          rewrite(encoded, path, (old) =>
            old instanceof Uint8Array ? old.slice(1) : typeof old === 'number' ? 0 : 5,
          ),
        ),
      )
    }
    codecErrorOf(() => codec.decode(Uint8Array.of(...encoded, 0)))
  })

  test('nobody is addressed, or more than 63 others: refused', () => {
    const tag = filled(2)
    const to = (n: number) => Array.from({ length: n }, (_, i) => ({ to: filled(i), tag }))
    expect(confirmCodec.decode(confirmCodec.encode(to(63)))).toHaveLength(63)
    codecErrorOf(() => confirmCodec.decode(confirmCodec.encode(to(0))))
    codecErrorOf(() => confirmCodec.decode(confirmCodec.encode(to(64))))
    const entries = (n: number) =>
      encapsulateCodec.encode(to(n).map((e) => ({ to: e.to, ciphertext: filled(2, MLKEM_CIPHERTEXT) })))
    expect(encapsulateCodec.decode(entries(63))).toHaveLength(63)
    codecErrorOf(() => encapsulateCodec.decode(entries(64)))
  })

  test('a start is from 1 to a billion', () => {
    for (const start of [0, -1, 1_000_000_001]) {
      expect(codecErrorOf(() => helloCodec.decode(helloCodec.encode({ ...hello, start }))).message).toContain(
        'start',
      )
    }
    expect(helloCodec.decode(helloCodec.encode({ ...hello, start: 1_000_000_000 })).start).toBe(1_000_000_000)
  })
})

describe('a commitment', () => {
  test('binds definition, member, start and each part of the reveal', () => {
    const r = reveal(1)
    const all = [
      helloCommitment(filled(1), filled(2), 1, r),
      helloCommitment(filled(9), filled(2), 1, r),
      helloCommitment(filled(1), filled(9), 1, r),
      helloCommitment(filled(2), filled(1), 1, r),
      helloCommitment(filled(1), filled(2), 2, r),
      helloCommitment(filled(1), filled(2), 1, { ...r, x25519: flip(r.x25519, 31) }),
      helloCommitment(filled(1), filled(2), 1, { ...r, mlkem: flip(r.mlkem, MLKEM_LENGTH - 1) }),
      helloCommitment(filled(1), filled(2), 1, { ...r, nonce: flip(r.nonce, 0) }),
      helloCommitment(filled(1), filled(2), 1, { ...r, x25519: r.nonce, nonce: r.x25519 }),
    ]
    expect(distinct(all)).toBe(all.length)
  })
})

describe('the ids of a run', () => {
  const [first, second] = hellos as [(typeof hellos)[number], (typeof hellos)[number]]

  test('an attempt changes with the definition, every field of every hello, and their order', () => {
    const changes: Partial<Header>[] = [
      { kind: 'reveal' },
      { definition: filled(2) },
      { session: filled(1) },
      { round: '2' },
      { from: filled(3) },
      { to: filled(4) },
      { time: 1 },
      { key: filled(5) },
    ]
    const bodies: Partial<Hello>[] = [
      { start: 2 },
      { program: 'mpc/other' },
      { commitment: filled(1) },
      { accepted: filled(1, 64) },
      { others: [] },
      { others: [{ fingerprint: filled(9), signature: filled(11, 64) }] },
    ]
    const all = [
      attemptId(filled(1), hellos),
      attemptId(filled(2), hellos),
      attemptId(filled(1), [second, first]),
      attemptId(filled(1), [first]),
      attemptId(filled(1), [first, second, second]),
      ...changes.flatMap((change) => [
        attemptId(filled(1), [{ ...first, header: { ...first.header, ...change } }, second]),
        attemptId(filled(1), [first, { ...second, header: { ...second.header, ...change } }]),
      ]),
      ...bodies.map((change) =>
        attemptId(filled(1), [{ ...first, body: helloCodec.encode({ ...hello, ...change }) }, second]),
      ),
    ]
    expect(distinct(all)).toBe(all.length)
  })

  test('a session changes with the attempt, every part of every reveal, and their order', () => {
    const [a, b] = [reveal(1), reveal(50)]
    const swap = { ...a, x25519: a.nonce, nonce: a.x25519 }
    const all = [
      sessionId(filled(1), [a, b]),
      sessionId(filled(2), [a, b]),
      sessionId(filled(1), [b, a]),
      sessionId(filled(1), [a]),
      sessionId(filled(1), [swap, b]),
      ...(['x25519', 'mlkem', 'nonce'] as const).flatMap((part) => [
        sessionId(filled(1), [{ ...a, [part]: flip(a[part], 0) }, b]),
        sessionId(filled(1), [a, { ...b, [part]: flip(b[part], 0) }]),
      ]),
    ]
    expect(distinct(all)).toBe(all.length)
    expect(distinct(all.map((sid) => new TextEncoder().encode(sessionWords(sid).join())))).toBe(all.length)
  })

  test('the words are six, of the session alone, and are not the session itself', () => {
    const sid = sessionId(filled(1), [reveal(1), reveal(50)])
    expect(sessionWords(sid)).toHaveLength(6)
    expect(sessionWords(sid)).toEqual(sessionWords(sid.slice()))
    expect(sessionWords(sid)).not.toEqual(wordsOf(sid.subarray(0, 6)))
    expect(sessionWords(flip(sid, 31, 7))).not.toEqual(sessionWords(sid))
  })

  test('attempt, session and commitment live in different domains', () => {
    expect(distinct([attemptId(filled(1), []), sessionId(filled(1), [])])).toBe(2)
  })
})
