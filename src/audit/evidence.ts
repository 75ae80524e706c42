/**
 * The offline verifier of failed signings: who, by the signed letters in the file, broke the protocol. It holds what a
 * transcript's verifier holds of the session and believes nothing about the key but the record that the order names.
 */
import type { Accusation } from '../protocol/abort.js'
import { judgeFailure, type Judging } from '../protocol/cggmp24/evidence.js'
import { runJob } from '../protocol/cggmp24/jobs.js'
import { equalBytes } from '../protocol/codec.js'
import type { Job } from '../protocol/round.js'
import { type PartyId, Session } from '../protocol/session.js'
import type { Card } from '../wire/card.js'
import { definitionCodec, definitionId } from '../wire/definition.js'
import { derivedKey } from '../wire/derived.js'
import { type Accused, Failure } from '../wire/failure.js'
import { sessionWords } from '../wire/handshake.js'
import { sha256 } from '../wire/hash.js'
import { OtherRealm } from '../wire/realm.js'
import { auxiliaryOf, type KeyRecord, publicShares, recordDigest } from '../wire/record.js'
import { messageOf } from '../wire/signature.js'
import { parseSeating } from '../wire/seating.js'
import { hex } from '../wire/text.js'
import { type FailedSigning, failedCodec } from '../wire/transcript.js'
import { demand, holding, openingIn, refuse, roundsIn, signersIn } from './session.js'

export type Verdict = {
  readonly definition: Uint8Array
  readonly sid: Uint8Array
  readonly words: readonly string[]
  readonly participants: readonly Card[]
  readonly record: KeyRecord
  /** The key that was to sign: at the order's path. */
  readonly publicKey: Uint8Array
  /** Whoever the letters prove guilty, in the order of the participants; at least one. */
  readonly guilty: readonly Accused[]
}

/** Whether this is of the kind that is verified here, whatever it is worth. */
export function isFailedSigning(encoded: Uint8Array): boolean {
  try {
    failedCodec.decode(encoded)
    return true
  } catch (error) {
    return error instanceof OtherRealm
  }
}

/** Does jobs; their results by index. */
type Compute = (jobs: readonly Job[]) => Promise<readonly Uint8Array[]>

/**
 * The verdict on a signing that failed. After a failure phase it takes seconds for each pair of signers.
 * @param compute where that is done: here, if left out
 * @throws Failure `E_TRANSCRIPT` (verification) with the first thing that does not hold; `E_EVIDENCE` (verification)
 * where everything holds, and proves nobody's fault
 */
export async function verifyEvidence(
  encoded: Uint8Array,
  compute: Compute = (jobs) => Promise.resolve(jobs.map(runJob)),
): Promise<Verdict> {
  const { judging, cards, ...known } = holding('evidence', HINT, () => opened(failedCodec.decode(encoded)))
  let step = judging.next()
  while (!step.done) step = judging.next(await compute(step.value))
  if (step.value.length === 0) {
    throw new Failure('verification', 'E_EVIDENCE', 'the letters in this file prove nobody at fault', {
      hint: 'nobody is cleared by it either: letters may be missing, and what one member alone was shown is its word',
    })
  }
  const guilty = step.value.map(({ party, round, kind, reason }): Accused => {
    const { name, fingerprint } = cards.get(party) as Card
    return { name, fingerprint: hex(fingerprint), round, kind, reason, evidence: null }
  })
  return { ...known, participants: [...cards.values()], guilty }
}

const HINT = 'believe none of it, and ask another signer for what it has kept'

/** A file whose letters stand in their places, and what is to be judged. */
function opened(failed: FailedSigning): Omit<Verdict, 'participants' | 'guilty'> & {
  readonly judging: Judging<readonly Accusation[]>
  readonly cards: ReadonlyMap<PartyId, Card>
} {
  const order = definitionCodec.decode(failed.definition)
  if (order.kind !== 'sign') return refuse('it is not of a signing')
  const id = definitionId(order)
  const players = signersIn(order, failed.record)
  const cards = new Map(players.map(({ party, card }) => [party, card]))
  const sid = openingIn(failed, id, [...cards.values()])
  demand(equalBytes(sha256(failed.payload), order.payload_sha256), "the payload is not the order's")
  const names = failed.rounds.map(({ round }) => round)
  demand(new Set(names).size === names.length, 'a round stands twice')
  const rounds = roundsIn(failed, id, sid, players)

  const record = parseSeating(failed.record as Uint8Array).record
  const auxiliary = auxiliaryOf(record)
  if (auxiliary === null) return refuse('failures of this scheme are not judged from letters')
  const { publicKey, shift } = derivedKey(record, order.path)
  const { scheme, threshold, group_point: groupPoint } = record
  const key = {
    share: { scheme, threshold, groupPoint, publicShares: publicShares(record) },
    level: auxiliary.level,
    aux: auxiliary.parties,
    epoch: recordDigest(record),
    shift,
  }
  const parties = [...cards.keys()]
  const session = new Session(sid, parties[0] as PartyId, parties)
  const digest = messageOf(scheme, order.type, failed.payload)
  const judging = judgeFailure(session, key, digest, rounds)
  return { definition: id, sid, words: sessionWords(sid), cards, record, publicKey, judging }
}
