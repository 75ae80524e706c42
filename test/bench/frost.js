/**
 * What a FROST signature costs one signer, without network and disk: milliseconds of the processor, over all signers and
 * several runs. `noble` is the same signer's part by @noble/curves, as it would be with every share checked; `ratio` is
 * ours over it. `verifications` is ours over one ordinary verification by the same curve, which no machine changes.
 */
import { randomBytes } from 'node:crypto'
import { Worker } from 'node:worker_threads'
import { ed25519_FROST, ed25519 } from '@noble/curves/ed25519.js'
import { schnorr_FROST, schnorr } from '@noble/curves/secp256k1.js'
import { keygen } from '../../dist/protocol/dkg/keygen.js'
import { Session } from '../../dist/protocol/core/session.js'
import { atWork, round, spread } from './spread.js'

const SCHEMES = {
  'eddsa-ed25519': { frost: ed25519_FROST, ordinary: ed25519 },
  'schnorr-taproot': { frost: schnorr_FROST, ordinary: schnorr },
}
const RUNS = 9
const WARM = 3
const rng = (length) => Uint8Array.from(randomBytes(length))
const message = rng(32)

export async function frostFigures(sizes) {
  const report = {}
  for (const [scheme, { frost, ordinary }] of Object.entries(SCHEMES)) {
    const unit = verification(ordinary)
    for (const [t, n] of sizes) {
      process.stderr.write(`frost ${scheme} ${t}-of-${n}\n`)
      const ours = await signers(scheme, t, n)
      const noble = spread(nobleCosts(frost, t, n)).median
      report[`${scheme} ${t}-of-${n}`] = {
        ...ours,
        noble,
        ratio: round(ours.median / noble),
        verifications: round(ours.median / unit),
      }
    }
  }
  return report
}

/** One ordinary verification. */
function verification({ keygen, sign, verify }) {
  const { secretKey, publicKey } = keygen()
  const signature = sign(message, secretKey)
  const costs = Array.from({ length: 40 }, () => {
    const before = atWork()
    verify(signature, message, publicKey)
    return atWork() - before
  })
  return spread(costs.slice(10)).median
}

async function signers(scheme, t, n) {
  const parties = Array.from({ length: t }, (_, i) => i + 1)
  const shares = makeKey(scheme, t, n)
  const workers = parties.map((party) => {
    const workerData = { parties, key: { scheme, threshold: t, index: party, ...shares.get(party) } }
    return new Worker(new URL('./frost-party.js', import.meta.url), { workerData })
  })
  const costs = []
  for (let run = 0; run < WARM + RUNS; run++) {
    const sid = rng(32)
    let inputs = parties.map(() => ({ begin: sid, message: rng(32) }))
    inputs = inputs.map((input) => ({ ...input, message: inputs[0].message }))
    for (;;) {
      const answers = []
      // One at a time, so that the processor's time is this signer's.
      for (const [i, worker] of workers.entries()) answers.push(await asked(worker, inputs[i]))
      if (answers[0].broadcast === undefined) {
        if (run >= WARM) costs.push(...answers.map(({ cost }) => cost))
        break
      }
      inputs = parties.map((to) => ({
        inbox: new Map(parties.flatMap((from, i) => (from === to ? [] : [[from, answers[i]]]))),
      }))
    }
  }
  await Promise.all(workers.map((worker) => worker.terminate()))
  return spread(costs)
}

function asked(worker, input) {
  return new Promise((resolve, reject) => {
    worker.once('error', reject)
    worker.once('message', (answer) => {
      worker.off('error', reject)
      resolve(answer)
    })
    worker.postMessage(input)
  })
}

/** A key among n, everybody in one loop. */
function makeKey(scheme, threshold, n) {
  const parties = Array.from({ length: n }, (_, i) => i + 1)
  const sid = rng(32)
  const runs = parties.map((self) => keygen(new Session(sid, self, parties), { scheme, threshold }, rng))
  let steps = runs.map((run) => run.next())
  while (!steps[0].done) {
    const sent = steps.map(({ value }) => value.outbox)
    steps = runs.map((run, to) => {
      const inbox = parties.flatMap((from, i) => {
        const { broadcast, direct } = sent[i]
        const mine = direct?.get(to + 1)
        return i === to ? [] : [[from, { broadcast, ...(mine && { direct: mine }) }]]
      })
      return run.next(new Map(inbox))
    })
  }
  return new Map(
    steps.map(({ value }, i) => [
      i + 1,
      { groupPoint: value.groupPoint, publicShares: value.publicShares, share: value.share.reveal() },
    ]),
  )
}

/** Each signer's part by noble: commit, sign, check every other share, aggregate. */
function nobleCosts(frost, min, max) {
  const ids = Array.from({ length: max }, (_, i) => frost.Identifier.fromNumber(i + 1))
  const { public: pub, secretShares } = frost.trustedDealer({ min, max }, ids)
  const own = ids.slice(0, min).map((id) => secretShares[id])
  const costs = []
  for (let run = 0; run < WARM + RUNS; run++) {
    const timed = own.map(() => 0)
    const by = (i, act) => {
      const before = atWork()
      const result = act()
      timed[i] += atWork() - before
      return result
    }
    const nonces = own.map((secret, i) => by(i, () => frost.commit(secret)))
    const list = nonces.map(({ commitments }) => commitments)
    const shares = own.map((secret, i) =>
      by(i, () => frost.signShare(secret, pub, nonces[i].nonces, list, message)),
    )
    const byId = Object.fromEntries(own.map(({ identifier }, i) => [identifier, shares[i]]))
    for (const [i, { identifier }] of own.entries()) {
      by(i, () => {
        for (const [id, share] of Object.entries(byId)) {
          if (id !== identifier && !frost.verifyShare(pub, list, message, id, share)) throw new Error(id)
        }
        return frost.aggregate(pub, list, message, byId)
      })
    }
    if (run >= WARM) costs.push(...timed)
  }
  return costs
}
