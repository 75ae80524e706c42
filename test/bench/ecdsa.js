/**
 * What threshold ECDSA costs one party, step by step, in one thread: the processor's milliseconds, of all parties the one in
 * the middle, the least and the most; how many exponentiations that was; and `ratio`: the processor's time over (count ×
 * unit cost of each size of exponentiation that OpenSSL was asked for, measured here as well, modulo what it has had an
 * object for). What is above 1 is making those objects, curve points, encoding, hashing.
 *
 * All parties are played in one loop, one at a time, and every one does all of its work.
 */
import { createHash, generatePrimeSync, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { runJob } from '../../dist/protocol/cggmp24/jobs.js'
import { PRODUCTION } from '../../dist/protocol/cggmp24/integers/level.js'
import {
  exponentiations,
  powersModulo,
  resetExponentiations,
} from '../../dist/protocol/cggmp24/integers/modexp.js'
import { makeKey, signMessages } from '../../dist/protocol/engines/engine.js'
import { parseKeyShare } from '../../dist/protocol/sharing/key-share.js'
import { Session } from '../../dist/protocol/core/session.js'
import { atWork, round, spread } from './spread.js'

const rng = (length) => Uint8Array.from(randomBytes(length))
const epoch = new Uint8Array(32).fill(1)
const digest = Uint8Array.from(createHash('sha256').update('a message').digest())

/** Which step a job belongs to; by its name. */
const STEPS = {
  'aux/make-parameters': 'aux prove',
  'aux/prove-modulus': 'aux prove',
  'aux/prove-factors': 'aux prove',
  'aux/verify-parameters': 'aux verify',
  'aux/verify-modulus': 'aux verify',
  'aux/verify-factors': 'aux verify',
  'presign/encrypt-nonces': 'presign prove',
  'presign/prove-nonces': 'presign prove',
  'presign/answer-ciphertext': 'presign prove',
  'presign/verify-nonces': 'presign verify',
  'presign/verify-answer': 'presign verify',
  'presign/open-answer': 'presign verify',
}

/** @param primes how many safe primes to time: they vary by more than ten times */
export function ecdsaFigures(sizes, primes) {
  const level = PRODUCTION
  const report = { level: level.name, primes: primeFigures(level, primes), parties: {} }
  for (const [t, n] of sizes) {
    process.stderr.write(`ecdsa ${t}-of-${n}\n`)
    report.parties[`${t}-of-${n}`] = party(level, t, n)
  }
  return report
}

function primeFigures(level, count) {
  const times = Array.from({ length: count }, (_, i) => {
    process.stderr.write(`prime ${i + 1} of ${count}\n`)
    const begun = atWork()
    generatePrimeSync(level.primeBits, { safe: true })
    return atWork() - begun
  })
  return { bits: level.primeBits, a_party: 4, timed: count, ...spread(times) }
}

function party(level, t, n) {
  const parties = Array.from({ length: n }, (_, i) => i + 1)
  const input = { scheme: 'ecdsa-secp256k1', threshold: t }
  const making = play(parties, (session) =>
    makeKey(session, input, { level, epoch, primes: primesOf(session.self) }, rng),
  )
  const quorum = parties.slice(0, t)
  const signing = play(quorum, (session) => {
    const { data, auxSecret: secret, ...output } = making.outputs.get(session.self)
    const share = parseKeyShare({ ...input, index: session.self, ...output })
    const auxiliary = { data, secret }
    const messages = [{ message: digest, shift: 0n }]
    return signMessages(session, { share, auxiliary, epoch }, messages, { fresh: rng })
  })
  const steps = { ...stepsOf(making.measured), ...stepsOf(signing.measured) }
  const cpu = (name) => steps[`${name} prove`].median + steps[`${name} verify`].median
  const between = (measured, take) => spread([...measured.values()].map(take))
  return {
    steps,
    // What the protocol's own thread did in between: curve points, letters, checks.
    between: {
      'key generation': between(making.measured, ({ protocol }) => protocol),
      presigning: between(signing.measured, ({ protocol, online }) => protocol - online),
      'signing online': between(signing.measured, ({ online }) => online),
    },
    aux_a_counterparty: round(cpu('aux') / (n - 1)),
    presign_a_counterparty: round(cpu('presign') / (t - 1)),
  }
}

/** Each step over all parties. */
function stepsOf(measured) {
  const all = [...measured.values()].map(({ steps }) => steps)
  const names = [...(all[0]?.keys() ?? [])]
  return Object.fromEntries(
    names.map((name) => {
      const figuresOf = all.map((steps) => figures(steps.get(name)))
      const middle = (take) => spread(figuresOf.map(take)).median
      return [
        name,
        {
          ...spread(figuresOf.map(({ cpu }) => cpu)),
          exponentiations: middle(({ exponentiations }) => exponentiations),
          ratio: middle(({ ratio }) => ratio),
        },
      ]
    }),
  )
}

/** Everybody in one loop; what each party's jobs took, and what its protocol took between them. */
function play(parties, protocol) {
  const runs = new Map(parties.map((self) => [self, protocol(new Session(rngSid, self, parties))]))
  const measured = new Map(parties.map((party) => [party, { steps: new Map(), protocol: 0, online: 0 }]))
  const outputs = new Map()
  let name = ''
  const timed = (party, act) => {
    const begun = atWork()
    const result = act()
    const ms = atWork() - begun
    const own = measured.get(party)
    own.protocol += ms
    if (name === 'sign') own.online += ms
    return result
  }
  const work = (party, job) => {
    resetExponentiations()
    const begun = atWork()
    const result = runJob(job)
    add(measured.get(party).steps, STEPS[job.name] ?? job.name, atWork() - begun, exponentiations())
    return result
  }
  let replies = new Map(parties.map((party) => [party, undefined]))
  for (;;) {
    const outboxes = new Map()
    for (const party of parties) {
      const run = runs.get(party)
      let step = timed(party, () => run.next(replies.get(party)))
      while (!step.done && step.value.kind === 'compute') {
        const results = step.value.jobs.map((job) => work(party, job))
        step = timed(party, () => run.next(results))
      }
      if (step.done) outputs.set(party, step.value)
      else outboxes.set(party, step.value.outbox)
    }
    if (outboxes.size === 0) return { measured, outputs }
    name = outboxes.values().next().value.round
    replies = new Map(parties.map((to) => [to, inbox(parties, outboxes, to)]))
  }
}

const rngSid = rng(32)

function inbox(parties, outboxes, to) {
  return new Map(
    parties
      .filter((from) => from !== to)
      .map((from) => {
        const { broadcast, direct } = outboxes.get(from)
        const mine = direct?.get(to)
        return [from, { ...(broadcast && { broadcast }), ...(mine && { direct: mine }) }]
      }),
  )
}

function add(steps, step, cpu, counted) {
  const entry = steps.get(step) ?? { cpu: 0, counts: new Map() }
  entry.cpu += cpu
  for (const { modulusBits, exponentBits, count } of counted) {
    const size = `${modulusBits} ${exponentBits}`
    entry.counts.set(size, (entry.counts.get(size) ?? 0) + count)
  }
  steps.set(step, entry)
}

function figures({ cpu, counts }) {
  let expected = 0
  let total = 0
  for (const [size, count] of counts) {
    const [modulusBits, exponentBits] = size.split(' ').map(Number)
    expected += count * unitCost(modulusBits, exponentBits)
    total += count
  }
  return { cpu, exponentiations: total, ratio: round(cpu / expected) }
}

const units = new Map()

/** The processor's milliseconds for one exponentiation of a size, modulo what has been used for long: the median of several. */
function unitCost(modulusBits, exponentBits) {
  const size = `${modulusBits} ${exponentBits}`
  if (units.has(size)) return units.get(size)
  const number = (bits) => BigInt(`0x${randomBytes(Math.max(bits, 8) / 8).toString('hex')}`)
  const power = warmed(modulusBits, number)
  const times = Array.from({ length: 9 }, () => {
    const [base, exponent] = [number(modulusBits), number(exponentBits)]
    const begun = atWork()
    power(base, exponent)
    return atWork() - begun
  })
  const unit = times.sort((a, b) => a - b)[4]
  units.set(size, unit)
  return unit
}

const rings = new Map()

/** Powers modulo a number of so many bits, for which OpenSSL has its object already. */
function warmed(bits, number) {
  if (!rings.has(bits)) {
    const power = powersModulo(number(bits) | (1n << BigInt(bits - 1)) | 1n)
    for (let spent = 0; 1024 * spent <= bits ** 2; spent += bits) power(number(bits), number(bits))
    rings.set(bits, power)
  }
  return rings.get(bits)
}

const PRIMES = JSON.parse(readFileSync(new URL('../vectors/safe-primes-1536.json', import.meta.url), 'utf8'))

/** Four primes for a party, of those in the vectors. */
function primesOf(party) {
  const [p, q, pHat, qHat] = PRIMES.slice(4 * (party - 1), 4 * party).map((digits) => BigInt(`0x${digits}`))
  return { p, q, pHat, qHat }
}
