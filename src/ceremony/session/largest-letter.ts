/**
 * The largest message that a ceremony sends, computed from its protocol, so that a server with a lower limit
 * is refused before any work. Upper bounds in bytes; a test compares them with real messages.
 */
import { tooLarge } from '../../messaging/transport/refusals.js'
import type { Transport } from '../../messaging/transport/transport.js'
import { needsAuxiliary } from '../../protocol/engines/engine.js'
import { MOST_ENTRIES } from '../../protocol/core/entries.js'
import type { Scheme } from '../../protocol/group/scheme.js'
import { definitionCodec } from '../../wire/ceremony/definition.js'
import { type KeyDefinition, watchersOf } from '../../wire/ceremony/key-definition.js'
import type { PolicyDefinition } from '../../wire/ceremony/policy-definition.js'
import { MLKEM_CIPHERTEXT } from '../../wire/session/handshake.js'
import { Failure } from '../../wire/base/failure.js'
import { type KeyRecord, levelOfKeys } from '../../wire/key/record.js'

/** Header, signature, names and seal around a body; twice for a letter that is shown to others. */
const ENVELOPE = 512
const SHOWN = 2 * ENVELOPE
/** Names and length prefixes of a small record. */
const FRAME = 64
const NAMED = 32 + FRAME
const SIGNED = 64 + NAMED

/** @throws Failure `E_BROKER_LIMIT` (network) with the server's limit and the size needed */
export function requirePayload({ maxPayload }: Pick<Transport, 'maxPayload'>, needed: number): void {
  if (maxPayload < needed) throw tooLarge(maxPayload, needed)
}

/** The largest message of an opening. @param holders members whose signatures a hello may carry */
export function largestInOpening(parties: number, holders = parties): number {
  const reveal = 1184 + 2 * NAMED
  const hello = 4 * FRAME + holders * SIGNED
  const encapsulations = parties * (MLKEM_CIPHERTEXT + NAMED)
  // Several letters may be wanted at once.
  const want = 4 * parties * 2 * NAMED
  return SHOWN + Math.max(reveal, hello, encapsulations, want)
}

/** The largest message of a ceremony that makes shares. @param parties number of participants */
export function largestInMaking(definition: KeyDefinition, parties: number): number {
  const encoded = definitionCodec.encode(definition).length
  const { members, scheme, threshold } = definition
  const watchers = definition.kind === 'keygen' ? 0 : watchersOf(definition).length
  const opening = FRAME + threshold * (33 + 8) + 2 * NAMED
  const certificate = 3 * NAMED + parties * (SIGNED + 2 * NAMED)
  // The record contains every member's card. Only watchers are sent it.
  const record = 4 * NAMED + encoded + members.length * (2 * NAMED + auxiliaryOf(scheme))
  const outcome = watchers === 0 ? 0 : record + certificate
  const bodies = [proofOfModulus(scheme), opening, certificate, outcome, encoded]
  return Math.max(largestInOpening(parties, parties + watchers), SHOWN + Math.max(...bodies))
}

/** The largest message of a policy change. @param parties number of participants */
export function largestInChange(definition: PolicyDefinition, parties: number): number {
  const certificate = 3 * NAMED + parties * (SIGNED + 2 * NAMED)
  const bodies = [certificate, definitionCodec.encode(definition).length]
  return Math.max(largestInOpening(parties), SHOWN + Math.max(...bodies))
}

/** The numbers that decide how large the letters of a signing are. */
export type SigningSize = {
  readonly signers: number
  /** Length of the encoded request. */
  readonly request: number
  readonly messages: number
}

/** The largest message of a signing. */
export function largestInSigning(scheme: Scheme, { signers, request, messages }: SigningSize): number {
  const order = 4 * NAMED + signers * 2 * NAMED
  const bodies = [request, order, FRAME + messages * largestItem(scheme, signers)]
  return Math.max(largestInOpening(signers), SHOWN + Math.max(...bodies))
}

/** No letter of a signing is longer. It leaves room for what shows it to others, below the limit of every server. */
const LONGEST_LETTER = 700_000

/** How many messages one run signs, or presigns for, at most. */
export const mostMessages = (scheme: Scheme, signers: number): number =>
  Math.min(MOST_ENTRIES, Math.floor((LONGEST_LETTER - SHOWN - FRAME) / largestItem(scheme, signers)))

/** @throws Failure `E_MESSAGES` (usage) for more messages than one run of a key's signers signs */
export function requireOneRun(
  { scheme, threshold }: Pick<KeyRecord, 'scheme' | 'threshold'>,
  messages: number,
): void {
  const most = mostMessages(scheme, threshold)
  if (messages <= most) return
  throw new Failure(
    'usage',
    'E_MESSAGES',
    `the payload needs ${messages} signatures, and ${threshold} signers make at most ${most} in one run`,
    { hint: `split it into payloads that need at most ${most} signatures each` },
  )
}

/** The most that a letter holds for one message. */
const largestItem = (scheme: Scheme, signers: number): number =>
  needsAuxiliary(scheme) ? Math.max(...presigning(signers)) : 2 * 33 + FRAME

const modulus = (): number => levelOfKeys().modulusBits / 8

/** One member's public moduli in a record. */
const auxiliaryOf = (scheme: Scheme): number => (needsAuxiliary(scheme) ? 4 * modulus() + FRAME : 0)

/** Proof of a Paillier-Blum modulus (Πmod): two roots a repetition, and one element. */
const proofOfModulus = (scheme: Scheme): number =>
  needsAuxiliary(scheme) ? levelOfKeys().repetitions * (2 * modulus() + 24) + modulus() + FRAME : 0

/** Presigning, round 2, for one message: four ciphertexts for each peer in a broadcast; two proofs in a letter. */
function presigning(signers: number): number[] {
  const answers = (signers - 1) * 4 * (2 * modulus() + 8)
  const proofs = 2 * (10 * modulus() + 1024)
  return [answers + 4 * NAMED, proofs]
}
