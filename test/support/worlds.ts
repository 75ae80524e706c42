/** Custodians with homes of their own on disk, over a network in memory or a real one. */
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { MakePrimes, Person as Ears, World } from '../../src/ceremony/world.js'
import type { CeremonyEvent } from '../../src/messaging/channel/events.js'
import type { Transport } from '../../src/messaging/transport/transport.js'
import { toBytes } from '../../src/protocol/cggmp24/integers/integers.js'
import { runJob } from '../../src/protocol/cggmp24/jobs.js'
import { type Home, openHome } from '../../src/storage/home/home.js'
import { writeIdentity } from '../../src/storage/home/identity.js'
import { writePeer } from '../../src/storage/home/contacts.js'
import { type DefinitionFile, type Definition, definitionId } from '../../src/wire/ceremony/definition.js'
import { clock, processClock } from './clock.js'
// Loaded here, because the virtual clock cannot tell that a decoder is being loaded, and would let deadlines pass.
import '../../src/payload/plain/raw.js'
import '../../src/payload/plain/text.js'
import { people, type Person, rng } from './members.js'
import { primes1024, primes1536 } from './primes.js'

export type Custodian = Person & { readonly home: Home }

/** Everybody with a home in which everybody else is verified. */
export async function custodians(...names: string[]): Promise<Custodian[]> {
  const everybody = await people(...names)
  return Promise.all(
    everybody.map(async (person) => {
      const home = await openHome(await mkdtemp(join(tmpdir(), `mpc-${person.member.name}-`)))
      // The ceremonies get the identity in clear; of its file they need the card beside it.
      await writeIdentity(home, { sealed: new Uint8Array(), card: person.card.line })
      for (const peer of everybody) {
        if (peer === person) continue
        const since = '2026-01-01T00:00:00Z'
        const { fingerprint, line: card } = peer.card
        await writePeer(home, { fingerprint, card, status: 'verified', since, how: 'fingerprint' })
      }
      return { ...person, home }
    }),
  )
}

let next = 0
/** Hands out the primes that were made for tests, each to one member until all are used. */
export const heldPrimes: MakePrimes = (bits, count, found) => {
  const held = bits === 1024 ? primes1024 : primes1536
  for (let i = 0; i < count; i++) found(toBytes(held[next++ % held.length] as bigint))
  return Promise.resolve()
}

const nobody: Ears = { present: false, heard: () => Promise.resolve(), allow: () => Promise.resolve() }

export function worldOf(
  custodian: Custodian,
  transport: Transport,
  changes: Partial<World> = {},
): World & { readonly events: CeremonyEvent[] } {
  const events: CeremonyEvent[] = []
  const { compute = (jobs) => Promise.resolve(jobs.map(runJob)) } = changes
  return {
    home: custodian.home,
    identity: custodian.identity,
    card: custodian.card,
    transport,
    person: nobody,
    patience: { join: 20_000, round: 10_000, total: null },
    linger: 3000,
    program: 'mpc/test',
    clock: processClock(),
    rng,
    nonces: { fresh: rng },
    makePrimes: heldPrimes,
    // Tests share custodians; what one of them made another do is not held against it in the next.
    allowed: ['alice', 'bob', 'carol', 'dave', 'erin'],
    emit: (event) => events.push(event),
    signal: new AbortController().signal,
    events,
    ...changes,
    compute: (jobs, signal) => clock.during(compute(jobs, signal)),
  }
}

export const fileOf = (definition: Definition): DefinitionFile => ({
  definition,
  id: definitionId(definition),
  signatures: [],
})
