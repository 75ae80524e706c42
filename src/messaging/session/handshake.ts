/**
 * The opening of every ceremony: hello, reveal, encapsulate, confirm, words, ready. The commitment before the
 * reveal is why six words suffice to read aloud. A member that starts again draws the others into a new
 * attempt with fresh keys for all.
 */
import type { Rng } from '../../protocol/core/session.js'
import { equalSecret } from '../../protocol/core/secret.js'
import type { Signature } from '../../wire/ceremony/definition.js'
import { decodeEnvelope, type Envelope, type Kind } from '../../wire/session/envelope.js'
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
import { checkHellos, checkReveals, entriesForMe } from './handshake-checks.js'
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
    return await exchange(room, own, consents, signal, { rng, wipe: secrets })
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
  { rng, wipe }: { readonly rng: Rng; readonly wipe: Uint8Array[] },
): Promise<Opened> {
  const { mailbox, participants, peers, self, definition, blame } = room
  const { start, keys } = own
  /** Waits for everybody's letter of a phase. @returns all, our own included, in the participants' order */
  const gather = async (kind: Kind, session: Uint8Array, round: string, mine: Uint8Array) => {
    const deadline = kind === 'hello' ? room.joinDeadline() : room.roundDeadline()
    const slots = slotsOf(peers, kind, session, round)
    const received = await mailbox.collect(slots, { deadline, signal, round: kind })
    const all = new Map(received.map((envelope) => [hex(envelope.header.from), envelope]))
    return participants.map(({ fingerprint }) => all.get(hex(fingerprint)) ?? decodeEnvelope(mine))
  }
  /** Sends our letter of a phase, waits for everybody's, and checks them. */
  const phase = async <T>(
    kind: Kind,
    session: Uint8Array,
    body: Uint8Array,
    check: (letters: readonly Envelope[]) => T,
  ) => {
    const letters = await gather(kind, session, '', mailbox.post(kind, { session }, body))
    return { letters, checked: check(letters) }
  }

  // 1. `hello`: a commitment to this attempt's keys, sent by `sayHello`.
  const hellos = await gather('hello', NO_SESSION, String(start), own.envelope)
  const said = checkHellos(room, hellos, start)
  await consents?.shownIn(room, said, start, signal)
  room.helloSetComplete(start)

  // 2. `reveal`: sent once all hellos are in, and never for another set of hellos.
  const attempt = attemptId(definition, hellos)
  room.enter(attempt)
  const revealed = await phase('reveal', attempt, revealCodec.encode(revealOf(keys)), (letters) =>
    checkReveals(room, hellos, letters, start),
  )
  const sid = sessionId(attempt, revealed.checked)
  room.enter(sid)
  const revealBy = byPeer(participants, revealed.checked)

  // 3. `encapsulate`: one ML-KEM-768 ciphertext for every other participant.
  const made = peers.map((peer) => {
    const encapsulated = encapsulate(revealBy(peer).mlkem, rng)
    if (encapsulated) wipe.push(encapsulated.secret)
    return encapsulated
  })
  const mlkemFails = 'its ML-KEM key fails the input check of FIPS 203'
  const isSound = (peer: Member): boolean => made[peers.indexOf(peer)] !== null
  blame.accuse({ round: 'reveal', kind: 'proven', reason: mlkemFails }, peers, isSound, revealed.letters)
  const sent = byPeer(peers, made as readonly Encapsulated[])
  const toAll = peers.map((peer) => ({ to: peer.fingerprint, ciphertext: sent(peer).ciphertext }))
  const encapsulated = await phase('encapsulate', sid, encapsulateCodec.encode(toAll), (letters) =>
    entriesForMe(room, 'encapsulate', letters, encapsulateCodec),
  )

  // 4. `confirm`: a key for each pair, and a tag that proves it.
  const salt = pairSalt(
    sid,
    encapsulated.letters.map(({ body }) => body),
  )
  const place = participants.findIndex(({ fingerprint }) => hex(fingerprint) === hex(self.fingerprint))
  const agreed = peers.map((peer) => {
    const dh = diffieHellman(keys, revealBy(peer).x25519)
    if (dh === null) return null
    const [ours, theirs] = [sent(peer).secret, decapsulate(encapsulated.checked(peer).ciphertext, keys)]
    const isFirst = place < participants.indexOf(peer)
    const [fromFirst, fromSecond] = isFirst ? [ours, theirs] : [theirs, ours]
    const key = pairKey(salt, { dh, fromFirst, fromSecond })
    wipe.push(dh, theirs, key)
    return key
  })
  const isOfPrimeOrder = (peer: Member): boolean => agreed[peers.indexOf(peer)] !== null
  const smallOrder = 'its X25519 key is of small order'
  blame.accuse(
    { round: 'reveal', kind: 'proven', reason: smallOrder },
    peers,
    isOfPrimeOrder,
    revealed.letters,
  )
  const keyWith = byPeer(peers, agreed as readonly Uint8Array[])
  const outgoing = (peer: Member, use: 'letter' | 'confirm') =>
    directionKey(keyWith(peer), use, self.fingerprint, peer.fingerprint, sid)
  const incoming = (peer: Member, use: 'letter' | 'confirm') =>
    directionKey(keyWith(peer), use, peer.fingerprint, self.fingerprint, sid)
  const tags = peers.map((peer) => ({
    to: peer.fingerprint,
    tag: confirmTag(outgoing(peer, 'confirm'), sid, self.fingerprint, peer.fingerprint),
  }))
  const confirmed = await phase('confirm', sid, confirmCodec.encode(tags), (letters) =>
    entriesForMe(room, 'confirm', letters, confirmCodec),
  )
  const fits = (peer: Member): boolean => {
    const tag = confirmTag(incoming(peer, 'confirm'), sid, peer.fingerprint, self.fingerprint)
    return equalSecret(tag, confirmed.checked(peer).tag)
  }
  // Every key covers all encapsulations. If a member sent different ones to different peers, tags fail
  // between honest ones.
  if (!peers.every(fits)) await room.compare([{ kind: 'encapsulate', session: sid, round: '' }], signal)
  const wrongTag = 'its tag does not fit the key that this machine has'
  blame.accuse({ round: 'confirm', kind: 'pair', reason: wrongTag }, peers, fits)

  const bytesOf = (letters: readonly Envelope[]) => letters.map(({ bytes }) => bytes)
  return {
    start,
    attempt,
    sid,
    words: sessionWords(sid),
    channels: new Map(
      peers.map((peer) => [
        hex(peer.fingerprint),
        { seal: outgoing(peer, 'letter'), open: incoming(peer, 'letter') },
      ]),
    ),
    seen: {
      hellos: bytesOf(hellos),
      reveals: bytesOf(revealed.letters),
      encapsulations: bytesOf(encapsulated.letters),
      confirms: bytesOf(confirmed.letters),
    },
  }
}

type Encapsulated = { readonly ciphertext: Uint8Array; readonly secret: Uint8Array }

/** The value of each of these members, which stand in the same order. */
const byPeer =
  <T>(members: readonly Member[], values: readonly T[]) =>
  (member: Member): T =>
    values[members.indexOf(member)] as T

const revealOf = ({ x25519, mlkem, nonce }: Ephemeral): Reveal => ({
  x25519: x25519.publicKey,
  mlkem: mlkem.publicKey,
  nonce,
})
