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
import { hex } from '../../wire/base/text.js'
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
import { askersUnder, guestsUnder } from '../requests/approvals-heard.js'
import type { InForce } from '../policy/policy-in-force.js'
import { aboutOf } from '../requests/counted-approvals.js'
import { memberOf, type World } from '../world.js'
import { hasCustodiansName, keptRequest } from './kept.js'
import { OpenRequests } from './open-requests.js'

export type Hearing = {
  readonly world: Pick<World, 'home' | 'clock'>
  readonly key: Seats
  readonly policy: InForce | null
}

export class WorkHeard {
  readonly #options: Hearing
  readonly #members: ReadonlyMap<string, ReturnType<typeof memberOf>>
  /** Tokens of those who have a title and no seat. */
  readonly #guests: ReadonlyMap<string, string>
  /** Those among them who may ask. */
  readonly #askers: ReadonlySet<string>
  readonly #speakers: ReadonlySet<string>
  readonly #open: OpenRequests
  /** Number of dropped messages, by reason. */
  readonly dropped = new Map<string, number>()

  constructor(options: Hearing) {
    this.#options = options
    const { key, policy, world } = options
    this.#open = new OpenRequests(world, key)
    const cards = key.seated.members.map(({ card }) => card)
    this.#members = new Map(cards.map((card) => [hex(card.fingerprint), memberOf(card, card.fingerprint)]))
    const guests = guestsUnder(policy, key)
    this.#guests = new Map(guests.map((each) => [memberToken(each), hex(each)]))
    this.#askers = new Set(askersUnder(policy, key).map(hex))
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
    if (guest !== undefined) return this.#saidByGuest(token, guest, message)
    const definition = this.#options.key.record.key_id
    const proven = provenIn(message, token, { definition, member: (by) => this.#members.get(hex(by)) })
    return typeof proven === 'string' ? proven : this.#said(proven.envelope)
  }

  /** A guest's approvals and requests prove it by themselves. */
  async #saidByGuest(token: string, guest: string, message: Uint8Array): Promise<string | null> {
    const { header, body } = decodeEnvelope(message)
    const mayAsk = this.#askers.has(guest)
    if (hex(header.from) === guest) {
      if (header.kind === 'approval') return this.#approval(body, header.from)
      if (header.kind === 'request' && mayAsk) return this.#request(body, header.from)
      if (header.kind === 'cancel' && mayAsk) return this.#cancelByGuest(token, body, message)
    }
    return 'not for a guest'
  }

  /** @param message proves it by its signature, which is that of the card in the request */
  #cancelByGuest(token: string, body: Uint8Array, message: Uint8Array): Promise<string | null> {
    return this.#about(askingCodec.decode(body).request, async (files, { card }) => {
      const proven = provenIn(message, token, {
        definition: this.#options.key.record.key_id,
        member: (by) =>
          card && equalBytes(card.fingerprint, by) ? memberOf(card, card.fingerprint) : undefined,
      })
      return typeof proven === 'string' ? proven : files.keepCancel(proven.envelope.bytes)
    })
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
    const isAsker = (by: Uint8Array): boolean => this.#askers.has(hex(by))
    const request = parseRequest(body, signingKeysOf([...this.#members.values()]), isAsker)
    if (!equalBytes(request.key_id, key.record.key_id)) return 'another key'
    if (!equalBytes(request.asker, from)) return 'not its asker'
    if (request.card && hasCustodiansName(key, request.card)) return 'a custodian’s name'
    if (request.expires <= now) return 'expired'
    if (request.created > now + CLOCKS_APART || request.expires - request.created > LONGEST_LIFE)
      return 'its dates'
    if (!(await this.admits(request))) return 'too many of one asker'
    await new WaitingFiles(world.home, request.id).keepRequest(request.encoded)
    return null
  }

  /** Whether its asker has room for this request; if so, it is counted. */
  admits(request: Request): Promise<boolean> {
    return this.#open.admits(request)
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
