/** Signing with presignatures that were made before the message was known. */
import { Point as OtherPoint } from '@noble/secp256k1'
import { describe, expect, test } from 'vitest'
import { judgeUse } from '../../../../src/protocol/cggmp24/evidence.js'
import { ROUND, sigmaLetter } from '../../../../src/protocol/cggmp24/presign/letters.js'
import { presign } from '../../../../src/protocol/cggmp24/presign/presign.js'
import {
  Presignature,
  type PublicPresignature,
} from '../../../../src/protocol/cggmp24/presign/presignature.js'
import {
  presignatureId,
  type Purpose,
  rerandomise,
} from '../../../../src/protocol/cggmp24/presign/rerandomise.js'
import type { EcdsaKey } from '../../../../src/protocol/cggmp24/presign/signers.js'
import {
  type EcdsaSignature,
  signOnline,
  signWithPresignature,
} from '../../../../src/protocol/cggmp24/sign.js'
import { Secret } from '../../../../src/protocol/core/secret.js'
import { type PartyId, Session } from '../../../../src/protocol/core/session.js'
import { secp256k1 } from '../../../../src/protocol/group/curve.js'
import { derivePath } from '../../../../src/protocol/group/derive.js'
import { type Letter, type Outcome, outputs, sid, simulate, type Tamper } from '../../../support/simulate.js'
import { blamed, cheating, overhear, seededNonces } from '../../frost/party.js'
import {
  agreedSignature,
  dealt,
  digestOf,
  type Keys,
  message,
  onceEach,
  verifiesElsewhere,
} from '../signing.js'

const SHARE = 'share of the signature does not verify'
const { Fn } = secp256k1
const keys = dealt(3, 5)
const quorum = [1, 3, 4]
const groupPoint = (keys.get(1) as EcdsaKey).share.groupPoint
const path = derivePath(groupPoint, new Uint8Array(32), [44, 7])
/** The session of a signing run. */
const later = new Uint8Array(32).fill(9)
const plain: Purpose = { digest: message, shift: 0n }

type Halves = ReadonlyMap<PartyId, readonly [bigint, bigint]>

/** A pool of one presignature, and its secret numbers, from which it can be built again as in a copied home. */
const pool = ((): { readonly known: PublicPresignature; readonly halves: Halves } => {
  const made = outputs(
    simulate(
      quorum,
      (session) =>
        presign(session, keys.get(session.self) as EcdsaKey, null, seededNonces('ahead', session.self)),
      { jobs: onceEach },
    ),
  )
  const known = (made.get(1) as Presignature).public
  const halves = new Map(
    [...made].map(([party, presignature]) => {
      const { k, chi } = presignature.consume()
      return [party, [secp256k1.parseScalar(k.reveal()), secp256k1.parseScalar(chi.reveal())] as const]
    }),
  )
  return { known, halves }
})()

function presignatureOf(party: PartyId, known = pool.known): Presignature {
  const [k, chi] = (pool.halves.get(party) as readonly [bigint, bigint]).map(
    (scalar) => new Secret(secp256k1.scalarBytes(scalar)),
  ) as [Secret, Secret]
  return new Presignature(known, { k, chi })
}

type Use = { readonly purpose?: Purpose; readonly tamper?: Tamper; readonly sid?: Uint8Array }

const uses = ({ purpose = plain, ...options }: Use = {}): Map<PartyId, Outcome<EcdsaSignature>> =>
  simulate(quorum, (session) => signWithPresignature(session, presignatureOf(session.self), purpose), {
    sid: later,
    ...options,
  })

const sessionOf = (name: Uint8Array = later, parties = quorum) =>
  new Session(name, parties[0] as PartyId, parties)
const sigmasOf = (use: Use) => overhear((tamper) => uses({ ...use, tamper }))

test('signs what was not known when it was made, with one letter of each signer', () => {
  const rounds = new Set<string>()
  const outcomes = uses({
    tamper: ({ round, body }) => {
      rounds.add(round)
      return body
    },
  })
  expect(verifiesElsewhere(groupPoint, message, agreedSignature(outcomes))).toBe(true)
  expect([...rounds]).toEqual([ROUND.sign])
})

test('with a path, for the derived key and no other', () => {
  const signature = agreedSignature(uses({ purpose: { digest: message, shift: path.shift } }))
  expect(verifiesElsewhere(path.groupPoint, message, signature)).toBe(true)
  expect(verifiesElsewhere(groupPoint, message, signature)).toBe(false)
})

test.each([
  ['no path', 0n],
  ['a path', path.shift],
])('is the ECDSA signature with the nonce ργ, with %s', (_, shift) => {
  const { rho } = rerandomise(sessionOf(), pool.known, { digest: message, shift })
  const total = (part: 0 | 1) => [...pool.halves.values()].reduce((all, each) => Fn.add(all, each[part]), 0n)
  // Σk̃ = 1/γ and Σχ̃ = x/γ.
  const gamma = Fn.inv(total(0))
  const x = Fn.add(Fn.mul(total(1), gamma), shift)
  const nonce = Fn.mul(rho, gamma)
  const { x: r } = OtherPoint.BASE.multiply(nonce).toAffine()
  const m = Fn.create(BigInt(`0x${Buffer.from(message).toString('hex')}`))
  const s = Fn.div(Fn.add(m, Fn.mul(r, x)), nonce)
  const signature = agreedSignature(uses({ purpose: { digest: message, shift } }))
  expect(secp256k1.parseScalar(signature.r)).toBe(r)
  expect([s, Fn.neg(s)]).toContain(secp256k1.parseScalar(signature.s))
})

describe('the nonce', () => {
  const nonceOf = (name: Uint8Array, purpose: Purpose, known = pool.known) =>
    rerandomise(sessionOf(name), known, purpose).target.Gamma.toBytes().join()
  const { points } = pool.known
  const swapped = new Map([...points].map(([party]) => [party, points.get(party === 3 ? 1 : party) as never]))
  const altered = { ...pool.known, points: swapped }

  test('is another one for each session, digest, path and presignature, and never that of presigning', () => {
    const nonces = [
      nonceOf(later, plain),
      nonceOf(new Uint8Array(32).fill(8), plain),
      nonceOf(later, { digest: digestOf('pay 2'), shift: 0n }),
      nonceOf(later, { digest: message, shift: path.shift }),
      nonceOf(later, plain, altered),
      pool.known.Gamma.toBytes().join(),
    ]
    expect(new Set(nonces).size).toBe(nonces.length)
  })

  test('is the same at every signer', () => {
    const everywhere = quorum.map((self) =>
      rerandomise(new Session(later, self, quorum), pool.known, plain).rho.toString(),
    )
    expect(new Set(everywhere).size).toBe(1)
  })
})

test('its ID is of the run that made it and of every public point', () => {
  const { signers, Gamma, points } = pool.known
  const other = { Delta: Gamma, S: Gamma }
  const ids = [
    pool.known,
    { ...pool.known, signers: { ...signers, ssid: new Uint8Array(32) } },
    { ...pool.known, Gamma: secp256k1.G },
    ...quorum.map((party) => ({ ...pool.known, points: new Map([...points, [party, other]]) })),
  ].map((known) => Buffer.from(presignatureId(known)).toString('hex'))
  expect(new Set(ids).size).toBe(ids.length)
})

describe('a use that is not agreed on', () => {
  /** Party 3 signs for another purpose or session than the others. */
  const strays = (purpose: Purpose, name: Uint8Array = later): Map<PartyId, Outcome<EcdsaSignature>> => {
    const stray = sigmasOf({ purpose, sid: name })(ROUND.sign, 3)
    const says = ({ round, body }: Letter) => (round === ROUND.sign ? stray : body)
    return uses({ tamper: cheating(quorum, { 3: says }) })
  }

  test.each<[string, () => Map<PartyId, Outcome<EcdsaSignature>>]>([
    ['another digest', () => strays({ digest: digestOf('pay 2'), shift: 0n })],
    ['another path', () => strays({ digest: message, shift: path.shift })],
    ['the nonce of an earlier session', () => strays(plain, new Uint8Array(32).fill(8))],
  ])('the signer who answers for %s is named by all', (_, run) => {
    const outcomes = run()
    for (const party of [1, 4]) expect(blamed(outcomes.get(party))).toEqual([[3, 'witnessed', SHARE]])
  })

  test('a stranger to the run names the signer whose share is wrong, and nobody where all are right', () => {
    const heard = sigmasOf({})
    const letters = new Map(quorum.map((party) => [party, heard(ROUND.sign, party)]))
    const judge = (body: Uint8Array, purpose = plain) => {
      const rounds = new Map([[ROUND.sign, new Map([...letters, [3, body]])]])
      const verdict = judgeUse(sessionOf(), pool.known, purpose, rounds).next()
      return verdict.value
    }
    const right = letters.get(3) as Uint8Array
    expect(judge(right)).toEqual([])
    const wrong = sigmaLetter.encode(Fn.add(sigmaLetter.decode(right), 1n))
    expect(judge(wrong)).toEqual([{ round: ROUND.sign, party: 3, kind: 'proven', reason: SHARE }])
  })
})

describe('is refused before anything is sent', () => {
  const begin =
    (session: Session, purpose: Purpose, known = pool.known) =>
    () =>
      signWithPresignature(session, presignatureOf(session.self, known), purpose).next(undefined as never)

  test('twice', () => {
    const once = presignatureOf(1)
    signWithPresignature(sessionOf(), once, plain).next(undefined as never)
    const again = signWithPresignature(sessionOf(), once, { digest: digestOf('pay 2'), shift: 0n })
    expect(() => again.next(undefined as never)).toThrow('this presignature was used')
  })

  test('in the run that made it', () => {
    expect(begin(sessionOf(sid), plain)).toThrow(
      new RangeError('a presignature made ahead is used in another run'),
    )
  })

  test('among other signers', () => {
    const problem = new RangeError('this presignature is of other signers')
    expect(begin(sessionOf(later, [1, 3, 5]), plain)).toThrow(problem)
    expect(begin(sessionOf(later, [1, 3]), plain)).toThrow(problem)
  })

  test.each([0, 31, 33])('for a digest of %d bytes', (length) => {
    const purpose = { digest: new Uint8Array(length), shift: 0n }
    expect(begin(sessionOf(), purpose)).toThrow(new RangeError('a digest has 32 bytes'))
  })

  test('as it is, without another nonce', () => {
    const run = signOnline(sessionOf(sid), presignatureOf(1))
    expect(() => run.next(undefined as never)).toThrow(
      new RangeError('a presignature made ahead is for no digest'),
    )
  })

  test('if it was made for one digest', () => {
    const bound = { ...pool.known, signers: { ...pool.known.signers, digest: message } }
    expect(begin(sessionOf(), plain, bound)).toThrow(
      new RangeError('this presignature was made for one digest'),
    )
  })
})

test('none is made ahead for a path', () => {
  const withPath: Keys = dealt(2, 2, { shift: path.shift })
  const session = new Session(sid, 1, [1, 2])
  const run = presign(session, withPath.get(1) as EcdsaKey, null, seededNonces('path'))
  expect(() => run.next(undefined as never)).toThrow(new RangeError('a presignature made ahead has no path'))
})
