/**
 * The offline verifier of public transcripts: whoever has the file can hold every signature, commitment and id in it
 * against the rest, and the result against what was said. It believes only the fingerprints that its reader knows.
 */
import { CodecError, encode, equalBytes } from '../protocol/codec.js'
import { auxDataCodec } from '../protocol/cggmp24/aux-data.js'
import { needsAuxiliary, publicKeyMaking, roundsOf } from '../protocol/engine.js'
import type { Rounds } from '../protocol/keygen-public.js'
import { echoOf, echoRound } from '../protocol/round.js'
import { type PartyId, Session } from '../protocol/session.js'
import type { Card } from '../wire/card.js'
import {
  custodiansOf,
  type Definition,
  definitionCodec,
  definitionId,
  type KeygenDefinition,
  type Order,
  verifyAcceptance,
} from '../wire/definition.js'
import { derivedKey } from '../wire/derived.js'
import { decodeEnvelope, type Envelope, type Kind, verifyEnvelope } from '../wire/envelope.js'
import { Failure } from '../wire/failure.js'
import {
  attemptId,
  confirmCodec,
  encapsulateCodec,
  helloCodec,
  helloCommitment,
  revealCodec,
  sessionId,
  sessionWords,
} from '../wire/handshake.js'
import { sha256 } from '../wire/hash.js'
import {
  type KeyRecord,
  levelOfKeys,
  parseRecord,
  publicShares,
  recordDigest,
  recordPublicKey,
} from '../wire/record.js'
import { type Holder, resultDigest, verifyReceipt } from '../wire/result.js'
import { messageOf, verifiesUnder } from '../wire/signature.js'
import { hex } from '../wire/text.js'
import { type Transcript, transcriptCodec, transcriptHead } from '../wire/transcript.js'

export type Verified = {
  readonly kind: 'keygen' | 'sign'
  readonly definition: Uint8Array
  readonly sid: Uint8Array
  readonly words: readonly string[]
  readonly head: Uint8Array
  readonly participants: readonly Card[]
  readonly publicKey: Uint8Array
  readonly record: KeyRecord
  /** For a signing. */
  readonly signature: Uint8Array | null
  /** Names of participants whose receipts are missing. */
  readonly missing: readonly string[]
}

type Player = { readonly card: Card; readonly party: PartyId }

/** @throws Failure `E_TRANSCRIPT` (verification) with the first thing that does not hold */
export function verifyTranscript(encoded: Uint8Array): Verified {
  try {
    return verify(transcriptCodec.decode(encoded))
  } catch (cause) {
    if (cause instanceof CodecError) throw refuse(`malformed: ${cause.message}`, cause)
    if (cause instanceof Failure && cause.code !== 'E_TRANSCRIPT') throw refuse(cause.message, cause)
    throw cause
  }
}

function verify(transcript: Transcript): Verified {
  const definition = definitionCodec.decode(transcript.definition)
  const id = definitionId(definition)
  const players = playersOf(definition, transcript)
  const cards = players.map(({ card }) => card)

  const hellos = envelopesBy(cards, transcript.hellos, 'hello', id, new Uint8Array(32))
  const starts = new Set(hellos.map(({ header }) => header.round))
  demand(starts.size === 1, 'the hellos are of different starts')
  demand(transcript.reveals.length === cards.length, 'there is not one reveal of each participant')
  const reveals = transcript.reveals.map((bytes) => revealCodec.decode(decodeEnvelope(bytes).body))
  hellos.forEach(({ header, body }, i) => {
    const { name, signing, fingerprint } = cards[i] as Card
    const hello = helloCodec.decode(body)
    demand(String(hello.start) === header.round, `the hello of ${name} is of another start`)
    demand(verifyAcceptance(signing, id, hello.accepted), `${name} did not accept the definition`)
    const opened = helloCommitment(id, fingerprint, hello.start, reveals[i] as (typeof reveals)[number])
    demand(equalBytes(opened, hello.commitment), `the reveal of ${name} does not open its hello`)
  })
  const attempt = attemptId(id, hellos)
  envelopesBy(cards, transcript.reveals, 'reveal', id, attempt)
  const sid = sessionId(attempt, reveals)
  envelopesBy(cards, transcript.encapsulations, 'encapsulate', id, sid).forEach(({ body }, i) =>
    demandOneForEach(cards, i, 'encapsulate', encapsulateCodec.decode(body)),
  )
  envelopesBy(cards, transcript.confirms, 'confirm', id, sid).forEach(({ body }, i) =>
    demandOneForEach(cards, i, 'confirm', confirmCodec.decode(body)),
  )

  const scheme =
    definition.kind === 'keygen'
      ? definition.scheme
      : parseRecord(transcript.record ?? new Uint8Array()).scheme
  // The names of rounds in a file are its author's, so none is ever shown.
  const wanted = roundsOf(definition.kind === 'keygen' ? 'keygen' : 'sign', scheme)
  const there = transcript.rounds.map(({ round }) => round)
  const asWanted = there.length === wanted.length && there.every((round, i) => round === wanted[i])
  demand(asWanted, 'its rounds are not those of the protocol')
  const rounds = new Map(
    transcript.rounds.map(({ round, letters }) => {
      const envelopes = envelopesBy(cards, letters, 'letter', id, sid, round)
      return [
        round,
        new Map(players.map(({ party }, i) => [party, (envelopes[i] as Envelope).body])),
      ] as const
    }),
  )
  verifyEchoes(players, sid, rounds)

  const head = transcriptHead(transcript)
  const ran = { definition: id, sid, head }
  const common = { definition: id, sid, words: sessionWords(sid), head, participants: cards }
  if (definition.kind === 'sign') {
    const record = parseRecord(transcript.record as Uint8Array)
    const payload = transcript.payload ?? new Uint8Array()
    const isOrdered = transcript.payload !== null && equalBytes(sha256(payload), definition.payload_sha256)
    demand(isOrdered, "the payload is not the order's")
    const { publicKey } = derivedKey(record, definition.path)
    const message = messageOf(record.scheme, definition.type, payload)
    const signed = verifiesUnder(record.scheme, publicKey, message, transcript.outcome)
    demand(signed, 'the signature does not verify')
    const holders = cards.map(({ fingerprint, signing }) => ({ fingerprint, signing, share: null }))
    const missing = missingReceipts(transcript, cards, holders, ran)
    return { kind: 'sign', ...common, publicKey, record, signature: transcript.outcome, missing }
  }
  demand(transcript.payload === null, 'a key generation signs nothing')
  const record = parseRecord(transcript.outcome)
  verifyKeygen(definition as KeygenDefinition, id, sid, record, players, rounds)
  const shares = publicShares(record)
  const holders = players.map(({ card: { fingerprint, signing }, party }) => ({
    fingerprint,
    signing,
    share: { scheme: record.scheme, index: party, publicShare: shares.get(party) as Uint8Array },
  }))
  const missing = missingReceipts(transcript, cards, holders, ran)
  return { kind: 'keygen', ...common, publicKey: recordPublicKey(record), record, signature: null, missing }
}

/** Who took part, with the numbers under which they played. */
function playersOf(definition: Definition, transcript: Transcript): Player[] {
  switch (definition.kind) {
    case 'keygen':
      demand(transcript.record === null, 'a key generation has no key before it')
      return custodiansOf(definition).map((card, i) => ({ card, party: i + 1 }))
    case 'sign':
      return signersIn(definition, transcript.record)
    case 'handshake':
      throw refuse('a handshake keeps no transcript')
    default:
      return definition satisfies never
  }
}

function signersIn(order: Order, encoded: Uint8Array | null): Player[] {
  if (encoded === null) throw refuse('the record of the key is missing')
  const record = parseRecord(encoded)
  const same = equalBytes(recordDigest(record), order.record) && equalBytes(record.key_id, order.key_id)
  demand(same, 'the record is not that of the order')
  demand(order.signers.length === record.threshold, 'the order names another number of signers')
  return order.signers.map(({ index, fingerprint }) => {
    const card = record.members[index - 1]?.card
    if (!card || !equalBytes(card.fingerprint, fingerprint)) throw refuse('a signer is not in the record')
    return { card, party: index }
  })
}

/** The envelopes of one kind, one from each participant in order, each signed by it and in its place. */
function envelopesBy(
  cards: readonly Card[],
  encoded: readonly Uint8Array[],
  kind: Kind,
  definition: Uint8Array,
  session: Uint8Array,
  round?: string,
): Envelope[] {
  demand(encoded.length === cards.length, `there is not one ${kind} of each participant`)
  return encoded.map((bytes, i) => {
    const envelope = decodeEnvelope(bytes)
    const { header } = envelope
    const { name, fingerprint, signing } = cards[i] as Card
    const wanted = round ?? (kind === 'hello' ? header.round : '')
    const inPlace =
      header.kind === kind &&
      header.round === wanted &&
      header.to === null &&
      equalBytes(header.definition, definition) &&
      equalBytes(header.session, session) &&
      equalBytes(header.from, fingerprint)
    demand(inPlace, `the ${kind} of ${name} is out of place`)
    demand(verifyEnvelope(envelope, signing), `the ${kind} of ${name} is not signed by it`)
    return envelope
  })
}

/** What the participant at `place` sends with an entry for each other one has them in the order of the participants. */
function demandOneForEach(
  cards: readonly Card[],
  place: number,
  kind: Kind,
  entries: readonly { readonly to: Uint8Array }[],
): void {
  const others = cards.filter((_, i) => i !== place).map(({ fingerprint }) => hex(fingerprint))
  const name = (cards[place] as Card).name
  demand(
    entries.map(({ to }) => hex(to)).join() === others.join(),
    `the ${kind} of ${name} is not for every other participant`,
  )
}

/** Every echo is the digest of the letters that stand here. */
function verifyEchoes(players: readonly Player[], sid: Uint8Array, rounds: Rounds): void {
  const parties = players.map(({ party }) => party)
  const session = new Session(sid, parties[0] as PartyId, parties)
  for (const [round, letters] of rounds) {
    const echoes = rounds.get(echoRound(round))
    if (!echoes) continue
    const seen = encode(echoOf(session, round, letters))
    for (const echo of echoes.values())
      demand(equalBytes(echo, seen), `an echo of round ${round} is of other letters`)
  }
}

/** The record is what the openings add up to, and says of the ceremony what the definition says. */
function verifyKeygen(
  definition: KeygenDefinition,
  id: Uint8Array,
  sid: Uint8Array,
  record: KeyRecord,
  players: readonly Player[],
  rounds: Rounds,
): void {
  const members = record.members.map(({ card }) => card.line)
  const same =
    equalBytes(record.key_id, id) &&
    equalBytes(record.definition, id) &&
    record.scheme === definition.scheme &&
    record.threshold === definition.threshold &&
    record.epoch === 1 &&
    record.parent === null &&
    hex(record.policy_sha256 ?? new Uint8Array()) ===
      hex(definition.policy ? sha256(definition.policy) : new Uint8Array()) &&
    members.join() === players.map(({ card }) => card.line).join()
  demand(same, 'the record is not of this definition')
  const parties = players.map(({ party }) => party)
  const session = new Session(sid, parties[0] as PartyId, parties)
  const { scheme, threshold } = definition
  const auxiliary = needsAuxiliary(scheme) ? { level: levelOfKeys(), epoch: id } : null
  const result = publicKeyMaking(session, { scheme, threshold }, auxiliary, rounds)
  demand(result !== null, 'an opening or a proof does not hold')
  const { groupPoint, publicShares: shares, chainCode, data } = result as NonNullable<typeof result>
  const equal =
    equalBytes(groupPoint, record.group_point) &&
    hex(chainCode ?? new Uint8Array()) === hex(record.chain_code ?? new Uint8Array()) &&
    hex(data ? auxDataCodec.encode(data) : new Uint8Array()) === hex(record.auxiliary ?? new Uint8Array()) &&
    record.members.every(({ index, public_share }) =>
      equalBytes(shares.get(index) ?? new Uint8Array(), public_share),
    )
  demand(equal, 'the key is not what was said in making it')
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
  demand(new Set(given).size === given.length, 'a receipt stands twice')
  const inOrder = cards.map(({ fingerprint }) => hex(fingerprint)).filter((who) => given.includes(who))
  demand(inOrder.join() === given.join(), 'the receipts are not in the order of the participants')
  return cards.filter(({ fingerprint }) => !given.includes(hex(fingerprint))).map(({ name }) => name)
}

function demand(holds: boolean, problem: string): void {
  if (!holds) throw refuse(problem)
}

const refuse = (problem: string, cause?: unknown): Failure =>
  new Failure('verification', 'E_TRANSCRIPT', `the transcript does not hold: ${problem}`, {
    hint: 'ask another participant for its copy: all of them have the same',
    cause,
  })
