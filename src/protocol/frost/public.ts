/**
 * What a key generation made, recomputed from what everybody said aloud: no secret is needed to hold a public key and
 * the public shares against the broadcasts that they came from.
 */
import { attempt, equalBytes } from '../codec.js'
import type { Point } from '../curve.js'
import { verifyKnowledge } from '../schnorr.js'
import type { PartyId, Session } from '../session.js'
import { addCommitments, evaluateCommitment } from '../sharing.js'
import {
  commitmentLetter,
  commitTo,
  type KeygenInput,
  type KeygenOutput,
  type Opening,
  openingLetter,
  proofContext,
} from './keygen.js'
import { knowledgeChallenge, suiteOf } from './suites.js'

type Letters = ReadonlyMap<PartyId, Uint8Array>

/**
 * The public part of a key generation's output, from the letters of rounds `commit` and `open`.
 * @returns null unless every opening opens its commitment and holds in itself, and together they make a usable key;
 *   what was dealt is not seen here
 */
export function publicResult(
  session: Session,
  input: KeygenInput,
  commitments: Letters,
  openings: Letters,
): Omit<KeygenOutput, 'share'> | null {
  const suite = suiteOf(input.scheme)
  const { curve } = suite
  const context = proofContext(session, input)
  const vectors: (readonly Point[])[] = []
  const chainCodes: Uint8Array[] = []
  for (const party of session.parties) {
    const said = attempt(() => ({
      V: commitmentLetter.decode(commitments.get(party) ?? new Uint8Array()),
      opening: openingLetter.decode(openings.get(party) ?? new Uint8Array()),
    }))
    if (said === null || !equalBytes(said.V, commitTo(session, input, party, said.opening))) return null
    const { F, proof, chainCode }: Opening = said.opening
    const points = attempt(() => F.map((phi) => curve.parsePoint(phi)))
    const first = F[0]
    if (points === null || first === undefined || F.length !== input.threshold) return null
    if ((chainCode !== null) !== (input.scheme === 'schnorr-taproot')) return null
    if (!verifyKnowledge(curve, context, first, proof, knowledgeChallenge(suite, party))) return null
    vectors.push(points)
    if (chainCode) chainCodes.push(chainCode)
  }
  const sum = addCommitments(vectors)
  const shares = session.parties.map((party) => [party, evaluateCommitment(curve, sum, party)] as const)
  // Together they can bring this about; no honest party would have gone on.
  if ([...sum, ...shares.map(([, X]) => X)].some((A) => A.is0())) return null
  return {
    groupPoint: (sum[0] as Point).toBytes(),
    publicShares: new Map(shares.map(([party, X]) => [party, X.toBytes()])),
    chainCode:
      chainCodes.length === 0
        ? null
        : chainCodes.reduce((a, b) => a.map((byte, i) => byte ^ (b[i] as number)), new Uint8Array(32)),
  }
}
