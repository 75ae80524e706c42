/**
 * The engines behind one interface for ceremonies: make a key, reshare it, sign with it, whatever the scheme.
 * FROST needs only the shares. CGGMP24 also needs auxiliary data, made in the same run and remade with every
 * epoch.
 */
import { concatBytes } from '@noble/hashes/utils.js'
import { generateAux } from '../cggmp24/auxiliary/generate.js'
import {
  type AuxData,
  type AuxiliaryInput,
  type AuxPrimes,
  type AuxSecret,
  wipeAuxSecret,
} from '../cggmp24/auxiliary/data.js'
import { publicAux } from '../cggmp24/auxiliary/public.js'
import { judgeFailure } from '../cggmp24/evidence.js'
import { ROUND } from '../cggmp24/presign/letters.js'
import { sign as signEcdsa } from '../cggmp24/sign.js'
import type { Accusation } from '../core/abort.js'
import { inStep } from '../core/entries.js'
import { judgeEntries } from '../core/entries-evidence.js'
import type { Dispute, Judging } from '../core/evidence.js'
import { judgeFrost } from '../frost/evidence.js'
import { sign as signFrost } from '../frost/sign.js'
import { keygen } from '../dkg/keygen.js'
import { type KeygenInput, type PublicOutput, publicResult } from '../dkg/keygen-public.js'
import type { Rounds } from '../core/rounds.js'
import type { KeyShare, PublicShares } from '../sharing/key-share.js'
import { publicReshare } from '../dkg/reshare-public.js'
import { reshare, type ReshareInput } from '../dkg/reshare.js'
import { echoRound, type Protocol } from '../core/round.js'
import type { Scheme } from '../group/scheme.js'
import type { Secret } from '../core/secret.js'
import type { NonceRng, PartyId, Rng, Session } from '../core/session.js'
import { engineOf } from './registry.js'

/** The auxiliary data of an engine: the public data of all custodians, and this one's secret. */
export type Auxiliary = { readonly data: AuxData; readonly secret: AuxSecret }

/** The public part of a new or reshared key. */
export type PublicResult = PublicOutput & {
  /** The auxiliary data of the custodians; null if the scheme needs none. */
  readonly data: AuxData | null
}

/** The same with this party's secrets, null if it only dealt. The caller wipes them. */
export type NewShares = PublicResult & {
  readonly share: Secret | null
  readonly auxSecret: AuxSecret | null
}

export const needsAuxiliary = (scheme: Scheme): boolean => engineOf(scheme).auxiliary

/**
 * Makes a key among the session's parties 1 to n, with the auxiliary data that its engine needs.
 * @param auxiliary null exactly if the scheme needs none
 * @throws ProtocolAbort naming everybody who broke the protocol
 */
export function* makeKey(
  session: Session,
  input: KeygenInput,
  auxiliary: (AuxiliaryInput & { readonly primes: AuxPrimes }) | null,
  rng: Rng,
): Protocol<NewShares> {
  requireInput(input.scheme, auxiliary)
  const output = yield* keygen(session, input, rng)
  return yield* withAuxiliary(session, output, session.parties, auxiliary, rng)
}

/**
 * Reshares a key among the session's parties 1 to m. Parties 1 to n receive the new shares under these
 * numbers. A party that only deals makes auxiliary data too, so that each round has a letter from each party;
 * the result leaves it out.
 * @param share a dealer's share of the old epoch, else null; the caller still owns it
 * @param auxiliary null exactly if the scheme needs none
 * @throws ProtocolAbort naming everybody who broke the protocol
 */
export function* reshareKey(
  session: Session,
  input: ReshareInput,
  share: Secret | null,
  auxiliary: (AuxiliaryInput & { readonly primes: AuxPrimes }) | null,
  rng: Rng,
): Protocol<NewShares> {
  requireInput(input.old.scheme, auxiliary)
  if ([...input.members].some(([party, index]) => party !== index)) {
    throw new RangeError('who is to hold a share has its number')
  }
  const output = yield* reshare(session, input, share, rng)
  return yield* withAuxiliary(session, output, [...input.members.keys()], auxiliary, rng)
}

/** All parties make auxiliary data; new custodians keep it. On failure the new share is wiped. */
function* withAuxiliary(
  session: Session,
  output: PublicOutput & { readonly share: Secret | null },
  holders: readonly PartyId[],
  auxiliary: (AuxiliaryInput & { readonly primes: AuxPrimes }) | null,
  rng: Rng,
): Protocol<NewShares> {
  if (auxiliary === null) return { ...output, data: null, auxSecret: null }
  let isMade = false
  try {
    const { secret, ...all } = yield* generateAux(session, auxiliary, rng)
    const holds = holders.includes(session.self)
    if (!holds) wipeAuxSecret(secret)
    isMade = true
    return { ...output, data: only(all, holders), auxSecret: holds ? secret : null }
  } finally {
    if (!isMade) output.share?.wipe()
  }
}

/** The auxiliary data of `holders` only. */
const only = ({ level, parties }: AuxData, holders: readonly PartyId[]): AuxData => ({
  level,
  parties: new Map([...parties].filter(([party]) => holders.includes(party))),
})

/** The round that publishes this party's auxiliary data, after which its primes count as used. */
export const SHOWS_PRIMES = 'aux-open'

/** Recomputes the public part of a new key from the broadcasts; null if a check fails. */
export function publicKeyMaking(
  session: Session,
  input: KeygenInput,
  auxiliary: AuxiliaryInput | null,
  rounds: Rounds,
): PublicResult | null {
  requireInput(input.scheme, auxiliary)
  return withPublicAux(session, publicResult(session, input, rounds), session.parties, auxiliary, rounds)
}

/** The same for a reshare. */
export function publicKeyResharing(
  session: Session,
  input: ReshareInput,
  auxiliary: AuxiliaryInput | null,
  rounds: Rounds,
): PublicResult | null {
  requireInput(input.old.scheme, auxiliary)
  const none = new Map<PartyId, Uint8Array>()
  const result = publicReshare(session, input, rounds.get('commit') ?? none, rounds.get('open') ?? none)
  return withPublicAux(session, result, [...input.members.keys()], auxiliary, rounds)
}

function withPublicAux(
  session: Session,
  result: PublicOutput | null,
  holders: readonly PartyId[],
  auxiliary: AuxiliaryInput | null,
  rounds: Rounds,
): PublicResult | null {
  if (result === null || auxiliary === null) return result && { ...result, data: null }
  const data = publicAux(session, auxiliary, rounds)
  return data && { ...result, data: only(data, holders) }
}

/** One custodian's key for signing. */
export type SigningKey = {
  readonly share: KeyShare
  readonly auxiliary: Auxiliary | null
  /** 32 bytes: digest of the record. */
  readonly epoch: Uint8Array
}

/** One message of a run. */
export type ToSign = {
  /** For ECDSA a digest of 32 bytes, for the other schemes any bytes. */
  readonly message: Uint8Array
  /** The number that a derivation path adds to the private key; 0n without one. */
  readonly shift: bigint
}

/**
 * Signs 1 to 64 messages in one run with the session's parties, whose ids are the indices of their shares; exactly as
 * many as must sign. All parties must give the same messages in the same order, which the run's definition fixes.
 * @returns for each message 64 bytes that an ordinary verifier has accepted; all of them, or none
 * @throws ProtocolAbort naming everybody who broke the protocol, each with the number of the message
 */
export function* signMessages(
  session: Session,
  key: SigningKey,
  messages: readonly ToSign[],
  nonces: NonceRng,
): Protocol<readonly Uint8Array[]> {
  requireInput(key.share.scheme, key.auxiliary)
  const sign = (each: ToSign) => (entry: Session) => signMessage(entry, key, each, nonces)
  return yield* inStep(session, messages.map(sign))
}

function* signMessage(
  entry: Session,
  { share, auxiliary, epoch }: SigningKey,
  { message, shift }: ToSign,
  nonces: NonceRng,
): Protocol<Uint8Array> {
  if (auxiliary === null) return yield* signFrost(entry, { share, message, shift }, nonces)
  const { level, parties: aux } = auxiliary.data
  const ecdsa = { share, level, aux, epoch, shift, auxSecret: auxiliary.secret }
  const { r, s } = yield* signEcdsa(entry, ecdsa, message, nonces)
  return concatBytes(r, s)
}

/** The public part of a key that signs, from its agreed record. */
export type PublicSigningKey = {
  readonly share: PublicShares
  readonly auxiliary: AuxData | null
  /** 32 bytes: digest of the record. */
  readonly epoch: Uint8Array
}

/**
 * Names the signers that provably broke a run of `signMessages`.
 * @throws RangeError if the session's parties cannot have signed with this key
 */
export function judgeSigning(
  session: Session,
  { share, auxiliary, epoch }: PublicSigningKey,
  messages: readonly ToSign[],
  rounds: Rounds,
  disputes: readonly Dispute[],
): Judging<readonly Accusation[]> {
  return judgeEntries(session, messages.length, rounds, disputes, (entry, own, letters, about) => {
    const { message, shift } = messages[entry - 1] as ToSign
    if (auxiliary === null) return judgeFrost(own, { share, shift }, message, letters)
    const { level, parties: aux } = auxiliary
    return judgeFailure(own, { share, level, aux, epoch, shift }, message, letters, about)
  })
}

/** The rounds that have broadcasts, in order. */
export function roundsOf(kind: 'keygen' | 'reshare' | 'sign', scheme: Scheme): readonly string[] {
  const reliably = (round: string) => [round, echoRound(round)]
  if (kind !== 'sign') {
    const common = [...reliably('commit'), 'open']
    const proofs = kind === 'keygen' ? ['prove'] : []
    return needsAuxiliary(scheme)
      ? [...common, ...proofs, ...reliably('aux-commit'), SHOWS_PRIMES, 'aux-prove']
      : common
  }
  return needsAuxiliary(scheme)
    ? [...[ROUND.first, ROUND.second, ROUND.third].flatMap(reliably), ROUND.sign]
    : [...reliably('nonces'), 'share']
}

export function wipeSigningKey({ share, auxiliary }: Pick<SigningKey, 'share' | 'auxiliary'>): void {
  share.share.wipe()
  if (auxiliary) wipeAuxSecret(auxiliary.secret)
}

function requireInput(scheme: Scheme, auxiliary: unknown): void {
  if (needsAuxiliary(scheme) !== (auxiliary !== null)) {
    throw new RangeError('auxiliary data exactly where the scheme needs them')
  }
}
