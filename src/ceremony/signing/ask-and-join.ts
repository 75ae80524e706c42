/**
 * Asking for signatures, and joining requests of others. `approval.ts` decides what may be signed,
 * `pick-request.ts` which request is taken, and `sign.ts` signs it.
 */
import { joinUntil } from '../../messaging/channel/timeouts.js'
import { RequestClaims } from '../../storage/home/request-claims.js'
import type { PayloadType } from '../../wire/ceremony/definition.js'
import { Failure } from '../../wire/base/failure.js'
import { makeRequest, refusalCodec, type Request } from '../../wire/ceremony/request.js'
import { hex } from '../../wire/base/text.js'
import type { Approval } from '../requests/approval.js'
import { Asker, askerLeft, PassedOver } from '../requests/requester.js'
import { declinedBy, tellOfDeclined } from './declined.js'
import { Finder } from './pick-request.js'
import { LIVES } from './fitness.js'
import type { Key } from '../keys/key.js'
import { largestInSigning, requirePayload } from '../session/largest-letter.js'
import { RequestBoard } from '../requests/request-board.js'
import { carryOut } from './sign.js'
import { type Signed, handOver, type SignedBefore, signedBefore } from './finished-signature.js'
import { inRecordOrder } from '../requests/signer-set.js'
import type { World } from '../world.js'

export { type Approval, checkPayload, payloadHash, requireApproved } from '../requests/approval.js'

/** The signature that this command asks for. */
export type Asked = {
  readonly type: PayloadType
  readonly payload: Uint8Array
  readonly path: string | null
  readonly reason: string
  /** Fingerprints; null: the first custodians that offer. */
  readonly signers: readonly Uint8Array[] | null
}

/**
 * The fingerprints of these custodians. @throws Failure `E_SIGNERS` (usage), `E_UNKNOWN_PEER` (configuration)
 */
export function signersNamed({ seated: record }: Key, names: readonly string[]): Uint8Array[] {
  const fingerprints = names.map((name) => {
    const member = record.members.find(({ card }) => card.name === name)
    if (member) return member.card.fingerprint
    throw new Failure('configuration', 'E_UNKNOWN_PEER', `${name} is no custodian of this key`, {
      hint: `its custodians are ${record.members.map(({ card }) => card.name).join(', ')}`,
    })
  })
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) {
    throw new Failure('usage', 'E_SIGNERS', `${twice} is named twice among the signers`, {
      hint: `name exactly ${record.threshold} different ones of ${record.members.map(({ card }) => card.name).join(', ')}`,
    })
  }
  inRecordOrder(record, fingerprints)
  return fingerprints
}

/** Asks for a signature, and signs with the others. */
export async function ask(world: World, key: Key, asked: Asked): Promise<Signed> {
  const now = world.clock.now()
  const request = makeRequest(
    {
      format: 'mpc/request/v1',
      key_id: key.record.key_id,
      record: key.digest,
      ...asked,
      created: now,
      expires: now + LIVES,
      nonce: world.rng(32),
      asker: world.card.fingerprint,
    },
    world.identity.signing,
  )
  const { scheme, threshold } = key.record
  requirePayload(world.transport, largestInSigning(scheme, threshold, request.encoded.length))
  return onNotices(world, key, async (notices) => {
    notices.know(request)
    tellOfDeclined(world, key, notices, request)
    notices.say.ask(request)
    try {
      return await carryOut(world, key, notices, request)
    } catch (error) {
      await withdraw(world, notices, request)
      throw declinedBy(key, notices, request, error)
    }
  })
}

/** Withdraws our request, so that nobody waits for us; not after our share may have been sent. */
async function withdraw({ home }: World, notices: RequestBoard, request: Request): Promise<void> {
  if ((await new RequestClaims(home, request.id).status()).left === null) notices.say.withdraw(request)
}

/**
 * Signs another member's request.
 * @param which the request's ID in hex; null: the oldest approved one, and the next if its asker leaves
 */
export function join(world: World, key: Key, which: string | null, approval: Approval): Promise<Signed> {
  return onNotices(world, key, async (notices) => {
    const { clock, patience } = world
    const finder = new Finder(world, key, notices, approval)
    const deadline = joinUntil(patience, clock.now())
    if (which !== null) {
      const before = await signedBefore(world.home, key.name, which)
      if (!before) return takeUp(world, key, notices, await finder.named(which, deadline), approval)
      await handOver(world, notices, before)
      return before
    }
    let left: Failure | null = null
    for (;;) {
      const request = await finder.next(deadline).catch((error: unknown) => {
        throw left ?? error
      })
      try {
        return await takeUp(world, key, notices, request, approval, () => finder.hasAnother(request))
      } catch (error) {
        if (error instanceof Failure && ELSEWHERE.includes(error.code)) {
          finder.taken(request, error)
          continue
        }
        if (error instanceof Failure && error.code === 'E_ASKER_LEFT') left = error
        else if (!(error instanceof PassedOver)) throw error
        finder.pass(request)
      }
    }
  })
}

/** Hands a finished signature to members who still wait for it. */
export async function handOut(world: World, key: Key, before: SignedBefore): Promise<void> {
  await onNotices(world, key, async (notices) => {
    await handOver(world, notices, before)
    return before
  })
}

/** Another process of this home has the request, or has ended it. */
const ELSEWHERE: readonly string[] = ['E_CLAIMED', 'E_REQUEST_ENDED']

/**
 * Signs one request, if the person or the script approves. @param hasAnother whether another can be signed
 */
async function takeUp(
  world: World,
  key: Key,
  notices: RequestBoard,
  request: Request,
  approval: Approval,
  hasAnother: () => boolean = () => false,
): Promise<Signed> {
  const asker = new Asker(world, key, notices, request, hasAnother)
  if ('ask' in approval) await consent(world, key, notices, request, approval)
  // A request with named signers is repeated by each of them, so it survives a crash of its asker. One
  // without ends with its asker, who alone may choose the signers.
  const isOwn = hex(request.asker) === hex(world.card.fingerprint)
  if (isOwn) tellOfDeclined(world, key, notices, request)
  if (isOwn) notices.say.ask(request)
  else if (request.signers) notices.say.keep('request', request.id, request.encoded)
  try {
    return await carryOut(world, key, notices, request, asker)
  } catch (error) {
    if (isOwn) await withdraw(world, notices, request)
    // Another process of this home may have the request, and goes on alone.
    notices.say.drop(request.id, 'request', 'offer', 'order')
    throw declinedBy(key, notices, request, error)
  }
}

/** Asks this home's person. A refusal is final for this request, and the others are told. */
async function consent(
  world: World,
  key: Key,
  notices: RequestBoard,
  request: Request,
  approval: Extract<Approval, { ask: unknown }>,
): Promise<void> {
  const over = new AbortController()
  const leave = () => over.abort(notices.signal.reason)
  notices.signal.addEventListener('abort', leave)
  // Ends the question once the asker has left.
  notices.onNotice = () => {
    if (notices.isCancelled(request)) over.abort(askerLeft(key, request))
  }
  notices.onNotice()
  try {
    over.signal.throwIfAborted()
    await approval.ask(request, over.signal)
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== 'refused') throw error
    const claims = new RequestClaims(world.home, request.id)
    if (!(await claims.refuse(error.message.slice(0, 200)))) {
      throw new Failure('doubt', 'E_IN_DOUBT', "you said no, but this member's part had left before", {
        cause: error,
        hint: 'the signature may exist; nothing was changed. The others and you can still end it, or let it lapse',
      })
    }
    notices.say.keep('refusal', request.id, refusalCodec.encode({ request: request.id, reason: '' }))
    throw error
  } finally {
    notices.onNotice = () => {}
    notices.signal.removeEventListener('abort', leave)
  }
}

async function onNotices(
  world: World,
  key: Key,
  act: (notices: RequestBoard) => Promise<Signed>,
): Promise<Signed> {
  const notices = new RequestBoard(world, key)
  try {
    return await act(notices)
  } finally {
    await notices.mailbox.flush()
    notices.close()
  }
}
