import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { type VerifiedSignature, verifyTranscript } from '../../src/audit/transcript.js'
import { encode, equalBytes } from '../../src/protocol/core/codec.js'
import { ed25519, secp256k1 } from '../../src/protocol/group/curve.js'
import { randomPolynomial } from '../../src/protocol/sharing/polynomial.js'
import { definitionCodec, type KeygenDefinition, type Order } from '../../src/wire/ceremony/definition.js'
import { decodeEnvelope, sealEnvelope } from '../../src/wire/session/envelope.js'
import { Failure } from '../../src/wire/base/failure.js'
import {
  confirmCodec,
  encapsulateCodec,
  helloCodec,
  revealCodec,
  sessionWords,
} from '../../src/wire/session/handshake.js'
import { signaturesCodec } from '../../src/wire/ceremony/signature.js'
import { sha256 } from '../../src/wire/base/hash.js'
import { encodeRecord, type KeyRecord, parseRecord, recordPublicKey } from '../../src/wire/key/record.js'
import { hex } from '../../src/wire/base/text.js'
import { type Transcript, transcriptCodec, transcriptHead } from '../../src/wire/session/transcript.js'
import { keygenDefinition, rng, sameBytes } from '../support/members.js'
import { type Custodian, custodians } from '../support/worlds.js'
import { alice as anna, another, bob as bert, filled, flip, leaves, rewrite, utf8 } from '../wire/support.js'
import { keygenTranscripts, resigned, signTranscripts, staged } from './support.js'

type Sections = 'hellos' | 'reveals' | 'encapsulations' | 'confirms'
const SECTIONS: readonly [Sections, string][] = [
  ['hellos', 'hello'],
  ['reveals', 'reveal'],
  ['encapsulations', 'encapsulate'],
  ['confirms', 'confirm'],
]

let people: [Custodian, Custodian, Custodian]
/** Each ceremony's transcripts, one of every participant; `other` is another run among the same people. */
const made = {} as Record<'eddsa' | 'taproot' | 'sign' | 'other' | 'otherSign', Uint8Array[]>
const kinds = ['eddsa', 'taproot', 'sign'] as const
type Kinds = (typeof kinds)[number]
const fileOf = (kind: keyof typeof made): Uint8Array => made[kind][0] as Uint8Array
const partsOf = (kind: keyof typeof made): Transcript => transcriptCodec.decode(fileOf(kind))
const otherOf = (kind: Kinds): Transcript => partsOf(kind === 'sign' ? 'otherSign' : 'other')

beforeAll(async () => {
  people = (await custodians('alice', 'bob', 'carol')) as typeof people
  const [eddsa, taproot, other] = await Promise.all([
    keygenTranscripts(people, 'eddsa', 'eddsa-ed25519'),
    keygenTranscripts(people, 'taproot', 'schnorr-taproot'),
    keygenTranscripts(people, 'other', 'eddsa-ed25519'),
  ])
  const [sign, otherSign] = await Promise.all([
    signTranscripts(people, 'eddsa', utf8('pay nobody')),
    signTranscripts(people, 'eddsa', utf8('pay somebody')),
  ])
  Object.assign(made, { eddsa, taproot, other, sign, otherSign })
})

const refusal = async (encoded: Uint8Array): Promise<string> => {
  const failure = await verifyTranscript(encoded).catch((error: Failure) => error)
  if (!(failure instanceof Failure)) throw new Error('it holds')
  expect(failure).toMatchObject({ kind: 'verification', code: 'E_TRANSCRIPT' })
  expect(failure.hint).not.toBeNull()
  expect(failure.message).toMatch(/^the transcript does not hold: [ -~]+$/)
  return failure.message.slice('the transcript does not hold: '.length)
}
/** Why a transcript with these changes is refused. */
const refused = (kind: Kinds, change: (parts: Transcript) => Partial<Transcript>): Promise<string> => {
  const parts = partsOf(kind)
  return refusal(transcriptCodec.encode({ ...parts, ...change(parts) }))
}
const replace = <T>(list: readonly T[], at: number, item: T): T[] =>
  list.map((old, i) => (i === at ? item : old))
const first = <T>(list: readonly T[]): T => list[0] as T

describe('a transcript', () => {
  test.each(kinds)('%s: everybody has the same bytes', async (kind) => {
    expect(made[kind]).toHaveLength(kind === 'sign' ? 2 : 3)
    expect(sameBytes(made[kind])).toBe(true)
  })

  test.each(kinds)('%s: verifies, and encodes again to the same bytes', async (kind) => {
    expect(transcriptCodec.encode(partsOf(kind))).toEqual(fileOf(kind))
    const verified = await verifyTranscript(fileOf(kind))
    expect(verified.missing).toEqual([])
    expect(verified.words).toEqual(sessionWords(verified.sid))
    expect(hex(verified.head)).toBe(hex(transcriptHead(partsOf(kind))))
    expect(hex(verified.publicKey)).toBe(hex(recordPublicKey(verified.record)))
    expect(verified.participants.map(({ name }) => name)).toEqual(
      kind === 'sign' ? ['alice', 'bob'] : ['alice', 'bob', 'carol'],
    )
  })

  test('says what was made, or signed', async () => {
    const keygen = await verifyTranscript(fileOf('eddsa'))
    const sign = await verifyTranscript(fileOf('sign'))
    expect(keygen).toMatchObject({ kind: 'keygen', signatures: null })
    expect(hex(encodeRecord(keygen.record))).toBe(hex(partsOf('eddsa').outcome))
    expect(sign).toMatchObject({ kind: 'sign' })
    const [signed, ...more] = sign.signatures as [VerifiedSignature]
    expect(more).toEqual([])
    expect(signaturesCodec.encode([signed.signature])).toEqual(partsOf('sign').outcome)
    expect([signed.path, hex(signed.publicKey)]).toEqual([null, hex(keygen.publicKey)])
    expect(hex(sign.publicKey)).toBe(hex(keygen.publicKey))
  })

  test.each(kinds)('%s: without receipts it names whose are missing, in order', async (kind) => {
    const parts = partsOf(kind)
    const without = (at: number[]) =>
      transcriptCodec.encode({ ...parts, receipts: parts.receipts.filter((_, i) => !at.includes(i)) })
    expect((await verifyTranscript(without([1]))).missing).toEqual(['bob'])
    const all = kind === 'sign' ? ['alice', 'bob'] : ['alice', 'bob', 'carol']
    expect((await verifyTranscript(without([0, 1, 2]))).missing).toEqual(all)
  })
})

// The sections before the outcome are the same for both kinds of key.
describe.each(['eddsa', 'sign'] as const)('in the transcript of a ceremony (%s)', (kind) => {
  describe.each(SECTIONS)('%s', (section, letter) => {
    const change = (
      to: (list: readonly Uint8Array[], other: readonly Uint8Array[]) => readonly Uint8Array[],
    ) => refused(kind, (parts) => ({ [section]: to(parts[section], otherOf(kind)[section]) }))
    const notOne = `there is not one ${letter} of each participant`

    test('one dropped', async () => expect(await change((list) => list.slice(1))).toBe(notOne))
    test('the last dropped', async () => expect(await change((list) => list.slice(0, -1))).toBe(notOne))
    test('all dropped', async () => expect(await change(() => [])).toContain(`malformed: ${section}`))
    test('one more', async () => expect(await change((list) => [...list, first(list)])).toBe(notOne))
    test('one in place of another', async () =>
      expect(await change((list) => replace(list, 1, first(list)))).toMatch(
        section === 'reveals'
          ? /does not open its hello/
          : new RegExp(`the ${letter} of bob is out of place`),
      ))
    test('two swapped', async () =>
      expect(await change((list) => [list[1] as Uint8Array, first(list), ...list.slice(2)])).toMatch(
        section === 'reveals'
          ? /does not open its hello/
          : new RegExp(`the ${letter} of alice is out of place`),
      ))
    test('one of another run', async () =>
      expect(await change((list, other) => replace(list, 0, first(other)))).toMatch(
        section === 'reveals'
          ? /does not open its hello/
          : new RegExp(`the ${letter} of alice is out of place`),
      ))
    test('all of another run', async () =>
      expect(await change((_, other) => other)).toMatch(
        section === 'reveals'
          ? /does not open its hello/
          : new RegExp(`the ${letter} of alice is out of place`),
      ))
    test('a body changed', async () => {
      const changed = await change((list) =>
        replace(
          list,
          1,
          rewrite(list[1] as Uint8Array, ['body'], (old) => flip(old as Uint8Array, 60)),
        ),
      )
      expect(changed).toMatch(/is not signed by it|does not open its hello|malformed/)
    })
    test('a signature changed', async () => {
      const damaged = (envelope: Uint8Array) =>
        rewrite(envelope, ['signature'], (old) => flip(old as Uint8Array, 5))
      expect(await change((list) => replace(list, 1, damaged(list[1] as Uint8Array)))).toBe(
        `the ${letter} of bob is not signed by it`,
      )
    })
    test('signed by another participant in her name', async () => {
      const [, bob] = people
      expect(await change((list) => replace(list, 0, resigned(bob, first(list), {})))).toBe(
        `the ${letter} of alice is not signed by it`,
      )
    })
    test('what is no envelope', async () =>
      expect(await change((list) => replace(list, 0, filled(1)))).toContain('malformed'))
    test.each<[string, object]>([
      ['of another kind', { kind: 'ready' }],
      ['of another round', { round: 'x' }],
      ['of another ceremony', { definition: filled(1) }],
      ['of another session', { session: filled(1) }],
      ['to one member alone', { to: filled(1) }],
      ['by another sender', { from: filled(1) }],
    ])('%s, under her own signature', async (_, header) => {
      const [alice] = people
      const problem = await change((list) => replace(list, 0, resigned(alice, first(list), header)))
      expect(problem).toMatch(
        section === 'hellos' && 'round' in header
          ? /the hellos are of different starts/
          : new RegExp(`the ${letter} of alice is out of place`),
      )
    })
  })

  describe('rounds', () => {
    type Rounds = Transcript['rounds']
    const change = (to: (rounds: Rounds, other: Rounds) => Rounds) =>
      refused(kind, (parts) => ({ rounds: to(parts.rounds, otherOf(kind).rounds) }))
    const letters = (
      at: number,
      to: (list: readonly Uint8Array[], other: readonly Uint8Array[]) => Uint8Array[],
    ) =>
      change((rounds, other) =>
        rounds.map((round, i) => {
          const theirs = other[i]?.letters as readonly Uint8Array[]
          return i === at ? { ...round, letters: to(round.letters, theirs) } : round
        }),
      )
    const notThose = 'its rounds are not those of the protocol'
    const joined = (list: Rounds): Rounds => {
      const [a, b, ...rest] = list as [Rounds[number], Rounds[number], ...Rounds]
      return [{ ...a, round: `${a.round}.${b.round}` }, ...rest]
    }

    test.each([0, 1, 2])('number %d dropped', async (at) =>
      expect(await change((rounds) => rounds.filter((_, i) => i !== at))).toBe(notThose),
    )
    test('all dropped', async () => expect(await change(() => [])).toBe(notThose))
    test('two swapped', async () => expect(await change(([a, b, c]) => [b, a, c] as Rounds)).toBe(notThose))
    test('one twice', async () => expect(await change((rounds) => [...rounds, first(rounds)])).toBe(notThose))
    test('two under one name', async () => expect(await change(joined)).toBe(notThose))
    test('one under a name that would repaint a screen', async () =>
      expect(await change((rounds) => [...rounds, { ...first(rounds), round: '\u001b[2J' }])).toBe(
        'malformed: rounds[3].round: expected the name of a round',
      ))

    test.each([0, 1, 2])(
      'in number %d: a letter dropped, doubled, swapped, of another run, or of nobody',
      async (at) => {
        const notOne = 'there is not one letter of each participant'
        expect(await letters(at, (list) => list.slice(1))).toBe(notOne)
        expect(await letters(at, (list) => [...list, first(list)])).toBe(notOne)
        expect(await letters(at, (list) => [list[1] as Uint8Array, first(list), ...list.slice(2)])).toBe(
          'the letter of alice is out of place',
        )
        expect(await letters(at, (list, other) => replace(list, 1, other[1] as Uint8Array))).toBe(
          'the letter of bob is out of place',
        )
        const damaged = (envelope: Uint8Array) =>
          rewrite(envelope, ['signature'], (old) => flip(old as Uint8Array, 5))
        expect(await letters(at, (list) => replace(list, 1, damaged(list[1] as Uint8Array)))).toBe(
          'the letter of bob is not signed by it',
        )
        expect(await letters(at, (list) => replace(list, 0, filled(1)))).toContain('malformed')
      },
    )

    test('an echo of other letters, signed by who sends it', async () => {
      const [alice] = people
      const name = kind === 'sign' ? 'nonces' : 'commit'
      const echo = decodeEnvelope(first((partsOf(kind).rounds[1] as Rounds[number]).letters)).body
      const said = (body: Uint8Array) =>
        letters(1, (list) => replace(list, 0, resigned(alice, first(list), {}, body)))
      const notThese = `an echo of round ${name} is of other letters`
      expect(await said(flip(echo, 10))).toBe(notThese)
      for (const body of [Uint8Array.of(0, ...echo), new Uint8Array()]) {
        expect(await said(body)).toBe(
          kind === 'sign' ? 'a letter of a round is not one item for each message' : notThese,
        )
      }
    })
  })

  describe('receipts', () => {
    const change = (
      to: (list: Transcript['receipts'], other: Transcript['receipts']) => Transcript['receipts'],
    ) => refused(kind, (parts) => ({ receipts: to(parts.receipts, otherOf(kind).receipts) }))
    const not = 'a receipt does not verify'

    test('one of another run', async () =>
      expect(await change((list, other) => replace(list, 0, first(other)))).toBe(not))
    test('one in the name of another', async () =>
      expect(
        await change((list) =>
          replace(list, 0, { ...first(list), fingerprint: (list[1] as (typeof list)[number]).fingerprint }),
        ),
      ).toBe(not))
    test('one of a stranger', async () =>
      expect(await change((list) => replace(list, 0, { ...first(list), fingerprint: filled(1) }))).toBe(not))
    test('one twice', async () =>
      expect(await change((list) => [...list, first(list)])).toBe('a receipt is given twice'))
    test('two swapped: all copies are the same bytes', async () =>
      expect(await change((list) => [list[1] as (typeof list)[number], first(list), ...list.slice(2)])).toBe(
        'the receipts are not in the order of the participants',
      ))
    test('any part of one changed', async () => {
      const file = fileOf(kind)
      for (const path of leaves(file).filter(([section, i]) => section === 'receipts' && i === 1)) {
        expect(await refusal(rewrite(file, path, another))).toMatch(/a receipt does not verify|malformed/)
      }
    })
    test('any of them, where something before them was signed again by its own sender', async () => {
      // A tag is the pair's secret: no outsider can check it. That it stands as it stood, the receipts say.
      const [alice] = people
      const { body } = decodeEnvelope(first(partsOf(kind).confirms))
      const entries = confirmCodec.decode(body).map(({ to, tag }) => ({ to, tag: flip(tag, 0) }))
      const confirm = resigned(alice, first(partsOf(kind).confirms), {}, confirmCodec.encode(entries))
      expect(await refused(kind, ({ confirms }) => ({ confirms: replace(confirms, 0, confirm) }))).toBe(not)
    })
  })
})

describe.each(kinds)('in the file of a transcript (%s)', (kind) => {
  test('any leaf of it changed, left out or set to null', async () => {
    const file = fileOf(kind)
    for (const path of leaves(file)) {
      for (const change of kind === 'taproot' ? [another] : [another, () => undefined, () => null]) {
        const changed = rewrite(file, path, change)
        if (!equalBytes(changed, file)) await refusal(changed)
      }
    }
  })

  test('any bytes of it changed or cut off: a verification failure, never anything else', async () => {
    const file = fileOf(kind)
    await fc.assert(
      fc.asyncProperty(fc.nat(file.length - 1), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
        await refusal(file.map((byte, i) => (i === at ? byte ^ mask : byte)))
      }),
      { numRuns: 100 },
    )
    await fc.assert(
      fc.asyncProperty(fc.nat(file.length - 1), async (length) => {
        await refusal(file.slice(0, length))
      }),
      { numRuns: 30 },
    )
    await refusal(Uint8Array.of(...file, 0))
  })
})

describe('what participants say falsely under their own signatures', () => {
  const helloOf = () => helloCodec.decode(decodeEnvelope(first(partsOf('eddsa').hellos)).body)
  const withHello = (change: object, header = {}) => {
    const [alice] = people
    const body = helloCodec.encode({ ...helloOf(), ...change })
    return refused('eddsa', ({ hellos }) => ({
      hellos: replace(hellos, 0, resigned(alice, first(hellos), header, body)),
    }))
  }

  test('hellos of different starts', async () => {
    expect(await withHello({ start: 2 }, { round: '2' })).toBe('the hellos are of different starts')
  })

  test('a hello whose header says another start', async () => {
    expect(await withHello({ start: 2 })).toBe('the hello of alice is of another start')
  })

  test('a hello that does not accept the definition', async () => {
    const [alice, bob] = people
    const { definition } = decodeEnvelope(first(partsOf('eddsa').hellos)).header
    for (const accepted of [
      filled(0, 64),
      bob.identity.signing.sign('mpc/accept/v1', definition),
      alice.identity.signing.sign('mpc/accept/v1', filled(1)),
      alice.identity.signing.sign('mpc/request/v1', definition),
    ]) {
      expect(await withHello({ accepted })).toBe('alice did not accept the definition')
    }
  })

  test('a hello that shows a signature which is none', async () => {
    const [alice, bob] = people
    const { definition } = decodeEnvelope(first(partsOf('eddsa').hellos)).header
    const { fingerprint } = bob.card
    const signature = bob.identity.signing.sign('mpc/accept/v1', definition)
    const others = (list: readonly object[]) => withHello({ others: list })
    expect(await others([{ fingerprint, signature }])).toBe('the reveal of alice is out of place')
    for (const list of [
      [{ fingerprint, signature: flip(signature, 0) }],
      [{ fingerprint, signature: alice.identity.signing.sign('mpc/accept/v1', definition) }],
      [{ fingerprint: filled(1), signature }],
      [
        { fingerprint, signature },
        { fingerprint, signature },
      ],
    ]) {
      expect(await others(list)).toBe('the hello of alice shows a signature of a member that is none')
    }
  })

  test('a hello that commits to something else, a reveal that opens something else', async () => {
    expect(await withHello({ commitment: filled(1) })).toBe('the reveal of alice does not open its hello')
    const [alice] = people
    const reveal = revealCodec.decode(decodeEnvelope(first(partsOf('eddsa').reveals)).body)
    const body = revealCodec.encode({ ...reveal, nonce: flip(reveal.nonce, 0) })
    expect(
      await refused('eddsa', ({ reveals }) => ({
        reveals: replace(reveals, 0, resigned(alice, first(reveals), {}, body)),
      })),
    ).toBe('the reveal of alice does not open its hello')
  })

  test('another hello is another attempt, of which the reveals are not', async () => {
    expect(await withHello({ program: 'mpc/other' })).toBe('the reveal of alice is out of place')
    expect(await withHello({}, { time: 1 })).toBe('the reveal of alice is out of place')
    expect(await withHello({}, { key: filled(1) })).toBe('the reveal of alice is out of place')
  })

  test('ciphertexts or tags that are not for every other participant, in order', async () => {
    const [alice] = people
    const cases = [
      ['encapsulations', 'encapsulate', encapsulateCodec],
      ['confirms', 'confirm', confirmCodec],
    ] as const
    for (const [section, letter, codec] of cases) {
      const sealed = first(partsOf('eddsa')[section])
      const entries = codec.decode(decodeEnvelope(sealed).body) as readonly { to: Uint8Array }[]
      const [one, two] = entries as [{ to: Uint8Array }, { to: Uint8Array }]
      for (const bad of [[one], [two, one], [one, one], [one, two, one], [one, { ...two, to: filled(1) }]]) {
        const body = codec.encode(bad as never)
        expect(
          await refused('eddsa', (parts) => ({
            [section]: replace(parts[section], 0, resigned(alice, sealed, {}, body)),
          })),
        ).toBe(`the ${letter} of alice is not for every other participant`)
      }
      const garbage = resigned(alice, sealed, {}, filled(1))
      expect(
        await refused('eddsa', (parts) => ({ [section]: replace(parts[section], 0, garbage) })),
      ).toContain('malformed')
    }
  })

  test('an opening that is not what was committed to, or is none', async () => {
    const [alice] = people
    for (const body of [filled(1), new Uint8Array()]) {
      expect(
        await refused('eddsa', ({ rounds: [commit, echo, open] }) => {
          const { round, letters } = open as Transcript['rounds'][number]
          const changed = replace(letters, 0, resigned(alice, first(letters), {}, body))
          return { rounds: [commit, echo, { round, letters: changed }] as Transcript['rounds'] }
        }),
      ).toBe('an opening or a proof does not hold')
    }
  })
})

describe('the outcome of a key generation', () => {
  const recordOf = (kind: 'eddsa' | 'taproot' | 'other') => parseRecord(partsOf(kind).outcome)
  const withRecord = (kind: 'eddsa' | 'taproot', change: (r: KeyRecord) => Partial<KeyRecord>) => {
    const record = recordOf(kind)
    return refused(kind, () => ({ outcome: encodeRecord({ ...record, ...change(record) }) }))
  }

  test.each<[string, (r: KeyRecord) => Partial<KeyRecord>]>([
    ['another key id', () => ({ key_id: filled(1) })],
    ['another ceremony', () => ({ definition: filled(1) })],
    ['another epoch', () => ({ epoch: 2, parent: filled(1) })],
    ['a policy that the definition has not', () => ({ policy: { number: 1, sha256: filled(1) } })],
    ['fewer members', ({ members }) => ({ members: members.slice(0, 2) })],
    [
      'members in each other’s seats',
      ({ members }) => ({
        members: members.map((m, i) => ({
          ...m,
          card: (members[(i + 1) % 3] as (typeof members)[number]).card,
        })),
      }),
    ],
  ])('with %s is refused', async (_, change) => {
    expect(await withRecord('eddsa', change)).toBe('the record is not of this definition')
  })

  test('with the key of another run is refused', async () => {
    const { group_point, members } = recordOf('other')
    expect(await withRecord('eddsa', () => ({ group_point, members }))).toBe(
      'the key does not follow from the letters',
    )
  })

  test('with another chain code is refused', async () => {
    expect(
      await withRecord('taproot', ({ chain_code }) => ({ chain_code: flip(chain_code as Uint8Array, 0) })),
    ).toBe('the key does not follow from the letters')
  })

  test('that is no record, or one that is no key, is refused', async () => {
    expect(await refused('eddsa', () => ({ outcome: filled(1) }))).toContain('not the public record of a key')
    expect(await refused('eddsa', () => ({ outcome: new Uint8Array() }))).toContain(
      'not the public record of a key',
    )
    expect(await withRecord('eddsa', () => ({ threshold: 3 }))).toContain('not the public record of a key')
  })

  test('has no key before it and signs nothing', async () => {
    expect(await refused('eddsa', ({ outcome }) => ({ record: outcome }))).toBe(
      'a key generation has no key before it',
    )
    expect(await refused('eddsa', () => ({ payload: new Uint8Array() }))).toBe(
      'a key generation signs nothing',
    )
    expect(await refused('eddsa', () => ({ payload: utf8('pay') }))).toBe('a key generation signs nothing')
  })

  test('under another definition is refused', async () => {
    const definition = definitionCodec.decode(partsOf('eddsa').definition) as KeygenDefinition
    for (const change of [
      { key: 'x' },
      { threshold: 3 },
      { nonce: filled(1) },
      { scheme: 'schnorr-taproot' as const },
    ]) {
      expect(
        await refused('eddsa', () => ({ definition: definitionCodec.encode({ ...definition, ...change }) })),
      ).toBe('the hello of alice is out of place')
    }
    expect(await refused('eddsa', () => ({ definition: partsOf('sign').definition }))).toBe(
      'the record of the key is missing',
    )
  })
})

describe('the outcome of a signing', () => {
  const orderOf = () => definitionCodec.decode(partsOf('sign').definition) as Order
  const withOrder = (change: Partial<Order>) =>
    refused('sign', () => ({ definition: definitionCodec.encode({ ...orderOf(), ...change }) }))

  test('by another key, or by none, is refused', async () => {
    expect(await refused('sign', () => ({ record: null }))).toBe('the record of the key is missing')
    expect(await refused('sign', () => ({ record: partsOf('other').outcome }))).toBe(
      'the record is not that of the order',
    )
    expect(await refused('sign', () => ({ record: filled(1) }))).toContain('not the public record of a key')
    expect(await withOrder({ record: filled(1) })).toBe('the record is not that of the order')
    expect(await withOrder({ key_id: filled(1) })).toBe('the record is not that of the order')
  })

  test('by others than the key’s custodians, or not as many as must sign, is refused', async () => {
    const [alice, bob, carol] = people.map(({ card }, i) => ({
      index: i + 1,
      fingerprint: card.fingerprint,
    })) as [Order['signers'][number], Order['signers'][number], Order['signers'][number]]
    expect(await withOrder({ signers: [alice, bob, carol] })).toBe(
      'the order names another number of signers',
    )
    expect(await withOrder({ signers: [alice, { ...bob, index: 3 }] })).toBe('a signer is not in the record')
    expect(await withOrder({ signers: [alice, { ...bob, index: 4 }] })).toBe('a signer is not in the record')
    expect(await withOrder({ signers: [alice, { index: 2, fingerprint: filled(1) }] })).toBe(
      'a signer is not in the record',
    )
    expect(await withOrder({ signers: [alice, carol] })).toBe('the hello of alice is out of place')
  })

  test('of another payload is refused', async () => {
    for (const payload of [null, new Uint8Array(), utf8('pay somebody'), sha256(utf8('pay nobody'))]) {
      expect(await refused('sign', () => ({ payload }))).toBe("the payload is not the order's")
    }
  })

  test('that is no signature of it is refused', async () => {
    const { outcome } = partsOf('sign')
    const [signature] = signaturesCodec.decode(outcome) as [Uint8Array]
    for (const other of [
      partsOf('otherSign').outcome,
      flip(outcome, outcome.length - 64),
      flip(outcome, outcome.length - 1),
      signaturesCodec.encode([signature, signature]),
    ]) {
      expect(await refused('sign', () => ({ outcome: other }))).toBe('a signature does not verify')
    }
    for (const other of [signature, outcome.slice(1), encode([]), new Uint8Array()]) {
      expect(await refused('sign', () => ({ outcome: other }))).toContain('malformed')
    }
  })

  test('under another order is refused', async () => {
    expect(await withOrder({ number: 2 })).toBe('the hello of alice is out of place')
    expect(await withOrder({ type: 'text' })).toBe('the hello of alice is out of place')
    expect(await withOrder({ path: 'm/0' })).toBe('the hello of alice is out of place')
  })
})

describe('what is no transcript', () => {
  test('a handshake keeps none', async () => {
    const [alice, bob] = people
    const keys = [alice, bob]
      .map(({ card: { name, signing, age, nkey, fingerprint } }) => ({
        fingerprint,
        keys: { name, signing, age, nkey },
      }))
      .sort((a, b) => (hex(a.fingerprint) < hex(b.fingerprint) ? -1 : 1))
    const definition = definitionCodec.encode({ kind: 'handshake', members: keys.map((k) => k.keys) })
    expect(await refused('eddsa', () => ({ definition }))).toBe('a handshake keeps no transcript')
  })

  test('nothing, text, a key record, another version, a file that is too large', async () => {
    await refusal(new Uint8Array())
    await refusal(utf8('a transcript'))
    await refusal(partsOf('eddsa').outcome)
    expect(await refusal(rewrite(fileOf('eddsa'), ['format'], () => 'mpc/transcript/v2'))).toContain('format')
    expect(await refusal(new Uint8Array((1 << 26) + 1))).toContain('longer than')
  })

  test('random bytes never throw anything but a verification failure', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => void (await refusal(bytes))),
    )
  })
})

describe('custodians who sign together what they never ran', () => {
  const both = [anna, bert]
  const encoded = (scheme: 'eddsa-ed25519' | 'schnorr-taproot', whim = {}) =>
    transcriptCodec.encode(staged(both, scheme, whim))

  test.each(['eddsa-ed25519', 'schnorr-taproot'] as const)(
    '%s: if everything fits, it is a transcript; without receipts it certifies nothing',
    async (scheme) => {
      const verified = await verifyTranscript(encoded(scheme))
      expect(verified.missing).toEqual(['alice', 'bob'])
    },
  )

  test('contributions that cancel out are refused, not a crash', async () => {
    const { Fn } = secp256k1
    const [f, g] = [randomPolynomial(secp256k1, 2, rng), randomPolynomial(secp256k1, 2, rng)] as const
    const honest = staged(both, 'schnorr-taproot').outcome
    const record = parseRecord(honest)
    const cancelling: [string, bigint[]][] = [
      ['the key', [Fn.neg(f[0] as bigint), g[1] as bigint]],
      ['the slope', [g[0] as bigint, Fn.neg(f[1] as bigint)]],
      // f(1) + g(1) = 0.
      ['a share', [g[0] as bigint, Fn.neg(Fn.add(Fn.add(f[0] as bigint, f[1] as bigint), g[0] as bigint))]],
    ]
    for (const [, other] of cancelling) {
      const definition = {
        ...(keygenDefinition(both) as KeygenDefinition),
        scheme: record.scheme,
        nonce: filled(3),
      }
      const whim = { definition, polynomials: [f, other] }
      // The record of another key under this definition: everything before the openings fits.
      const parts = staged(both, 'schnorr-taproot', { ...whim, outcome: honest })
      const id = decodeEnvelope(first(parts.hellos)).header.definition
      const outcome = encodeRecord({ ...record, key_id: id, definition: id })
      expect(await refusal(transcriptCodec.encode({ ...parts, outcome }))).toBe(
        'an opening or a proof does not hold',
      )
    }
  })

  test('openings with a false proof, another length, or a chain code where none belongs are refused', async () => {
    const scheme = 'eddsa-ed25519'
    for (const opening of [
      (o: object) => ({ ...o, proof: { R: filled(1), z: filled(0) } }),
      (o: { F: readonly Uint8Array[] }) => ({ ...o, F: o.F.slice(0, 1) }),
      (o: { F: readonly Uint8Array[] }) => ({ ...o, F: [...o.F, first(o.F)] }),
      (o: object) => ({ ...o, F: [] }),
      (o: object) => ({ ...o, F: [filled(2), filled(2)] }),
      (o: object) => ({ ...o, chainCode: filled(1) }),
    ]) {
      // The record that an honest run would have made: everything before the openings fits.
      expect(await refusal(encoded(scheme, { opening: opening as never }))).toBe(
        'an opening or a proof does not hold',
      )
    }
  })

  test('a record of the same key with other shares is refused', async () => {
    const [f, g] = [randomPolynomial(ed25519, 2, rng), randomPolynomial(ed25519, 2, rng)] as const
    const definition = { nonce: filled(3) }
    const parts = staged(both, 'eddsa-ed25519', { definition, polynomials: [f, g] })
    const steeper = [g[0] as bigint, ed25519.Fn.add(g[1] as bigint, 1n)]
    const { outcome } = staged(both, 'eddsa-ed25519', { definition, polynomials: [f, steeper] })
    expect(hex(parseRecord(outcome).group_point)).toBe(hex(parseRecord(parts.outcome).group_point))
    await verifyTranscript(transcriptCodec.encode(parts))
    const problem = await refusal(transcriptCodec.encode({ ...parts, outcome }))
    expect(problem).toBe('the key does not follow from the letters')
  })

  test('a policy in the definition must be the one in the record, and the reverse', async () => {
    const policy = utf8('limit: 5')
    const not = 'the record is not of this definition'
    expect(await refusal(encoded('eddsa-ed25519', { definition: { policy } }))).toBe(not)
    const named = { policy: { number: 1, sha256: sha256(policy) } }
    expect(await refusal(encoded('eddsa-ed25519', { record: named }))).toBe(not)
    await verifyTranscript(encoded('eddsa-ed25519', { definition: { policy }, record: named }))
  })

  test('a participant that signs another’s letter as its own is out of place', async () => {
    const parts = staged(both, 'eddsa-ed25519')
    const { header, body } = decodeEnvelope(first(parts.reveals))
    const copied = sealEnvelope(bert.identity.signing, { ...header, from: bert.card.fingerprint }, body)
    const problem = await refusal(
      transcriptCodec.encode({ ...parts, reveals: [first(parts.reveals), copied] }),
    )
    expect(problem).toBe('the reveal of bob does not open its hello')
  })

  test('nothing that verification throws is anything but a Failure', async () => {
    const parts = transcriptCodec.encode(staged(both, 'schnorr-taproot'))
    // No receipts: changes that only they would show may pass, but nothing may break.
    await fc.assert(
      fc.asyncProperty(fc.nat(parts.length - 1), fc.nat(7), async (at, bit) => {
        try {
          await verifyTranscript(flip(parts, at, bit))
        } catch (error) {
          expect(error).toBeInstanceOf(Failure)
          expect(error).toMatchObject({ kind: 'verification', code: 'E_TRANSCRIPT' })
        }
      }),
      { numRuns: 100 },
    )
  })
})
