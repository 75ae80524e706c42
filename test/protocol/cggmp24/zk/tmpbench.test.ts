import { test } from 'vitest'
import { codec } from '../../../../src/protocol/codec.js'
import { PRODUCTION } from '../../../../src/protocol/cggmp24/level.js'
import { paillier } from '../../../../src/protocol/cggmp24/paillier.js'
import { pedersen } from '../../../../src/protocol/cggmp24/pedersen.js'
import { gcd } from '../../../../src/protocol/cggmp24/integers.js'
import { seededRng } from '../../../support/rng.js'
import { contextOf, ownKeys, SUBJECTS } from './subjects.js'

test('bench', { timeout: 600000 }, () => {
  const a = ownKeys(1, PRODUCTION),
    b = ownKeys(2, PRODUCTION)
  const pub = (N: bigint) => paillier(N, PRODUCTION)
  const pubRp = pedersen(b.rp.ring.modulus, b.rp.s, b.rp.t, PRODUCTION)
  const all = {
    'prover owns': { N_i: a.secret.key, N_j: pub(b.secret.key.N), rp: pubRp },
    'verifier owns': { N_i: pub(a.secret.key.N), N_j: b.secret.key, rp: b.rp },
    'nobody owns': { N_i: pub(a.secret.key.N), N_j: pub(b.secret.key.N), rp: pubRp },
  }
  const time = (n: number, f: () => unknown) => {
    f()
    const ts = []
    for (let i = 0; i < n; i++) {
      const t = performance.now()
      f()
      ts.push(performance.now() - t)
    }
    ts.sort((x, y) => x - y)
    return ts[ts.length >> 1]!.toFixed(1)
  }
  const out: string[] = []
  const x = a.secret.key.N - 12345n,
    y = b.secret.key.N
  out.push(`gcd 3072: ${time(20, () => gcd(x, y))} gcd 6144: ${time(20, () => gcd(x * x + 1n, y * y))}`)
  for (const s of SUBJECTS) {
    for (const [name, keys] of Object.entries(all)) {
      if (s.repeated && name === 'prover owns' && false) continue
      const ctx = contextOf(s, PRODUCTION)
      const built = s.build(keys, seededRng('b', s.name))
      const proof = s.prove(ctx, keys.rp, built, seededRng('p'))
      const n = s.repeated ? 1 : 9
      if (!s.verify(ctx, keys.rp, built.statement, proof)) throw new Error('no')
      out.push(
        `${s.name} ${name}: prove ${time(n, () => s.prove(ctx, keys.rp, built, seededRng('p')))} verify ${time(n, () => s.verify(ctx, keys.rp, built.statement, proof))} bytes ${codec(s.shape(PRODUCTION)).encode(proof).length}`,
      )
    }
  }
  console.log(out.join('\n'))
})
