/**
 * The common checks of transcripts and failed runs: the letters of one session are in their places under the
 * definition, each signed by its sender. Other files judge their content.
 */
import { CodecError, equalBytes } from '../protocol/core/codec.js'
import type { PartyId } from '../protocol/core/session.js'
import type { Card } from '../wire/identity/card.js'
import {
  areAcceptances,
  type Definition,
  definitionId,
  type Order,
  type Presigning,
  verifyAcceptance,
} from '../wire/ceremony/definition.js'
import { isVoted, membersOf, playersOf } from '../wire/ceremony/key-definition.js'
import { decodeEnvelope, type Envelope, type Kind, verifyEnvelope } from '../wire/session/envelope.js'
import { Failure, otherEngine } from '../wire/base/failure.js'
import {
  attemptId,
  confirmCodec,
  encapsulateCodec,
  helloCodec,
  helloCommitment,
  revealCodec,
  sessionId,
} from '../wire/session/handshake.js'
import { rebindDigest } from '../wire/key/rebind.js'
import { recordDigest } from '../wire/key/record.js'
import { parseSeating } from '../wire/key/seated-record.js'
import { hex } from '../wire/base/text.js'
import type { Seen } from '../wire/session/transcript.js'

/** A participant with its party number. */
export type Player = { readonly card: Card; readonly party: PartyId }

/** A check failed. The message is the program's own text, so it is safe to show. */
class Unsound extends Error {
  override readonly name = 'Unsound'
}

export function refuse(problem: string): never {
  throw new Unsound(problem)
}

export function demand(holds: boolean, problem: string): void {
  if (!holds) refuse(problem)
}

/** Reads a file. @throws Failure `E_TRANSCRIPT` (verification) with the first failed check; `E_ENGINE` (configuration) */
export async function holding<T>(what: string, hint: string, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (cause) {
    const refused = (problem: string, cause?: unknown): Failure =>
      new Failure('verification', 'E_TRANSCRIPT', `the ${what} does not hold: ${problem}`, { hint, cause })
    if (cause instanceof Unsound) throw refused(cause.message)
    const other = otherEngine(cause)
    if (other) throw other
    if (cause instanceof CodecError) throw refused(`malformed: ${cause.message}`, cause)
    if (cause instanceof Failure) throw refused(cause.message, cause)
    throw cause
  }
}

/** Verifies the handshake of these participants. @returns the resulting session ID */
export function openingIn(seen: Seen, definition: Definition, cards: readonly Card[]): Uint8Array {
  const id = definitionId(definition)
  const members = isVoted(definition) ? membersOf(definition) : cards
  const hellos = envelopesBy(cards, seen.hellos, 'hello', { definition: id, session: new Uint8Array(32) })
  const starts = new Set(hellos.map(({ header }) => header.round))
  demand(starts.size === 1, 'the hellos are of different starts')
  demand(seen.reveals.length === cards.length, 'there is not one reveal of each participant')
  const reveals = seen.reveals.map((bytes) => revealCodec.decode(decodeEnvelope(bytes).body))
  hellos.forEach(({ header, body }, i) => {
    const { name, signing, fingerprint } = cards[i] as Card
    const hello = helloCodec.decode(body)
    demand(String(hello.start) === header.round, `the hello of ${name} is of another start`)
    demand(verifyAcceptance(signing, id, hello.accepted), `${name} did not accept the definition`)
    const shows = areAcceptances(id, hello.others, members)
    demand(shows, `the hello of ${name} shows a signature of a member that is none`)
    const opened = helloCommitment(id, fingerprint, hello.start, reveals[i] as (typeof reveals)[number])
    demand(equalBytes(opened, hello.commitment), `the reveal of ${name} does not open its hello`)
  })
  const attempt = attemptId(id, hellos)
  envelopesBy(cards, seen.reveals, 'reveal', { definition: id, session: attempt })
  const sid = sessionId(attempt, reveals)
  envelopesBy(cards, seen.encapsulations, 'encapsulate', { definition: id, session: sid }).forEach(
    ({ body }, i) => demandOneForEach(cards, i, 'encapsulate', encapsulateCodec.decode(body)),
  )
  envelopesBy(cards, seen.confirms, 'confirm', { definition: id, session: sid }).forEach(({ body }, i) =>
    demandOneForEach(cards, i, 'confirm', confirmCodec.decode(body)),
  )
  return sid
}

/** The letters by round and party. A round's name in a file is its author's text: never show it. */
export function roundsIn(
  seen: Seen,
  id: Uint8Array,
  sid: Uint8Array,
  players: readonly Player[],
): ReadonlyMap<string, ReadonlyMap<PartyId, Uint8Array>> {
  const cards = players.map(({ card }) => card)
  return new Map(
    seen.rounds.map(({ round, letters }) => {
      const envelopes = envelopesBy(cards, letters, 'letter', { definition: id, session: sid, round })
      const bodies = players.map(({ party }, i) => [party, (envelopes[i] as Envelope).body] as const)
      return [round, new Map(bodies)] as const
    }),
  )
}

/** The participants with their party numbers. @param record the key's, for a signature; else null */
export function playersIn(definition: Definition, record: Uint8Array | null): Player[] {
  switch (definition.kind) {
    case 'keygen':
      demand(record === null, 'a key generation has no key before it')
      return playersOf(definition).map((card, i) => ({ card, party: i + 1 }))
    case 'sign':
    case 'presign':
      return signersIn(definition, record)
    case 'reshare':
    case 'refresh':
      demand(record === null, 'the record before is in the definition')
      return playersOf(definition).map((card, i) => ({ card, party: i + 1 }))
    case 'policy':
      demand(record === null, 'the record stands in the definition')
      return playersOf(definition).map((card, i) => ({ card, party: i + 1 }))
    case 'handshake':
      return refuse('a handshake keeps no transcript')
    default:
      return definition satisfies never
  }
}

/** The signers of an order or of presignatures, by the record of the key that it names. */
function signersIn(order: Order | Presigning, encoded: Uint8Array | null): Player[] {
  if (encoded === null) return refuse('the record of the key is missing')
  const { record, seated, rebinds } = parseSeating(encoded)
  const same = equalBytes(recordDigest(record), order.record) && equalBytes(record.key_id, order.key_id)
  demand(same, 'the record is not that of the order')
  const named = order.rebinds.map(hex).join() === rebinds.map((rebind) => hex(rebindDigest(rebind))).join()
  demand(named, 'the rebinds are not those of the order')
  demand(order.signers.length === record.threshold, 'the order names another number of signers')
  return order.signers.map(({ index, fingerprint }) => {
    const card = seated.members[index - 1]?.card
    if (!card || !equalBytes(card.fingerprint, fingerprint)) return refuse('a signer is not in the record')
    return { card, party: index }
  })
}

type Place = {
  readonly definition: Uint8Array
  readonly session: Uint8Array
  readonly round?: string
}

/** The envelopes of one kind, one from each participant in order, each signed by it and in its place. */
function envelopesBy(
  cards: readonly Card[],
  encoded: readonly Uint8Array[],
  kind: Kind,
  { definition, session, round }: Place,
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

/** Demands one entry for each other participant, in their order. */
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
