/**
 * Homes of one key that use different epochs and meet to sign. A home that hears of a replaced epoch shows
 * how the key moved to its own. A home that is shown a certified epoch newer than its own stops using its
 * own, and announces that it holds no share of the newer one if it should: from then on nobody counts it as
 * gone over.
 */
import { equalBytes } from '../../protocol/core/codec.js'
import { type Member, NO_SESSION } from '../../messaging/channel/letters.js'
import type { Mailbox } from '../../messaging/channel/mailbox.js'
import type { Home } from '../../storage/home/home.js'
import { readEpochFile } from '../../storage/home/epochs.js'
import { writeStatement } from '../../storage/home/attestations.js'
import { ENVELOPE_LIMIT } from '../../wire/session/envelope.js'
import { Failure } from '../../wire/base/failure.js'
import { type KeyRecord, recordDigest } from '../../wire/key/record.js'
import { listCodec } from '../../wire/ceremony/request.js'
import { encodeHandover, type Handover, handoverSince, parseHandover } from '../../wire/ceremony/handover.js'
import { sayLost } from '../../wire/key/attestation.js'
import { hex } from '../../wire/base/text.js'
import type { Owner, Key } from '../keys/key.js'
import { heldKey, lostSeats } from './held-epochs.js'
import { isOf } from '../keys/rebinds.js'
import { handoverOf, isVotedFor, keepStatement, type Taken, takeHandover } from './attestations.js'
import type { World } from '../world.js'
import { behind } from './behind-here.js'

/** Least interval between two handovers to one member, in milliseconds. */
const AGAIN = 1000
/** Letters examined per member: each costs a proof for every custodian. */
const MOST_LOOKS = 3
/** Leaves room in the envelope beside the body. */
const LARGEST_BODY = ENVELOPE_LIMIT - 2048

export class Meeting {
  /** Why this home no longer signs with its epoch. */
  over: Failure | null = null
  /** Fingerprints in hex of members who state that they hold no share of the epoch in use here. */
  readonly lost = new Set<string>()
  /** When each member was last told, by fingerprint in hex: one member cannot use up another's turn. */
  readonly #told = new Map<string, number>()
  readonly #looks = new Map<string, number>()
  /** Read once: what this home knows does not change while it meets others. */
  #known: Promise<Handover | null> | null = null
  /** Queue that examines letters one after another. */
  #looked: Promise<unknown> = Promise.resolve()

  /** @param changed called when `over` or `lost` changes */
  constructor(
    readonly world: World,
    readonly key: Key,
    readonly mailbox: Mailbox,
    readonly changed: () => void,
  ) {
    mailbox.on('handover', ({ body }, from) => this.#look(from, () => this.#shown(body)))
    mailbox.on('lost', ({ body }, from) => this.#look(from, () => this.#hearLost(body)))
  }

  #look({ fingerprint }: Member, act: () => Promise<void>): void {
    const left = this.#looks.get(hex(fingerprint)) ?? MOST_LOOKS
    if (left === 0 || this.over) return
    this.#looks.set(hex(fingerprint), left - 1)
    this.#looked = this.#looked.then(() => quiet(act()))
  }

  /** Notes that a member uses this epoch, and answers if it is another than ours. */
  heard(epoch: Uint8Array, by: Uint8Array): void {
    if (equalBytes(epoch, this.key.digest)) return
    // A member that is behind repeats itself as long as it waits.
    const now = this.world.clock.now()
    if (now - (this.#told.get(hex(by)) ?? Number.NEGATIVE_INFINITY) < AGAIN) return
    this.#told.set(hex(by), now)
    void quiet(this.#tell(epoch))
  }

  /** Shows how the key moved on from that epoch; if that is unknown here, says which epoch this home uses. */
  async #tell(epoch: Uint8Array): Promise<void> {
    this.#known ??= quiet(handoverOf(this.world.home, this.key.name))
    const known = await this.#known
    const handover = known && handoverSince(known, epoch)
    if (!handover) return this.say()
    const whole = encodeHandover(handover)
    // If the whole does not fit, the statements are left out: the certificate matters most.
    const body = whole.length > LARGEST_BODY ? encodeHandover({ ...handover, statements: [] }) : whole
    if (body.length <= LARGEST_BODY) this.mailbox.post('handover', { session: NO_SESSION }, body)
  }

  /** Asks everybody for what they have, and says which epoch is in use here. */
  say(): void {
    this.mailbox.post('list', { session: NO_SESSION }, listCodec.encode(this.key.digest))
  }

  async #shown(body: Uint8Array): Promise<void> {
    if (this.over) return
    const { world, key } = this
    const handover = handoverSince(parseHandover(body), key.digest)
    if (!handover) return
    const taken = await takeHandover(world, key.name, handover)
    const newest = handover.records.at(-1) as KeyRecord
    const word = await quiet(lostWord(world, key.name, newest, world.clock.now()))
    if (word) this.mailbox.post('lost', { session: NO_SESSION }, word)
    this.over = overBy(key, newest, taken, word)
    this.changed()
  }

  async #hearLost(body: Uint8Array): Promise<void> {
    const { world, key } = this
    await keepStatement(world.home, key.name, key.record, body)
    const { epochs } = await heldKey(world.home, key.name)
    const held = epochs.find(({ digest }) => equalBytes(digest, key.digest))
    const seats = held ? lostSeats(held) : new Set<number>()
    for (const { index, card } of key.seated.members)
      if (seats.has(index)) this.lost.add(hex(card.fingerprint))
    this.changed()
  }

  /** The failure for the first of these signers without a share, who is not waited for; else null. */
  missing(signers: readonly Uint8Array[]): Failure | null {
    const one = signers.find((fingerprint) => this.lost.has(hex(fingerprint)))
    const member = one && this.key.seated.members.find(({ card }) => equalBytes(card.fingerprint, one))
    if (!member) return null
    const { name, record } = this.key
    return new Failure(
      'absent',
      'E_BEHIND',
      `the home of ${member.card.name} is behind, and holds no share of epoch ${record.epoch} of ${name}`,
      {
        party: member.card.name,
        hint: `sign with other custodians, then refresh the key: \`mpc ceremony new refresh --key ${name}\``,
      },
    )
  }
}

function overBy(key: Key, newest: KeyRecord, { frozen }: Taken, word: Uint8Array | null): Failure {
  if (word) return behind(key.name, newest)
  return frozen === null ? waits(key, newest) : goneTo(key, newest)
}

/** Ignores a letter that is invalid, or cannot be kept here, as if it had not come. */
async function quiet<T>(act: Promise<T> | (() => T)): Promise<T | null> {
  try {
    return await (typeof act === 'function' ? act() : act)
  } catch (error) {
    if (error instanceof Failure) return null
    throw error
  }
}

/**
 * This member's statement that it holds no share of an epoch in whose record it sits. Null if it holds one,
 * even one that waits for its certificate, or sits in no seat. Statements made before a restore from an older
 * copy do not count.
 */
export async function lostWord(
  { home, identity, card }: Owner,
  name: string,
  record: KeyRecord,
  now: number,
): Promise<Uint8Array | null> {
  const digest = recordDigest(record)
  const seat = record.members.find((member) => isOf(member, card.fingerprint))
  const { state } = await heldKey(home, name)
  const isHere = state?.epochs.some((each) => each.status === 'active' || equalBytes(each.digest, digest))
  if (!seat || isHere || (await readEpochFile(home, name, digest, 'share.age')) !== null) return null
  if (await isVotedFor(home, record)) return null
  const word = sayLost(record, { card, index: seat.index, signing: identity.signing }, now)
  await writeStatement(home, name, digest, { said: 'lost', by: card.fingerprint }, word)
  return word
}

/** Default dealers: custodians known here to hold their share; null if they are too few. */
export async function dealersWhoHold(
  home: Home,
  { name, digest, seated }: Key,
): Promise<readonly string[] | null> {
  const { epochs } = await heldKey(home, name)
  const held = epochs.find((each) => equalBytes(each.digest, digest))
  const lost = held ? lostSeats(held) : new Set<number>()
  const able = seated.members.filter(({ index }) => !lost.has(index)).map(({ card }) => card.name)
  return lost.size === 0 || able.length < seated.threshold ? null : able.slice(0, seated.threshold)
}

const goneTo = ({ name, record }: Key, { epoch }: KeyRecord): Failure =>
  new Failure(
    'configuration',
    'E_EPOCH',
    `epoch ${record.epoch} of ${name} was dealt anew to others: epoch ${epoch} is in use`,
    {
      hint: `\`mpc share list --key ${name}\` shows what is still here; ask for a share if you are to have one`,
    },
  )

const waits = ({ name }: Key, { epoch }: KeyRecord): Failure =>
  new Failure(
    'configuration',
    'E_EPOCH',
    `epoch ${epoch} of ${name} is certified, and this home has its share`,
    {
      hint: 'run the same command again, which takes it up',
    },
  )
