/**
 * The offline verifier of public transcripts. Anybody with the file can check every signature, commitment and
 * ID in it against the rest, and the result against the broadcasts. It trusts only fingerprints that its
 * reader knows.
 */
import { equalBytes } from '../protocol/core/codec.js'
import { needsAuxiliary, publicKeyMaking, publicKeyResharing, roundsOf } from '../protocol/engines/engine.js'
import { entrySession } from '../protocol/core/entries.js'
import { splitRounds } from '../protocol/core/entries-evidence.js'
import type { Rounds } from '../protocol/core/rounds.js'
import { echoLetter, echoRound } from '../protocol/core/round.js'
import { type PartyId, Session } from '../protocol/core/session.js'
import type { Card } from '../wire/identity/card.js'
import {
  custodiansOf,
  type KeyDefinition,
  definitionCodec,
  definitionId,
  type KeygenDefinition,
  type ReshareDefinition,
} from '../wire/ceremony/definition.js'
import { consentsAmong, isMajority } from '../wire/ceremony/consent.js'
import {
  isKeyDefinition,
  isReshare,
  playersOf as cardsOf,
  reshareInputOf,
} from '../wire/ceremony/key-definition.js'
import { derivedKey } from '../wire/key/derived-key.js'
import { decodeEnvelope } from '../wire/session/envelope.js'
import { helloCodec, sessionWords } from '../wire/session/handshake.js'
import { sha256 } from '../wire/base/hash.js'
import {
  type KeyRecord,
  levelOfKeys,
  parseRecord,
  publicShares,
  recordDigest,
  recordPublicKey,
} from '../wire/key/record.js'
import { parseSeating } from '../wire/key/seated-record.js'
import { recordMade } from '../wire/ceremony/derive-record.js'
import { type Holder, resultDigest, verifyReceipt } from '../wire/ceremony/certificate.js'
import { signaturesCodec } from '../wire/ceremony/signature.js'
import { hex } from '../wire/base/text.js'
import { type Transcript, transcriptCodec, transcriptHead } from '../wire/session/transcript.js'
import type { View } from '../payload/decoder.js'
import { areSignatures, type Target } from '../payload/registry/target.js'
import { orderedTarget } from './ordered-target.js'
import { demand, holding, openingIn, playersIn, refuse, roundsIn } from './session.js'

export type Verified = {
  readonly kind: KeyDefinition['kind'] | 'sign'
  readonly definition: Uint8Array
  readonly sid: Uint8Array
  readonly words: readonly string[]
  readonly head: Uint8Array
  readonly participants: readonly Card[]
  readonly publicKey: Uint8Array
  readonly record: KeyRecord
  /** For a signing: each message's signature and key, in the order of the messages. */
  readonly signatures: readonly VerifiedSignature[] | null
  /** For a signing: what was signed, decoded again from the payload. */
  readonly view: View | null
  /** Names of participants whose receipts are missing. */
  readonly missing: readonly string[]
}

export type VerifiedSignature = {
  /** Derivation path of the key that signed; null for the key itself. */
  readonly path: string | null
  readonly publicKey: Uint8Array
  /** 64 bytes. */
  readonly signature: Uint8Array
}

/** @throws Failure `E_TRANSCRIPT` (verification) with the first failed check */
export function verifyTranscript(encoded: Uint8Array): Promise<Verified> {
  return holding('transcript', HINT, () => verify(transcriptCodec.decode(encoded)))
}

const HINT = 'ask another participant for its copy: all of them have the same'

async function verify(transcript: Transcript): Promise<Verified> {
  const definition = definitionCodec.decode(transcript.definition)
  const id = definitionId(definition)
  const players = playersIn(definition, transcript.record)
  const cards = players.map(({ card }) => card)

  if (definition.kind === 'policy') throw refuse('a policy change keeps none: its certificate proves it')
  if (isReshare(definition)) verifyMajority(definition, id, transcript)
  const sid = openingIn(transcript, definition, cards)
  const scheme = isKeyDefinition(definition)
    ? definition.scheme
    : parseSeating(transcript.record ?? new Uint8Array()).record.scheme
  // The names of rounds in a file are its author's, so none is ever shown.
  const { kind } = definition
  const wanted = roundsOf(kind === 'keygen' || kind === 'sign' ? kind : 'reshare', scheme)
  const there = transcript.rounds.map(({ round }) => round)
  const asWanted = there.length === wanted.length && there.every((round, i) => round === wanted[i])
  demand(asWanted, 'its rounds are not those of the protocol')
  const rounds = roundsIn(transcript, id, sid, players)
  const parties = players.map(({ party }) => party)
  const session = new Session(sid, parties[0] as PartyId, parties)
  if (definition.kind !== 'sign') verifyEchoes(session, rounds)

  const head = transcriptHead(transcript)
  const ran = { definition: id, sid, head }
  const common = { definition: id, sid, words: sessionWords(sid), head, participants: cards }
  if (definition.kind === 'sign') {
    const { record } = parseSeating(transcript.record as Uint8Array)
    const target = await orderedTarget(definition, record, transcript.payload)
    verifyEntries(session, target.entries.length, rounds)
    const signatures = verifySignatures(target, transcript.outcome)
    const { publicKey } = derivedKey(record, definition.path)
    const holders = cards.map(({ fingerprint, signing }) => ({ fingerprint, signing, share: null }))
    const missing = missingReceipts(transcript, cards, holders, ran)
    const { view } = target.decoded
    return { kind: 'sign', ...common, publicKey, record, signatures, view, missing }
  }
  if (!isKeyDefinition(definition)) throw refuse('its ceremony is of a kind that keeps no transcript')
  demand(transcript.payload === null, 'a key generation signs nothing')
  const record = parseRecord(transcript.outcome)
  if (definition.kind === 'keygen') verifyAbout(definition, id, record)
  verifyMade(definition, id, sid, record, rounds)
  const shares = publicShares(record)
  const holders = players.map(({ card: { fingerprint, signing }, party }) => {
    const publicShare = shares.get(party)
    return {
      fingerprint,
      signing,
      share: publicShare ? { scheme: record.scheme, index: party, publicShare } : null,
    }
  })
  const missing = missingReceipts(transcript, cards, holders, ran)
  const publicKey = recordPublicKey(record)
  return { kind: definition.kind, ...common, publicKey, record, signatures: null, view: null, missing }
}

/** Demands that every echo is the digest of the letters in this file. */
function verifyEchoes(session: Session, rounds: Rounds): void {
  for (const [round, letters] of rounds) {
    const echoes = rounds.get(echoRound(round))
    if (!echoes) continue
    const seen = echoLetter(session, round, letters)
    for (const echo of echoes.values())
      demand(equalBytes(echo, seen), `an echo of round ${round} is of other letters`)
  }
}

/** Demands that the outcome is a signature of each message. */
function verifySignatures(target: Target, outcome: Uint8Array): VerifiedSignature[] {
  const signatures = signaturesCodec.decode(outcome)
  demand(areSignatures(target, signatures), 'a signature does not verify')
  return target.entries.map(({ path, key: { publicKey } }, i) => ({
    path,
    publicKey,
    signature: signatures[i] as Uint8Array,
  }))
}

/** Demands a list of `count` items in every letter, and echoes that match the letters in this file. */
function verifyEntries(session: Session, count: number, rounds: Rounds): void {
  const { byEntry, malformed } = splitRounds(session, count, rounds)
  demand(malformed.length === 0, 'a letter of a round is not one item for each message')
  byEntry.forEach((own, i) => verifyEchoes(entrySession(session, i + 1), own))
}

/** Demands signatures of the majority of old custodians in the hellos, if the definition needs them. */
function verifyMajority(definition: ReshareDefinition, id: Uint8Array, { hellos }: Transcript): void {
  const shown = hellos.flatMap((hello) => helloCodec.decode(decodeEnvelope(hello).body).others)
  const consents = consentsAmong(id, definition, shown)
  demand(isMajority(definition, consents), 'no more than half of the old custodians have signed it')
}

/** Demands that a new key's record agrees with its definition. */
function verifyAbout(definition: KeygenDefinition, id: Uint8Array, record: KeyRecord): void {
  const members = record.members.map(({ card }) => card.line)
  const same =
    equalBytes(record.key_id, id) &&
    equalBytes(record.definition, id) &&
    record.scheme === definition.scheme &&
    record.threshold === definition.threshold &&
    record.epoch === 1 &&
    record.parent === null &&
    hex(record.policy?.sha256 ?? new Uint8Array()) ===
      hex(definition.policy ? sha256(definition.policy) : new Uint8Array()) &&
    members.join() ===
      custodiansOf(definition)
        .map(({ line }) => line)
        .join()
  demand(same, 'the record is not of this definition')
}

/** Demands that the record is, byte for byte, the one recomputed from definition and broadcasts. */
function verifyMade(
  definition: KeyDefinition,
  id: Uint8Array,
  sid: Uint8Array,
  record: KeyRecord,
  rounds: Rounds,
): void {
  const parties = cardsOf(definition).map((_, i) => i + 1)
  const session = new Session(sid, parties[0] as PartyId, parties)
  const { scheme, threshold } = definition
  const auxiliary = needsAuxiliary(scheme) ? { level: levelOfKeys(), epoch: id } : null
  const result =
    definition.kind === 'keygen'
      ? publicKeyMaking(session, { scheme, threshold }, auxiliary, rounds)
      : publicKeyResharing(session, reshareInputOf(definition), auxiliary, rounds)
  if (result === null) return refuse('an opening or a proof does not hold')
  const made = recordDigest(recordMade(definition, id, result))
  const what = definition.kind === 'keygen' ? 'key' : 'epoch'
  demand(equalBytes(made, recordDigest(record)), `the ${what} does not follow from the letters`)
}

function missingReceipts(
  { receipts, outcome }: Transcript,
  cards: readonly Card[],
  holders: readonly Holder[],
  ran: { definition: Uint8Array; sid: Uint8Array; head: Uint8Array },
): string[] {
  const digest = resultDigest(ran, outcome)
  for (const receipt of receipts) {
    const holder = holders.find(({ fingerprint }) => equalBytes(fingerprint, receipt.fingerprint))
    demand(holder !== undefined && verifyReceipt(receipt, holder, ran, digest), 'a receipt does not verify')
  }
  const given = receipts.map(({ fingerprint }) => hex(fingerprint))
  demand(new Set(given).size === given.length, 'a receipt is given twice')
  const inOrder = cards.map(({ fingerprint }) => hex(fingerprint)).filter((who) => given.includes(who))
  demand(inOrder.join() === given.join(), 'the receipts are not in the order of the participants')
  return cards.filter(({ fingerprint }) => !given.includes(hex(fingerprint))).map(({ name }) => name)
}
