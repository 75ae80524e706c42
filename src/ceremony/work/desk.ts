/**
 * What waits for this home on the server, and what this home has said that the server does not have yet. A message is on
 * disk before it is sent, and stays marked as unsent until the server has it: the next command sends the same bytes again.
 */
import { NO_SESSION } from '../../messaging/channel/letters.js'
import type { Stream } from '../../messaging/stream/stream.js'
import { attempt, equalBytes } from '../../protocol/core/codec.js'
import { CeremonyFiles } from '../../storage/home/ceremonies.js'
import { RequestClaims } from '../../storage/home/request-claims.js'
import { listWaiting, WaitingFiles } from '../../storage/work/waiting-files.js'
import { Failure } from '../../wire/base/failure.js'
import { hex } from '../../wire/base/text.js'
import type { ApprovalStatement } from '../../wire/ceremony/approval.js'
import { definitionId, orderCodec } from '../../wire/ceremony/definition.js'
import { askingCodec, refusalCodec, type Request, resultCodec } from '../../wire/ceremony/request.js'
import { decodeEnvelope, type Kind, sealEnvelope } from '../../wire/session/envelope.js'
import type { Key } from '../keys/key.js'
import type { InForce } from '../policy/policy-in-force.js'
import { signedBefore } from '../signing/finished-signature.js'
import type { World } from '../world.js'
import { WorkHeard } from './hear.js'
import { allKept, keptRequest } from './kept.js'

/** The key as its people know it, with a share or without. */
export type KnownKey = Pick<Key, 'name' | 'record' | 'seated' | 'digest' | 'everyRebind'>

export type DeskOptions = {
  readonly world: Pick<World, 'home' | 'clock' | 'card' | 'identity'>
  readonly key: KnownKey
  readonly policy: InForce | null
  /** Null where the server keeps nothing: then this home's files are all there is. */
  readonly stream: Stream | null
}

/** An expired request that was not signed is forgotten after this, in milliseconds; that of a guest at once. */
const REMEMBERED = 7 * 86_400_000

export class Desk {
  readonly heard: WorkHeard
  readonly #options: DeskOptions

  constructor(options: DeskOptions) {
    this.#options = options
    this.heard = new WorkHeard(options)
  }

  /** Reads everything that waits, and sends what is unsent. @throws Failure (network), `E_WORK_FULL` (conflict) */
  async exchange(): Promise<void> {
    const { stream, world } = this.#options
    if (stream === null) return
    for (let taken = await stream.take(); taken.length > 0; taken = await stream.take()) {
      for (const { token, bytes, done } of taken) {
        await this.heard.hear(token, bytes)
        done()
      }
    }
    for (const id of await listWaiting(world.home)) await this.#sendAbout(id, stream)
  }

  /** Asks for a signature: from now on the request waits. @throws Failure as `exchange` */
  async post(request: Request): Promise<void> {
    if (!(await this.heard.admits(request))) {
      throw new Failure('conflict', 'E_WORK_FULL', 'as many requests of yours wait as may', {
        hint: '`mpc request list` shows them; `mpc request cancel ID` takes one back',
      })
    }
    try {
      await this.#say('request', request, request.encoded, (files) => files.keepRequest(request.encoded))
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      if (error.code === 'E_WORK_FULL') await this.#files(request).remove()
      throw error.kind === 'network' ? unsure(request, error) : error
    }
  }

  /** Takes back a request of this identity. @throws Failure as `exchange` */
  async cancel(request: Request): Promise<void> {
    const body = askingCodec.encode({ request: request.id })
    await this.#say('cancel', request, body, (files, sealed) => files.keepCancel(sealed))
  }

  /** Says what this identity has approved or refused. @throws Failure as `exchange` */
  async state(request: Request, { by, encoded }: ApprovalStatement): Promise<void> {
    await this.#say('approval', request, encoded, (files) => files.keepSpoken('approval', by, encoded))
  }

  /** Tells what became of requests here, and the others do not know yet: signatures and refusals of this custodian. */
  async tellSettled(): Promise<void> {
    for (const { request } of await allKept(this.#options.world.home, this.#options.key))
      await this.tell(request)
  }

  /** The same of one request; nothing if it does not wait. */
  async tell({ id }: Pick<Request, 'id'>): Promise<void> {
    const { world, key } = this.#options
    const request = await keptRequest(world.home, key, id)
    if (request === null || (await this.#files(request).readResult()) !== null) return
    const { end } = await new RequestClaims(world.home, id).status()
    if (end?.outcome === 'done') await this.#tellSigned(request)
    if (end?.outcome === 'refused') await this.#tellRefused(request)
  }

  /** As `tell`; what the server does not take now is sent by a later command. */
  async told(request: Request): Promise<void> {
    await this.tell(request).catch((error: unknown) => {
      if (!(error instanceof Failure)) throw error
    })
  }

  /** Forgets requests that expired long ago and were never signed. */
  async forgetOld(): Promise<void> {
    const { world, key } = this.#options
    for (const { request, result } of await allKept(world.home, key)) {
      const remembered = request.card ? 0 : REMEMBERED
      if (!result && request.expires + remembered < world.clock.now()) await this.#files(request).remove()
    }
  }

  async #tellSigned(request: Request): Promise<void> {
    const { world, key } = this.#options
    const signed = await signedBefore(world.home, key.name, hex(request.id))
    if (!signed) return
    const { order, signatures } = signed
    const certificate = await new CeremonyFiles(world.home, definitionId(order)).readCertificate()
    const body = resultCodec.encode({
      request: request.id,
      signatures: [...signatures],
      order: orderCodec.encode(order),
      certificate,
    })
    await this.#say('result', request, body, (files) => files.keepResult(body))
  }

  async #tellRefused(request: Request): Promise<void> {
    const { fingerprint } = this.#options.world.card
    const said = await this.#files(request).readSpoken('refusal')
    if (said.some(({ by }) => equalBytes(by, fingerprint))) return
    const body = refusalCodec.encode({ request: request.id, reason: '' })
    await this.#say('refusal', request, body, (files) => files.keepSpoken('refusal', fingerprint, body))
  }

  /** @param keep writes it among what is known here; after a crash before that, the stream brings it back */
  async #say(
    kind: Kind,
    request: Request,
    body: Uint8Array,
    keep: (files: WaitingFiles, sealed: Uint8Array) => Promise<void>,
  ): Promise<void> {
    const files = this.#files(request)
    const sealed = this.#sealed(kind, body)
    await files.keepUnsent(kind, sealed)
    await keep(files, sealed)
    if (this.#options.stream) await this.#sendAbout(request.id, this.#options.stream)
  }

  async #sendAbout(id: Uint8Array, stream: Stream): Promise<void> {
    const files = new WaitingFiles(this.#options.world.home, id)
    const kinds = await files.unsent()
    // Before the request nobody knows what to do with anything else.
    const isFirst = (kind: string): boolean => kind === 'request'
    for (const kind of [...kinds.filter(isFirst), ...kinds.filter((each) => !isFirst(each))]) {
      const sealed = await files.readUnsent(kind)
      const envelope = sealed && attempt(() => decodeEnvelope(sealed))
      if (!sealed || !envelope || !equalBytes(envelope.header.definition, this.#options.key.record.key_id))
        continue
      await stream.put(sealed)
      await files.sent(kind)
    }
  }

  #sealed(kind: Kind, body: Uint8Array): Uint8Array {
    const { world, key } = this.#options
    const { fingerprint: from } = world.card
    const header = {
      v: 1,
      kind,
      definition: key.record.key_id,
      session: NO_SESSION,
      round: '',
      from,
      to: null,
    }
    return sealEnvelope(world.identity.signing, { ...header, time: world.clock.now(), key: null }, body)
  }

  #files({ id }: Request): WaitingFiles {
    return new WaitingFiles(this.#options.world.home, id)
  }
}

/** The server may have it: what was lost may be its answer. */
const unsure = ({ id }: Request, cause: Failure): Failure =>
  new Failure(cause.kind, cause.code, `request ${hex(id).slice(0, 16)}: ${cause.message}`, {
    hint: `it may wait already. The next \`mpc request show ${hex(id)}\` that reaches the server sends it again, as the same request`,
    cause,
  })
