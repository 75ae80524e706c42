/**
 * Claims: which process of this home works on a signing request, and how far it came. If several processes
 * race, one gets the request. A dead process's claim is taken over; a share that may have left stays on
 * record. Each step is a file that can be created only once; none rests on a lock.
 */
import { join } from 'node:path'
import {
  bytes,
  type Codec,
  codec,
  equalBytes,
  type Of,
  record,
  text,
  uint,
} from '../../protocol/core/codec.js'
import { Failure } from '../../wire/base/failure.js'
import { format } from '../../wire/base/realm.js'
import { fromHex, hex } from '../../wire/base/text.js'
import { createFile, ensureDir, listDir, readFile, removeFile, replaceFile } from '../fs/atomic.js'
import type { Home } from './home.js'
import { isAlive, isSame, processShape, thisProcess } from '../fs/processes.js'

/** Characters of a note: room for 64 signatures in hex. */
const MOST_NOTE = 64 * 128
const LIMIT = 2 * MOST_NOTE
const REQUEST_LIMIT = 1 << 20
/** A file with what a speaker last said, named by its fingerprint. */
const APPROVAL = /^approval\.([0-9a-f]{64})\.cbor$/
const claimShape = record({ format: format('mpc/claim/v1'), process: processShape, order: uint() })
const claimCodec = codec(claimShape, LIMIT)
const leftCodec = codec(record({ format: format('mpc/left/v1'), payload: bytes(32) }), LIMIT)
const endCodec = codec(record({ format: format('mpc/claim-end/v1'), note: text(MOST_NOTE) }), LIMIT)

const OUTCOMES = ['done', 'refused'] as const
export type Outcome = (typeof OUTCOMES)[number]

/** The newest claim; `n` counts from 1. */
export type Claim = Of<typeof claimShape> & { readonly n: number }

export type ClaimStatus = {
  /** `mine`: of this very process. */
  readonly claim: (Claim & { readonly alive: boolean; readonly mine: boolean }) | null
  /** SHA-256 of the payload for which a signature share may have been sent; null if none. */
  readonly left: Uint8Array | null
  /** Null also if a crash left it unknown whether a share was sent before the person's refusal. */
  readonly end: { readonly outcome: Outcome; readonly note: string } | null
  /** Whether there is a refusal in that state; then this home does nothing more for the request. */
  readonly unsettled: boolean
}

/** The IDs of all requests that this home has worked on, sorted. */
export async function listClaims(home: Home): Promise<readonly Uint8Array[]> {
  return (await listDir(home.claims)).flatMap((name) => fromHex(name, 32) ?? [])
}

/** The claims on one request. */
export class RequestClaims {
  readonly folder: string
  #held: number | null = null

  /** @param requestId 32 bytes */
  constructor(home: Home, requestId: Uint8Array) {
    this.folder = join(home.claims, hex(requestId))
  }

  /**
   * Claims the request for this process and one order, before its hello.
   * @returns the claim's number, and whether it takes over from a dead process
   * @throws Failure (conflict) `E_CLAIMED` while another live process has it; `E_REQUEST_ENDED` if it is
   *   signed or refused; `E_ORDER` if the order was used before, or a share was sent and the order is no
   *   higher
   */
  async take(order: number): Promise<{ readonly n: number; readonly takenOver: boolean }> {
    await ensureDir(this.folder)
    const self = await thisProcess()
    for (;;) {
      const last = await this.#last()
      await this.#refuseEnded()
      const mine = last !== null && isSame(last.process, self)
      if (last !== null && !mine && (await isAlive(last.process))) throw claimed(this.folder, last)
      // An order has one set of nonces. If a process may have shown them, the next one needs another order.
      const again = mine || (await this.#left()) !== null
      if (last !== null && order < last.order + (again ? 1 : 0)) throw usedOrder(order, last)
      const n = (last?.n ?? 0) + 1
      const claim = claimCodec.encode({ format: 'mpc/claim/v1', process: self, order })
      if (!(await createFile(join(this.folder, `claim.${n}`), claim))) continue
      // The dead process may have ended it between our read and our claim.
      await this.#refuseEnded()
      this.#held = n
      return { n, takenOver: last !== null && !mine }
    }
  }

  /**
   * Records that this member's signature share is about to be sent. Idempotent.
   * @param payload SHA-256 of the payload
   * @throws Failure (conflict) `E_LEFT` if a share was sent for another payload, `E_CLAIMED` if the claim was
   *   taken over, `E_REQUEST_ENDED` if it was refused meanwhile: then the share must not be sent
   */
  async markLeft(payload: Uint8Array): Promise<void> {
    const last = await this.#last()
    if (this.#held === null || last === null) throw new Error('mark what left only under a claim')
    if (last.n !== this.#held) throw claimed(this.folder, last)
    await this.#refuseEnded()
    await createFile(join(this.folder, 'left'), leftCodec.encode({ format: 'mpc/left/v1', payload }))
    // A process that refuses at the same time reads this file last, so at least one of the two sees the
    // other.
    const end = await this.#end()
    if (end !== null) {
      // After a crash before this line, nobody knows whether the share was sent.
      await createFile(join(this.folder, 'stayed'), Buffer.from('\n'))
      throw requestEnded(end.outcome)
    }
    const left = await this.#left()
    if (left === null || !equalBytes(left, payload)) {
      throw new Failure(
        'conflict',
        'E_LEFT',
        'a signature share has left for another payload of this request',
        {
          hint: 'make a new request',
        },
      )
    }
  }

  /**
   * Records how the request ended here. Idempotent.
   * @param note the signatures in hex (`signaturesText`), or why it was refused; at most 8192 characters
   * @returns whether this call ended it
   * @throws Failure `E_REQUEST_ENDED` (conflict) if it ended otherwise; a finished signature always prevails
   */
  async finish(outcome: Outcome, note: string): Promise<boolean> {
    await ensureDir(this.folder)
    const end = await this.#end()
    const isThere = outcome === 'done' && (await this.#left()) !== null
    if (end !== null && end.outcome !== outcome && !isThere) throw requestEnded(end.outcome)
    return createFile(join(this.folder, outcome), endCodec.encode({ format: 'mpc/claim-end/v1', note }))
  }

  /**
   * Records the person's refusal, unless a share may have been sent.
   * @returns whether it is refused; if not, nothing changed
   * @throws Failure as `finish`
   */
  async refuse(note: string): Promise<boolean> {
    if ((await this.#left()) !== null) return false
    // Another process's refusal stays.
    if (!(await this.finish('refused', note))) return true
    if ((await this.#left()) === null) return true
    await removeFile(join(this.folder, 'refused'))
    return false
  }

  /** Stores the request, so that it can be signed again after its announcements end. */
  async keepRequest(request: Uint8Array): Promise<void> {
    await ensureDir(this.folder)
    await createFile(join(this.folder, 'request.cbor'), request)
  }

  readRequest(): Promise<Uint8Array | null> {
    return readFile(join(this.folder, 'request.cbor'), REQUEST_LIMIT)
  }

  /** Stores the order by which it was signed here, which names the signers. */
  async keepOrder(order: Uint8Array): Promise<void> {
    await ensureDir(this.folder)
    await createFile(join(this.folder, 'order.cbor'), order)
  }

  readOrder(): Promise<Uint8Array | null> {
    return readFile(join(this.folder, 'order.cbor'), REQUEST_LIMIT)
  }

  /** Stores what somebody last said about the request. @param by the speaker's fingerprint */
  async keepApproval(by: Uint8Array, statement: Uint8Array): Promise<void> {
    await ensureDir(this.folder)
    await replaceFile(this.#approvalOf(hex(by)), statement)
  }

  readApproval(by: Uint8Array): Promise<Uint8Array | null> {
    return readFile(this.#approvalOf(hex(by)), LIMIT)
  }

  /** What each speaker last said, as it was stored. */
  async readApprovals(): Promise<readonly Uint8Array[]> {
    const speakers = (await listDir(this.folder)).flatMap((name) => APPROVAL.exec(name)?.[1] ?? [])
    const read = await Promise.all(speakers.map((by) => readFile(this.#approvalOf(by), LIMIT)))
    return read.filter((statement) => statement !== null)
  }

  #approvalOf(by: string): string {
    return join(this.folder, `approval.${by}.cbor`)
  }

  /** Stores which entry of the key's spending ledger spends the request. */
  async keepSpend(mark: Uint8Array): Promise<void> {
    await ensureDir(this.folder)
    await createFile(join(this.folder, 'spend'), mark)
  }

  readSpend(): Promise<Uint8Array | null> {
    return readFile(join(this.folder, 'spend'), LIMIT)
  }

  /** The failure `E_CLAIMED` (conflict) if another live process of this home has it; null if none has. */
  async elsewhere(): Promise<Failure | null> {
    const last = await this.#last()
    if (last === null || isSame(last.process, await thisProcess())) return null
    return (await isAlive(last.process)) ? claimed(this.folder, last) : null
  }

  /** The state of the request, from its files. */
  async status(): Promise<ClaimStatus> {
    const last = await this.#last()
    const mine = last !== null && isSame(last.process, await thisProcess())
    const claim = last && { ...last, mine, alive: await isAlive(last.process) }
    const [left, end] = [await this.#left(), await this.#end()]
    const unsettled = end?.outcome === 'refused' && left !== null && !(await this.#hasStayed())
    return { claim, left, end: unsettled ? null : end, unsettled }
  }

  async #last(): Promise<Claim | null> {
    const numbers = (await listDir(this.folder)).map((name) =>
      Number(/^claim\.([1-9][0-9]{0,8})$/.exec(name)?.[1] ?? 0),
    )
    const n = Math.max(0, ...numbers)
    const claim = n === 0 ? null : await read(join(this.folder, `claim.${n}`), claimCodec)
    return claim && { ...claim, n }
  }

  async #left(): Promise<Uint8Array | null> {
    return (await read(join(this.folder, 'left'), leftCodec))?.payload ?? null
  }

  async #hasStayed(): Promise<boolean> {
    return (await readFile(join(this.folder, 'stayed'), LIMIT)) !== null
  }

  async #end(): Promise<ClaimStatus['end']> {
    for (const outcome of OUTCOMES) {
      const end = await read(join(this.folder, outcome), endCodec)
      if (end !== null) return { outcome, note: end.note }
    }
    return null
  }

  async #refuseEnded(): Promise<void> {
    const end = await this.#end()
    if (end !== null) throw requestEnded(end.outcome)
  }
}

async function read<T>(path: string, codec: Codec<T>): Promise<T | null> {
  const held = await readFile(path, LIMIT)
  try {
    return held && codec.decode(held)
  } catch (cause) {
    throw new Failure('conflict', 'E_CLAIM_FILES', `${path} is damaged`, {
      hint: 'its content is lost: let this request lapse and make a new one',
      cause,
    })
  }
}

const claimed = (folder: string, last: Claim): Failure =>
  new Failure('conflict', 'E_CLAIMED', `process ${last.process.pid} of this home works on this request`, {
    hint: `let it end; if no such process runs, here or in a container, remove ${folder}/claim.${last.n}`,
  })

/** The failure for a request that has ended here. */
export const requestEnded = (outcome: Outcome): Failure =>
  new Failure('conflict', 'E_REQUEST_ENDED', `this request has ended here: ${outcome}`, {
    hint: 'make a new request',
  })

const usedOrder = (order: number, last: Claim): Failure =>
  new Failure(
    'conflict',
    'E_ORDER',
    `order ${order} of this request is spent here; the last was ${last.order}`,
    {
      hint: 'wait for an order with a higher number',
    },
  )
