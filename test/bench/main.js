/**
 * `npm run bench`: how long things take. Figures and ratios, never a pass or a fail: run it on an idle machine, and compare
 * with the run before. Medians of several runs, in milliseconds. A quarter of an hour; a few minutes with `-- --quick`, which
 * takes 2-of-3 alone. `--ecdsa` leaves out everything else, and so do `--frost`, `--psbt` and `--scripted`; `--json` prints one JSON document
 * in place of tables.
 *
 * `memory` is the whole ceremony of all parties in one process over a network in memory, files and all; `nats` the same
 * over a nats-server on this machine; `noble` the bare mathematics of all parties by @noble/curves; `ratio` is memory
 * over noble: what signing every letter, the handshake and the disk cost on top. What a signature of
 * FROST costs one signer by itself is in `frost.js`, one party's work for ECDSA, step by step, in `ecdsa.js`, a PSBT of many
 * inputs in `psbt.js`, what a policy and its ledger cost one signer in `policy.js`, and scripts from start to end in
 * `scripted.js`.
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { ed25519_FROST } from '@noble/curves/ed25519.js'
import { schnorr_FROST } from '@noble/curves/secp256k1.js'
import { runHandshake, handshakeAmong } from '../../dist/ceremony/session/handshake.js'
import { findKey } from '../../dist/ceremony/epochs/find-key.js'
import { planKeygen, runKeygen } from '../../dist/ceremony/dkg/keygen.js'
import { ask, join as joinRequest, payloadHash } from '../../dist/ceremony/signing/ask-and-join.js'
import { MemoryNetwork } from '../../dist/messaging/transport/memory.js'
import { connectNats } from '../../dist/messaging/transport/nats.js'
import { definitionId } from '../../dist/wire/ceremony/definition.js'
import { defined, people, rng, world } from './custodians.js'
import { ecdsaFigures } from './ecdsa.js'
import { frostFigures } from './frost.js'
import { policyFigures } from './policy.js'
import { psbtFigures } from './psbt.js'
import { scriptedFigures } from './scripted.js'
import { round } from './spread.js'
import { tables } from './tables.js'

const SCHEMES = { 'eddsa-ed25519': ed25519_FROST, 'schnorr-taproot': schnorr_FROST }
const BIN = new URL('../../bin/mpc.js', import.meta.url).pathname
const message = Buffer.from('a message')

const flags = new Set(process.argv.slice(2))
const known = ['--quick', '--ecdsa', '--frost', '--psbt', '--policy', '--scripted', '--json']
const other = [...flags].find((flag) => !known.includes(flag))
if (other !== undefined) throw new Error(`${other} is none of ${known.join(', ')}`)
const sizes = (all) => (flags.has('--quick') ? all.slice(0, 1) : all)
const SIZES = sizes([
  [2, 3],
  [3, 5],
  [7, 10],
])
const ECDSA_SIZES = sizes([
  [2, 3],
  [3, 5],
  [5, 9],
])

const folder = await mkdtemp(join(tmpdir(), 'mpc-bench-'))
const report = { node: process.version, cpus: cpus().length }
const whole = !['--ecdsa', '--frost', '--psbt', '--policy', '--scripted'].some((flag) => flags.has(flag))
const server = whole ? await natsServer() : null
try {
  if (whole) await wholeCeremonies()
  if (whole || flags.has('--frost')) report.frost = await frostFigures(SIZES)
  if (whole || flags.has('--psbt')) report.psbt = await psbtFigures(folder, flags.has('--quick') ? 1 : 3)
  if (whole || flags.has('--policy')) {
    report.policy = await policyFigures(folder, flags.has('--quick') ? 1000 : 10_000)
  }
  if ((whole && server) || flags.has('--scripted')) {
    const [runs, requests] = flags.has('--quick') ? [3, 16] : [9, 64]
    report.scripted = await scriptedFigures(folder, natsServer, runs, requests)
  }
  if (whole || flags.has('--ecdsa')) report.ecdsa = ecdsaFigures(ECDSA_SIZES, flags.has('--quick') ? 3 : 7)
} finally {
  server?.process.kill()
  await rm(folder, { recursive: true, force: true })
}
process.stdout.write(flags.has('--json') ? `${JSON.stringify(report, null, 2)}\n` : tables(report))

/** Of the schemes whose mathematics takes no time to speak of. */
async function wholeCeremonies() {
  Object.assign(report, { startup: startup(), handshake: {}, keygen: {}, sign: {} })
  for (const [, n] of SIZES) report.handshake[n] = await handshakes(n)
  for (const [scheme, frost] of Object.entries(SCHEMES)) {
    for (const [t, n] of SIZES) {
      const { keygen, sign } = await ceremonies(scheme, frost, t, n)
      report.keygen[`${scheme} ${t}-of-${n}`] = keygen
      report.sign[`${scheme} ${t}-of-${n}`] = sign
    }
  }
}

/** How long `mpc --version` takes beside Node's own start. */
function startup() {
  const time = (...args) => median(15, () => spawnSync(process.execPath, args))
  const node = time('-e', '0')
  const version = time(BIN, '--version')
  const help = time(BIN, '--help')
  return { node, version, help, version_over_node: round(version / node) }
}

async function handshakes(n) {
  const everybody = await people(folder, n)
  const file = handshakeAmong(everybody.map(({ card }) => card))
  return overNetworks(5, (connect) =>
    Promise.all(everybody.map(async (who) => runHandshake(world(who, await connect(who)), file))),
  )
}

async function ceremonies(scheme, frost, t, n) {
  const everybody = await people(folder, n)
  let last
  const keygen = await overNetworks(3, async (connect) => {
    last = `key-${rng(4).join('')}`.slice(0, 30)
    const definition = defined(everybody, last, scheme, t)
    const file = { definition, id: definitionId(definition), signatures: [] }
    await Promise.all(
      everybody.map(async (who) =>
        runKeygen(world(who, await connect(who)), await planKeygen(who.home, who.card, file, Date.now())),
      ),
    )
  })
  const signers = everybody.slice(0, t)
  const approval = { payloads: new Set([payloadHash(message)]), type: 'raw', path: null }
  const sign = await overNetworks(3, (connect) =>
    Promise.all(
      signers.map(async (who, i) => {
        const key = await findKey(who.home, last)
        if (i > 0) return joinRequest(world(who, await connect(who)), key, null, approval)
        const named = signers.map(({ card }) => card.fingerprint)
        const asked = { type: 'raw', payload: message, path: null, reason: '', signers: named }
        return ask(world(who, await connect(who)), key, asked)
      }),
    ),
  )
  const noble = nobleTimes(frost, t, n)
  return {
    keygen: { ...keygen, noble: noble.keygen, ratio: round(keygen.memory / noble.keygen) },
    sign: { ...sign, noble: noble.sign, ratio: round(sign.memory / noble.sign) },
  }
}

/** The same mathematics by @noble/curves alone: every party's part, one after the other. */
function nobleTimes(frost, min, max) {
  const ids = Array.from({ length: max }, (_, i) => frost.Identifier.fromNumber(i + 1))
  let keys
  const keygen = median(3, () => {
    const first = ids.map((id) => frost.DKG.round1(id, { min, max }))
    const others = (i) => first.filter((_, j) => j !== i).map((r) => r.public)
    const second = first.map((r, i) => frost.DKG.round2(r.secret, others(i)))
    keys = first.map((r, i) =>
      frost.DKG.round3(
        r.secret,
        others(i),
        second.filter((_, j) => j !== i).map((s) => s[ids[i]]),
      ),
    )
  })
  const sign = median(3, () => {
    const signers = keys.slice(0, min)
    const nonces = signers.map((key) => frost.commit(key.secret))
    const list = nonces.map(({ commitments }) => commitments)
    const shares = signers.map((key, i) =>
      frost.signShare(key.secret, key.public, nonces[i].nonces, list, message),
    )
    for (const key of signers) {
      signers.forEach((other, i) => {
        if (other !== key) frost.verifyShare(key.public, list, message, other.secret.identifier, shares[i])
      })
      frost.aggregate(
        key.public,
        list,
        message,
        Object.fromEntries(ids.slice(0, min).map((id, i) => [id, shares[i]])),
      )
    }
  })
  return { keygen, sign }
}

// ------------------------------------------------------------------------------------------------------- the machinery

/** One ceremony over each kind of network, connections included. */
async function overNetworks(runs, ceremony) {
  const over = async (makeConnect) => {
    const times = []
    for (let i = 0; i < runs; i++) {
      const open = []
      const connectOne = makeConnect()
      const begun = performance.now()
      await ceremony(async (who) => {
        const transport = await connectOne(who)
        open.push(transport)
        return transport
      })
      times.push(performance.now() - begun)
      await Promise.all(open.map((transport) => transport.close()))
    }
    return middle(times)
  }
  const memory = await over(() => {
    const network = new MemoryNetwork()
    return (who) => Promise.resolve(network.connect(who.card.name))
  })
  const url = server && `nats://127.0.0.1:${server.port}`
  const nats = url && (await over(() => (who) => connectNats({ url, nkey: who.identity.nkey })))
  return { memory, nats }
}

/** @param config lines beside its address */
async function natsServer(config = '') {
  if (spawnSync('nats-server', ['--version']).status !== 0) return null
  const port = await new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address()
      probe.close(() => resolve(port))
    })
  })
  const file = join(folder, `nats-${port}.conf`)
  await writeFile(file, config)
  const child = spawn('nats-server', ['-a', '127.0.0.1', '-p', String(port), '-c', file], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  await new Promise((resolve) => {
    child.stderr.on('data', (text) => text.includes('Server is ready') && resolve())
  })
  return { process: child, port }
}

function median(runs, act) {
  return middle(
    Array.from({ length: runs }, () => {
      const begun = performance.now()
      act()
      return performance.now() - begun
    }),
  )
}

function middle(times) {
  return round(times.sort((a, b) => a - b)[Math.floor(times.length / 2)])
}
