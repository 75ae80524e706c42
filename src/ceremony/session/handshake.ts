/**
 * A handshake as a ceremony of its own: two or more people check that nobody sits between them. It authorises
 * nothing, and keeps only the fact that cards were verified.
 */
import { inSession } from '../../messaging/session/restart-loop.js'
import { every } from '../../messaging/channel/clock.js'
import { type Member, slotsOf } from '../../messaging/channel/letters.js'
import type { Room } from '../../messaging/session/session.js'
import { CeremonyFiles } from '../../storage/home/ceremonies.js'
import { fingerprintOf, type Keys } from '../../wire/identity/card.js'
import {
  definitionCodec,
  definitionId,
  type DefinitionFile,
  type HandshakeDefinition,
} from '../../wire/ceremony/definition.js'
import { Failure } from '../../wire/base/failure.js'
import { hex } from '../../wire/base/text.js'
import { largestInOpening, requirePayload } from './largest-letter.js'
import { requireVerified, unverifiedAmong } from '../contacts/require-verified.js'
import { type Cast, openingOf, seated } from './join.js'
import type { World } from '../world.js'

export type Met = {
  readonly sid: Uint8Array
  readonly words: readonly string[]
  readonly peers: readonly {
    readonly name: string
    readonly fingerprint: Uint8Array
    /** Round-trip time in milliseconds; null if no answer came. */
    readonly rtt: number | null
    /** How far the peer's clock is ahead of ours, in milliseconds, accurate to half the round trip. */
    readonly clock: number | null
    readonly verified: boolean
  }[]
}

/** The definition of a handshake. Members are sorted, so any order of cards gives the same one. */
export function handshakeAmong(cards: readonly Keys[]): DefinitionFile {
  const members = [...cards]
    .sort((a, b) => (hex(fingerprintOf(a)) < hex(fingerprintOf(b)) ? -1 : 1))
    .map(({ name, signing, age, nkey }) => ({ name, signing, age, nkey }))
  const definition: HandshakeDefinition = { kind: 'handshake', members }
  return { definition, id: definitionId(definition), signatures: [] }
}

/** @throws Failure `E_NOT_MEMBER`, `E_UNVERIFIED` (authentication) */
export async function planHandshake(
  world: Pick<World, 'home' | 'card' | 'person'>,
  file: DefinitionFile,
): Promise<Keys[]> {
  const { definition } = file
  if (definition.kind !== 'handshake') {
    throw new Failure('usage', 'E_KIND', `this defines a ${definition.kind}, not a handshake`)
  }
  if (!definition.members.some((keys) => hex(fingerprintOf(keys)) === hex(world.card.fingerprint))) {
    throw new Failure('authentication', 'E_NOT_MEMBER', `${world.card.name} is no member of this handshake`)
  }
  requireVerified(await unverifiedAmong(world.home, definition.members), world.person.present)
  return [...definition.members]
}

export async function runHandshake(world: World, file: DefinitionFile): Promise<Met> {
  const participants = await planHandshake(world, file)
  const cast: Cast = {
    id: file.id,
    kind: 'handshake',
    epoch: null,
    participants,
    onlookers: [],
    validity: null,
    definition: definitionCodec.encode(file.definition),
    record: null,
  }
  requirePayload(world.transport, largestInOpening(participants.length))
  const files = new CeremonyFiles(world.home, file.id)
  return seated(world, cast, files, (room) => {
    // Answers pings from the start: a peer may be ready a moment sooner.
    room.mailbox.on('ping', ({ header, body }, from) => {
      room.mailbox.post('pong', { session: header.session, to: from.fingerprint }, body)
    })
    const opening = openingOf(world, cast, files, file.signatures)
    return inSession(room, opening, async ({ sid, words }, signal) => {
      const echoes = await ping(world, room, sid, signal)
      const unverified = await unverifiedAmong(world.home, participants)
      const peers = room.peers.map(({ name, fingerprint }) => ({
        name,
        fingerprint,
        ...(echoes.get(hex(fingerprint)) ?? { rtt: null, clock: null }),
        verified: !unverified.some((keys) => hex(fingerprintOf(keys)) === hex(fingerprint)),
      }))
      return { sid, words, peers }
    })
  })
}

const ANSWERS_WITHIN = 5000

/** Sends a number to every peer and waits for the echo with the peer's clock. */
async function ping(world: World, room: Room, sid: Uint8Array, signal: AbortSignal) {
  const echoes = new Map<string, { rtt: number; clock: number }>()
  /** The time at which each number was sent. */
  const sent = new Map<string, number>()
  room.mailbox.on('pong', ({ header, body }, from: Member) => {
    const began = sent.get(hex(body))
    if (hex(header.session) !== hex(sid) || began === undefined) return
    const rtt = world.clock.now() - began
    echoes.set(hex(from.fingerprint), { rtt, clock: Math.round(header.time - began - rtt / 2) })
  })
  const say = () => {
    const number = world.rng(16)
    sent.set(hex(number), world.clock.now())
    room.mailbox.post('ping', { session: sid }, number)
  }
  say()
  // A ping may be lost; each repeat has its own number.
  const stopSaying = every(world.clock, 1000, say)
  const wait = { deadline: world.clock.now() + ANSWERS_WITHIN, signal, round: 'ping' }
  await room.mailbox.until(() => echoes.size === room.peers.length, wait).catch(() => {})
  stopSaying()
  room.mailbox.post('done', { session: sid }, new Uint8Array())
  const slots = slotsOf(room.peers, 'done', sid)
  const missing = () => slots.filter((slot) => room.mailbox.get(slot) === undefined)
  const leaving = { deadline: world.clock.now() + ANSWERS_WITHIN, signal, round: 'done' }
  await room.mailbox.until(() => missing().length === 0, leaving, missing).catch(() => {})
  await room.mailbox.lastWords(slotsOf([room.self], 'done', sid))
  room.emit({ event: 'done' })
  return echoes
}
