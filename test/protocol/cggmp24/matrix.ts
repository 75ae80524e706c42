/**
 * Protocol x round x field x mutation (cggmp24.md, section 5), made from the letters of an honest run: one cheater alters
 * one field of one letter, alike towards everybody, and its peer may not get what it wants, must name it and nobody else,
 * and says nothing of its secrets.
 */
import { inspect } from 'node:util'
import { concatBytes } from '@noble/hashes/utils.js'
import { expect } from 'vitest'
import { ProtocolAbort, SplitView } from '../../../src/protocol/core/abort.js'
import { fromBytes, signedBytes, toBytes } from '../../../src/protocol/cggmp24/integers/integers.js'
import { TEST_ONLY } from '../../../src/protocol/cggmp24/integers/level.js'
import { decode, encode, equalBytes, type Value } from '../../../src/protocol/core/codec.js'
import { echoRound } from '../../../src/protocol/core/round.js'
import type { PartyId } from '../../../src/protocol/core/session.js'
import type { Letter } from '../../support/simulate.js'
import { cheating, overhear, toHex } from '../frost/party.js'
import { cheat, defending, generating, honest, key, type Play, signing } from './plays.js'

type Path = readonly (string | number)[]
type Fields = ReadonlyMap<string, Value>

/** Every byte string, list and record in a value. */
function paths(value: Value, path: Path = []): Path[] {
  // Of a long list the first and the last: the others are as they are.
  const isAtEnd = (i: number, { length }: readonly Value[]) => length < 8 || i === 0 || i === length - 1
  if (Array.isArray(value)) {
    return [path, ...value.flatMap((item: Value, i) => (isAtEnd(i, value) ? paths(item, [...path, i]) : []))]
  }
  if (value instanceof Map) {
    return [path, ...[...(value as Fields)].flatMap(([name, item]) => paths(item, [...path, name]))]
  }
  return [path]
}

function at(value: Value, path: Path): Value {
  return path.reduce<Value>((inner, step) => {
    const next = typeof step === 'string' ? (inner as Fields).get(step) : (inner as readonly Value[])[step]
    return next as Value
  }, value)
}

function replaced(value: Value, [step, ...rest]: Path, by: Value): Value {
  if (step === undefined) return by
  if (Array.isArray(value)) {
    return value.map((item: Value, i) => (i === step ? replaced(item, rest, by) : item))
  }
  const fields = value as Fields
  return new Map([...fields, [step as string, replaced(at(value, [step]), rest, by)]])
}

/** Whether these stand for an integer, of the size of what is computed modulo N, and not for a point or scalar. */
const isInteger = (bytes: Uint8Array) => bytes.length > 64

function plus(bytes: Uint8Array, addend: bigint): Uint8Array {
  const isSigned = bytes[0] === 0 || bytes[0] === 1
  const value = fromBytes(bytes.subarray(isSigned ? 1 : 0)) * (isSigned && bytes[0] === 1 ? -1n : 1n)
  const sum = value + addend
  return isSigned ? signedBytes(sum) : toBytes(sum < 0n ? -sum : sum)
}

type Mutations = Readonly<Record<string, (value: Value, other: Value, replay: Value) => Value | undefined>>

const onBytes =
  (change: (bytes: Uint8Array) => Uint8Array | undefined) =>
  (value: Value): Value | undefined =>
    value instanceof Uint8Array ? change(value) : undefined

const N = key(cheat).aux.get(cheat)?.N as bigint

/** The changes to a field; undefined where one makes no sense. */
const MUTATIONS: Mutations = {
  flip: onBytes((bytes) => bytes.map((byte, i) => (i === bytes.length - 1 ? byte ^ 1 : byte))),
  'flip the first byte': onBytes((bytes) => bytes.map((byte, i) => (i === 0 ? byte ^ 1 : byte))),
  zero: onBytes((bytes) => bytes.map(() => 0)),
  'no bytes': onBytes(() => new Uint8Array()),
  'a zero before it': onBytes((bytes) => Uint8Array.of(0, ...bytes)),
  '+N': onBytes((bytes) => (isInteger(bytes) ? plus(bytes, N) : undefined)),
  '-N': onBytes((bytes) => (isInteger(bytes) ? plus(bytes, -N) : undefined)),
  '+2^1000': onBytes((bytes) => (isInteger(bytes) ? plus(bytes, 2n ** 1000n) : undefined)),
  "another party's": (value, other) => (value instanceof Uint8Array ? other : undefined),
  "another session's": (value, _, replay) => (value instanceof Uint8Array ? replay : undefined),
  other: (value) => (typeof value === 'boolean' ? !value : typeof value === 'number' ? value ^ 1 : undefined),
  null: (value) => (value === null ? undefined : null),
  'one element less': (value) => (Array.isArray(value) ? value.slice(0, -1) : undefined),
  'one element more': (value) => (Array.isArray(value) ? [...value, ...value.slice(-1)] : undefined),
  'one field less': (value) => (value instanceof Map ? new Map([...value].slice(1)) : undefined),
  'one field more': (value) => (value instanceof Map ? new Map([...value, ['zz', null]]) : undefined),
}

export type Case = {
  readonly name: string
  readonly play: Play
  readonly round: string
  readonly kind: Letter['kind']
  /** The bytes sent in place of the letter; undefined withholds it. */
  readonly body: Uint8Array | undefined
  /** The earlier commitment, if another than it was. */
  readonly committed?: { readonly round: string; readonly body: Uint8Array } | null
}

/** The fields a party chooses freely: with a commitment to one, it is no cheat. */
const FREE = /^(?:u|rho|chainCode|ahead\.rid)$/

function casesOf(play: Play): Case[] {
  const heard = overhear((tamper) => play.run({ tamper }))
  const isWhole = play.mutations === undefined
  const other = { seed: 'other', sid: new Uint8Array(32).fill(9) }
  const elsewhere = isWhole ? overhear((tamper) => play.run({ tamper, ...other })) : heard
  return play.letters.flatMap(([round, kind]) => {
    const to = (party: PartyId) => (kind === 'direct' ? party : undefined)
    const body = heard(round, cheat, to(honest))
    const bodies = [body, heard(round, honest, to(cheat)), elsewhere(round, cheat, to(honest))] as const
    const values = bodies.map((bytes) => decode(bytes)) as [Value, Value, Value]
    const isMeant = (mutation: string) => play.mutations?.includes(mutation) ?? true
    const meant = paths(values[0]).filter((path) => isWhole || !path.includes(TEST_ONLY.repetitions - 1))
    const fields = meant.flatMap((path) =>
      Object.entries(MUTATIONS).flatMap(([mutation, mutate]): Case[] => {
        const [mine, other, replay] = values.map((value) => at(value, path)) as [Value, Value, Value]
        const by = isMeant(mutation) ? mutate(mine, other, replay) : undefined
        if (by === undefined) return []
        const changed = encode(replaced(values[0], path, by))
        if (equalBytes(changed, body)) return []
        const where = path.join('.') || 'all'
        const one = { name: `${round}, ${kind}, ${where}: ${mutation}`, play, round, kind, body: changed }
        const committed = FREE.test(where) ? null : play.commitment?.(round, changed)
        return committed ? [one, { ...one, name: `${one.name}, committed to`, committed }] : [one]
      }),
    )
    const whole: readonly (readonly [string, Uint8Array | undefined])[] = [
      ['dropped', undefined],
      ['truncated', body.slice(0, -1)],
      ['one byte more', concatBytes(body, new Uint8Array(1))],
      ["another party's", bodies[1]],
      ["another session's", bodies[2]],
    ]
    const distinct = whole.filter(([, bytes]) => bytes === undefined || !equalBytes(bytes, body))
    return [
      ...fields,
      ...distinct.map(
        ([what, bytes]): Case => ({ name: `${round}, ${kind}: ${what}`, play, round, kind, body: bytes }),
      ),
    ]
  })
}

/** Those of signing and of key generation. */
export const CASES: readonly Case[] = [signing, generating].flatMap(casesOf)
/** Those of the failure phase, a few seconds each. */
export const defendingCases = (): readonly Case[] => casesOf(defending)

/** Anything that an error could show of the secrets of the honest party: digits in either base. */
const SECRETS = (['p', 'q', 'pHat', 'qHat'] as const)
  .map((prime) => key(honest).auxSecret[prime].reveal())
  .concat(key(honest).share.share.reveal())
  .flatMap((bytes) => [toHex(bytes).slice(0, 16), `${fromBytes(bytes)}`.slice(0, 16)])

export function expectCaught({ name, play, round, kind, body, committed }: Case): void {
  const isCase = (letter: Letter) => letter.from === cheat && letter.round === round && letter.kind === kind
  const isEcho = round.endsWith(echoRound(''))
  const consistent = cheating(play.parties, {
    [cheat]: (letter) => {
      if (isCase(letter) && body !== undefined) return body
      return letter.round === committed?.round && letter.kind === 'broadcast' ? committed.body : letter.body
    },
  })
  const outcome = play
    .run({
      tamper: (letter) => {
        const said = isEcho ? letter.body : consistent(letter)
        return isCase(letter) ? body : said
      },
    })
    .get(honest)
  if (isFourthRoot.test(name)) {
    expect(outcome?.ended, name).toBe('done')
    return
  }
  expect(outcome?.ended, name).not.toBe('done')
  if (outcome?.ended === 'waiting') {
    // The shares do not add up, which only the failure phase can find out: the cheater does not take part in it.
    expect(name).toMatch(/^presign-3, broadcast, (delta|S): /)
    expect(outcome.round, name).toMatch(/^blame-(gamma|x)-1$/)
    return
  }
  const error = outcome?.ended === 'failed' ? outcome.error : undefined
  if (isEcho && error instanceof SplitView) return
  expect(error, name).toBeInstanceOf(ProtocolAbort)
  const { accusations } = error as ProtocolAbort
  const own = accusations.filter(({ party }) => party === cheat)
  expect(own, name).toMatchObject([{ party: cheat, kind: 'witnessed' }])
  expect(play.later?.[round] ?? [round], name).toContain(own[0]?.round)
  // A liar beside the cheater is named with it, unless the round ends before that is asked.
  expect(play.others ?? [], name).toEqual(expect.arrayContaining(others(accusations)))
  for (const secret of SECRETS) expect(inspect(error, { depth: 9 }), name).not.toContain(secret)
}

const others = (accusations: ProtocolAbort['accusations']): PartyId[] =>
  accusations.map(({ party }) => party).filter((party) => party !== cheat)

/** N - x is a fourth root of what x is one of: a proof that says the same. */
const isFourthRoot = /^aux-prove, broadcast, roots\.\d+\.x: -N$/
