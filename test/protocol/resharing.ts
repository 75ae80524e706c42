/** Support of the tests of resharing: keys of every scheme, committees, and runs among them. */
import { curveOf, type Scheme } from '../../src/protocol/group/scheme.js'
import { type KeyShare, parseKeyShare } from '../../src/protocol/sharing/key-share.js'
import { reshare, type ReshareInput, type ReshareOutput } from '../../src/protocol/dkg/reshare.js'
import { Secret } from '../../src/protocol/core/secret.js'
import type { PartyId } from '../../src/protocol/core/session.js'
import { evaluate, feldman, lagrange, randomPolynomial } from '../../src/protocol/sharing/polynomial.js'
import { seededRng } from '../support/rng.js'
import { type Outcome, simulate, type Tamper } from '../support/simulate.js'
import { upTo } from './frost/party.js'

export const PARENT = new Uint8Array(32).fill(0xaa)

/** The shares of a key, as somebody who knew it would have made them. */
export function dealtKey(scheme: Scheme, threshold: number, n: number, seed = 'key'): Map<PartyId, KeyShare> {
  const curve = curveOf(scheme)
  const f = randomPolynomial(curve, threshold, seededRng('dealt key', scheme, threshold, n, seed))
  const groupPoint = (feldman(curve, f)[0] as { toBytes(): Uint8Array }).toBytes()
  const x = new Map(upTo(n).map((i) => [i, evaluate(curve, f, i)]))
  const publicShares = new Map([...x].map(([i, xi]) => [i, curve.timesG(xi).toBytes()]))
  return new Map(
    [...x].map(([index, xi]) => {
      const share = new Secret(curve.scalarBytes(xi))
      return [index, parseKeyShare({ scheme, threshold, groupPoint, publicShares, index, share })]
    }),
  )
}

/** Dealers and receivers: [party, old index] and [party, new index]. */
export type Committees = {
  readonly dealers: readonly (readonly [PartyId, PartyId])[]
  readonly members: readonly (readonly [PartyId, PartyId])[]
  readonly threshold: number
}

export function inputOf(key: ReadonlyMap<PartyId, KeyShare>, who: Committees): ReshareInput {
  const { scheme, threshold, groupPoint, publicShares } = key.values().next().value as KeyShare
  return {
    parent: PARENT,
    old: { scheme, threshold, groupPoint, publicShares },
    chainCode: scheme === 'eddsa-ed25519' ? null : new Uint8Array(32).fill(9),
    dealers: new Map(who.dealers),
    threshold: who.threshold,
    members: new Map(who.members),
  }
}

export const partiesOf = ({ dealers, members }: ReshareInput): PartyId[] =>
  [...new Set([...dealers.keys(), ...members.keys()])].sort((a, b) => a - b)

export function runReshare(
  key: ReadonlyMap<PartyId, KeyShare>,
  input: ReshareInput,
  options: {
    readonly tamper?: Tamper
    readonly seed?: string
    readonly sid?: Uint8Array
    /** A party's own input in place of `input`. */
    readonly inputs?: ReadonlyMap<PartyId, ReshareInput>
  } = {},
): Map<PartyId, Outcome<ReshareOutput>> {
  return simulate(
    partiesOf(input),
    (session) => {
      const index = input.dealers.get(session.self)
      const share = index === undefined ? null : (key.get(index) as KeyShare).share
      const rng = seededRng(options.seed ?? 'reshare', session.self)
      return reshare(session, options.inputs?.get(session.self) ?? input, share, rng)
    },
    options,
  )
}

/** The key shares that a resharing gave, by new index. */
export function newShares(
  input: ReshareInput,
  outputs: ReadonlyMap<PartyId, ReshareOutput>,
): Map<PartyId, KeyShare> {
  const { scheme } = input.old
  return new Map(
    [...input.members].map(([party, index]) => {
      const { groupPoint, publicShares, share } = outputs.get(party) as ReshareOutput
      const { threshold } = input
      const parts = { scheme, threshold, groupPoint, publicShares, index, share: share as Secret }
      return [index, parseKeyShare(parts)]
    }),
  )
}

/** f(0) as these shares have it. */
export function secretOf(
  shares: readonly { readonly index: PartyId; readonly share: Secret }[],
  scheme: Scheme,
) {
  const curve = curveOf(scheme)
  const indices = shares.map(({ index }) => index)
  return shares.reduce((sum, { index, share }) => {
    const x = curve.parseScalar(share.reveal())
    return curve.Fn.add(sum, curve.Fn.mul(lagrange(curve, index, indices), x))
  }, 0n)
}
