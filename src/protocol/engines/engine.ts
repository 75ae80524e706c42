/**
 * The engines as a ceremony sees them: one way to make a key and one way to sign, whatever the scheme. FROST needs nothing
 * beyond the shares; CGGMP24 has auxiliary data of its own, made in the same run, and remade with every epoch.
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
import { ROUND } from '../cggmp24/presign/letters.js'
import { sign as signEcdsa } from '../cggmp24/sign.js'
import { sign as signFrost } from '../frost/sign.js'
import { keygen } from '../dkg/keygen.js'
import { type KeygenInput, type PublicOutput, publicResult } from '../dkg/keygen-public.js'
import type { Rounds } from '../core/rounds.js'
import type { KeyShare } from '../sharing/key-share.js'
import { publicReshare } from '../dkg/reshare-public.js'
import { reshare, type ReshareInput } from '../dkg/reshare.js'
import { echoRound, type Protocol } from '../core/round.js'
import type { Scheme } from '../group/scheme.js'
import type { Secret } from '../core/secret.js'
import type { NonceRng, PartyId, Rng, Session } from '../core/session.js'

/** What an engine needs beyond the shares: everybody's, and one member's secret. */
export type Auxiliary = { readonly data: AuxData; readonly secret: AuxSecret }

/** What everybody may know of a key that was made, or dealt anew. */
export type PublicResult = PublicOutput & {
  /** Of those who hold shares; null where the scheme needs none. */
  readonly data: AuxData | null
}

/** The same with what is one party's alone; null for who only dealt. Whoever asked for it wipes it. */
export type NewShares = PublicResult & {
  readonly share: Secret | null
  readonly auxSecret: AuxSecret | null
}

export const needsAuxiliary = (scheme: Scheme): boolean => scheme === 'ecdsa-secp256k1'

/**
 * Makes a key among the session's parties 1 to n, with the auxiliary data that its engine needs.
 * @param auxiliary null exactly where the scheme needs none
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
 * Reshares a key among the session's parties 1 to m, of whom 1 to n are to hold its new shares under these numbers. Whoever
 * only deals makes auxiliary data like everybody, so that each round has a letter of each party; they are left out.
 * @param share of the epoch before, for who deals; it stays the caller's
 * @param auxiliary null exactly where the scheme needs none
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

/** Everybody makes auxiliary data, those who hold shares keep theirs. What was made before is wiped if that fails. */
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

/** What the holders need of one another. */
const only = ({ level, parties }: AuxData, holders: readonly PartyId[]): AuxData => ({
  level,
  parties: new Map([...parties].filter(([party]) => holders.includes(party))),
})

/** The round with which this party's auxiliary data become known, and its primes are used up. */
export const SHOWS_PRIMES = 'aux-open'

/** What everybody can recompute of a new key from what was said aloud; null where it does not hold. */
export function publicKeyMaking(
  session: Session,
  input: KeygenInput,
  auxiliary: AuxiliaryInput | null,
  rounds: Rounds,
): PublicResult | null {
  requireInput(input.scheme, auxiliary)
  return withPublicAux(session, publicResult(session, input, rounds), session.parties, auxiliary, rounds)
}

/** The same of a resharing. */
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

/** One member's part in a key that signs. */
export type SigningKey = {
  readonly share: KeyShare
  readonly auxiliary: Auxiliary | null
  /** 32 bytes: digest of the record. */
  readonly epoch: Uint8Array
  /** What a derivation path adds to the private key; 0n without one. */
  readonly shift: bigint
}

/**
 * Signs with the session's parties, which are the indices of their shares and exactly as many as must sign.
 * @param message what the scheme signs: ECDSA a digest of 32 bytes, the others any bytes
 * @returns 64 bytes, already verified by an ordinary verifier
 */
export function* signMessage(
  session: Session,
  key: SigningKey,
  message: Uint8Array,
  nonces: NonceRng,
): Protocol<Uint8Array> {
  const { share, auxiliary, epoch, shift } = key
  requireInput(share.scheme, auxiliary)
  if (auxiliary === null) return yield* signFrost(session, { share, message, shift }, nonces)
  const { level, parties: aux } = auxiliary.data
  const ecdsa = { share, level, aux, epoch, shift, auxSecret: auxiliary.secret }
  const { r, s } = yield* signEcdsa(session, ecdsa, message, nonces)
  return concatBytes(r, s)
}

/** The round in which a signer's share of the signature leaves. */
export const givesAway = (scheme: Scheme): string => (needsAuxiliary(scheme) ? ROUND.sign : 'share')

/** The rounds of which everybody hears, in order. */
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
