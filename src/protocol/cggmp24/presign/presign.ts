/**
 * Presigning (CGGMP24, three rounds): exactly the threshold's number of signers make shares of 1/k and of x/k
 * for a nonce k that nobody knows, and the points against which every later signature share is checked.
 *
 * The first letter already binds a run that signs to its digest and to the path's shift: if they can be chosen
 * once Γ is known, a signature of one message forges another (Groth and Shoup, ePrint 2021/1330). A
 * presignature made ahead has neither, and signs only by `rerandomise.ts`.
 *
 * Everything that identifiable abort needs is reliably broadcast; only proofs under one party's ring-Pedersen
 * parameters are dealt. Secrets live in `Secret`s and in the inputs of jobs, and both are wiped. Computing
 * turns them into BigInts, which JavaScript cannot wipe.
 */
import { type Point, secp256k1 } from '../../group/curve.js'
import { hedged } from '../../core/hedged.js'
import { requireOwnQuorum } from '../../sharing/key-share.js'
import {
  broadcastReliably,
  broadcastReliablyAndDeal,
  compute,
  demand,
  ofPeers,
  type Protocol,
} from '../../core/round.js'
import { Secret } from '../../core/secret.js'
import type { NonceRng, PartyId, Rng, Session } from '../../core/session.js'
import { findCheats } from './blame.js'
import { decryptTape } from '../integers/paillier.js'
import {
  byChance,
  deltaStatement,
  firstChecks,
  firstProofChecks,
  gammaStatement,
  secondChecks,
  secondProofChecks,
  sumOfDeltas,
  sumOfGammas,
  thirdChecks,
  wrongSum,
} from './checks.js'
import {
  answerCiphertext,
  encryptNonces,
  openAnswer,
  proveNonces,
  verifyAnswer,
  verifyNonces,
} from './jobs.js'
import {
  type Answer,
  answerTo,
  type First,
  type FirstProofs,
  presignLetters,
  ROUND,
  type Second,
  type SecondProofs,
} from './letters.js'
import { drawCommitted, drawMasks, elGamal, parsed } from './secrets.js'
import { Presignature, publicPresignature } from './presignature.js'
import { additiveShare, auxOf, contextOf, type EcdsaKey, type Signers, signersOf } from './signers.js'
import { forEach } from '../../core/task.js'
import { affGTape } from '../zk/aff-g.js'
import { proveElog } from '../zk/elog.js'
import { encElgTape } from '../zk/enc-elg.js'

/**
 * Presigns for `digest` with the session's parties, which are the indices of their shares.
 * @param digest 32 bytes; null to presign ahead, for a key without a shift. The run's definition must fix
 *   digest, key and shift, or honest parties with different ones accuse one another
 * @throws RangeError unless the parties are exactly as many as the threshold, all members of the key, self
 *   the owner of the share
 * @throws ProtocolAbort naming everybody who broke the protocol; SplitView when the letters were not the same
 */
export function* presign(
  session: Session,
  key: EcdsaKey,
  digest: Uint8Array | null,
  nonces: NonceRng,
): Protocol<Presignature> {
  requireOwnQuorum(session, key.share)
  const signers = signersOf(session, key, digest)
  using x = additiveShare(session, key)
  using randomness = hedged(nonces.fresh, 'cggmp24 signing', x, signers.ssid)
  return yield* presignWith(session, key, { signers, x, rng: randomness.rng })
}

/** `presign` among these signers with the additive share x and all randomness from `rng`, not hedged. */
export function* presignWith(
  session: Session,
  key: EcdsaKey,
  { signers, x, rng }: { readonly signers: Signers; readonly x: Secret; readonly rng: Rng },
): Protocol<Presignature> {
  const { self, peers } = session
  const { level } = signers
  const { Fn } = secp256k1
  const letter = presignLetters(level, signers.parties.length)
  const own = auxOf(signers, self)
  // Each of the two proofs that a job makes or verifies has a role of its own.
  const between = (prover: PartyId, verifier: PartyId) => contextOf(signers, '', prover, verifier)
  const [p, q, pHat, qHat] = (['p', 'q', 'pHat', 'qHat'] as const).map((prime) =>
    key.auxSecret[prime].reveal(),
  ) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array]

  // Round 1. k, γ, y, a, b ← Zq (nonzero), ρ, ν ← Z*_N. K = Enc(k; ρ), Enc(γ; ν), Y = yG (y is thrown away),
  // A1 = aG, A2 = aY + kG, B1 = bG, B2 = bY + γG.
  using k = drawCommitted(own.N, rng)
  using gamma = drawCommitted(own.N, rng)
  const Y = secp256k1.timesG(secp256k1.randomScalar(rng))
  const encrypting = encryptNonces.job({ p, q, k: k.reveal(), gamma: gamma.reveal() })
  const [encrypted] = yield* compute([encrypting])
  const [A1, A2] = elGamal(Y, k)
  const [B1, B2] = elGamal(Y, gamma)
  const mine: First = { ...encryptNonces.result(encrypted as Uint8Array), Y, A1, A2, B1, B2 }
  // To each j: ψ0 = Πenc-elg(K; Y, A1, A2), ψ1 = Πenc-elg(Enc(γ); Y, B1, B2) by j's ring-Pedersen parameters.
  const proofs = yield* forEach(proveNonces, peers, (to) => ({
    context: between(self, to),
    verifier: auxOf(signers, to),
    first: mine,
    p,
    q,
    k: k.reveal(),
    gamma: gamma.reveal(),
    random: rng(2 * encElgTape(level)),
  }))
  const { letters: first, dealt: firstProofs } = yield* broadcastReliablyAndDeal(
    session,
    ROUND.first,
    { codec: letter.first, mine },
    { codec: letter.firstProofs, mine: (to) => proofs.get(to) as FirstProofs },
  )

  // Round 2. ψ0 and ψ1 of everyone, each by itself: one does not answer for the other.
  const nonceProofs = yield* forEach(verifyNonces, peers, (from) => ({
    context: between(from, self),
    N: auxOf(signers, from).N,
    own,
    pHat,
    qHat,
    first: first.get(from) as First,
    proofs: firstProofs.get(from) as FirstProofs,
  }))
  const ofNonces = firstProofChecks((from) => nonceProofs.get(from))
  demand(ROUND.first, ofPeers(session, first), firstChecks(signers), ofNonces)
  // Γ_i = γG, ψ̃ = Πelog(L=B1, M=B2, X=Y, Y=Γ_i, h=G; λ=b, y=γ). For each j: β, β̂ ← ±2^ℓ'; r, r̂ ← Z*_{N_i},
  // s, ŝ ← Z*_{N_j}; D_ji = γ_i⊙K_j ⊕ Enc_j(-β; s), F_ji = Enc_i(-β; r); and D̂_ji, F̂_ji with x_i, ψ, ψ̂.
  const ownGamma = parsed(gamma)
  const Gamma_i = secp256k1.timesG(ownGamma.x)
  const psiTilde = proveElog(
    contextOf(signers, 'Gamma', self),
    gammaStatement(mine, Gamma_i),
    { lambda: ownGamma.b, y: ownGamma.x },
    rng,
  )
  using masks = drawMasks(signers, self, rng)
  using gammaScalar = new Secret(secp256k1.scalarBytes(ownGamma.x))
  const answers = yield* forEach(answerCiphertext, peers, (to) => ({
    context: between(self, to),
    verifier: auxOf(signers, to),
    K: (first.get(to) as First).K,
    Gamma: Gamma_i,
    X: signers.X.get(self) as Point,
    p,
    q,
    gamma: gammaScalar.reveal(),
    x: x.reveal(),
    masks: masks.of(to).reveal(),
    random: rng(2 * affGTape(level)),
  }))
  const answered = (to: PartyId) => answers.get(to) as { answer: Answer; proofs: SecondProofs }
  const { letters: second, dealt: secondProofs } = yield* broadcastReliablyAndDeal(
    session,
    ROUND.second,
    {
      codec: letter.second,
      mine: { Gamma: Gamma_i, psiTilde, answers: peers.map((to) => answered(to).answer) },
    },
    { codec: letter.secondProofs, mine: (to) => answered(to).proofs },
  )

  // Round 3. ψ̃_j, ψ_j and ψ̂_j, all of them before any answer is opened.
  const answerFrom = (from: PartyId) => answerTo(signers, second.get(from) as Second, from, self)
  const answerProofs = yield* forEach(verifyAnswer, peers, (from) => ({
    context: between(from, self),
    N: auxOf(signers, from).N,
    own,
    p,
    q,
    pHat,
    qHat,
    K: mine.K,
    Gamma: (second.get(from) as Second).Gamma,
    X: signers.X.get(from) as Point,
    answer: answerFrom(from),
    proofs: secondProofs.get(from) as SecondProofs,
  }))
  const ofAnswers = secondProofChecks((from) => answerProofs.get(from))
  demand(ROUND.second, ofPeers(session, second), secondChecks(signers, first), ofAnswers)
  // Γ = ΣΓ_j ≠ O; Δ_i = k_iΓ; α_j = Dec(D_ij), α̂_j = Dec(D̂_ij); δ_i = γ_i k_i + Σ(α_j + β_j),
  // χ_i = x_i k_i + Σ(α̂_j + β̂_j) mod q; S_i = χ_iΓ; ψ' = Πelog(L=A1, M=A2, X=Y, Y=Δ_i, h=Γ; λ=a, y=k).
  // Enc(γ), B1 and B2 fixed every share of Γ before any was seen: if Γ = O, no signer is to blame.
  const Gamma = sumOfGammas(second)
  if (Gamma.is0()) throw byChance('Γ is the identity')
  const ownK = parsed(k)
  const Delta_i = Gamma.multiply(ownK.x)
  const [sum, sumHat] = yield* openAnswers(peers, (from) => ({
    answer: answerFrom(from),
    p,
    q,
    masks: masks.of(from).reveal(),
    random: rng(decryptTape(level, 2)),
  }))
  const delta_i = Fn.add(Fn.mul(ownGamma.x, ownK.x), sum)
  const chi_i = Fn.add(Fn.mul(secp256k1.parseScalar(x.reveal()), ownK.x), sumHat)
  const S_i = Gamma.multiply(chi_i)
  const psiPrime = proveElog(
    contextOf(signers, 'Delta', self),
    deltaStatement(mine, Delta_i, Gamma),
    { lambda: ownK.b, y: ownK.x },
    rng,
  )
  const third = yield* broadcastReliably(session, ROUND.third, letter.third, {
    delta: delta_i,
    S: S_i,
    Delta: Delta_i,
    psiPrime,
  })

  // Output. ψ'_j holds; δ = Σδ_j ≠ 0; δG = ΣΔ_j and δ pk = ΣS_j, or the failure phase begins.
  demand(ROUND.third, ofPeers(session, third), thirdChecks(signers, first, Gamma))
  const said = { first, second, third, Gamma }
  const phase = wrongSum(signers, third)
  if (phase !== null) {
    const factor = phase === 'gamma' ? gammaScalar : x
    return yield* findCheats(session, phase, { signers, said, primes: key.auxSecret, x: factor, masks, rng })
  }
  // Private k̃ = k_i/δ and χ̃ = χ_i/δ. Everything else goes.
  const known = publicPresignature(signers, said)
  const byDelta = (scalar: bigint) => new Secret(secp256k1.scalarBytes(Fn.div(scalar, sumOfDeltas(third))))
  return new Presignature(known, { k: byDelta(ownK.x), chi: byDelta(chi_i) })
}

/** Σ(α_j + β_j) and Σ(α̂_j + β̂_j) modulo q. The jobs' outputs are wiped. */
function* openAnswers(
  peers: readonly PartyId[],
  input: (from: PartyId) => Parameters<typeof openAnswer.job>[0],
): Protocol<readonly [bigint, bigint]> {
  const results = yield* compute(peers.map((from) => openAnswer.job(input(from))))
  const { Fn } = secp256k1
  let [sum, sumHat] = [0n, 0n]
  for (const result of results) {
    const { share, shareHat } = openAnswer.result(result)
    sum = Fn.add(sum, secp256k1.parseScalar(share))
    sumHat = Fn.add(sumHat, secp256k1.parseScalar(shareHat))
    for (const secret of [share, shareHat, result]) secret.fill(0)
  }
  return [sum, sumHat]
}
