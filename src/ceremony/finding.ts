/**
 * Finding a request to sign among those that are said: the one that is named, or the first that is covered and whose
 * asker is there.
 */
import { CodecError } from '../protocol/codec.js'
import { CLOCK_AHEAD } from '../messaging/room.js'
import { RequestClaims } from '../storage/claims.js'
import { Failure } from '../wire/failure.js'
import { parseRequest, type Request } from '../wire/request.js'
import { OtherRealm } from '../wire/realm.js'
import { fromHex, hex } from '../wire/text.js'
import { type Approval, checkPayload, isCovered, requireApproved } from './approval.js'
import { askerLeft } from './asker.js'
import type { Key } from './keys.js'
import type { Noticeboard } from './noticeboard.js'
import { noSeat } from './rebinds.js'
import { inRecordOrder } from './signers.js'
import { targetOf } from './target.js'
import type { World } from './world.js'

/** How long a request may live, in milliseconds. */
export const LIVES = 24 * 3_600_000
const LISTEN_FIRST = 700

/** What is known of a request since it was first looked at. */
type Judged = { readonly fits: boolean; ended: boolean }

export class Finder {
  readonly #world: World
  readonly #key: Key
  readonly #notices: Noticeboard
  readonly #approval: Approval
  /** Each request is judged once, and forgotten when the noticeboard forgets it. */
  readonly #judged = new WeakMap<Request, Judged>()
  /** Those that were left because their askers are silent, and when; by id. */
  readonly #passed = new Map<string, number>()
  /** Nothing is taken before there was time to hear of all. */
  #listened = false

  constructor(world: World, key: Key, notices: Noticeboard, approval: Approval) {
    this.#world = world
    this.#key = key
    this.#notices = notices
    this.#approval = approval
    notices.ask()
    setTimeout(() => {
      this.#listened = true
      notices.mailbox.look()
    }, LISTEN_FIRST).unref()
  }

  /** The request with this id in hex. @throws Failure `E_NO_REQUEST` (absent), or why it may not be signed here */
  async named(id: string, deadline: number): Promise<Request> {
    await this.#recall(id)
    await this.#notices.until(
      () => this.#notices.request(id) !== undefined,
      deadline,
      () => noRequest(`request ${id.slice(0, 16)}`),
    )
    const request = this.#notices.request(id) as Request
    requireOurs(this.#world, this.#key, request)
    if (!('ask' in this.#approval)) requireApproved(request, this.#approval)
    return request
  }

  /** The first live request that this member may sign. @throws Failure (absent) `E_NO_REQUEST`, `E_ASKER_LEFT` */
  async next(deadline: number): Promise<Request> {
    const notices = this.#notices
    const otherwise = (): Failure => {
      const isTakenBack = (request: Request) => notices.isCancelled(request) && this.#judge(request).fits
      const left = notices.requests().find(isTakenBack)
      if (left) return askerLeft(this.#key, left)
      return notices.strangers > 0
        ? noSeat(`somebody who has no seat in ${this.#key.name} here speaks of signing with it`)
        : noRequest('a request that is covered here')
    }
    await notices.until(() => this.#suitable() !== null || this.#unseated() !== null, deadline, otherwise)
    const request = this.#suitable()
    if (request) return request
    throw this.#unseated() as Failure
  }

  /** Leaves a request for others, until its asker is heard again. */
  pass({ id }: Request): void {
    this.#passed.set(hex(id), this.#world.now())
  }

  /** Whether there is another one to go to. */
  hasAnother(than: Request): boolean {
    return this.#suitable(than) !== null
  }

  /** Why a request with an unknown signer is not signed, where there is no other; once there was time to hear of all. */
  #unseated(): Failure | null {
    if (!this.#listened || this.#suitable()) return null
    for (const { signers, record } of this.#notices.requests()) {
      try {
        if (signers && hex(record) === hex(this.#key.digest)) requireSeats(this.#key, signers)
      } catch (error) {
        if (error instanceof Failure) return error
        throw error
      }
    }
    return null
  }

  /** In the order in which they were heard of: when a request was made, its asker may say as it likes. */
  #suitable(but: Request | null = null): Request | null {
    const requests = this.#notices.requests()
    for (const request of requests) this.#judge(request)
    if (!this.#listened) return null
    const isSuitable = (request: Request): boolean => {
      const { fits, ended } = this.#judge(request)
      const passed = this.#passed.get(hex(request.id)) ?? Number.NEGATIVE_INFINITY
      return (
        fits &&
        !ended &&
        request.expires > this.#world.now() &&
        !this.#notices.isCancelled(request) &&
        passed < this.#notices.heardAsking(request) &&
        hex(request.id) !== hex(but?.id ?? new Uint8Array())
      )
    }
    return requests.find(isSuitable) ?? null
  }

  #judge(request: Request): Judged {
    const before = this.#judged.get(request)
    if (before) return before
    const fits = isOurs(this.#world, this.#key, request) && isCovered(request, this.#approval)
    // Ended until the claims say otherwise.
    const judged = { fits, ended: true }
    this.#judged.set(request, judged)
    if (fits) void this.#lookAtClaims(request, judged)
    return judged
  }

  async #lookAtClaims({ id }: Request, judged: Judged): Promise<void> {
    try {
      const { end } = await new RequestClaims(this.#world.home, id).status()
      judged.ended = end !== null
    } catch (error) {
      // One whose claims cannot be read is passed over here; whoever names it with --join hears why.
      if (!(error instanceof Failure)) throw error
    }
    this.#notices.mailbox.look()
  }

  /** A request that this member worked on before may be said by nobody else any more. */
  async #recall(named: string): Promise<void> {
    const id = fromHex(named, 32)
    const kept = id && (await new RequestClaims(this.#world.home, id).readRequest())
    const members = this.#key.seated.members
    const signingOf = (asker: Uint8Array) =>
      members.find(({ card }) => hex(card.fingerprint) === hex(asker))?.card.signing ?? null
    const request = kept && readKept(() => parseRequest(kept, signingOf))
    if (request) this.#notices.know(request)
  }
}

/** What cannot be read is as if it were not there, except that a rehearsal's is refused. */
function readKept(parse: () => Request): Request | null {
  try {
    return parse()
  } catch (error) {
    if (!(error instanceof CodecError) || error instanceof OtherRealm) throw error
    return null
  }
}

function isOurs(world: World, key: Key, request: Request): boolean {
  try {
    requireOurs(world, key, request)
    return true
  } catch (error) {
    if (error instanceof Failure) return false
    throw error
  }
}

/** @throws Failure unless this member may sign the request at all, now, with the epoch that it has */
function requireOurs(world: World, key: Key, request: Request): void {
  if (hex(request.record) !== hex(key.digest)) throw otherEpoch(key, request)
  targetOf(key, request)
  const now = world.now()
  if (request.expires <= now) throw new Failure('absent', 'E_EXPIRED', 'the request has expired')
  if (request.created > now + CLOCK_AHEAD || request.expires - request.created > LIVES) {
    throw new Failure(
      'authentication',
      'E_REQUEST_TIME',
      'the request is dated ahead, or wants to live too long',
    )
  }
  if (request.signers) requireSeats(key, request.signers)
  if (request.signers) inRecordOrder(key.seated, request.signers)
  const me = hex(world.card.fingerprint)
  if (request.signers && !request.signers.some((fingerprint) => hex(fingerprint) === me)) {
    throw new Failure('configuration', 'E_NOT_SIGNER', 'the request names other signers')
  }
  checkPayload(request.type, request.payload)
}

/** @throws Failure `E_NO_SEAT` (authentication) for a signer who sits in no seat here */
function requireSeats(key: Key, signers: readonly Uint8Array[]): void {
  const seated = new Set(key.seated.members.map(({ card }) => hex(card.fingerprint)))
  const strange = signers.find((fingerprint) => !seated.has(hex(fingerprint)))
  if (strange)
    throw noSeat(
      `the request names a signer who has no seat in ${key.name} here: ${hex(strange).slice(0, 16)}`,
    )
}

const noRequest = (what: string): Failure =>
  new Failure('absent', 'E_NO_REQUEST', `nobody asked for ${what} in time`, {
    hint: 'a request lives while its asker runs: `mpc sign --key KEY --in FILE`',
  })

/** Asker and signer have different epochs in use: one of them does not know that the key was dealt anew. */
function otherEpoch({ name, record, digest }: Key, request: Request): Failure {
  const isBefore = record.parent !== null && hex(request.record) === hex(record.parent)
  return isBefore
    ? new Failure(
        'configuration',
        'E_EPOCH',
        `the request is for epoch ${record.epoch - 1} of ${name}, which epoch ${record.epoch} has replaced`,
        { hint: `its asker learns of it from \`mpc share statements --key ${name} -o FILE\`` },
      )
    : new Failure(
        'configuration',
        'E_EPOCH',
        `the request is for another epoch of ${name} than the one in use here, ${hex(digest).slice(0, 16)}`,
        {
          hint: `if the key was dealt anew without you: \`mpc share statements --key ${name} FILE\`, with FILE from its asker`,
        },
      )
}
