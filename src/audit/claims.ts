/**
 * Opens claims about letters to one member alone: finds the members that a claim convicts by itself, and the
 * disputes left for the protocol to settle. An unfounded claim convicts its signer, so nobody can be framed.
 */
import type { Accusation } from '../protocol/core/abort.js'
import { attempt, equalBytes } from '../protocol/core/codec.js'
import type { Dispute } from '../protocol/core/evidence.js'
import type { PartyId } from '../protocol/core/session.js'
import { type Claim, claimCodec } from '../wire/session/claim.js'
import { decodeEnvelope, encodeHeader, type Envelope, verifyEnvelope } from '../wire/session/envelope.js'
import { hashOfKey, openLetter } from '../wire/session/sealing.js'
import { hex } from '../wire/base/text.js'
import { demand, type Player, refuse } from './session.js'

/** The run that a file is of. */
export type RunIds = { readonly definition: Uint8Array; readonly sid: Uint8Array }

/** @throws as `demand`, unless each claim is signed, of this run, and the only one in its place */
export function claimsOf(
  encoded: readonly Uint8Array[],
  ran: RunIds,
  players: readonly Player[],
): { readonly guilty: readonly Accusation[]; readonly disputes: readonly Dispute[] } {
  const playerOf = (fingerprint: Uint8Array): Player | undefined =>
    players.find(({ card }) => equalBytes(card.fingerprint, fingerprint))
  const places = new Set<string>()
  const found = encoded.map((bytes): Accusation | Dispute => {
    const envelope = decodeEnvelope(bytes)
    const { kind, definition, session, round, from, to } = envelope.header
    const by = playerOf(from)
    const inPlace =
      kind === 'claim' &&
      to === null &&
      equalBytes(definition, ran.definition) &&
      equalBytes(session, ran.sid)
    if (by === undefined || !inPlace) return refuse('a claim is out of place')
    demand(verifyEnvelope(envelope, by.card.signing), `a claim of ${by.card.name} is not signed by it`)
    demand(!places.has(`${hex(from)} ${round}`), `a claim of ${by.card.name} is given twice`)
    places.add(`${hex(from)} ${round}`)
    const about = players.find(({ card }) => hex(card.fingerprint) === round)
    const claim = attempt(() => claimCodec.decode(envelope.body))
    const letter = claim && attempt(() => decodeEnvelope(claim.letter))
    const isLetter = letter && about && about !== by && isLetterBetween(letter, ran, about, by)
    if (!isLetter) return against(by.party, 'claim', 'the bytes that it is about are no letter')
    return opened(letter, claim, about.party, by.party)
  })
  return {
    guilty: found.filter((each): each is Accusation => 'kind' in each),
    disputes: found.filter((each): each is Dispute => 'letter' in each),
  }
}

function opened(
  { header, body }: Envelope,
  { key, entry }: Claim,
  from: PartyId,
  to: PartyId,
): Accusation | Dispute {
  const isItsKey = header.key !== null && equalBytes(hashOfKey(key), header.key)
  if (!isItsKey) return against(to, header.round, 'the key that it gives does not show what it claims')
  const letter = openLetter(key, encodeHeader(header), body)
  if (letter === null)
    return against(from, header.round, 'its letter does not open with the key that it names')
  return { round: header.round, from, to, letter, entry }
}

const isLetterBetween = (
  letter: ReturnType<typeof decodeEnvelope>,
  ran: RunIds,
  from: Player,
  to: Player,
): boolean =>
  letter.header.kind === 'letter' &&
  equalBytes(letter.header.definition, ran.definition) &&
  equalBytes(letter.header.session, ran.sid) &&
  equalBytes(letter.header.from, from.card.fingerprint) &&
  letter.header.to !== null &&
  equalBytes(letter.header.to, to.card.fingerprint) &&
  verifyEnvelope(letter, from.card.signing)

const against = (party: PartyId, round: string, reason: string): Accusation => ({
  party,
  round,
  kind: 'proven',
  reason,
})
