/** A signer's secrets during presigning: k and γ with their masks, and the masks of its answers. */
import { type Point, secp256k1 } from '../../group/curve.js'
import { Secret, Secrets } from '../../core/secret.js'
import type { PartyId, Rng } from '../../core/session.js'
import { plusMinus, unit } from '../integers/integers.js'
import { committedCodec, masksCodec } from './jobs.js'
import { auxOf, othersThan, type Signers } from './signers.js'
import { twoTo } from '../zk/common.js'

/** x ← Zq with ρ ← Z*_N and b ← Zq. */
export function drawCommitted(N: bigint, rng: Rng): Secret {
  const x = secp256k1.randomScalar(rng)
  const rho = unit(N, rng)
  return new Secret(committedCodec.encode({ x, rho, b: secp256k1.randomScalar(rng) }))
}

export const parsed = (committed: Secret) => committedCodec.decode(committed.reveal())

/** (bG, bY + xG). */
export function elGamal(Y: Point, committed: Secret): readonly [Point, Point] {
  const { x, b } = parsed(committed)
  return [secp256k1.timesG(b), Y.multiply(b).add(secp256k1.timesG(x))]
}

/** The masks of this party's answers, for each peer. */
export function drawMasks(signers: Signers, self: PartyId, rng: Rng): Secrets<PartyId> {
  const range = twoTo(signers.level.ellPrime)
  const N_i = auxOf(signers, self).N
  return new Secrets(
    othersThan(self, signers).map((to) => {
      const N_j = auxOf(signers, to).N
      const one = () => ({ beta: plusMinus(range, rng), s: unit(N_j, rng), r: unit(N_i, rng) })
      const plain = one()
      const { beta: betaHat, s: sHat, r: rHat } = one()
      return [to, new Secret(masksCodec.encode({ ...plain, betaHat, sHat, rHat }))]
    }),
  )
}
