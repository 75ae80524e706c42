/** A generator that repeats itself costs nothing wherever its bytes hide a secret. */
import { shake256 } from '@noble/hashes/sha3.js'
import { describe, expect, test } from 'vitest'
import { generateAux } from '../../../src/protocol/cggmp24/auxiliary/generate.js'
import { decode, encode } from '../../../src/protocol/core/codec.js'
import type { Curve } from '../../../src/protocol/group/curve.js'
import { drawCoefficients, split } from '../../../src/protocol/sharing/escrow.js'
import { jointOf } from '../../../src/protocol/frost/equations.js'
import { noncesLetter, shareLetter, sign } from '../../../src/protocol/frost/sign.js'
import { suiteOf } from '../../../src/protocol/frost/suites.js'
import { hedged } from '../../../src/protocol/core/hedged.js'
import { keygen } from '../../../src/protocol/dkg/keygen.js'
import { openingLetter } from '../../../src/protocol/dkg/keygen-public.js'
import type { KeyShare } from '../../../src/protocol/sharing/key-share.js'
import { curveOf } from '../../../src/protocol/group/scheme.js'
import { Secret } from '../../../src/protocol/core/secret.js'
import { type PartyId, type Rng } from '../../../src/protocol/core/session.js'
import { evaluate, lagrange } from '../../../src/protocol/sharing/polynomial.js'
import { primesOf } from '../../support/primes.js'
import { seededRng } from '../../support/rng.js'
import { type Letter, simulate } from '../../support/simulate.js'
import { input, letter, remembering } from '../cggmp24/auxiliary/aux.party.js'
import { keyOf, overhear, runSign, seededNonces, toHex } from '../frost/party.js'
import { dealtKey, inputOf, runReshare } from '../resharing.js'

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
const stuck: Rng = (length) => new Uint8Array(length)

describe('hedged bytes', () => {
  const x = () => new Secret(new Uint8Array(32).fill(5))
  const draws = (
    fresh: Rng = seededRng('one'),
    purpose = 'a',
    secret: Secret | null = x(),
    context = [1, 'b'],
  ) => {
    using randomness = hedged(fresh, purpose, secret, ...context)
    return [100, 100, 32].map((length) => toHex(randomness.rng(length)))
  }

  test('depend on the generator, the purpose, the secret, the context and the place', () => {
    const all = [
      draws(),
      draws(seededRng('two')),
      draws(stuck),
      draws(undefined, 'b'),
      draws(undefined, 'a', new Secret(new Uint8Array(32).fill(6))),
      draws(undefined, 'a', null),
      draws(undefined, 'a', x(), [2, 'b']),
      draws(undefined, 'a', x(), [1, 'c']),
      draws(undefined, 'a', x(), [1]),
    ].flat()
    expect(new Set(all).size).toBe(27)
    expect(draws()).toEqual(draws())
  })

  test('are SHAKE256 of the whole record', () => {
    const record = ['mpc/hedged/v1', 'a', [1, 'b'], 0, x().reveal(), new Uint8Array(20)]
    using randomness = hedged(stuck, 'a', x(), 1, 'b')
    expect(randomness.rng(20)).toEqual(shake256(encode(record), { dkLen: 20 }))
  })

  test('are wiped with their scope, and what the generator gave at once', () => {
    const given: Uint8Array[] = []
    const fresh = (length: number) => {
      given.push(new Uint8Array(length).fill(9))
      return given.at(-1) as Uint8Array
    }
    const randomness = hedged(fresh, 'a', x())
    const drawn = randomness.rng(40)
    expect(given[0]).toEqual(new Uint8Array(40))
    expect(drawn).not.toEqual(new Uint8Array(40))
    randomness[Symbol.dispose]()
    expect(drawn).toEqual(new Uint8Array(40))
  })
})

describe.each(['eddsa-ed25519', 'schnorr-taproot'] as const)(
  'FROST, %s: a signer put back thrice',
  (scheme) => {
    const suite = suiteOf(scheme)
    const { curve } = suite
    const key = keyOf(scheme, 2, 3)
    const x = curve.parseScalar((key.get(1) as KeyShare).share.reveal())

    /** One run in which party 1's generator is where it always is. */
    const run = (name: string, sid: Uint8Array, message = utf8(`pay ${name}`)) => {
      const letters: Letter[] = []
      const outcomes = simulate(
        [1, 2],
        (session) => {
          const nonces = session.self === 1 ? seededNonces('snapshot') : seededNonces('peer', name)
          return sign(session, { share: key.get(session.self) as KeyShare, message, shift: 0n }, nonces)
        },
        {
          sid,
          tamper: (letter) => {
            letters.push(letter)
            return letter.body
          },
        },
      )
      expect(outcomes.get(1)).toMatchObject({ ended: 'done' })
      const heard = (round: string, from: PartyId) =>
        (letters.find((letter) => letter.round === round && letter.from === from) as Letter).body
      return { message, heard }
    }
    const runs = ['one', 'two', 'three'].map((name, i) => run(name, new Uint8Array(32).fill(10 + i)))

    test('commits to other nonces in every run', () => {
      const said = runs.flatMap(({ heard }) => Object.values(noncesLetter.decode(heard('nonces', 1))))
      expect(new Set(said.map(toHex)).size).toBe(6)
    })

    test('gives no three equations in two nonces and its share', () => {
      const { groupPoint } = key.get(1) as KeyShare
      const { Fn } = curve
      // z = d + rho e + k x, as everybody knows rho, k and z.
      const equations = runs.map(({ message, heard }) => {
        const said = new Map(
          [1, 2].map((party) => {
            const { hiding, binding } = noncesLetter.decode(heard('nonces', party))
            return [party, { hiding: curve.parsePoint(hiding), binding: curve.parsePoint(binding) }]
          }),
        )
        const { rho, c } = jointOf(suite, curve.parsePoint(groupPoint), said, message)
        const z = curve.parseScalar(shareLetter.decode(heard('share', 1)))
        return { rho: rho.get(1) as bigint, k: Fn.mul(c, lagrange(curve, 1, [1, 2])), z }
      })
      expect(solved(curve, equations)).not.toBe(x)
      // Of a signer that does repeat its nonces they are three.
      const [d, e] = [77n, 99n]
      const repeated = equations.map(({ rho, k }) => ({
        rho,
        k,
        z: Fn.add(d, Fn.add(Fn.mul(rho, e), Fn.mul(k, x))),
      }))
      expect(solved(curve, repeated)).toBe(x)
    })

    test.each<[string, () => ReturnType<typeof run>]>([
      ['another run', () => run('one', new Uint8Array(32).fill(99))],
      ['another message', () => run('one', new Uint8Array(32).fill(10), utf8('pay two'))],
    ])('%s alone is enough', (_, other) => {
      const said = [runs[0] as ReturnType<typeof run>, other()].flatMap(({ heard }) =>
        Object.values(noncesLetter.decode(heard('nonces', 1))).map(toHex),
      )
      expect(new Set(said).size).toBe(4)
    })

    test('another quorum alone, and another path', () => {
      const said = (quorum: readonly PartyId[], shift: bigint) => {
        const heard = overhear((tamper) => runSign(key, quorum, utf8('a'), { tamper, shift }))
        return Object.values(noncesLetter.decode(heard('nonces', 1))).map(toHex)
      }
      const all = [
        ...said([1, 2], 0n),
        ...said([1, 3], 0n),
        ...(scheme === 'schnorr-taproot' ? said([1, 2], 5n) : []),
      ]
      expect(new Set(all).size).toBe(all.length)
    })
  },
)

/** x of three equations z = d + rho e + k x. */
function solved(
  { Fn }: Curve,
  equations: readonly { readonly rho: bigint; readonly k: bigint; readonly z: bigint }[],
): bigint {
  const [a, ...others] = equations as [(typeof equations)[0], ...(typeof equations)[0][]]
  const [one, two] = others.map(({ rho, k, z }) => ({
    rho: Fn.sub(rho, a.rho),
    k: Fn.sub(k, a.k),
    z: Fn.sub(z, a.z),
  })) as [typeof a, typeof a]
  const difference = (p: bigint, q: bigint, r: bigint, s: bigint) => Fn.sub(Fn.mul(p, q), Fn.mul(r, s))
  return Fn.div(difference(one.z, two.rho, two.z, one.rho), difference(one.k, two.rho, two.k, one.rho))
}

describe.each(['eddsa-ed25519', 'ecdsa-secp256k1'] as const)('resharing, %s: a dealer put back', (scheme) => {
  const key = dealtKey(scheme, 2, 3)
  const curve = curveOf(scheme)
  const members = [
    [1, 1],
    [2, 2],
    [3, 3],
  ] as const
  /** The deal of dealer 1 to new member 2; its generator is where it always is. */
  const dealtWith = (other: PartyId, sid: number) => {
    const input = inputOf(key, {
      dealers: [
        [1, 1],
        [other, other],
      ],
      members,
      threshold: 2,
    })
    const heard = overhear((tamper) =>
      runReshare(key, input, { seed: 'snapshot', sid: new Uint8Array(32).fill(sid), tamper }),
    )
    return curve.parseScalar(decode(heard('open', 1, 2)) as Uint8Array)
  }

  test('two sets of dealers do not give its old share to a new member', () => {
    const [one, two] = [dealtWith(2, 1), dealtWith(3, 2)]
    const x = curve.parseScalar((key.get(1) as KeyShare).share.reveal())
    const { Fn } = curve
    const weights = Fn.sub(lagrange(curve, 1, [1, 2]), lagrange(curve, 1, [1, 3]))
    expect(Fn.div(Fn.sub(one, two), weights)).not.toBe(x)
    // With one and the same polynomial but for its constant they do.
    const same = [
      [1, 2],
      [1, 3],
    ].map((ids) => evaluate(curve, [Fn.mul(lagrange(curve, 1, ids), x), 5n], 2)) as [bigint, bigint]
    expect(Fn.div(Fn.sub(...same), weights)).toBe(x)
  })

  test('the same set in another run deals other shares', () => {
    expect(dealtWith(2, 1)).not.toBe(dealtWith(2, 2))
  })
})

test.each(['eddsa-ed25519', 'schnorr-taproot', 'ecdsa-secp256k1'] as const)(
  'key generation, %s: two runs of one generator have nothing in common',
  (scheme) => {
    const said = [1, 2].map((run) => {
      const heard = overhear((tamper) =>
        simulate(
          [1, 2],
          (session) => keygen(session, { scheme, threshold: 2 }, seededRng('snapshot', session.self)),
          {
            tamper,
            sid: new Uint8Array(32).fill(run),
          },
        ),
      )
      const { F, proof, u, ahead } = openingLetter(scheme).decode(heard('open', 1))
      return [...F, proof.R, u, ...(ahead ? [ahead.A.toBytes(), ahead.rid] : [])].map(toHex)
    })
    const all = said.flat()
    expect(new Set(all).size).toBe(all.length)
  },
)

test('auxiliary data: two runs of one generator mask the same primes otherwise', () => {
  const said = [1, 2].flatMap((run) => {
    const heard = overhear((tamper) =>
      simulate(
        [1, 2],
        (session) =>
          generateAux(
            session,
            { ...input, primes: primesOf(session.self) },
            seededRng('snapshot', session.self),
          ),
        { jobs: remembering, tamper, sid: new Uint8Array(32).fill(run) },
      ),
    )
    const { aux, rho, u } = letter.opening.decode(heard('aux-open', 1))
    const { P, A, T } = letter.fac.decode(heard('aux-prove', 1, 2))
    return [...[aux.s, aux.t, P, A, T].map(String), toHex(rho), toHex(u)]
  })
  expect(new Set(said).size).toBe(14)
})

test('a split is made of the share and of what it is for, so that two have no piece in common', () => {
  const curve = curveOf('eddsa-ed25519')
  const share = new Secret(curve.scalarBytes(1234n))
  const splitFor = (purpose: string, of = share) => {
    using coefficients = drawCoefficients(curve, 3, {
      share: of,
      purpose: utf8(purpose),
      rng: seededRng('snapshot'),
    })
    return [...split(curve, share, coefficients, 4).pieces.values()].map((piece) => toHex(piece.reveal()))
  }
  const all = [...splitFor('one'), ...splitFor('two'), ...splitFor('one', new Secret(curve.scalarBytes(5n)))]
  expect(new Set(all).size).toBe(12)
})
