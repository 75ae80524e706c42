/**
 * What threshold ECDSA costs one party, step by step, in one thread: milliseconds, of those that the processor was at it,
 * how many exponentiations that was, and `ratio`: the processor's time over (count × unit cost of each size of
 * exponentiation that OpenSSL was asked for, measured here as well, modulo what it has had an object for). What is above 1
 * is making those objects, curve points, encoding, hashing.
 *
 * All parties are played in one loop. The first is measured; the others prove as it does, and take its word for what
 * verifies: everybody is honest here.
 */
import { createHash, generatePrimeSync, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { runJob } from '../../dist/protocol/cggmp24/jobs.js'
import { PRODUCTION } from '../../dist/protocol/cggmp24/level.js'
import { exponentiations, powersModulo, resetExponentiations } from '../../dist/protocol/cggmp24/modexp.js'
import { makeKey, signMessage } from '../../dist/protocol/engine.js'
import { parseKeyShare } from '../../dist/protocol/keyshare.js'
import { Session } from '../../dist/protocol/session.js'

const rng = (length) => Uint8Array.from(randomBytes(length))
const MEASURED = 1
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

export function ecdsaFigures(sizes) {
  const level = PRODUCTION
  const report = { level: level.name, primes: primeFigures(level), parties: {} }
  for (const [t, n] of sizes) {
    process.stderr.write(`ecdsa ${t}-of-${n}\n`)
    report.parties[`${t}-of-${n}`] = party(level, t, n)
  }
  return report
}

/** How long one of the four primes took; it varies by more than ten times. */
function primeFigures(level) {
  const begun = performance.now()
  generatePrimeSync(level.primeBits, { safe: true })
  return { bits: level.primeBits, a_party: 4, one: round(performance.now() - begun) }
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
    return signMessage(session, { share, auxiliary, epoch, shift: 0n }, digest, { fresh: rng })
  })
  const steps = Object.fromEntries(
    [...making.steps, ...signing.steps].map(([step, measured]) => [step, figures(measured)]),
  )
  const cpu = (name) => steps[`${name} prove`].cpu + steps[`${name} verify`].cpu
  return {
    steps,
    // What the protocol's own thread did in between: curve points, letters, checks.
    between: {
      'key generation': round(making.protocol),
      presigning: round(signing.protocol - signing.online),
      'signing online': round(signing.online),
    },
    aux_a_counterparty: round(cpu('aux') / (n - 1)),
    presign_a_counterparty: round(cpu('presign') / (t - 1)),
  }
}

/** Everybody in one loop; what the measured party's jobs took, and what its protocol took between them. */
function play(parties, protocol) {
  const runs = new Map(parties.map((self) => [self, protocol(new Session(rngSid, self, parties))]))
  const measured = { steps: new Map(), outputs: new Map(), protocol: 0, online: 0 }
  const verified = new Map()
  let round = ''
  const timed = (party, act) => {
    const begun = performance.now()
    const result = act()
    if (party !== MEASURED) return result
    const ms = performance.now() - begun
    measured.protocol += ms
    if (round === 'sign') measured.online += ms
    return result
  }
  const work = (party, job) => {
    const { name } = job
    if (party !== MEASURED) return name.includes('/verify-') ? verified.get(name) : runJob(job)
    resetExponentiations()
    const [begun, cpu] = [performance.now(), atWork()]
    const result = runJob(job)
    const took = { ms: performance.now() - begun, cpu: atWork() - cpu }
    add(measured.steps, STEPS[name] ?? name, took, exponentiations())
    verified.set(name, result)
    return result.slice()
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
      if (step.done) measured.outputs.set(party, step.value)
      else outboxes.set(party, step.value.outbox)
    }
    if (outboxes.size === 0) return measured
    round = outboxes.get(MEASURED).round
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

/** Milliseconds for which the processor has worked for this process. */
function atWork() {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

function add(steps, step, { ms, cpu }, counted) {
  const entry = steps.get(step) ?? { ms: 0, cpu: 0, counts: new Map() }
  entry.ms += ms
  entry.cpu += cpu
  for (const { modulusBits, exponentBits, count } of counted) {
    const size = `${modulusBits} ${exponentBits}`
    entry.counts.set(size, (entry.counts.get(size) ?? 0) + count)
  }
  steps.set(step, entry)
}

function figures({ ms, cpu, counts }) {
  let expected = 0
  let total = 0
  for (const [size, count] of counts) {
    const [modulusBits, exponentBits] = size.split(' ').map(Number)
    expected += count * unitCost(modulusBits, exponentBits)
    total += count
  }
  return { ms: round(ms), cpu: round(cpu), exponentiations: total, ratio: round(cpu / expected) }
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

function round(figure) {
  return Math.round(figure * 100) / 100
}
