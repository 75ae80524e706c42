import { Point as OtherPoint } from '@noble/secp256k1'
import { describe, expect, test } from 'vitest'
import { runJob } from '../../../src/protocol/cggmp24/jobs.js'
import { presign } from '../../../src/protocol/cggmp24/presign/presign.js'
import { ROUND, sigmaLetter } from '../../../src/protocol/cggmp24/presign/letters.js'
import type { Presignature } from '../../../src/protocol/cggmp24/presign/presignature.js'
import { sign, signatureOf, signOnline } from '../../../src/protocol/cggmp24/sign.js'
import type { EcdsaKey } from '../../../src/protocol/cggmp24/presign/signers.js'
import { secp256k1 } from '../../../src/protocol/group/curve.js'
import { derivePath } from '../../../src/protocol/group/derive.js'
import type { Job, Protocol } from '../../../src/protocol/core/round.js'
import { type PartyId, Session } from '../../../src/protocol/core/session.js'
import { seededRng } from '../../support/rng.js'
import { outputs, sid, simulate } from '../../support/simulate.js'
import { blamed, cheating, overhear, seededNonces } from '../frost/party.js'
import {
  agreedSignature,
  compactOf,
  dealt,
  digestOf,
  type Keys,
  message,
  onceEach,
  opensslVerifies,
  publicKeyOf,
  runSign,
  text,
  verifiesElsewhere,
} from './signing.js'

const SHARE = 'share of the signature does not verify'
const { Fn, order, G } = secp256k1
const keyOf = (keys: Keys, party: PartyId) => keys.get(party) as EcdsaKey

describe('signing', () => {
  test.each<[number, number, PartyId[][]]>([
    [2, 2, [[1, 2]]],
    [
      2,
      3,
      [
        [1, 2],
        [1, 3],
        [2, 3],
      ],
    ],
    [3, 5, [[2, 4, 5]]],
  ])(
    '%d of %d: each quorum signs, and independent verifiers agree',
    (threshold, n, quorums) => {
      const keys = dealt(threshold, n)
      for (const quorum of quorums) {
        const signature = agreedSignature(runSign(keys, quorum))
        expect(verifiesElsewhere(publicKeyOf(keys), message, signature)).toBe(true)
        expect(opensslVerifies(publicKeyOf(keys), text, signature)).toBe(true)
        expect(opensslVerifies(publicKeyOf(keys), `${text}.`, signature)).toBe(false)
      }
    },
    120_000,
  )

  test('with a path, for the derived key and no other', () => {
    const plain = dealt(2, 3)
    const { groupPoint, shift } = derivePath(keyOf(plain, 1).share.groupPoint, new Uint8Array(32), [44, 7])
    const keys = dealt(2, 3, { shift })
    const signature = agreedSignature(runSign(keys, [2, 3]))
    expect(publicKeyOf(keys)).toEqual(groupPoint)
    expect(verifiesElsewhere(groupPoint, message, signature)).toBe(true)
    expect(verifiesElsewhere(publicKeyOf(plain), message, signature)).toBe(false)
  })

  test.each<[string, Uint8Array]>([
    ['a zero first', message.map((byte, i) => (i === 0 ? 0 : byte))],
    ['zeros but for the last byte', new Uint8Array(32).fill(1, 31)],
    ['zero', new Uint8Array(32)],
    ['beyond the order', new Uint8Array(32).fill(255)],
  ])('a digest is signed as it is: %s', (_, digest) => {
    const keys = dealt(2, 2)
    const signature = agreedSignature(runSign(keys, [1, 2], { digest }))
    expect(verifiesElsewhere(publicKeyOf(keys), digest, signature)).toBe(true)
  })

  test.each([0, 31, 33, 64])('nothing is sent for a digest of %d bytes', (length) => {
    const key = keyOf(dealt(2, 2), 1)
    const run = sign(new Session(sid, 1, [1, 2]), key, new Uint8Array(length), seededNonces('none'))
    expect(() => run.next(undefined as never)).toThrow(new RangeError('a digest has 32 bytes'))
  })

  test.each<[string, PartyId[], string]>([
    ['one too few', [1, 2], '3 sign with this key, not 2'],
    ['one too many', [1, 2, 3, 4], '3 sign with this key, not 4'],
    ['a stranger', [1, 2, 6], 'party 6 has no share of this key'],
    ["another's share", [2, 3, 4], "this share is another party's"],
  ])('nothing is sent with %s', (_, parties, problem) => {
    const session = new Session(sid, parties[0] as PartyId, parties)
    const run = sign(session, keyOf(dealt(3, 5), 1), message, seededNonces('quorum'))
    expect(() => run.next(undefined as never)).toThrow(new RangeError(problem))
  })

  test('nothing is sent without the auxiliary data of a signer', () => {
    const key = keyOf(dealt(2, 2), 1)
    const run = sign(
      new Session(sid, 1, [1, 2]),
      { ...key, aux: new Map([...key.aux].slice(0, 1)) },
      message,
      seededNonces('aux'),
    )
    expect(() => run.next(undefined as never)).toThrow(RangeError)
  })

  test('the order in which jobs are done changes no letter', () => {
    const keys = dealt(2, 2)
    const reversed = function* <T>(protocol: Protocol<T>): Protocol<T> {
      let step = protocol.next(undefined as never)
      while (!step.done) {
        if (step.value.kind === 'exchange') step = protocol.next(yield step.value)
        else {
          const { jobs } = step.value
          const backwards = [...jobs].reverse().map((job) => runJob(job))
          step = protocol.next(backwards.reverse())
        }
      }
      return step.value
    }
    const letters = (run: (session: Session) => Protocol<unknown>) => {
      const said: string[] = []
      simulate([1, 2], run, {
        jobs: onceEach,
        tamper: (letter) => {
          said.push(`${letter.round} ${letter.from} ${letter.kind} ${letter.body.join()}`)
          return letter.body
        },
      })
      return said
    }
    const run = (session: Session) =>
      sign(session, keyOf(keys, session.self), message, seededNonces('sign', session.self))
    expect(letters((session) => reversed(run(session)))).toEqual(letters(run))
  })

  test('two runs over the same inputs use other nonces, and so do two parties with one stuck generator', () => {
    const keys = dealt(2, 2)
    const first = (run: Parameters<typeof runSign>[2]) => {
      const heard = overhear((tamper) => runSign(keys, [1, 2], { ...run, tamper }))
      return [1, 2].map((party) => heard(ROUND.first, party).join())
    }
    const stuck = new Set<string>()
    const outcomes = simulate(
      [1, 2],
      (session) => sign(session, keyOf(keys, session.self), message, { fresh: (n) => new Uint8Array(n) }),
      {
        jobs: onceEach,
        tamper: ({ round, kind, body }) => {
          if (round === ROUND.first && kind === 'broadcast') stuck.add(body.join())
          return body
        },
      },
    )
    expect(verifiesElsewhere(publicKeyOf(keys), message, agreedSignature(outcomes))).toBe(true)
    expect(new Set([...first({}), ...first({ seed: 'other' }), ...stuck]).size).toBe(6)
  })

  test('signing leaves the secrets of the key as they were', () => {
    const keys = dealt(2, 2)
    const { share, auxSecret } = keyOf(keys, 1)
    const secrets = () => [share.share, ...Object.values(auxSecret)].map((secret) => secret.reveal().slice())
    const before = secrets()
    agreedSignature(runSign(keys, [1, 2]))
    expect(secrets()).toEqual(before)
  })
})

describe('the shares of a signature', () => {
  const keys = dealt(3, 5)
  const quorum = [1, 3, 4]
  const heard = overhear((tamper) => runSign(keys, quorum, { tamper }))
  const sigmaOf = (party: PartyId) => sigmaLetter.decode(heard(ROUND.sign, party))
  const other = overhear((tamper) => runSign(keys, quorum, { tamper, digest: digestOf('pay 2') }))
  const answers = (alter: (sigma: bigint) => bigint) => (letter: { round: string; body: Uint8Array }) =>
    letter.round === ROUND.sign ? sigmaLetter.encode(alter(sigmaLetter.decode(letter.body))) : letter.body
  const blamesOf = (cheaters: Parameters<typeof cheating>[1], honest: readonly PartyId[]) => {
    const outcomes = runSign(keys, quorum, { tamper: cheating(quorum, cheaters) })
    return honest.map((party) => blamed(outcomes.get(party)))
  }

  test.each<[string, (sigma: bigint) => bigint]>([
    ['one more than it is', (sigma) => Fn.add(sigma, 1n)],
    ['zero', () => 0n],
    ["another's", () => sigmaOf(1)],
    ['that makes s zero', () => Fn.neg(Fn.add(sigmaOf(1), sigmaOf(4)))],
    ['from a run for another digest', () => sigmaLetter.decode(other(ROUND.sign, 3))],
  ])('who sends one that is %s is named by all', (_, alter) => {
    expect(blamesOf({ 3: answers(alter) }, [1, 4])).toEqual([
      [[3, 'witnessed', SHARE]],
      [[3, 'witnessed', SHARE]],
    ])
  })

  test('two bad ones are both named, also when their errors cancel', () => {
    const plusOne = answers((sigma) => Fn.add(sigma, 1n))
    const minusOne = answers((sigma) => Fn.sub(sigma, 1n))
    expect(blamesOf({ 3: plusOne, 4: minusOne }, [1])).toEqual([
      [
        [3, 'witnessed', SHARE],
        [4, 'witnessed', SHARE],
      ],
    ])
  })
})

describe('a presignature', () => {
  const keys = dealt(2, 2)
  const presigned = (): ReadonlyMap<PartyId, Presignature> =>
    outputs(
      simulate(
        [1, 2],
        (session) => presign(session, keyOf(keys, session.self), message, seededNonces('sign', session.self)),
        { jobs: onceEach },
      ),
    )
  const online = (presignatures: ReadonlyMap<PartyId, Presignature>, run: Uint8Array = sid) =>
    simulate([1, 2], (session) => signOnline(session, presignatures.get(session.self) as Presignature), {
      sid: run,
    })

  test('signs once: a second use throws before anything is sent', () => {
    const presignatures = presigned()
    const signature = agreedSignature(online(presignatures))
    expect(verifiesElsewhere(publicKeyOf(keys), message, signature)).toBe(true)
    for (const outcome of online(presignatures).values()) {
      expect(outcome).toMatchObject({ ended: 'failed', error: new Error('this presignature was used') })
    }
  })

  test('signs in its own run only, and no more once it is given up', () => {
    const presignatures = presigned()
    for (const outcome of online(presignatures, new Uint8Array(32).fill(8)).values()) {
      expect(outcome).toMatchObject({
        ended: 'failed',
        error: { message: 'this presignature is of another run' },
      })
    }
    for (const presignature of presignatures.values()) presignature[Symbol.dispose]()
    for (const outcome of online(presignatures).values()) expect(outcome.ended).toBe('failed')
  })

  test('takes neither digest nor path after it was made', () => {
    // It knows only its digest, and there is no other way to name one.
    expect(signOnline.length).toBe(2)
    const presignature = presigned().get(1) as Presignature
    expect(presignature.public.signers.digest).toEqual(message)
    expect(Object.keys(presignature)).toEqual(['public'])
  })

  test.each<[string, (key: EcdsaKey, digest: Uint8Array) => readonly [EcdsaKey, Uint8Array]]>([
    ['another digest', (key) => [key, digestOf('pay 2')]],
    ['another path', (key, digest) => [{ ...key, shift: 5n }, digest]],
    ['another epoch', (key, digest) => [{ ...key, epoch: new Uint8Array(32) }, digest]],
  ])('is not made by parties that mean %s: no share of anything leaves them', (_, change) => {
    const rounds = new Set<string>()
    const outcomes = simulate(
      [1, 2],
      (session) => {
        const key = keyOf(keys, session.self)
        const [own, digest] = session.self === 2 ? change(key, message) : [key, message]
        return sign(session, own, digest, seededNonces('sign', session.self))
      },
      {
        jobs: onceEach,
        tamper: ({ round, body }) => {
          rounds.add(round)
          return body
        },
      },
    )
    const small = 'proof that k is small (ψ0) does not verify'
    expect(blamed(outcomes.get(1))).toEqual([[2, 'witnessed', small]])
    expect(blamed(outcomes.get(2))).toEqual([[1, 'witnessed', small]])
    expect([...rounds]).toEqual([ROUND.first, `${ROUND.first}.echo`])
  })
})

describe('what becomes of s', () => {
  const x = 123_456_789n
  const publicKey = secp256k1.timesG(x)
  const rng = seededRng('signatures')

  test('it is in the lower half, and the key is recovered, for either parity and either half', () => {
    const seen = new Set<string>()
    for (let i = 0; i < 40; i++) {
      const [gamma, digest] = [secp256k1.randomScalar(rng), rng(32)]
      const Gamma = secp256k1.timesG(gamma)
      const r = Fn.create(BigInt(`0x${Buffer.from(Gamma.toBytes().subarray(1)).toString('hex')}`))
      const m = Fn.create(BigInt(`0x${Buffer.from(digest).toString('hex')}`))
      const s = Fn.div(Fn.add(m, Fn.mul(r, x)), gamma)
      const signature = signatureOf(Gamma, digest, s, publicKey)
      seen.add(`${Gamma.toBytes()[0]} ${2n * s > order}`)
      expect(verifiesElsewhere(publicKey.toBytes(), digest, signature)).toBe(true)
      expect(2n * secp256k1.parseScalar(signature.s) < order).toBe(true)
      // The same with the other s is no signature of ours.
      expect(compactOf(signatureOf(Gamma, digest, Fn.neg(s), publicKey))).toEqual(compactOf(signature))
    }
    expect(seen.size).toBe(4)
  })

  test('what an ordinary verifier does not accept is not returned', () => {
    const problem = 'every share verifies, the signature does not: this is a defect of this program'
    expect(() => signatureOf(G, message, 5n, publicKey)).toThrow(problem)
  })

  test('neither s nor r is zero, nor is the x of Γ beyond the order', () => {
    expect(() => signatureOf(G, message, 0n, publicKey)).toThrow('s is zero')
    // The first x from the order on that is one of a point. There is a third bit to recover it by, which nobody writes.
    let Gamma: Uint8Array | undefined
    for (let beyond = order; Gamma === undefined; beyond++) {
      const encoded = `02${beyond.toString(16)}`
      try {
        Gamma = OtherPoint.fromHex(encoded).toBytes()
      } catch {
        // No point has this x.
      }
    }
    const point = secp256k1.parsePoint(Gamma)
    expect(() => signatureOf(point, message, 5n, publicKey)).toThrow('the nonce has no usable x')
  })
})

test('a job that fails says its name and nothing of its input, which is wiped', () => {
  const job: Job = { name: 'presign/open-answer', input: [new Uint8Array(40).fill(7)] }
  expect(() => runJob(job)).toThrow(new Error('job presign/open-answer failed'))
  expect(job.input[0]).toEqual(new Uint8Array(40))
  for (const name of ['', 'presign', 'toString', '__proto__']) {
    expect(() => runJob({ name, input: [] })).toThrow('there is no job of this name')
  }
})
