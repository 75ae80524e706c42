/** Files of format version 1 load for ever, say what they said, and are encoded to the same bytes. */
import { readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { verifyTranscript } from '../../src/audit/transcript.js'
import {
  cardOfIdentity,
  type Identity,
  identityText,
  parseIdentity,
} from '../../src/wire/identity/identity.js'
import { parseCard } from '../../src/wire/identity/card.js'
import {
  acceptDefinition,
  definitionCodec,
  type KeygenDefinition,
  type Order,
  parseDefinition,
  writeDefinition,
} from '../../src/wire/ceremony/definition.js'
import { decodeEnvelope, sealEnvelope } from '../../src/wire/session/envelope.js'
import {
  encodeRecord,
  parseRecord,
  publicShares,
  recordDigest,
  recordPublicKey,
} from '../../src/wire/key/record.js'
import { isAbout, makeApproval, parseApproval } from '../../src/wire/ceremony/approval.js'
import { makeRequest, orderFor, parseRequest } from '../../src/wire/ceremony/request.js'
import {
  type Holder,
  makeCertificate,
  makeReceipt,
  parseCertificate,
  resultDigest,
} from '../../src/wire/ceremony/certificate.js'
import { encodeShare, parseShare } from '../../src/wire/key/share.js'
import { hex } from '../../src/wire/base/text.js'
import { transcriptCodec, transcriptHead } from '../../src/wire/session/transcript.js'
import { GOLDEN, held, NAMES, SCHEMES, textOf, writeGolden } from '../golden/make.js'
import { BACKUP_FILES } from '../golden/make-backup.js'
import { SHARE_FILES } from '../golden/make-share.js'

const writing = process.env['MPC_GOLDEN'] === 'write'
test.runIf(writing)('the golden files are written', writeGolden, 60_000)

type Known = Readonly<Record<string, string>>
const known = (name: string): Known =>
  (JSON.parse(textOf('known.json')) as Record<string, Known>)[name] as Known
const identities = (): Identity[] => NAMES.map((name) => parseIdentity(textOf(`${name}.identity.txt`)))
const cards = () => NAMES.map((name) => parseCard(textOf(`${name}.card`).trim()))
const recordOf = (scheme: string) => parseRecord(held(`${scheme}.record.cbor`))
const votersOf = (scheme: string): Holder[] => {
  const record = recordOf(scheme)
  return record.members.map(({ card: { fingerprint, signing }, index, public_share }) => ({
    fingerprint,
    signing,
    share: { scheme: record.scheme, index, publicShare: public_share },
  }))
}

describe.skipIf(writing)('the golden files of version 1', () => {
  test('are all there, and none is untested', () => {
    const files = [
      ...NAMES.flatMap((name) => [`${name}.identity.txt`, `${name}.card`]),
      ...SCHEMES.flatMap((scheme) =>
        ['keygen.mpc', 'record.cbor', 'share.cbor', 'certificate.cbor', 'transcript.cbor'].map(
          (f) => `${scheme}.${f}`,
        ),
      ),
      ...BACKUP_FILES,
      ...SHARE_FILES,
      'request.cbor',
      'approval.cbor',
      'sign.certificate.cbor',
      'sign.transcript.cbor',
      'known.json',
      'README.md',
    ]
    const there = readdirSync(GOLDEN, { withFileTypes: true }).filter((entry) => entry.isFile())
    expect(there.map(({ name }) => name).sort()).toEqual(files.sort())
  })

  test.each(NAMES)('%s: the identity, and the card that it makes again, signatures and all', (name) => {
    const text = textOf(`${name}.identity.txt`)
    const identity = parseIdentity(text)
    expect(identityText(identity)).toBe(text)
    expect(identity.name).toBe(name)
    const line = textOf(`${name}.card`)
    const card = parseCard(line.trim())
    const { fingerprint, age } = known(`${name}.card`)
    expect(hex(card.fingerprint)).toBe(fingerprint)
    expect(`${cardOfIdentity(identity, age as string).line}\n`).toBe(line)
  })

  test.each(SCHEMES)('%s: the definition, signed by both, who sign the same again', (scheme) => {
    const file = held(`${scheme}.keygen.mpc`)
    const parsed = parseDefinition(file)
    expect(hex(parsed.id)).toBe(known(`${scheme}.keygen.mpc`)['id'])
    expect(writeDefinition(parsed)).toEqual(file)
    expect(parsed.definition).toMatchObject({ kind: 'keygen', key: scheme, scheme, threshold: 2 })
    expect((parsed.definition as KeygenDefinition).members.map(({ card }) => card.line)).toEqual(
      cards().map(({ line }) => line),
    )
    const signatures = identities().map((identity, i) => ({
      fingerprint: cards()[i]?.fingerprint as Uint8Array,
      signature: acceptDefinition(identity.signing, parsed.id),
    }))
    expect(writeDefinition({ ...parsed, signatures })).toEqual(file)
  })

  test.each(SCHEMES)('%s: the record', (scheme) => {
    const record = recordOf(scheme)
    expect(encodeRecord(record)).toEqual(held(`${scheme}.record.cbor`))
    const { digest, public_key } = known(`${scheme}.record.cbor`)
    expect(hex(recordDigest(record))).toBe(digest)
    expect(hex(recordPublicKey(record))).toBe(public_key)
    expect(hex(record.key_id)).toBe(known(`${scheme}.keygen.mpc`)['id'])
    expect(publicShares(record).size).toBe(2)
  })

  test.each(SCHEMES)('%s: the share', (scheme) => {
    const plaintext = held(`${scheme}.share.cbor`)
    const record = recordOf(scheme)
    const { share, auxiliary } = parseShare(plaintext, record, 1)
    const own = { record: recordDigest(record), scheme, index: share.index, share: share.share.reveal() }
    expect(encodeShare({ ...own, auxiliary: auxiliary && auxiliary.secret })).toEqual(plaintext)
  })

  test.each(SCHEMES)('%s: the certificate', (scheme) => {
    const encoded = held(`${scheme}.certificate.cbor`)
    const outcome = held(`${scheme}.record.cbor`)
    const { definition, sid, head, result, receipts } = parseCertificate(encoded, votersOf(scheme), outcome)
    const ran = { definition, sid, head }
    expect(makeCertificate(ran, result, receipts)).toEqual(encoded)
    expect({ definition: hex(definition), sid: hex(sid), head: hex(head) }).toMatchObject({
      definition: known(`${scheme}.transcript.cbor`)['definition'],
      sid: known(`${scheme}.transcript.cbor`)['sid'],
      head: known(`${scheme}.transcript.cbor`)['head'],
    })
    receipts.forEach((receipt, i) => {
      const { signing } = identities()[i] as Identity
      expect(makeReceipt(signing, receipt.fingerprint, ran, result, receipt.proof)).toEqual(receipt)
    })
  })

  test.each([...SCHEMES, 'sign'])('%s: the transcript, whole', async (name) => {
    const encoded = held(`${name}.transcript.cbor`)
    const verified = await verifyTranscript(encoded)
    expect(verified.missing).toEqual([])
    expect(verified.participants.map((card) => card.name)).toEqual([...NAMES])
    expect({
      definition: hex(verified.definition),
      sid: hex(verified.sid),
      words: verified.words.join(' '),
      head: hex(verified.head),
    }).toEqual(known(`${name}.transcript.cbor`))
    const parts = transcriptCodec.decode(encoded)
    expect(transcriptCodec.encode(parts)).toEqual(encoded)
    expect(hex(transcriptHead(parts))).toBe(hex(verified.head))
  })

  test.each([...SCHEMES, 'sign'])('%s: every envelope in it is signed the same again', (name) => {
    const { hellos, reveals, encapsulations, confirms, rounds } = transcriptCodec.decode(
      held(`${name}.transcript.cbor`),
    )
    const all = [hellos, reveals, encapsulations, confirms, ...rounds.map(({ letters }) => letters)]
    expect(all).toHaveLength(7)
    for (const envelopes of all) {
      envelopes.forEach((envelope, i) => {
        const { header, body } = decodeEnvelope(envelope)
        expect(sealEnvelope((identities()[i] as Identity).signing, header, body)).toEqual(envelope)
      })
    }
  })

  test('the request, and the order that was given for it', () => {
    const encoded = held('request.cbor')
    const [asker] = cards() as [ReturnType<typeof parseCard>]
    const request = parseRequest(encoded, () => asker.signing)
    expect(hex(request.id)).toBe(known('request.cbor')['id'])
    const { id, payloadSha256, encoded: same, ...rest } = request
    const fields = { ...rest, format: 'mpc/request/v1' } as const
    expect([id, payloadSha256]).toHaveLength(2)
    expect(same).toEqual(encoded)
    expect(makeRequest(fields, (identities()[0] as Identity).signing).encoded).toEqual(encoded)
    const { definition, payload } = transcriptCodec.decode(held('sign.transcript.cbor'))
    const order = definitionCodec.decode(definition) as Order
    expect(orderFor(request, order.signers, order.number)).toEqual(order)
    expect(payload).toEqual(request.payload)
    expect(hex(order.record)).toBe(known('eddsa-ed25519.record.cbor')['digest'])
  })

  test('the approval of the request, which its speaker signs the same again', () => {
    const encoded = held('approval.cbor')
    const [asker, speaker] = cards() as [ReturnType<typeof parseCard>, ReturnType<typeof parseCard>]
    const request = parseRequest(held('request.cbor'), () => asker.signing)
    const statement = parseApproval(encoded)
    expect(statement.card.line).toBe(speaker.line)
    expect(isAbout(statement, { ...request, policy: statement.policy })).toBe(true)
    const { signing } = identities()[1] as Identity
    const about = { ...request, policy: statement.policy }
    expect(makeApproval(about, statement, { card: speaker, signing })).toEqual(encoded)
  })

  test('the certificate of the signature', () => {
    const encoded = held('sign.certificate.cbor')
    const { outcome } = transcriptCodec.decode(held('sign.transcript.cbor'))
    const holders = votersOf('eddsa-ed25519').map((holder) => ({ ...holder, share: null }))
    const { definition, sid, head, result, receipts } = parseCertificate(encoded, holders, outcome)
    expect(hex(resultDigest({ definition, sid, head }, outcome))).toBe(hex(result))
    expect(makeCertificate({ definition, sid, head }, result, receipts)).toEqual(encoded)
  })
})
