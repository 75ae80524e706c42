import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { definitionCodec, definitionId } from '../../../src/wire/ceremony/definition.js'
import { sha256 } from '../../../src/wire/base/hash.js'
import {
  chosenCodec,
  makeRequest,
  offerCodec,
  orderFor,
  parseRequest,
  PAYLOAD_LIMIT,
  refusalCodec,
  type RequestFields,
  signedCodec,
} from '../../../src/wire/ceremony/request.js'
import { ENVELOPE_LIMIT, sealEnvelope } from '../../../src/wire/session/envelope.js'
import { hex } from '../../../src/wire/base/text.js'
import {
  alice,
  another,
  bob,
  codecErrorOf,
  filled,
  flip,
  leaves,
  mallory,
  rewrite,
  utf8,
} from '../support.js'
import { encode } from '../../../src/protocol/core/codec.js'

const fields: RequestFields = {
  format: 'mpc/request/v1',
  key_id: filled(1),
  record: filled(2),
  type: 'raw',
  payload: utf8('pay nobody'),
  path: null,
  policy: null,
  reason: 'the rent',
  signers: [alice.card.fingerprint, bob.card.fingerprint],
  created: 1_800_000_000_000,
  expires: 1_800_086_400_000,
  nonce: filled(3),
  asker: alice.card.fingerprint,
}
const request = makeRequest(fields, alice.identity.signing)
const members = new Map([alice, bob].map(({ card }) => [hex(card.fingerprint), card.signing]))
const signingOf = (asker: Uint8Array): Uint8Array | null => members.get(hex(asker)) ?? null
const refused = (encoded: Uint8Array): string => codecErrorOf(() => parseRequest(encoded, signingOf)).message
const remade = (change: Partial<RequestFields>) =>
  makeRequest({ ...fields, ...change }, alice.identity.signing)

describe('a request', () => {
  test('round trip', () => {
    const back = parseRequest(request.encoded, signingOf)
    expect(back).toEqual(request)
    expect(back).toMatchObject(fields)
    expect(back.payloadSha256).toEqual(sha256(fields.payload))
    expect(makeRequest(fields, alice.identity.signing).encoded).toEqual(request.encoded)
    const open = remade({ signers: null, path: 'm/0/1', type: 'text' })
    expect(parseRequest(open.encoded, signingOf)).toEqual(open)
  })

  test('with any field changed is refused: the asker signed each', () => {
    for (const path of leaves(request.encoded)) {
      refused(rewrite(request.encoded, path, another))
      refused(rewrite(request.encoded, path, () => undefined))
    }
    refused(rewrite(request.encoded, ['signers'], () => null))
    refused(rewrite(request.encoded, ['fee'], () => 1))
  })

  test('with any bit changed is refused', () => {
    for (let at = 0; at < request.encoded.length; at++) refused(flip(request.encoded, at, at % 8))
  })

  test('has an id that changes with every field, and not with its signature', () => {
    const changes: Partial<RequestFields>[] = [
      { key_id: filled(9) },
      { record: filled(9) },
      { type: 'text' },
      { payload: utf8('pay nobodz') },
      { payload: new Uint8Array() },
      { path: '' },
      { path: 'm/0' },
      { policy: filled(9) },
      { reason: '' },
      { signers: null },
      { signers: [bob.card.fingerprint, alice.card.fingerprint] },
      { created: 1 },
      { expires: fields.expires + 1 },
      { nonce: filled(9) },
      { asker: bob.card.fingerprint },
    ]
    const ids = [request, ...changes.map(remade)].map(({ id }) => hex(id))
    expect(new Set(ids).size).toBe(changes.length + 1)
    expect(hex(makeRequest(fields, mallory.identity.signing).id)).toBe(hex(request.id))
  })

  test('signed by another in the asker’s name is refused', () => {
    expect(refused(makeRequest(fields, bob.identity.signing).encoded)).toContain('not that of a member')
    expect(refused(makeRequest(fields, mallory.identity.signing).encoded)).toContain('not that of a member')
  })

  test('of a stranger is refused, however well signed', () => {
    const stranger = { ...fields, asker: mallory.card.fingerprint }
    expect(refused(makeRequest(stranger, mallory.identity.signing).encoded)).toContain('not that of a member')
  })

  test('of somebody without a seat proves its asker by the card in it, where such an asker is let in', () => {
    const asked = { ...fields, asker: mallory.card.fingerprint }
    const made = makeRequest(asked, mallory.identity.signing, mallory.card)
    const isLetIn = (asker: Uint8Array) => hex(asker) === hex(mallory.card.fingerprint)
    const read = (encoded: Uint8Array) => parseRequest(encoded, signingOf, isLetIn)
    expect(read(made.encoded)).toEqual(made)
    expect(made.card).toEqual(mallory.card)
    expect(refused(made.encoded)).toContain('nobody who may ask')
    expect(codecErrorOf(() => parseRequest(made.encoded, signingOf, () => false)).message).toContain('ask')
    for (const path of leaves(made.encoded)) {
      codecErrorOf(() => read(rewrite(made.encoded, path, another)))
      codecErrorOf(() => read(rewrite(made.encoded, path, () => undefined)))
    }
    for (let at = 0; at < made.encoded.length; at++) codecErrorOf(() => read(flip(made.encoded, at, at % 8)))
    const underOther = makeRequest(asked, mallory.identity.signing, bob.card)
    expect(codecErrorOf(() => read(underOther.encoded)).message).toContain('not that of the asker')
    const byOther = makeRequest(asked, bob.identity.signing, mallory.card)
    expect(codecErrorOf(() => read(byOther.encoded)).message).toContain('not that of the asker')
    const ofMember = makeRequest(fields, mallory.identity.signing, mallory.card)
    expect(codecErrorOf(() => read(ofMember.encoded)).message).toContain('nobody who may ask')
    expect(hex(makeRequest(asked, mallory.identity.signing).id)).not.toBe(hex(made.id))
  })

  test('signed for another purpose is refused', () => {
    const { signing } = alice.identity
    const signature = signing.sign('mpc/accept/v1', fields)
    refused(rewrite(request.encoded, ['signature'], () => signature))
    refused(rewrite(request.encoded, ['signature'], () => signing.signBytes(request.id)))
  })

  test.each<[string, Partial<RequestFields>, string]>([
    ['a signer named twice', { signers: [alice.card.fingerprint, alice.card.fingerprint] }, 'named twice'],
    ['one signer', { signers: [alice.card.fingerprint] }, 'signers'],
    ['an expiry at its creation', { expires: fields.created }, 'expires'],
    ['an expiry before its creation', { expires: fields.created - 1 }, 'expires'],
    ['an expiry after the year 9999', { expires: 253_402_300_800_000 }, 'expires'],
    ['no name of a type', { type: 'Evm tx' }, 'type'],
    ['a reason of 501 characters', { reason: 'x'.repeat(501) }, 'reason'],
    ['a path of 129 characters', { path: 'x'.repeat(129) }, 'path'],
    ['a short policy', { policy: filled(1, 31) }, 'policy'],
    ['a short nonce', { nonce: filled(1, 31) }, 'nonce'],
    ['another format', { format: 'mpc/request/v2' as never }, 'format'],
    ['a payload beyond the limit', { payload: new Uint8Array(PAYLOAD_LIMIT + 1) }, 'payload'],
  ])('with %s is refused, though the asker signed it', (_, change, problem) => {
    expect(refused(remade(change).encoded)).toContain(problem)
  })

  test('of the largest payload fits into an envelope', () => {
    const largest = remade({ payload: new Uint8Array(PAYLOAD_LIMIT), reason: '🙂'.repeat(250) })
    expect(hex(parseRequest(largest.encoded, signingOf).id)).toBe(hex(largest.id))
    const header = {
      v: 1,
      kind: 'request' as const,
      definition: filled(1),
      session: filled(0),
      round: '',
      from: filled(1),
      to: null,
      time: 0,
      key: null,
    }
    const sealed = sealEnvelope(alice.identity.signing, header, largest.encoded)
    expect(sealed.length).toBeLessThan(ENVELOPE_LIMIT)
  })

  test('random bytes never throw anything but a CodecError', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void refused(bytes)))
  })
})

describe('the order for a request', () => {
  const signers = [
    { index: 1, fingerprint: alice.card.fingerprint },
    { index: 2, fingerprint: bob.card.fingerprint },
  ]

  test('says what the request says, and is a definition', () => {
    const order = orderFor(request, signers, 3)
    expect(order).toMatchObject({
      kind: 'sign',
      request: request.id,
      key_id: fields.key_id,
      record: fields.record,
      type: fields.type,
      payload_sha256: sha256(fields.payload),
      path: null,
      signers,
      rebinds: [],
      expires: fields.expires,
      number: 3,
    })
    expect(definitionCodec.decode(definitionCodec.encode(order))).toEqual(order)
  })

  test('is another for another request, other signers or another number', () => {
    const all = [
      orderFor(request, signers, 1),
      orderFor(request, signers, 2),
      orderFor(remade({ nonce: filled(9) }), signers, 1),
      orderFor(request, [signers[0] as (typeof signers)[number], { index: 3, fingerprint: filled(1) }], 1),
    ]
    expect(new Set(all.map((order) => hex(definitionId(order)))).size).toBe(all.length)
  })
})

describe('what is said about a request', () => {
  const said = {
    offer: [offerCodec, offerCodec.encode({ request: request.id })],
    chosen: [chosenCodec, chosenCodec.encode({ request: request.id, signers: [filled(1), filled(2)] })],
    refusal: [refusalCodec, refusalCodec.encode({ request: request.id, reason: 'no' })],
    signature: [signedCodec, signedCodec.encode({ request: request.id, signatures: [filled(1, 64)] })],
  } as const

  test.each(Object.entries(said))('%s: round trip, exact fields', (_, [codec, encoded]) => {
    expect(codec.encode(codec.decode(encoded) as never)).toEqual(encoded)
    for (const path of leaves(encoded)) {
      codecErrorOf(() => codec.decode(rewrite(encoded, path, () => undefined)))
      codecErrorOf(() => codec.decode(rewrite(encoded, path, () => 7)))
    }
    codecErrorOf(() => codec.decode(rewrite(encoded, ['more'], () => 1)))
  })

  test('signatures are 1 to 64, of 64 bytes each', () => {
    const said = (count: number, length = 64) =>
      encode({ request: request.id, signatures: Array.from({ length: count }, (_, i) => filled(i, length)) })
    expect(signedCodec.decode(said(64)).signatures).toHaveLength(64)
    for (const wrong of [said(0), said(65), said(1, 63), said(2, 65)]) {
      expect(codecErrorOf(() => signedCodec.decode(wrong)).message).toContain('signatures')
    }
  })

  test('a reason beyond 200 characters is refused', () => {
    const long = refusalCodec.encode({ request: request.id, reason: 'x'.repeat(201) })
    expect(codecErrorOf(() => refusalCodec.decode(long)).message).toContain('reason')
  })
})
