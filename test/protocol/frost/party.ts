/**
 * Support of the FROST tests: keys made in the simulator, signing runs, independent verifiers, and cheaters.
 * Keys may be of any scheme.
 */
import { createHash, createPublicKey, verify as nodeVerify } from 'node:crypto'
import { hashes, schnorr as independentSchnorr } from '@noble/secp256k1'
import { verifySchnorr } from 'tiny-secp256k1'
import { expect } from 'vitest'
import { ProtocolAbort } from '../../../src/protocol/core/abort.js'
import { encode } from '../../../src/protocol/core/codec.js'
import { sign } from '../../../src/protocol/frost/sign.js'
import type { FrostScheme } from '../../../src/protocol/frost/suites.js'
import { keygen, type KeygenOutput } from '../../../src/protocol/dkg/keygen.js'
import type { KeygenInput } from '../../../src/protocol/dkg/keygen-public.js'
import { type KeyShare, parseKeyShare } from '../../../src/protocol/sharing/key-share.js'
import { echoOf, echoRound } from '../../../src/protocol/core/round.js'
import type { Scheme } from '../../../src/protocol/group/scheme.js'
import { type NonceRng, type PartyId, Session } from '../../../src/protocol/core/session.js'
import { seededRng } from '../../support/rng.js'
import { type Letter, type Outcome, outputs, sid, simulate, type Tamper } from '../../support/simulate.js'

export const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))
export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
export const upTo = (n: number): PartyId[] => Array.from({ length: n }, (_, i) => i + 1)

export const seededNonces = (...seed: (string | number)[]): NonceRng => ({
  fresh: seededRng('nonces', ...seed),
})

/** Keygen's output for each of `n` parties. */
export function runKeygen(
  input: KeygenInput,
  n: number,
  options: { readonly seed?: string; readonly tamper?: Tamper; readonly sid?: Uint8Array } = {},
): Map<PartyId, Outcome<KeygenOutput>> {
  const seed = options.seed ?? 'keygen'
  return simulate(upTo(n), (session) => keygen(session, input, seededRng(seed, session.self)), options)
}

const made = new Map<string, Map<PartyId, KeyShare>>()

/** The parsed key shares of a key made with a seed; made once. */
export function keyOf(scheme: Scheme, threshold: number, n: number, seed = 'key'): Map<PartyId, KeyShare> {
  const name = `${scheme} ${threshold} of ${n} ${seed}`
  const known = made.get(name)
  if (known) return known
  const outcomes = outputs(runKeygen({ scheme, threshold }, n, { seed }))
  const shares = new Map(
    [...outcomes].map(([index, output]) => [index, parseKeyShare({ scheme, threshold, index, ...output })]),
  )
  made.set(name, shares)
  return shares
}

export function runSign(
  shares: ReadonlyMap<PartyId, KeyShare>,
  quorum: readonly PartyId[],
  message: Uint8Array,
  options: { readonly seed?: string; readonly tamper?: Tamper; readonly shift?: bigint } = {},
): Map<PartyId, Outcome<Uint8Array>> {
  return simulate(
    quorum,
    (session) =>
      sign(
        session,
        { share: shares.get(session.self) as KeyShare, message, shift: options.shift ?? 0n },
        seededNonces(options.seed ?? 'sign', session.self),
      ),
    options,
  )
}

hashes.sha256 = (message) => Uint8Array.from(createHash('sha256').update(message).digest())

/** Verifiers that share no code with what signs. */
export function verifiesElsewhere(
  scheme: FrostScheme,
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (scheme === 'eddsa-ed25519') {
    const key = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), publicKey])
    return nodeVerify(null, message, createPublicKey({ key, format: 'der', type: 'spki' }), signature)
  }
  return message.length === 32
    ? verifySchnorr(message, publicKey, signature)
    : independentSchnorr.verify(signature, message, publicKey)
}

/** [party, kind, reason] of all who are accused. Fails unless the outcome is an abort that accuses. */
export function blamed(outcome: Outcome<unknown> | undefined): [PartyId, string, string][] {
  expect(outcome).toMatchObject({ ended: 'failed' })
  const error = outcome?.ended === 'failed' ? outcome.error : undefined
  if (!(error instanceof ProtocolAbort)) throw error
  return error.accusations.map(({ party, kind, reason }) => [party, kind, reason])
}

/** All letters of a run as they were sent; `to` matters for dealt ones only. */
export function overhear(
  run: (tamper: Tamper) => unknown,
): (round: string, from: PartyId, to?: PartyId) => Uint8Array {
  const heard = new Map<string, Uint8Array>()
  run((letter) => {
    heard.set(`${letter.round} ${letter.from}${letter.kind === 'direct' ? ` ${letter.to}` : ''}`, letter.body)
    return letter.body
  })
  return (round, from, to) => {
    const body = heard.get(`${round} ${from}${to === undefined ? '' : ` ${to}`}`)
    if (body === undefined) throw new Error(`no letter of ${from} in ${round}`)
    return body
  }
}

/**
 * Alters the letters of cheaters, each alike towards everybody. A tampered letter alone would only split the
 * view, so a cheater also echoes what it sent, and is itself told what it wants to hear.
 * @param echo the echo letter of a party that saw these letters
 */
export function cheating(
  parties: readonly PartyId[],
  cheaters: Readonly<Record<PartyId, (letter: Letter) => Uint8Array>>,
  echo: (seen: Session, round: string, letters: ReadonlyMap<PartyId, Uint8Array>) => Uint8Array = (
    session,
    round,
    letters,
  ) => encode(echoOf(session, round, letters)),
): Tamper {
  const sent = new Map<string, Map<PartyId, Uint8Array>>()
  const meant = new Map<string, Uint8Array>()
  return (letter) => {
    const { round, from, to, kind } = letter
    const echoed = [...sent.keys()].find((earlier) => echoRound(earlier) === round)
    if (echoed !== undefined) {
      const seen = new Map(sent.get(echoed))
      if (cheaters[to]) seen.set(to, meant.get(`${echoed} ${to}`) as Uint8Array)
      return cheaters[from] || cheaters[to]
        ? echo(new Session(sid, from, parties), echoed, seen)
        : letter.body
    }
    const body = cheaters[from]?.(letter) ?? letter.body
    if (kind === 'broadcast') {
      sent.set(round, (sent.get(round) ?? new Map<PartyId, Uint8Array>()).set(from, body))
      meant.set(`${round} ${from}`, letter.body)
    }
    return body
  }
}

const BAD_POINTS_ON = {
  ed25519: [
    ['the identity', `01${'00'.repeat(31)}`],
    ['a point of order 8', '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'],
    ['a point of order 2', `ec${'ff'.repeat(30)}7f`],
    // 7G plus the point of order 8.
    ['a torsioned point', 'e9b2fe981587efae6478f48ba1fa60cec6126d0e26dde72a0a24f640dcd783e5'],
    ['y = p + 1, a second encoding of the identity', `ee${'ff'.repeat(30)}7f`],
    ['x = 0 with a sign', `01${'00'.repeat(30)}80`],
    ['y of no point', `02${'00'.repeat(31)}`],
    ['31 bytes', '00'.repeat(31)],
    ['no bytes', ''],
  ],
  secp256k1: [
    ['zeros, as some write the identity', '00'.repeat(33)],
    ["SEC 1's identity", '00'],
    ['an x of no point', `02${'00'.repeat(31)}05`],
    ['x = p + 1, a second encoding', '02fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc30'],
    ['an unknown prefix', '0579be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798'],
    ['x only', '79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798'],
    ['no bytes', ''],
  ],
} as const

/** Encodings that are no point of the prime-order group, by what is wrong with them. */
export const BAD_POINTS: Readonly<Record<Scheme, readonly (readonly [string, string])[]>> = {
  'ecdsa-secp256k1': BAD_POINTS_ON.secp256k1,
  'eddsa-ed25519': BAD_POINTS_ON.ed25519,
  'schnorr-taproot': BAD_POINTS_ON.secp256k1,
}
