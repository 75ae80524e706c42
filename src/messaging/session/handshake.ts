/**
 * The opening of every ceremony: hello, reveal, encapsulate, confirm, words, ready. The commitment before the
 * reveal is why six words suffice to read aloud. A member that starts again draws the others into a new
 * attempt with fresh keys for all.
 */
import type { Rng } from '../../protocol/core/session.js'
import { equalSecret } from '../../protocol/core/secret.js'
import { areAcceptances, type Signature, verifyAcceptance } from '../../wire/ceremony/definition.js'
import type { Envelope, Kind } from '../../wire/session/envelope.js'
import {
  attemptId,
  confirmCodec,
  encapsulateCodec,
  type Hello,
  helloCodec,
  helloCommitment,
  PROTOCOL,
  type Reveal,
  revealCodec,
  sessionId,
  sessionWords,
} from '../../wire/session/handshake.js'
import { hex } from '../../wire/base/text.js'
import { type Member, NO_SESSION, slotsOf, helloSlot } from '../channel/letters.js'
import {
  confirmTag,
  decapsulate,
  diffieHellman,
  directionKey,
  encapsulate,
  type Ephemeral,
  newEphemeral,
  pairKey,
  pairSalt,
  wipeEphemeral,
} from '../channel/key-agreement.js'
import type { Consents } from './outgoing-consents.js'
import type { Room } from './session.js'

/** The keys for letters to and from one peer. */
export type Channel = { readonly seal: Uint8Array; readonly open: Uint8Array }

export type Opened = {
  readonly start: number
  readonly attempt: Uint8Array
  readonly sid: Uint8Array
  readonly words: readonly string[]
  /** Every other participant's channel, by fingerprint in hex. */
  readonly channels: ReadonlyMap<string, Channel>
  /** The envelopes for the transcript, in the order of the participants. */
  readonly seen: {
    readonly hellos: readonly Uint8Array[]
    readonly reveals: readonly Uint8Array[]
    readonly encapsulations: readonly Uint8Array[]
    readonly confirms: readonly Uint8Array[]
  }
}

/** This member's hello for one start: made once, repeated unchanged. */
export type OwnHello = { readonly start: number; readonly keys: Ephemeral; readonly envelope: Uint8Array }

export function sayHello(
  room: Room,
  start: number,
  accepted: Uint8Array,
  others: readonly Signature[],
  rng: Rng,
): OwnHello {
  const keys = newEphemeral(rng)
  const commitment = helloCommitment(room.definition, room.self.fingerprint, start, revealOf(keys))
  const hello: Hello = { protocol: PROTOCOL, start, program: room.program, commitment, accepted, others }
  const envelope = room.mailbox.post('hello', helloSlot(start), helloCodec.encode(hello))
  return { start, keys, envelope }
}

/**
 * Runs one attempt from the hellos to keys that every pair has confirmed. The caller asks the people, and
 * sends `ready`.
 * @param consents the consents that the hellos must show beside the participants' signatures
 */
export async function open(
  room: Room,
  own: OwnHello,
  consents: Consents | null,
  signal: AbortSignal,
  rng: Rng,
): Promise<Opened> {
  const secrets: Uint8Array[] = []
  try {
    return await exchange(room, own, consents, signal, rng, secrets)
  } finally {
    wipeEphemeral(own.keys)
    for (const secret of secrets) secret.fill(0)
  }
}

/** @param wipe collects every secret behind the keys, so that the caller wipes them on any outcome */
async function exchange(
  room: Room,
  own: OwnHello,
  consents: Consents | null,
  signal: AbortSignal,
  rng: Rng,
  wipe: Uint8Array[],
): Promise<Opened> {
  const { mailbox, participants, self, definition } = room
  const { start, keys } = own
  const me = hex(self.fingerprint)
  const peers = participants.filter((member) => hex(member.fingerprint) !== me)
  /** Everybody's envelopes of one kind, own included, in the order of the participants. */
  const gather = async (
    kind: Kind,
    session: Uint8Array,
    round: string,
    deadline: number,
    mine: Uint8Array,
  ) => {
    const received = await mailbox.collect(slotsOf(peers, kind, session, round), {
      deadline,
      signal,
      round: kind,
    })
    return inOrder(room, received, mine)
  }

  // 1. `hello`: a commitment to this attempt's keys.
  const hellos = await gather('hello', NO_SESSION, String(start), room.joinDeadline(), own.envelope)
  const said = checkHellos(room, hellos, start)
  await consents?.shownIn(room, said, start, signal)
  room.helloSetComplete(start)

  // 2. `reveal`: sent once all hellos are in, and never for another set of hellos.
  const attempt = attemptId(definition, hellos)
  room.enter(attempt)
  const mine = mailbox.post('reveal', { session: attempt }, revealCodec.encode(revealOf(keys)))
  const revealed = await gather('reveal', attempt, '', room.roundDeadline(), mine)
  const reveals = checkReveals(room, hellos, revealed, start)
  const sid = sessionId(attempt, reveals)
  room.enter(sid)

  // 3. `encapsulate`: one ML-KEM-768 ciphertext for every other participant.
  const revealOfPeer = new Map(
    participants.map((member, i) => [hex(member.fingerprint), reveals[i] as Reveal]),
  )
  const sent = new Map<string, { ciphertext: Uint8Array; secret: Uint8Array }>()
  const mlkemFails = 'its ML-KEM key fails the input check of FIPS 203'
  const encapsulated = (peer: Member): boolean => {
    const made = encapsulate((revealOfPeer.get(hex(peer.fingerprint)) as Reveal).mlkem, rng)
    if (made) sent.set(hex(peer.fingerprint), made)
    if (made) wipe.push(made.secret)
    return made !== null
  }
  room.blame.accuse('reveal', peers, 'proven', mlkemFails, encapsulated, revealed)
  const toAll = peers.map((peer) => ({
    to: peer.fingerprint,
    ciphertext: (sent.get(hex(peer.fingerprint)) as { ciphertext: Uint8Array }).ciphertext,
  }))
  const own3 = mailbox.post('encapsulate', { session: sid }, encapsulateCodec.encode(toAll))
  const encapsulations = await gather('encapsulate', sid, '', room.roundDeadline(), own3)
  const forMe = entriesForMe(room, 'encapsulate', encapsulations, (body) => encapsulateCodec.decode(body))

  // 4. `confirm`: a key for each pair, and a tag that proves it.
  const salt = pairSalt(
    sid,
    encapsulations.map((envelope) => envelope.body),
  )
  const prks = new Map<string, Uint8Array>()
  const agreed = (peer: Member): boolean => {
    const id = hex(peer.fingerprint)
    const dh = diffieHellman(keys, (revealOfPeer.get(id) as Reveal).x25519)
    if (dh === null) return false
    const ours = (sent.get(id) as { secret: Uint8Array }).secret
    const theirs = decapsulate((forMe.get(id) as { ciphertext: Uint8Array }).ciphertext, keys)
    const selfFirst = participants.findIndex((p) => hex(p.fingerprint) === me) < participants.indexOf(peer)
    const secrets = { dh, fromFirst: selfFirst ? ours : theirs, fromSecond: selfFirst ? theirs : ours }
    const prk = pairKey(salt, secrets)
    prks.set(id, prk)
    wipe.push(dh, theirs, prk)
    return true
  }
  room.blame.accuse('reveal', peers, 'proven', 'its X25519 key is of small order', agreed, revealed)
  const derive = (peer: Member, use: 'letter' | 'confirm', outgoing: boolean) => {
    const [from, to] = outgoing ? [self.fingerprint, peer.fingerprint] : [peer.fingerprint, self.fingerprint]
    return directionKey(prks.get(hex(peer.fingerprint)) as Uint8Array, use, from, to, sid)
  }
  const tags = peers.map((peer) => ({
    to: peer.fingerprint,
    tag: confirmTag(derive(peer, 'confirm', true), sid, self.fingerprint, peer.fingerprint),
  }))
  const own4 = mailbox.post('confirm', { session: sid }, confirmCodec.encode(tags))
  const confirms = await gather('confirm', sid, '', room.roundDeadline(), own4)
  const tagsForMe = entriesForMe(room, 'confirm', confirms, (body) => confirmCodec.decode(body))
  const fits = (peer: Member) =>
    equalSecret(
      confirmTag(derive(peer, 'confirm', false), sid, peer.fingerprint, self.fingerprint),
      (tagsForMe.get(hex(peer.fingerprint)) as { tag: Uint8Array }).tag,
    )
  // Every key covers all encapsulations. If a member sent different ones to different peers, tags fail
  // between honest ones.
  if (!peers.every(fits)) await room.compare([{ kind: 'encapsulate', session: sid, round: '' }], signal)
  room.blame.accuse('confirm', peers, 'pair', 'its tag does not fit the key that this machine has', fits)

  const channels = new Map(
    peers.map((peer) => [
      hex(peer.fingerprint),
      { seal: derive(peer, 'letter', true), open: derive(peer, 'letter', false) },
    ]),
  )
  const raw = (envelopes: readonly { bytes: Uint8Array }[]) => envelopes.map((envelope) => envelope.bytes)
  return {
    start,
    attempt,
    sid,
    words: sessionWords(sid),
    channels,
    seen: {
      hellos: raw(hellos),
      reveals: raw(revealed),
      encapsulations: raw(encapsulations),
      confirms: raw(confirms),
    },
  }
}

const revealOf = ({ x25519, mlkem, nonce }: Ephemeral): Reveal => ({
  x25519: x25519.publicKey,
  mlkem: mlkem.publicKey,
  nonce,
})

function inOrder(room: Room, received: readonly Envelope[], mine: Uint8Array): Envelope[] {
  const all = new Map(received.map((envelope) => [hex(envelope.header.from), envelope]))
  const own = room.decode(mine)
  return room.participants.map(({ fingerprint }) => all.get(hex(fingerprint)) ?? own)
}

/**
 * Requires each hello to be well-formed, of this protocol and start, accepting the definition, and within its
 * time and this clock's tolerance.
 */
function checkHellos(room: Room, hellos: readonly Envelope[], start: number): Hello[] {
  for (const { header, body } of hellos) room.checkProtocol(header, body)
  const decoded = room.blame.decodeBodies('hello', hellos, (body) => helloCodec.decode(body))
  room.blame.accuse(
    'hello',
    room.participants,
    'witnessed',
    'its hello does not accept the definition',
    (member) => {
      const hello = decoded.get(hex(member.fingerprint)) as Hello
      return hello.start === start && verifyAcceptance(member.signing, room.definition, hello.accepted)
    },
  )
  const shows = ({ fingerprint }: Member): boolean =>
    areAcceptances(room.definition, (decoded.get(hex(fingerprint)) as Hello).others, room.members)
  const reason = 'its hello shows a signature of a member that is none'
  room.blame.accuse('hello', room.participants, 'witnessed', reason, shows, hellos)
  for (const { header } of hellos) room.checkClock(header)
  return [...decoded.values()]
}

function checkReveals(
  room: Room,
  hellos: readonly Envelope[],
  revealed: readonly Envelope[],
  start: number,
): Reveal[] {
  const decoded = room.blame.decodeBodies('reveal', revealed, (body) => revealCodec.decode(body))
  const commitments = new Map(
    hellos.map(({ header, body }) => [hex(header.from), helloCodec.decode(body).commitment]),
  )
  const opens = ({ fingerprint }: Member): boolean => {
    const reveal = decoded.get(hex(fingerprint)) as Reveal
    const opened = helloCommitment(room.definition, fingerprint, start, reveal)
    return hex(opened) === hex(commitments.get(hex(fingerprint)) as Uint8Array)
  }
  const reason = 'its reveal does not open its hello'
  room.blame.accuse('reveal', room.participants, 'proven', reason, opens, [...hellos, ...revealed])
  return room.participants.map(({ fingerprint }) => decoded.get(hex(fingerprint)) as Reveal)
}

/**
 * The entry for this member in each peer's letter. Every letter must have exactly one for each other
 * participant.
 */
function entriesForMe<E extends { readonly to: Uint8Array }>(
  room: Room,
  kind: Kind,
  envelopes: readonly Envelope[],
  decode: (body: Uint8Array) => readonly E[],
): Map<string, E> {
  const bodies = room.blame.decodeBodies(kind, envelopes, decode)
  room.blame.accuse(
    kind,
    room.participants,
    'proven',
    'it is not addressed to every other participant',
    (member) => {
      const others = room.participants.filter((other) => other !== member)
      const entries = bodies.get(hex(member.fingerprint)) as readonly E[]
      return (
        entries.length === others.length &&
        others.every((other, i) => hex(other.fingerprint) === hex((entries[i] as E).to))
      )
    },
    envelopes,
  )
  const me = hex(room.self.fingerprint)
  return new Map(
    [...bodies].flatMap(([from, entries]) => {
      const entry = entries.find(({ to }) => hex(to) === me)
      return entry ? [[from, entry] as const] : []
    }),
  )
}
