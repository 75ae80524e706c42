/**
 * Text from others, in every message: wherever it appears in an input, it is either refused in words that do not
 * repeat it, or shown escaped. A new field of free text fails here until its display is declared.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { bech32m } from '@scure/base'
import { describe, expect, test } from 'vitest'
import { payloadLines, payloadSummary, viewData } from '../../../src/cli/views/payload.js'
import { present } from '../../../src/cli/runtime/result.js'
import { makeStyle } from '../../../src/cli/terminal/style.js'
import { type Abort, abortCodec, failureOf } from '../../../src/messaging/session/abort.js'
import { wantCodec } from '../../../src/messaging/channel/letters.js'
import type { Decoder } from '../../../src/payload/decoder.js'
import { raw } from '../../../src/payload/plain/raw.js'
import { text as plainText } from '../../../src/payload/plain/text.js'
import { CodecError, decode, encode, type Value } from '../../../src/protocol/core/codec.js'
import { parseCard } from '../../../src/wire/identity/card.js'
import { definitionCodec, orderCodec, parseDefinition } from '../../../src/wire/ceremony/definition.js'
import { decodeEnvelope, sealEnvelope } from '../../../src/wire/session/envelope.js'
import { parseManifest } from '../../../src/wire/escrow/manifest.js'
import { parseNote } from '../../../src/wire/escrow/note.js'
import { parsePaperPiece } from '../../../src/wire/paper/piece-page.js'
import { parsePiece } from '../../../src/wire/escrow/piece.js'
import {
  exportManifest,
  exportRecord,
  parseExportedHandover,
  parseExportedManifest,
  parseExportedRecord,
} from '../../../src/wire/paper/json-export.js'
import { Failure } from '../../../src/wire/base/failure.js'
import { helloCodec, PROTOCOL } from '../../../src/wire/session/handshake.js'
import { readPaperLines } from '../../../src/wire/paper/lines.js'
import { completeRebind, rebindKey } from '../../../src/wire/key/rebind.js'
import { parseRecord, recordDigest } from '../../../src/wire/key/record.js'
import { makeRequest, orderFor, parseRequest, refusalCodec } from '../../../src/wire/ceremony/request.js'
import { transcriptCodec } from '../../../src/wire/session/transcript.js'
import { parseCertificate } from '../../../src/wire/ceremony/certificate.js'
import { encodeHandover, parseHandover } from '../../../src/wire/ceremony/handover.js'
import { statementEpoch } from '../../../src/wire/key/attestation.js'
import { hex } from '../../../src/wire/base/text.js'
import { speakerOf } from '../../golden/make-share.js'
import { ROOT } from '../../support/cli.js'
import { HOSTILE, hostileSamples, hostileTexts } from '../../support/hostile.js'
import { alice, bob, filled } from '../../wire/support.js'

const golden = (name: string) => new Uint8Array(readFileSync(join(ROOT, 'test', 'golden', 'v1', name)))
const plain = makeStyle(false, true)

// ---------------------------------------------------------------------------------------------------- the messages

const requestFields = {
  format: 'mpc/request/v1' as const,
  key_id: filled(1),
  record: filled(2),
  type: 'text' as const,
  payload: Buffer.from('pay nobody'),
  path: 'm/0',
  policy: null,
  reason: 'why',
  signers: null,
  created: 1,
  expires: 2,
  nonce: filled(3),
  asker: alice.card.fingerprint,
}
const request = makeRequest(requestFields, alice.identity.signing)
const signers = [alice, bob].map(({ card }, i) => ({ index: i + 1, fingerprint: card.fingerprint }))
const handshake = [alice.card, bob.card]
  .sort((a, b) => (hex(a.fingerprint) < hex(b.fingerprint) ? -1 : 1))
  .map(({ name, signing, age, nkey }) => ({ name, signing, age, nkey }))
const letter = { v: 1, kind: 'letter', definition: filled(1), session: filled(2), round: 'open' } as const
const header = { ...letter, from: alice.card.fingerprint, to: null, time: 1, key: null }
const cardBytes = Uint8Array.from(bech32m.fromWords(bech32m.decode(alice.card.line as 'a1b', false).words))

const record = parseRecord(golden('eddsa-ed25519.record.cbor'))
const dealers = record.members.map(({ card }) => card)
const elsewhere = speakerOf('test-alice-elsewhere', 1)

/** A line of JSON, as if it had been CBOR; and read as the line that it is. */
const exported = (bytes: Uint8Array, read: (file: Uint8Array) => unknown): Message => ({
  bytes: encode(new Map(Object.entries(JSON.parse(Buffer.from(bytes).toString()) as Record<string, string>))),
  read: (held) =>
    read(Buffer.from(JSON.stringify(Object.fromEntries(decode(held) as ReadonlyMap<string, Value>)))),
})

type Message = {
  readonly bytes: Uint8Array
  /** As it is read here. @throws CodecError or Failure */
  readonly read: (bytes: Uint8Array) => unknown
}

/** Every message, file and line that comes from others, with the reader that it meets. */
const MESSAGES: Readonly<Record<string, Message>> = {
  card: {
    bytes: cardBytes,
    read: (bytes) => parseCard(bech32m.encode('mpccard', bech32m.toWords(bytes), false)),
  },
  'definition file': { bytes: golden('eddsa-ed25519.keygen.mpc'), read: parseDefinition },
  resharing: {
    bytes: definitionCodec.encode({
      kind: 'refresh',
      key: 'treasury',
      scheme: record.scheme,
      engine: record.engine,
      threshold: record.threshold,
      members: dealers.map((card) => ({ card, role: 'custodian' })),
      policy: null,
      approvals: null,
      supersedes: null,
      minority: false,
      not_before: 1,
      expires: 2,
      nonce: filled(1),
      rehearsal: false,
      parent: recordDigest(record),
      parent_record: record,
      rebinds: [],
      earlier_rebinds: [],
      dealers: dealers.map(({ fingerprint }) => fingerprint),
    }),
    read: definitionCodec.decode,
  },
  handshake: {
    bytes: definitionCodec.encode({ kind: 'handshake', members: handshake }),
    read: definitionCodec.decode,
  },
  order: { bytes: orderCodec.encode(orderFor(request, signers, 1)), read: orderCodec.decode },
  request: {
    bytes: request.encoded,
    read: (bytes) => parseRequest(signedAgain(bytes), () => alice.card.signing),
  },
  refusal: { bytes: refusalCodec.encode({ request: filled(1), reason: 'no' }), read: refusalCodec.decode },
  abort: { bytes: abortCodec.encode({ why: 'fault', text: 'so', about: [] }), read: abortCodec.decode },
  want: {
    bytes: wantCodec.encode([{ kind: 'letter', round: 'open', from: filled(1), to: null }]),
    read: wantCodec.decode,
  },
  hello: {
    bytes: helloCodec.encode({
      protocol: PROTOCOL,
      start: 1,
      program: 'mpc/1',
      commitment: filled(1),
      accepted: filled(1, 64),
      others: [],
    }),
    read: helloCodec.decode,
  },
  envelope: { bytes: sealEnvelope(alice.identity.signing, header, filled(1)), read: decodeEnvelope },
  record: { bytes: golden('eddsa-ed25519.record.cbor'), read: parseRecord },
  certificate: {
    bytes: golden('eddsa-ed25519.certificate.cbor'),
    read: (bytes) => parseCertificate(bytes, [], golden('eddsa-ed25519.record.cbor')),
  },
  transcript: { bytes: golden('eddsa-ed25519.transcript.cbor'), read: transcriptCodec.decode },
  manifest: { bytes: golden('eddsa-ed25519.manifest.cbor'), read: parseManifest },
  piece: { bytes: golden('eddsa-ed25519.piece-1.cbor'), read: (bytes) => parsePiece(bytes) },
  page: {
    bytes: readPaperLines(Buffer.from(golden('eddsa-ed25519.paper-lines.txt')).toString('latin1')),
    read: (bytes) =>
      parsePaperPiece(bytes, {
        records: [{ record, certificate: null }],
        manifests: [parseManifest(golden('eddsa-ed25519.manifest.cbor'))],
      }),
  },
  // Signed by nobody: what is refused is then the text, not a signature.
  note: { bytes: golden('note-unsigned.cbor'), read: (bytes) => parseNote(bytes, () => null) },
  // The same of these, which are read before it is known whose key they are of.
  rebind: { bytes: golden('rebind.cbor'), read: rebindKey },
  'offered rebind': {
    bytes: golden('rebind.offer'),
    read: (bytes) => completeRebind(bytes, record, elsewhere.card, elsewhere.signing),
  },
  statement: { bytes: golden('activated.cbor'), read: statementEpoch },
  'destroying statement': { bytes: golden('deleted.cbor'), read: statementEpoch },
  'exported record': exported(exportRecord(record), parseExportedRecord),
  'exported manifest': exported(
    exportManifest(parseManifest(golden('eddsa-ed25519.manifest.cbor'))),
    parseExportedManifest,
  ),
  'exported handover': exported(golden('handover.json'), parseExportedHandover),
  handover: {
    bytes: encodeHandover(parseExportedHandover(golden('handover.json'))),
    read: parseHandover,
  },
}

/** By its asker: what is refused is then the text, not the signature. */
function signedAgain(bytes: Uint8Array): Uint8Array {
  const { signature, ...fields } = Object.fromEntries(decode(bytes) as ReadonlyMap<string, Value>)
  const isWhole = signature && Object.keys(requestFields).every((name) => Object.hasOwn(fields, name))
  return isWhole
    ? makeRequest(fields as unknown as typeof requestFields, alice.identity.signing).encoded
    : bytes
}

// ------------------------------------------------------------------------------------- where they take any text at all

const abortWith = (text: string): string[] =>
  (['left', 'refused', 'words', 'gave-up', 'fault', 'failed'] as const).flatMap((why) => {
    const abort: Abort = { why, text, about: [bob.card.fingerprint] }
    return shown(failureOf(abort, bob.member, [alice.member, bob.member], new Set()))
  })
const summary = {
  key: 'k',
  signers: 'a',
  decoded: decodedOf(filled(1), raw),
  payload: filled(1),
  reason: '',
  policy: 'none',
  amounts: [],
}
function decodedOf(payload: Uint8Array, { decode }: Decoder) {
  return decode(payload, { record: { ...record, scheme: 'eddsa-ed25519' }, path: null })
}
/** Where it comes to nobody's eyes: what a change of that would need is a line here that renders it. */
const neverShown = (): string[] => []

/** By message and field: how the text reaches the screen. */
const SHOWN: Readonly<Record<string, (text: string) => string[]>> = {
  'request.reason': (reason) => payloadSummary({ ...summary, reason }).lines,
  // A request with a path is refused, unread, until there are paths.
  'request.path': neverShown,
  'order.path': neverShown,
  'refusal.reason': neverShown,
  'abort.text': abortWith,
  'hello.program': neverShown,
}

function shown(error: unknown): string[] {
  const outcome = { command: 'keygen', error }
  return [present(outcome, false, plain), present(outcome, true, plain)].flatMap(({ stdout, stderr }) => [
    stdout,
    stderr,
  ])
}

type Path = readonly (string | number)[]

/** Every place in a value where text stands, field names included. */
function textsIn(value: Value, at: Path = []): Path[] {
  if (typeof value === 'string') return [at]
  if (Array.isArray(value)) return value.flatMap((item: Value, i) => textsIn(item, [...at, i]))
  if (!(value instanceof Map)) return []
  return [...(value as ReadonlyMap<string, Value>)].flatMap(([name, item]) => [
    [...at, name, '(its name)'],
    ...textsIn(item, [...at, name]),
  ])
}

/** The value with another text in one place. */
function withText(value: Value, [step, ...rest]: Path, text: string): Value {
  if (step === undefined) return text
  if (Array.isArray(value))
    return value.map((item: Value, i) => (i === step ? withText(item, rest, text) : item))
  const entries = [...(value as ReadonlyMap<string, Value>)].map(([name, item]): [string, Value] => {
    if (name !== step) return [name, item]
    return rest[0] === '(its name)' ? [text, item] : [name, withText(item, rest, text)]
  })
  return new Map(entries)
}

/** A reader's refusal; null where it takes it. */
function refusal({ read }: Message, bytes: Uint8Array): Error | null {
  try {
    read(bytes)
    return null
  } catch (error) {
    if (error instanceof CodecError || error instanceof Failure) return error
    throw error
  }
}

const places = Object.entries(MESSAGES).flatMap(([name, message]) =>
  textsIn(decode(message.bytes)).map((path) => ({ name, path, place: [name, ...path].join('.'), message })),
)

describe('text from others, in every message', () => {
  test('the messages are read as they stand', () => {
    for (const [name, message] of Object.entries(MESSAGES)) {
      // A certificate is of its holders; here it only matters how it is refused.
      if (name !== 'certificate') expect(refusal(message, message.bytes), name).toBeNull()
    }
  })

  test.each(places)(
    '$place: refused without being repeated, or known to be free text',
    ({ path, place, message }) => {
      const value = decode(message.bytes)
      const taken = new Set<boolean>()
      for (const text of hostileSamples) {
        const error = refusal(message, encode(withText(value, path, text)))
        taken.add(error === null)
        if (error instanceof Failure) expect(shown(error).join('\n')).not.toMatch(HOSTILE)
        else if (error) expect(error.message).not.toMatch(HOSTILE)
      }
      expect([...taken], place).toEqual([place in SHOWN])
    },
  )

  test.each(Object.entries(SHOWN))('%s: shown with every such character made visible', (place, show) => {
    expect(places.map((each) => each.place)).toContain(place)
    for (const text of hostileTexts) expect(show(text).join('\n')).not.toMatch(HOSTILE)
  })

  test('so is a payload, summed up and whole, be it text or not', () => {
    for (const text of [...hostileTexts, hostileTexts.join(''), `${hostileTexts.join('\n')}\n`]) {
      for (const payload of [Buffer.from(text), Buffer.concat([Buffer.from(text), Buffer.of(0xff)])]) {
        const decoded = decodedOf(payload, payload.at(-1) === 0xff ? raw : plainText)
        const lines = [
          ...payloadSummary({ ...summary, payload, decoded }).lines,
          ...payloadLines(decoded, payload),
          JSON.stringify(viewData(decoded.view)),
        ]
        expect(lines.join('')).not.toMatch(/[\n\r]/)
        expect(lines.join('')).not.toMatch(HOSTILE)
      }
    }
  })

  test('JSON that is looked at on a screen cannot move it, and says the same', () => {
    const all = hostileTexts.join('')
    const result = { data: { all }, text: [] }
    const { stdout } = present({ command: 'x', result }, true, plain)
    expect(stdout.slice(0, -1)).toMatch(/^[\x20-\x7e]*$/)
    expect((JSON.parse(stdout) as { data: unknown }).data).toEqual({ all })
  })

  test('the checker finds such characters', () => {
    for (const text of hostileTexts) if (!text.includes('\n')) expect(text).toMatch(HOSTILE)
    expect('what people write: “Zoë” 支払い\n').not.toMatch(HOSTILE)
  })
})
