/**
 * The offline verifier of evidence: failed runs, and single letters. It finds the members that broke the
 * protocol from signed letters in the file. It checks a session as the transcript's verifier does, and trusts
 * no key but the record that the order or definition names.
 */
import type { Accusation } from '../protocol/core/abort.js'
import { runJob } from '../protocol/cggmp24/jobs.js'
import { judgeSigning, needsAuxiliary, type PublicSigningKey } from '../protocol/engines/engine.js'
import { judgePresigning } from '../protocol/engines/presigning.js'
import type { Dispute, Judging } from '../protocol/core/evidence.js'
import { judgeKeyMaking, judgeResharing } from '../protocol/dkg/keygen-evidence.js'
import type { Rounds } from '../protocol/core/rounds.js'
import type { Job } from '../protocol/core/round.js'
import { type PartyId, Session } from '../protocol/core/session.js'
import type { Card } from '../wire/identity/card.js'
import {
  custodiansOf,
  type Definition,
  definitionCodec,
  definitionId,
  type Order,
  type Presigning,
} from '../wire/ceremony/definition.js'
import { reshareInputOf, type VotedDefinition } from '../wire/ceremony/key-definition.js'
import { derivedKey } from '../wire/key/derived-key.js'
import { type Accused, Failure } from '../wire/base/failure.js'
import { sessionWords } from '../wire/session/handshake.js'
import { OtherRealm } from '../wire/base/realm.js'
import {
  auxiliaryOf,
  type KeyRecord,
  levelOfKeys,
  publicShares,
  recordDigest,
  recordPublicKey,
} from '../wire/key/record.js'
import { parseSeating } from '../wire/key/seated-record.js'
import { hex } from '../wire/base/text.js'
import { type FailedRun, failedCodec, type Letters, lettersCodec } from '../wire/session/transcript.js'
import { toSign } from '../payload/registry/target.js'
import { claimsOf } from './claims.js'
import { convictedBy } from './letters.js'
import { orderedTarget } from './ordered-target.js'
import { demand, holding, openingIn, playersIn, refuse, roundsIn } from './session.js'

export type Verdict = {
  readonly kind: VotedDefinition['kind'] | 'sign' | 'presign'
  readonly definition: Uint8Array
  /** Null for letters alone: they may be of several sessions. */
  readonly sid: Uint8Array | null
  readonly words: readonly string[] | null
  readonly participants: readonly Card[]
  readonly scheme: KeyRecord['scheme']
  readonly threshold: number
  /** Number of custodians, future or present. */
  readonly custodians: number
  /** The key that was to sign, at the order's path, or to be reshared; null for a key generation. */
  readonly publicKey: Uint8Array | null
  /** The members that the letters prove guilty, in the order of the participants; at least one. */
  readonly guilty: readonly Accused[]
}

/** Whether a file is of a kind that is verified here. */
export const isEvidence = (encoded: Uint8Array): boolean =>
  [failedCodec, lettersCodec].some(({ decode }) => isOfKind(encoded, decode))

function isOfKind(encoded: Uint8Array, decode: (encoded: Uint8Array) => unknown): boolean {
  try {
    decode(encoded)
    return true
  } catch (error) {
    return error instanceof OtherRealm
  }
}

/** Runs jobs; returns the results by index. */
type Compute = (jobs: readonly Job[]) => Promise<readonly Uint8Array[]>

/**
 * The verdict on evidence. Takes seconds per party if auxiliary data were made, and seconds per pair of
 * signers after a failure phase.
 * @param compute runs the jobs; by default on this thread
 * @throws Failure `E_TRANSCRIPT` (verification) with the first failed check; `E_EVIDENCE` (verification) if
 *   every check passes and nobody is at fault
 */
export async function verifyEvidence(
  encoded: Uint8Array,
  compute: Compute = (jobs) => Promise.resolve(jobs.map(runJob)),
): Promise<Verdict> {
  const { judging, convicted, cards, ...known } = await holding('evidence', HINT, () =>
    isOfKind(encoded, lettersCodec.decode)
      ? openedLetters(lettersCodec.decode(encoded))
      : opened(failedCodec.decode(encoded)),
  )
  const faults = [...convicted]
  if (judging) {
    let step = judging.next()
    while (!step.done) step = judging.next(await compute(step.value))
    faults.unshift(...step.value)
  }
  if (faults.length === 0) {
    throw new Failure('verification', 'E_EVIDENCE', 'the letters in this file prove nobody at fault', {
      hint: 'it clears nobody either: letters may be missing, and what one member alone has seen is its word',
    })
  }
  const guilty = [...cards].flatMap(([party, { name, fingerprint }]): Accused[] => {
    const fault = faults.find((each) => each.party === party)
    if (!fault) return []
    const { round, kind, reason, entry = null } = fault
    return [{ name, fingerprint: hex(fingerprint), round, kind, reason, entry, evidence: null }]
  })
  return { ...known, participants: [...cards.values()], guilty }
}

const HINT = 'believe none of it, and ask another participant for what it has kept'

type Opened = Omit<Verdict, 'participants' | 'guilty'> & {
  /** Null without a run. */
  readonly judging: Judging<readonly Accusation[]> | null
  /** Convicted by the file's letters alone, whatever the protocol. */
  readonly convicted: readonly Accusation[]
  readonly cards: ReadonlyMap<PartyId, Card>
}

/** Checks the places of a file's letters, and prepares their judgement. */
async function opened(failed: FailedRun): Promise<Opened> {
  const definition = definitionCodec.decode(failed.definition)
  const id = definitionId(definition)
  const players = playersIn(definition, failed.record)
  const cards = new Map(players.map(({ party, card }) => [party, card]))
  const sid = openingIn(failed, definition, [...cards.values()])
  const names = failed.rounds.map(({ round }) => round)
  demand(new Set(names).size === names.length, 'a round is given twice')
  const rounds = roundsIn(failed, id, sid, players)
  const { guilty, disputes } = claimsOf(failed.claims, { definition: id, sid }, players)
  const parties = [...cards.keys()]
  const session = new Session(sid, parties[0] as PartyId, parties)
  const common = { definition: id, sid, words: sessionWords(sid), cards, convicted: guilty }
  return { ...common, ...(await judged(definition, failed, session, rounds, disputes)) }
}

/** Letters alone convict at once; no protocol run is judged. */
function openedLetters({ definition: encoded, record, letters }: Letters): Opened {
  const definition = definitionCodec.decode(encoded)
  const id = definitionId(definition)
  const players = playersIn(definition, record)
  const cards = new Map(players.map(({ party, card }) => [party, card]))
  const convicted = convictedBy(letters, id, players)
  const about =
    definition.kind === 'sign' || definition.kind === 'presign'
      ? aboutKey(definition, record)
      : aboutMaking(definition)
  return { definition: id, sid: null, words: null, cards, convicted, judging: null, ...about }
}

type About = Pick<Verdict, 'kind' | 'scheme' | 'threshold' | 'custodians' | 'publicKey'>

function aboutMaking(definition: Definition): About {
  const { kind: what } = definition
  if (what === 'handshake' || what === 'sign' || what === 'presign') return refuse('it makes no key')
  if (definition.kind === 'policy') {
    const { scheme, threshold, members } = definition.parent_record
    const publicKey = recordPublicKey(definition.parent_record)
    return { kind: 'policy', scheme, threshold, custodians: members.length, publicKey }
  }
  const { kind, scheme, threshold } = definition
  const publicKey = definition.kind === 'keygen' ? null : recordPublicKey(definition.parent_record)
  return { kind, scheme, threshold, custodians: custodiansOf(definition).length, publicKey }
}

function aboutKey(order: Order | Presigning, encoded: Uint8Array | null): About {
  const { record } = parseSeating(encoded ?? new Uint8Array())
  const { scheme, threshold, members } = record
  const { publicKey } = derivedKey(record, order.kind === 'sign' ? order.path : null)
  return { kind: order.kind, scheme, threshold, custodians: members.length, publicKey }
}

type Judged = About & Pick<Opened, 'judging'>

async function judged(
  definition: Definition,
  failed: FailedRun,
  session: Session,
  rounds: Rounds,
  disputes: readonly Dispute[],
): Promise<Judged> {
  if (definition.kind === 'handshake' || definition.kind === 'policy') return refuse('it has no rounds')
  if (definition.kind === 'sign') return signing(definition, failed, session, rounds, disputes)
  if (definition.kind === 'presign') return presigning(definition, failed, session, rounds, disputes)
  demand(failed.payload === null, 'nothing is signed in it')
  const { scheme, threshold } = definition
  const auxiliary = needsAuxiliary(scheme) ? { level: levelOfKeys(), epoch: definitionId(definition) } : null
  const judging =
    definition.kind === 'keygen'
      ? judgeKeyMaking(session, { scheme, threshold }, auxiliary, rounds, disputes)
      : judgeResharing(session, reshareInputOf(definition), auxiliary, rounds, disputes)
  return { ...aboutMaking(definition), judging }
}

async function signing(
  order: Order,
  failed: FailedRun,
  session: Session,
  rounds: Rounds,
  disputes: readonly Dispute[],
): Promise<Judged> {
  const { record } = parseSeating(failed.record as Uint8Array)
  const messages = toSign(await orderedTarget(order, record, failed.payload))
  const judging = judgeSigning(session, publicKeyOf(record), messages, rounds, disputes)
  return { ...aboutKey(order, failed.record), judging }
}

function presigning(
  definition: Presigning,
  failed: FailedRun,
  session: Session,
  rounds: Rounds,
  disputes: readonly Dispute[],
): Judged {
  demand(failed.payload === null, 'nothing is signed in it')
  const { record } = parseSeating(failed.record as Uint8Array)
  demand(needsAuxiliary(record.scheme), 'the key has no presignatures')
  const judging = judgePresigning(session, publicKeyOf(record), definition.count, rounds, disputes)
  return { ...aboutKey(definition, failed.record), judging }
}

/** The public part of the key of a record. */
function publicKeyOf(record: KeyRecord): PublicSigningKey {
  const { scheme, threshold, group_point: groupPoint } = record
  const share = { scheme, threshold, groupPoint, publicShares: publicShares(record) }
  return { share, auxiliary: auxiliaryOf(record), epoch: recordDigest(record) }
}
