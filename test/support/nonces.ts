/** Nonces: no two answers to one commitment in anything ever published. */
import { expect } from 'vitest'
import { decode } from '../../src/protocol/core/codec.js'
import type { Delivery } from '../../src/messaging/transport/memory.js'
import { noncesLetter, shareLetter } from '../../src/protocol/frost/sign.js'
import { openingLetter } from '../../src/protocol/dkg/keygen-public.js'
import { decodeEnvelope, type Envelope } from '../../src/wire/session/envelope.js'
import { receiptCodec } from '../../src/wire/ceremony/certificate.js'
import { hex } from '../../src/wire/base/text.js'

/** All envelopes of a record, each once. */
export const envelopesIn = (record: readonly Delivery[]): Envelope[] =>
  [...new Map(record.map(({ bytes }) => [hex(bytes), bytes])).values()].map((bytes) => decodeEnvelope(bytes))

/** @returns how many answers were looked at */
export function expectOneAnswerEach(record: readonly Delivery[]): number {
  const answers = new Map<string, Set<string>>()
  const answered = (commitment: string, answer: string): void => {
    answers.set(commitment, (answers.get(commitment) ?? new Set()).add(answer))
  }
  const nonces = new Map<string, string>()
  const itemsIn = (body: Uint8Array) => (decode(body) as Uint8Array[]).map((item, i) => [i, item] as const)
  const shares: { readonly of: string; readonly z: string }[] = []
  for (const { header, body } of envelopesIn(record)) {
    const of = `${hex(header.session)} ${hex(header.from)}`
    if (header.kind === 'letter' && header.round === 'open' && header.to === null) {
      const { proof } = openingLetter('eddsa-ed25519').decode(body)
      answered(hex(proof.R), hex(proof.z))
    } else if (header.kind === 'receipt') {
      const { proof } = receiptCodec.decode(body)
      if (proof) answered(hex(proof.R), hex(proof.z))
    } else if (header.kind === 'letter' && header.round === 'nonces') {
      for (const [i, item] of itemsIn(body)) {
        const { hiding, binding } = noncesLetter.decode(item)
        for (const point of [hiding, binding]) answered(`nonce ${hex(point)}`, `${of} ${i}`)
        nonces.set(`${of} ${i}`, `${hex(hiding)} ${hex(binding)}`)
      }
    } else if (header.kind === 'letter' && header.round === 'share') {
      for (const [i, item] of itemsIn(body))
        shares.push({ of: `${of} ${i}`, z: hex(shareLetter.decode(item)) })
    }
  }
  for (const { of, z } of shares) answered(nonces.get(of) as string, z)
  for (const [commitment, given] of answers) expect([...given], `answers for ${commitment}`).toHaveLength(1)
  return answers.size
}

/** A member answers one order, then higher ones only: at most one share of each member for each. */
export function expectOneShareAnOrder(record: readonly Delivery[]): void {
  const shares = new Map<string, Set<string>>()
  for (const { header, body } of envelopesIn(record)) {
    if (header.kind !== 'letter' || header.round !== 'share') continue
    const whose = `${hex(header.definition)} ${hex(header.from)}`
    shares.set(whose, (shares.get(whose) ?? new Set()).add(hex(body)))
  }
  for (const [whose, given] of shares) expect([...given], `shares of ${whose}`).toHaveLength(1)
}

/** At most one receipt of each member for each definition. @returns how many there are */
export function expectOneReceiptEach(record: readonly Delivery[]): number {
  const receipts = new Map<string, Set<string>>()
  for (const { header, body } of envelopesIn(record)) {
    if (header.kind !== 'receipt') continue
    const whose = `${hex(header.definition)} ${hex(header.from)}`
    receipts.set(whose, (receipts.get(whose) ?? new Set()).add(hex(body)))
  }
  for (const [whose, given] of receipts) expect([...given], `receipts of ${whose}`).toHaveLength(1)
  return receipts.size
}
