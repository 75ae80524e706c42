/**
 * Messages of the stream of a key's requests, on their way into this home. Any of the key's people may have put anything
 * there, so every message is proved and bounded here, once. What fails is dropped and accuses nobody: the stream comes
 * from the server, and nobody waits for an answer.
 */
import { CLOCKS_APART } from '../../messaging/channel/clock.js'
import { provenIn } from '../../messaging/channel/proven.js'
import { memberToken } from '../../messaging/transport/subjects.js'
import { areSignatures, targetOf } from '../../payload/registry/target.js'
import { attempt, CodecError, equalBytes } from '../../protocol/core/codec.js'
import { WaitingFiles } from '../../storage/work/waiting-files.js'
import { Failure } from '../../wire/base/failure.js'
import { fromHex, hex } from '../../wire/base/text.js'
import { isAbout, namedIn, parseApproval, replaces } from '../../wire/ceremony/approval.js'
import { parseCertificate } from '../../wire/ceremony/certificate.js'
import { definitionId, orderCodec } from '../../wire/ceremony/definition.js'
import {
  askingCodec,
  LONGEST_LIFE,
  orderFor,
  parseRequest,
  refusalCodec,
  type Request,
  type RequestResult,
  resultCodec,
} from '../../wire/ceremony/request.js'
import { signaturesCodec } from '../../wire/ceremony/signature.js'
import { signingKeysOf } from '../../wire/identity/roster.js'
import { decodeEnvelope, type Envelope, ENVELOPE_LIMIT } from '../../wire/session/envelope.js'
import type { Key, Seats } from '../keys/key.js'
import { guestsUnder, type InForce } from '../requests/approvals-heard.js'
import { aboutOf } from '../requests/counted-approvals.js'
import { memberOf, type World } from '../world.js'
import { allKept, keptRequest } from './kept.js'

/** Open requests of one asker that a home keeps, and their bytes. Others are dropped, and its own program makes no more. */
export const MOST_OPEN = 1024
export const MOST_OPEN_BYTES = 256 << 20

export type Hearing = {
  readonly world: Pick<World, 'home' | 'clock'>
  readonly key: Seats
  readonly policy: InForce | null
}

type Open = { expires: number; size: number }

export class WorkHeard {
  readonly #options: Hearing
  readonly #members: ReadonlyMap<string, ReturnType<typeof memberOf>>
  /** Tokens of those who may approve and have no seat. */
  readonly #guests: ReadonlyMap<string, string>
  readonly #speakers: ReadonlySet<string>
  /** Open requests here, by asker; then by request. */
  #open: Map<string, Map<string, Open>> | null = null
  /** Number of dropped messages, by reason. */
  readonly dropped = new Map<string, number>()

  constructor(options: Hearing) {
    this.#options = options
    const { key, policy } = options
    const cards = key.seated.members.map(({ card }) => card)
    this.#members = new Map(cards.map((card) => [hex(card.fingerprint), memberOf(card, card.fingerprint)]))
    const guests = guestsUnder(policy, key)
    this.#guests = new Map(guests.map((each) => [memberToken(each), hex(each)]))
    this.#speakers = new Set([...this.#members.keys(), ...guests.map(hex)])
  }

  /** Writes a message into this home, or drops it; once it returns, the message may be acknowledged. */
  async hear(token: string, message: Uint8Array): Promise<void> {
    try {
      const why = await this.#heard(token, message)
      if (why !== null) this.#drop(why)
    } catch (error) {
      if (!(error instanceof CodecError)) throw error
      this.#drop('malformed')
    }
  }

  #drop(why: string): void {
    this.dropped.set(why, (this.dropped.get(why) ?? 0) + 1)
  }

  /** @returns why it is dropped; null if it is here now */
  async #heard(token: string, message: Uint8Array): Promise<string | null> {
    if (message.length > ENVELOPE_LIMIT) return 'too large'
    const guest = this.#guests.get(token)
    if (guest !== undefined) {
      const { header, body } = decodeEnvelope(message)
      const isWelcome = header.kind === 'approval' && hex(header.from) === guest
      return isWelcome ? this.#approval(body, fromHex(guest, 32)) : 'not for a guest'
    }
    const definition = this.#options.key.record.key_id
    const proven = provenIn(message, token, { definition, member: (by) => this.#members.get(hex(by)) })
    return typeof proven === 'string' ? proven : this.#said(proven.envelope)
  }

  async #said({ header: { kind, from }, body, bytes }: Envelope): Promise<string | null> {
    switch (kind) {
      case 'request':
        return this.#request(body, from)
      case 'approval':
        return this.#approval(body, null)
      case 'refusal':
        return this.#about(refusalCodec.decode(body).request, (files) =>
          files.keepSpoken('refusal', from, body),
        )
      case 'cancel':
        return this.#about(askingCodec.decode(body).request, async (files, { asker }) => {
          if (!equalBytes(asker, from)) return 'not its asker'
          return files.keepCancel(bytes)
        })
      case 'result':
        return this.#result(resultCodec.decode(body), body)
      default:
        return 'another kind'
    }
  }

  async #request(body: Uint8Array, from: Uint8Array): Promise<string | null> {
    const { key, world } = this.#options
    const now = world.clock.now()
    const request = parseRequest(body, signingKeysOf([...this.#members.values()]))
    if (!equalBytes(request.key_id, key.record.key_id)) return 'another key'
    if (!equalBytes(request.asker, from)) return 'not its asker'
    if (request.expires <= now) return 'expired'
    if (request.created > now + CLOCKS_APART || request.expires - request.created > LONGEST_LIFE)
      return 'its dates'
    if (!(await this.admits(request))) return 'too many of one asker'
    await new WaitingFiles(world.home, request.id).keepRequest(request.encoded)
    return null
  }

  /** Whether its asker has room for this request; if so, it is counted. */
  async admits({ asker, id, expires, encoded }: Request): Promise<boolean> {
    this.#open ??= await this.#openHere()
    const now = this.#options.world.clock.now()
    const theirs = this.#open.get(hex(asker)) ?? new Map<string, Open>()
    this.#open.set(hex(asker), theirs)
    for (const [other, { expires: ends }] of theirs) if (ends <= now) theirs.delete(other)
    if (theirs.has(hex(id))) return true
    const bytes = [...theirs.values()].reduce((sum, { size }) => sum + size, encoded.length)
    if (theirs.size >= MOST_OPEN || bytes > MOST_OPEN_BYTES) return false
    theirs.set(hex(id), { expires, size: encoded.length })
    return true
  }

  async #openHere(): Promise<Map<string, Map<string, Open>>> {
    const { world, key } = this.#options
    const open = new Map<string, Map<string, Open>>()
    for (const { request, isCancelled, result } of await allKept(world.home, key)) {
      if (isCancelled || result) continue
      const theirs = open.get(hex(request.asker)) ?? new Map<string, Open>()
      open.set(hex(request.asker), theirs)
      theirs.set(hex(request.id), { expires: request.expires, size: request.encoded.length })
    }
    return open
  }

  /** @param only the only speaker that counts; null: anybody who may speak */
  async #approval(body: Uint8Array, only: Uint8Array | null): Promise<string | null> {
    const { by, request } = namedIn(body)
    if (!this.#speakers.has(hex(by))) return 'not a speaker'
    if (only !== null && !equalBytes(by, only)) return 'not a speaker'
    return this.#about(request, async (files, known) => {
      const statement = parseApproval(body)
      if (!isAbout(statement, aboutOf(known, known.policy))) return 'about something else'
      const before = (await files.readSpoken('approval')).find((said) => equalBytes(said.by, by))
      const last = before && attempt(() => parseApproval(before.body))
      if (last && !replaces(statement, last)) return null
      return files.keepSpoken('approval', by, body)
    })
  }

  async #result(result: RequestResult, body: Uint8Array): Promise<string | null> {
    return this.#about(result.request, async (files, request) => {
      if ((await files.readResult()) !== null) return null
      if (!(await isResultOf(this.#options.key, request, result))) return 'no signature'
      return files.keepResult(body)
    })
  }

  /** Calls `act` for a request that this home has. */
  async #about(
    id: Uint8Array,
    act: (files: WaitingFiles, request: Request) => Promise<string | null | void>,
  ): Promise<string | null> {
    const { world, key } = this.#options
    const request = await keptRequest(world.home, key, id)
    return request ? ((await act(new WaitingFiles(world.home, id), request)) ?? null) : 'no such request'
  }
}

/** Whether the signatures verify, and the certificate, if there is one, is that of their making. */
async function isResultOf(
  { record, seated }: Pick<Key, 'record' | 'seated'>,
  request: Request,
  { signatures, order: encoded, certificate }: RequestResult,
): Promise<boolean> {
  const order = orderCodec.decode(encoded)
  const own = orderFor(request, order.signers, order.number, order)
  if (hex(definitionId(own)) !== hex(definitionId(order))) return false
  try {
    const target = await targetOf(record, request)
    if (!areSignatures(target, signatures)) return false
    if (certificate === null) return true
    const holders = order.signers.map(({ index, fingerprint }) => {
      const card = seated.members.find((member) => member.index === index)?.card
      if (!card || !equalBytes(card.fingerprint, fingerprint)) throw new CodecError('order', 'another signer')
      return { fingerprint, signing: card.signing, share: null }
    })
    const { definition } = parseCertificate(certificate, holders, signaturesCodec.encode(signatures))
    return equalBytes(definition, definitionId(order))
  } catch (error) {
    if (error instanceof Failure) return false
    throw error
  }
}
