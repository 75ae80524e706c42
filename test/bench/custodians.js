/** Custodians of the benchmark: homes on disk, identities in clear, and what a ceremony needs of the process. */
import { randomBytes } from 'node:crypto'
import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { engineOf } from '../../dist/protocol/engines/registry.js'
import { openHome } from '../../dist/storage/home/home.js'
import { writeIdentity } from '../../dist/storage/home/identity.js'
import { writePeer } from '../../dist/storage/home/contacts.js'
import { generateAgeIdentity, recipientOf } from '../../dist/storage/sealed/age.js'
import { cardOfIdentity, newIdentity } from '../../dist/wire/identity/identity.js'

export const rng = (length) => Uint8Array.from(randomBytes(length))

/** @param folder where their homes are made */
export async function people(folder, n) {
  const all = await Promise.all(
    Array.from({ length: n }, async (_, i) => {
      const age = await generateAgeIdentity({ postQuantum: false })
      const identity = newIdentity(`m${i + 1}`, age, Date.now(), rng)
      const card = cardOfIdentity(identity, await recipientOf(age))
      const home = await openHome(await mkdtemp(join(folder, 'home-')))
      await writeIdentity(home, { sealed: Buffer.from('not needed here'), card: card.line })
      return { identity, card, home }
    }),
  )
  for (const one of all) {
    for (const { card } of all) {
      if (card === one.card) continue
      const peer = { fingerprint: card.fingerprint, card: card.line, status: 'verified', how: 'fingerprint' }
      await writePeer(one.home, { ...peer, since: '2026-01-01T00:00:00Z' })
    }
  }
  return all
}

/** The definition of a key generation. */
export function defined(everybody, key, scheme, threshold) {
  return {
    kind: 'keygen',
    key,
    scheme,
    engine: engineOf(scheme).name,
    threshold,
    members: everybody.map(({ card }) => ({ card, role: 'custodian' })),
    policy: null,
    parent: null,
    dealers: null,
    supersedes: null,
    minority: false,
    not_before: 0,
    expires: Date.now() + 3_600_000,
    nonce: rng(32),
    rehearsal: false,
  }
}

const clock = {
  now: Date.now,
  after(span, act) {
    const timer = setTimeout(() => act(), span)
    return () => clearTimeout(timer)
  },
}

/** @param changes of what a ceremony gets */
export const world = (who, transport, changes = {}) => ({
  ...who,
  transport,
  person: { present: false, heard: () => Promise.resolve(), allow: () => Promise.resolve() },
  patience: { join: 60_000, round: 600_000, total: null },
  linger: 5000,
  program: 'mpc/bench',
  clock,
  rng,
  nonces: { fresh: rng },
  compute: () => Promise.reject(new Error('nothing to compute')),
  makePrimes: () => Promise.reject(new Error('no primes are needed')),
  allowed: [],
  emit: () => undefined,
  signal: new AbortController().signal,
  ...changes,
})
