/**
 * Generates the auxiliary data of a key: every party's Paillier modulus and ring-Pedersen parameters, once
 * per party set and epoch (CGGMP24). The rounds are `aux-commit` (reliably broadcast), `aux-open`, and
 * `aux-prove` (Πmod to all, Πfac to each); these names let them share a run with the rounds of key
 * generation. The caller supplies the primes, because making them takes seconds and threads.
 *
 * Πprm protects the other parties: if s is outside <t>, their commitments reveal their secrets. Πmod and Πfac
 * protect them from a modulus built to read their shares. None of the three can be left out.
 */
import { concatBytes } from '@noble/hashes/utils.js'
import type { Accusation } from '../../core/abort.js'
import { bytes, codec, CodecError, equalBytes, type Of, record, xorAll } from '../../core/codec.js'
import { hedged } from '../../core/hedged.js'
import {
  accuse,
  broadcast,
  broadcastAndDeal,
  broadcastReliably,
  compute,
  demand,
  demandDistinct,
  type Protocol,
} from '../../core/round.js'
import { Secret } from '../../core/secret.js'
import type { PartyId, Rng, Session } from '../../core/session.js'
import {
  areCoprime,
  type AuxData,
  type AuxPrimes,
  type AuxPublic,
  auxPublicShape,
  type AuxSecret,
  checkAuxParty,
  requirePrimes,
  sealAuxPrimes,
} from './data.js'
import {
  makeParameters,
  proveFactors,
  proveModulus,
  verifyFactors,
  verifyModulus,
  verifyParameters,
} from './jobs.js'
import { toBytes } from '../integers/integers.js'
import type { Level } from '../integers/level.js'
import { pedersenTape } from '../integers/pedersen.js'
import { forEach } from '../../core/task.js'
import type { ProofContext } from '../zk/context.js'
import { type FacProof, facShape, facTape } from '../zk/fac.js'
import { type ModProof, modShape, modTape } from '../zk/mod.js'
import { prmShape, prmTape } from '../zk/prm.js'

export type AuxInput = {
  readonly level: Level
  /** 32 bytes: digest of the key's record, or of the ceremony's definition while there is no record yet. */
  readonly epoch: Uint8Array
}

/** The data that everybody agrees on, and this party's secret, which the caller must wipe. */
export type AuxOutput = AuxData & { readonly secret: AuxSecret }

const openingShape = (level: Level) =>
  record({
    aux: auxPublicShape(level),
    /** Πprm for s and t. */
    prm: prmShape(level),
    /** This party's contribution to ρ. */
    rho: bytes(level.kappaBytes),
    /** Hides the rest in the commitment. */
    u: bytes(level.kappaBytes),
  })

/** The reasons in an accusation against a party whose letters fail a check. */
export const REASON = {
  opening: 'opening is not what was committed to',
  prm: 'proof that s is a power of t does not verify',
  mod: 'proof that N has two prime factors does not verify',
  fac: 'proof that N has no small factor does not verify',
} as const

/** A party's letter in round `aux-open`; `aux-commit` commits to it. */
export type AuxOpening = Of<ReturnType<typeof openingShape>>

/** The letters of the rounds, in order. `mod` is broadcast and `fac` dealt in the same round. */
export const auxLetters = (level: Level) => ({
  commitment: codec(bytes(32), 64),
  opening: codec(openingShape(level), 1 << 16),
  mod: codec(modShape(level), 1 << 17),
  fac: codec(facShape(level), 1 << 14),
})

/** V_i, which party i broadcasts before anybody opens. 32 bytes. */
export function commitToAux(
  session: Session,
  { level, epoch }: AuxInput,
  party: PartyId,
  opening: AuxOpening,
): Uint8Array {
  const form = openingShape(level).form(opening)
  return session.digest('mpc/cggmp24-aux/commit/v1', level.name, epoch, party, form)
}

/** ρ. Everybody committed to a contribution before anybody saw another's. 48 bytes. */
export const commonString = (openings: Iterable<AuxOpening>): Uint8Array =>
  xorAll([...openings].map(({ rho }) => rho))

/** The context of a party's proofs: the run; for Πmod and Πfac also ρ; for Πfac also its verifier. */
export function auxContext(
  session: Session,
  { level, epoch }: AuxInput,
  prover: PartyId,
  rho: Uint8Array | null = null,
  verifier: PartyId | null = null,
): ProofContext {
  const ssid = rho === null ? session.sid : session.digest('mpc/cggmp24-aux/rho/v1', rho)
  return { level, ssid, epoch, prover, verifier, role: 'aux' }
}

/**
 * Generates the auxiliary data of the session's parties, whose ids 1..n are the indices of their shares.
 * @throws RangeError for parties that are not 1..n, or primes that are not four safe ones of the level
 * @throws ProtocolAbort naming everybody who broke the protocol; SplitView if parties saw different
 *   commitments
 */
export function* generateAux(
  session: Session,
  input: AuxInput & { readonly primes: AuxPrimes },
  rng: Rng,
): Protocol<AuxOutput> {
  const { p, q, pHat, qHat } = input.primes
  // Πfac's answers contain the factors of N, Πprm's contain λ. Two answers under one mask, in two runs, would
  // factor both moduli, so the randomness is hedged.
  using factors = new Secret(concatBytes(...[p, q, pHat, qHat].map(toBytes)))
  using randomness = hedged(rng, 'cggmp24 aux', factors, session.sid, input.epoch, session.self)
  return yield* generateAuxWith(session, input, randomness.rng)
}

/** `generateAux` with all randomness from `rng`, not hedged. */
export function* generateAuxWith(
  session: Session,
  input: AuxInput & { readonly primes: AuxPrimes },
  rng: Rng,
): Protocol<AuxOutput> {
  const { level, primes } = input
  const { p, q, pHat, qHat } = primes
  const { self, parties, peers } = session
  if (parties.some((party, i) => party !== i + 1)) throw new RangeError('the parties of a key are 1 to n')
  requirePrimes(level, primes)
  const letter = auxLetters(level)

  // Round 1. N_i = pq, N̂_i = p̂q̂, s_i, t_i with Πprm, ρ_i, u_i. λ never leaves the job.
  const [made] = yield* compute([
    makeParameters.job({
      context: auxContext(session, input, self),
      pHat,
      qHat,
      random: rng(pedersenTape(level) + prmTape(level)),
    }),
  ])
  const { prm, ...parameters } = makeParameters.result(made as Uint8Array)
  const own: AuxPublic = { N: p * q, ...parameters }
  const mine: AuxOpening = { aux: own, prm, rho: rng(level.kappaBytes), u: rng(level.kappaBytes) }
  // V_i, echoed. A party that copies another's V could open it later by copying the opening.
  const V_i = commitToAux(session, input, self, mine)
  const V = yield* broadcastReliably(session, 'aux-commit', letter.commitment, V_i)
  demandDistinct(session, 'aux-commit', V, 'commitment is the copy of another')

  // Round 2. The opening.
  const openings = yield* broadcast(session, 'aux-open', letter.opening, mine)
  const opened = (party: PartyId) => openings.get(party) as AuxOpening

  // Round 3. For every j: V_j opens, the publicly checkable properties of the parameters hold, and so does
  // Πprm.
  const prmHolds = yield* forEach(verifyParameters, peers, (from) => ({
    context: auxContext(session, input, from),
    aux: opened(from).aux,
    prm: opened(from).prm,
  }))
  const flaws = new Map<PartyId, string>()
  for (const from of peers) {
    const opens = equalBytes(commitToAux(session, input, from, opened(from)), V.get(from) as Uint8Array)
    const flaw = opens ? visibleFlaw(level, opened(from).aux) : REASON.opening
    if (flaw !== null) flaws.set(from, flaw)
    else if (!prmHolds.get(from)) flaws.set(from, REASON.prm)
  }
  accuse('aux-open', [
    ...[...flaws].map(([party, reason]) => ({
      party,
      round: 'aux-open',
      kind: 'witnessed' as const,
      reason,
    })),
    ...commonFactors(
      session,
      new Map(parties.filter((party) => !flaws.has(party)).map((party) => [party, opened(party).aux])),
    ),
  ])

  // ρ = ⊕ρ_j. Then Πmod for N_i to all, and Πfac for N_i to each j under j's parameters (N̂_j, s_j, t_j).
  const rho = commonString(openings.values())
  const [modulus, ...facProofs] = yield* compute([
    proveModulus.job({ context: auxContext(session, input, self, rho), p, q, random: rng(modTape(level)) }),
    ...peers.map((to) =>
      proveFactors.job({
        context: auxContext(session, input, self, rho, to),
        verifier: opened(to).aux,
        p,
        q,
        random: rng(facTape(level)),
      }),
    ),
  ])
  const { letters, dealt } = yield* broadcastAndDeal(
    session,
    'aux-prove',
    { codec: letter.mod, mine: proveModulus.result(modulus as Uint8Array) },
    { codec: letter.fac, mine: (to) => proveFactors.result(facProofs[peers.indexOf(to)] as Uint8Array) },
  )

  // Output. Πmod and Πfac of each j must hold.
  const modHolds = yield* forEach(verifyModulus, peers, (from) => ({
    context: auxContext(session, input, from, rho),
    N: opened(from).aux.N,
    mod: letters.get(from) as ModProof,
  }))
  const facHolds = yield* forEach(verifyFactors, peers, (from) => ({
    context: auxContext(session, input, from, rho, self),
    pHat,
    qHat,
    s: own.s,
    t: own.t,
    N0: opened(from).aux.N,
    fac: dealt.get(from) as FacProof,
  }))
  demand(
    'aux-prove',
    dealt,
    { [REASON.mod]: (_, from) => modHolds.get(from) === true },
    { [REASON.fac]: (_, from) => facHolds.get(from) === true },
  )

  return {
    level,
    parties: new Map(parties.map((party) => [party, opened(party).aux])),
    secret: sealAuxPrimes(primes),
  }
}

/** The publicly visible flaw of a party's data, or null. */
export function visibleFlaw(level: Level, aux: AuxPublic): string | null {
  try {
    checkAuxParty(level, aux)
    return null
  } catch (error) {
    if (error instanceof CodecError) return error.message
    throw error
  }
}

/**
 * Names each peer whose moduli share a factor with another party's. An outsider cannot tell which of two
 * peers took it from the other, so both are named as a pair. If the factor is this party's own, the peer took
 * it.
 */
function commonFactors(session: Session, sound: ReadonlyMap<PartyId, AuxPublic>): readonly Accusation[] {
  return session.peers.flatMap((party): Accusation[] => {
    const own = sound.get(party)
    if (own === undefined) return []
    const twins = [...sound].filter(([other, aux]) => other !== party && !areCoprime(own, aux))
    if (twins.length === 0) return []
    const kind = twins.some(([other]) => other === session.self) ? 'witnessed' : 'pair'
    return [
      { party, round: 'aux-open', kind, reason: "a modulus has a factor in common with another party's" },
    ]
  })
}
