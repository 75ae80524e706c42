/** Members with real keys, and their seats in a ceremony over a memory network. */
import { engineOf } from '../../src/protocol/engines/registry.js'
import { randomBytes } from 'node:crypto'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import type { Opening, Starts } from '../../src/messaging/session/restart-loop.js'
import type { Clock } from '../../src/messaging/channel/clock.js'
import type { CeremonyEvent } from '../../src/messaging/channel/events.js'
import type { Member } from '../../src/messaging/channel/letters.js'
import { type Patience, type Validity } from '../../src/messaging/channel/timeouts.js'
import { Room } from '../../src/messaging/session/session.js'
import type { Transport } from '../../src/messaging/transport/transport.js'
import type { Rng } from '../../src/protocol/core/session.js'
import type { Card } from '../../src/wire/identity/card.js'
import { acceptDefinition, type Definition, definitionId } from '../../src/wire/ceremony/definition.js'
import { cardOfIdentity, type Identity, newIdentity } from '../../src/wire/identity/identity.js'
import { hex } from '../../src/wire/base/text.js'
import { processClock } from './clock.js'

export const rng: Rng = (length) => Uint8Array.from(randomBytes(length))

export type Person = { readonly identity: Identity; readonly card: Card; readonly member: Member }

/** A share's giver, as a rebind names and signs it. */
export const handing = ({ card, identity }: Person) => ({ card, signing: identity.signing })

export async function person(name: string): Promise<Person> {
  const age = await generateX25519Identity()
  const identity = newIdentity(name, age, 1_800_000_000_000, rng)
  const card = cardOfIdentity(identity, await identityToRecipient(age))
  return { identity, card, member: { name, fingerprint: card.fingerprint, signing: card.signing } }
}

export const people = (...names: string[]): Promise<Person[]> => Promise.all(names.map(person))

export function keygenDefinition(everybody: readonly Person[], threshold = 2): Definition {
  return {
    kind: 'keygen',
    key: 'treasury',
    scheme: 'eddsa-ed25519',
    engine: engineOf('eddsa-ed25519').name,
    threshold,
    members: everybody.map(({ card }) => ({ card, role: 'custodian' as const })),
    policy: null,
    parent: null,
    dealers: null,
    supersedes: null,
    minority: false,
    not_before: 0,
    expires: 4_000_000_000_000,
    nonce: rng(32),
    rehearsal: false,
  }
}

/** Starts as a home keeps them, in memory. */
export function startsFrom(last: number): Starts & { last: number } {
  return {
    last,
    next() {
      this.last += 1
      return Promise.resolve(this.last)
    },
    raise(start) {
      this.last = Math.max(this.last, start)
      return Promise.resolve()
    },
  }
}

export type Seat = { readonly room: Room; readonly opening: Opening; readonly events: CeremonyEvent[] }

export function seat(
  who: Person,
  everybody: readonly Person[],
  definition: Definition,
  transport: Transport,
  options: {
    patience?: Patience
    starts?: Starts
    confirm?: Opening['confirm']
    onlookers?: readonly Person[]
    clock?: Clock
    signal?: AbortSignal
    validity?: Validity
  } = {},
): Seat {
  const id = definitionId(definition)
  const events: CeremonyEvent[] = []
  const room = new Room({
    transport,
    definition: id,
    self: who.member,
    key: who.identity.signing,
    participants: everybody.map(({ member }) => member),
    onlookers: (options.onlookers ?? []).map(({ member }) => member),
    program: 'mpc/test',
    validity: options.validity ?? null,
    patience: options.patience ?? { join: 20_000, round: 10_000, total: null },
    clock: options.clock ?? processClock(),
    emit: (event) => events.push(event),
    signal: options.signal ?? new AbortController().signal,
  })
  const opening: Opening = {
    starts: options.starts ?? startsFrom(0),
    accepted: acceptDefinition(who.identity.signing, id),
    others: [],
    consents: null,
    rng,
    confirm: options.confirm ?? (() => Promise.resolve()),
  }
  return { room, opening, events }
}

export const sameBytes = (all: readonly Uint8Array[]): boolean => new Set(all.map(hex)).size === 1
