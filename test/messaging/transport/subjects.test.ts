import { base32nopad } from '@scure/base'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ceremonySubjects, memberToken, requestSubjects } from '../../../src/messaging/transport/subjects.js'
import { matches, subject } from '../../../src/messaging/transport/transport.js'
import { KINDS } from '../../../src/wire/session/envelope.js'

const filled = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)
const [definition, alice, bob, carol] = [filled(0xab), filled(1), filled(2), filled(3)]
const token = memberToken(alice)

describe('a token', () => {
  test('of a member is the base32 of the first 20 bytes of its fingerprint', () => {
    const fingerprint = Uint8Array.from({ length: 32 }, (_, i) => i)
    expect(memberToken(fingerprint)).toMatch(/^[A-Z2-7]{32}$/)
    expect(base32nopad.decode(memberToken(fingerprint))).toEqual(fingerprint.slice(0, 20))
    expect(memberToken(filled(0))).toBe('A'.repeat(32))
    expect(memberToken(filled(255))).toBe('7'.repeat(32))
  })

  test.each(['a', 'A-_9', 'x'.repeat(64), '*'])('%s is one', (t) => {
    expect(subject('mpc', t)).toBe(`mpc.${t}`)
  })

  test.each([
    ['nothing', ''],
    ['65 characters', 'x'.repeat(65)],
    ['a line break, which would end the command', 'a\r\nPUB x 1'],
    ['a line feed', 'a\n'],
    ['a carriage return', '\ra'],
    ['a space, which would begin the next argument', 'a b'],
    ['a tab', 'a\tb'],
    ['a dot, which would begin the next token', 'a.b'],
    ['a wildcard inside', 'a*'],
    ['two wildcards', '**'],
    ['the wildcard for all that follows', '>'],
    ['a dollar, of the system’s subjects', '$JS'],
    ['a NUL', '\0'],
    ['a letter beyond ASCII', 'é'],
    ['a digit beyond ASCII', '٣'],
  ])('%s is none', (_, t) => {
    expect(() => subject('mpc', t, 'x')).toThrow(TypeError)
    expect(() => subject(t)).toThrow(TypeError)
  })

  test('whatever is let through has the tokens that were given, and no other', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 6 }), { minLength: 1 }), (tokens) => {
        let made: string
        try {
          made = subject(...tokens)
        } catch (error) {
          expect(error).toBeInstanceOf(TypeError)
          return
        }
        expect(made).toMatch(/^[A-Za-z0-9_.*-]+$/)
        expect(made.split('.')).toEqual(tokens)
      }),
      { numRuns: 500 },
    )
  })
})

describe('a pattern', () => {
  test.each([
    ['mpc.v1.a.all.*', 'mpc.v1.a.all.X', true],
    ['mpc.v1.a.all.*', 'mpc.v1.a.ctl.X', false],
    ['mpc.v1.a.all.*', 'mpc.v1.b.all.X', false],
    ['mpc.v1.a.all.*', 'mpc.v1.a.all', false],
    ['mpc.v1.a.all.*', 'mpc.v1.a.all.X.Y', false],
    ['mpc.*.a', 'mpc.v1.a', true],
    ['mpc.v1.a', 'mpc.v1.a', true],
    ['mpc.v1.a', 'mpc.v1.A', false],
    ['mpc.v1.a', 'mpc.*.a', false],
    ['*', 'a', true],
    ['*', 'a.b', false],
  ])('%s and %s: %s', (pattern, name, expected) => {
    expect(matches(pattern, name)).toBe(expected)
  })
})

describe('the subjects of a ceremony', () => {
  const subjects = ceremonySubjects(definition, alice)
  const c = 'ab'.repeat(16)

  test('broadcast letters go to all, letters for one to it alone, everything else to ctl', () => {
    expect(subjects.outbound('letter', null)).toBe(`mpc.v1.${c}.all.${token}`)
    expect(subjects.outbound('letter', bob)).toBe(`mpc.v1.${c}.to.${memberToken(bob)}.${token}`)
    for (const kind of KINDS) {
      if (kind !== 'letter') expect(subjects.outbound(kind, null)).toBe(`mpc.v1.${c}.ctl.${token}`)
    }
  })

  test('what others send to all or to her, she hears; what they send to others, she does not', () => {
    const hears = (name: string) => subjects.inbound.some((pattern) => matches(pattern, name))
    const bobs = ceremonySubjects(definition, bob)
    for (const kind of KINDS) {
      expect(hears(bobs.outbound(kind, null))).toBe(true)
      expect(hears(bobs.outbound(kind, alice))).toBe(true)
      expect(hears(bobs.outbound(kind, carol))).toBe(false)
      expect(hears(ceremonySubjects(filled(9), bob).outbound(kind, null))).toBe(false)
    }
  })

  test('the sender is the last token', () => {
    for (const to of [null, alice]) {
      expect(subjects.senderOf(ceremonySubjects(definition, bob).outbound('letter', to))).toBe(
        memberToken(bob),
      )
    }
  })

  test('are within what `mpc nats config` permits a member to publish, and to hear', () => {
    const publish = [`mpc.v1.*.all.${token}`, `mpc.v1.*.ctl.${token}`, `mpc.v1.*.to.*.${token}`]
    const hear = ['mpc.v1.*.all.*', 'mpc.v1.*.ctl.*', `mpc.v1.*.to.${token}.*`]
    for (const kind of KINDS) {
      for (const to of [null, bob]) {
        expect(publish.some((pattern) => matches(pattern, subjects.outbound(kind, to)))).toBe(true)
      }
    }
    for (const inbound of subjects.inbound) {
      expect(hear.some((pattern) => matches(pattern, inbound))).toBe(true)
    }
  })
})

describe('the subjects of requests', () => {
  const subjects = requestSubjects(definition, alice)

  test('are of the key, whoever asks', () => {
    expect(subjects.outbound('request', null)).toBe(`mpc.v1.req.${'ab'.repeat(16)}.${token}`)
    const bobs = requestSubjects(definition, bob).outbound('offer', null)
    expect(subjects.inbound.some((pattern) => matches(pattern, bobs))).toBe(true)
    expect(subjects.senderOf(bobs)).toBe(memberToken(bob))
    const other = requestSubjects(filled(9), bob).outbound('offer', null)
    expect(subjects.inbound.some((pattern) => matches(pattern, other))).toBe(false)
  })

  test('are no ceremony’s', () => {
    const ceremony = ceremonySubjects(definition, bob)
    for (const kind of KINDS) {
      expect(subjects.inbound.some((pattern) => matches(pattern, ceremony.outbound(kind, null)))).toBe(false)
    }
  })
})
