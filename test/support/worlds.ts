/** Custodians with homes of their own on disk, over a network in memory or a real one. */
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Person as Ears, World } from '../../src/ceremony/world.js'
import type { CeremonyEvent } from '../../src/messaging/events.js'
import type { Transport } from '../../src/messaging/transport.js'
import { type Home, openHome } from '../../src/storage/home.js'
import { writeIdentity } from '../../src/storage/identity.js'
import { writePeer } from '../../src/storage/peers.js'
import type { DefinitionFile } from '../../src/wire/definition.js'
import { type Definition, definitionId } from '../../src/wire/definition.js'
import { people, type Person, rng } from './members.js'

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

const nobody: Ears = { present: false, heard: () => Promise.resolve() }

export function worldOf(
  custodian: Custodian,
  transport: Transport,
  changes: Partial<World> = {},
): World & { readonly events: CeremonyEvent[] } {
  const events: CeremonyEvent[] = []
  return {
    home: custodian.home,
    identity: custodian.identity,
    card: custodian.card,
    transport,
    person: nobody,
    patience: { join: 20_000, round: 10_000, total: null },
    linger: 3000,
    program: 'mpc/test',
    now: Date.now,
    rng,
    nonces: { fresh: rng },
    compute: () => Promise.reject(new Error('nothing to compute')),
    emit: (event) => events.push(event),
    signal: new AbortController().signal,
    events,
    ...changes,
  }
}

export const fileOf = (definition: Definition): DefinitionFile => ({
  definition,
  id: definitionId(definition),
  signatures: [],
})
