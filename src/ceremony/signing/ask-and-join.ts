/**
 * Asking for signatures, and joining requests of others. `approval.ts` decides what may be signed,
 * `pick-request.ts` which request is taken, and `sign.ts` signs it.
 */
import { joinUntil } from '../../messaging/channel/timeouts.js'
import { RequestClaims } from '../../storage/home/request-claims.js'
import type { Target } from '../../payload/registry/target.js'
import { Failure } from '../../wire/base/failure.js'
import { LONGEST_LIFE, refusalCodec } from '../../wire/ceremony/request.js'
import { hex } from '../../wire/base/text.js'
import type { Approval, Seen } from '../requests/approval.js'
import { Asker, NO_OTHERS, type Others, PassedOver, whileAsked } from '../requests/requester.js'
import { declinedBy, tellOfDeclined } from './declined.js'
import { Finder } from './pick-request.js'
import { signable } from './fitness.js'
import type { Key } from '../keys/key.js'
import { outlook, requireAskable } from '../policy/outlook.js'
import { policyInForce } from '../policy/policy-in-force.js'
import { noPolicy } from '../policy/refusals.js'
import { largestInSigning, requirePayload } from '../session/largest-letter.js'
import type { Feed } from '../requests/held-requests.js'
import { requestNow, type Wish } from '../requests/make-request.js'
import { RequestBoard } from '../requests/request-board.js'
import { carryOut } from './sign.js'
import { type Signed, handOver, type SignedBefore, signedBefore } from './finished-signature.js'
import { inRecordOrder } from '../requests/signer-set.js'
import type { TakenUp } from '../requests/signing-run.js'
import type { World } from '../world.js'

export { type Approval, payloadHash, requireApproved } from '../requests/approval.js'

/** The signature that this command asks for. */
export type Asked = Wish & {
  /** Only rules of the policy that are unattended approve it. */
  readonly isUnattended?: boolean
  /** The target, if `signable` has found it before. */
  readonly target?: Target
}

/**
 * The fingerprints of these custodians. @throws Failure `E_SIGNERS` (usage), `E_UNKNOWN_PEER` (configuration)
 */
export function signersNamed(
  { seated: record }: Pick<Key, 'seated'>,
  names: readonly string[],
): Uint8Array[] {
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
  const { type, payload, signers, isUnattended = false } = asked
  const policy = await policyInForce(world.home, key)
  const target = asked.target ?? (await signable(key, asked, policy))
  if (policy) {
    const proposed = { type, payload, target, signers, asker: world.card.fingerprint }
    requireAskable(key.name, await outlook(world, key, policy, proposed), isUnattended)
  } else if (isUnattended) throw noPolicy(key.name)
  const request = requestNow(world, key, policy, asked, LONGEST_LIFE)
  const { scheme, threshold } = key.record
  const size = { signers: threshold, request: request.encoded.length, messages: target.entries.length }
  requirePayload(world.transport, largestInSigning(scheme, size))
  return onBoard({ world, key, policy }, async (board) => {
    const taken = { world, key, policy, isUnattended, board, request, target }
    board.know(request)
    await board.takePart(request)
    tellOfDeclined(taken)
    board.say.ask(request)
    try {
      return await carryOut(taken)
    } catch (error) {
      await withdraw(taken)
      throw declinedBy(taken, error)
    }
  })
}

/** Withdraws our request, so that nobody waits for us; not after our share may have been sent. */
async function withdraw({ world, board, request }: TakenUp): Promise<void> {
  // The speaker of a refusal that ends it hears first that it was heard.
  await board.settled()
  if ((await new RequestClaims(world.home, request.id).status()).left === null) board.say.withdraw(request)
}

/**
 * Signs another member's request.
 * @param which the request's ID in hex; null: the oldest approved one, and the next if its asker leaves
 * @param feed brings the requests that wait
 */
export async function join(
  world: World,
  key: Key,
  which: string | null,
  approval: Approval,
  feed: Feed = () => () => {},
): Promise<Signed> {
  const policy = await policyInForce(world.home, key)
  const isUnattended = 'by' in approval
  if (isUnattended && policy === null) throw noPolicy(key.name)
  return onBoard({ world, key, policy, feed }, async (board) => {
    const { clock, patience } = world
    // A script that names a payload waits for that one, so there is nothing to be fair about.
    const atOnce = 'payloads' in approval
    const finder = new Finder({ world, key, policy, board }, approval, { atOnce })
    const deadline = joinUntil(patience, clock.now())
    if (which !== null) {
      const before = await signedBefore(world.home, key.name, which)
      if (!before) {
        const found = await finder.named(which, deadline)
        return takeUp({ world, key, policy, isUnattended, board, ...found }, approval)
      }
      await handOver(world, board, before)
      return before
    }
    let left: Failure | null = null
    for (;;) {
      const picked = await finder.next(deadline).catch((error: unknown) => {
        throw left ?? error
      })
      const { request } = picked
      try {
        const taken = { world, key, policy, isUnattended, board, ...picked }
        return await takeUp(taken, approval, finder.othersThan(request))
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
  const policy = await policyInForce(world.home, key)
  await onBoard({ world, key, policy }, async (board) => {
    await handOver(world, board, before)
    return before
  })
}

/** Another process of this home has the request, or has ended it. */
export const ELSEWHERE: readonly string[] = ['E_CLAIMED', 'E_REQUEST_ENDED']

/**
 * Signs one request, if the person or the script approves. @param others those that could be signed in its place
 */
export async function takeUp(
  taken: TakenUp & Seen,
  approval: Approval,
  others: Others = NO_OTHERS,
): Promise<Signed> {
  const { world, board, request } = taken
  const asker = new Asker(taken, others)
  await board.takePart(request)
  if ('ask' in approval) await consent(taken, approval)
  // A request with named signers is repeated by each of them, so it survives a crash of its asker. One
  // without ends with its asker, who alone may choose the signers.
  // One that waits needs neither: the server keeps it, and only a cancel takes it back.
  const isHeld = board.isHeld(request)
  const isOwn = !isHeld && hex(request.asker) === hex(world.card.fingerprint)
  if (isOwn) tellOfDeclined(taken)
  if (isOwn) board.say.ask(request)
  else if (isHeld) board.say.attend(request)
  else if (request.signers) board.say.keep('request', request.id, request.encoded)
  try {
    return await carryOut(taken, asker)
  } catch (error) {
    if (isOwn) await withdraw(taken)
    // Another process of this home may have the request, and goes on alone.
    board.say.drop(request.id, 'request', 'approval', 'offer', 'order')
    throw declinedBy(taken, error)
  } finally {
    if (isHeld) board.say.leave(request)
  }
}

/** Asks this home's person. A refusal is final for this request, and the others are told. */
async function consent(
  { world, key, board, request, target, verdict }: TakenUp & Seen,
  approval: Extract<Approval, { ask: unknown }>,
): Promise<void> {
  try {
    await whileAsked(board, key, request, (signal) => approval.ask(request, { target, verdict }, signal))
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== 'refused') throw error
    const claims = new RequestClaims(world.home, request.id)
    if (!(await claims.refuse(error.message.slice(0, 200)))) {
      throw new Failure('doubt', 'E_IN_DOUBT', "you said no, but this member's part had left before", {
        cause: error,
        hint: 'the signature may exist; nothing was changed. The others and you can still end it, or let it lapse',
      })
    }
    board.say.keep('refusal', request.id, refusalCodec.encode({ request: request.id, reason: '' }))
    throw error
  }
}

/** Acts on the board of a key. @param feed brings the requests that wait */
export async function onBoard<T>(
  { world, key, policy, feed }: Pick<TakenUp, 'world' | 'key' | 'policy'> & { readonly feed?: Feed },
  act: (board: RequestBoard) => Promise<T>,
): Promise<T> {
  const board = new RequestBoard(world, key, policy)
  const stop = feed?.(board)
  try {
    return await act(board)
  } finally {
    stop?.()
    await board.mailbox.flush()
    board.close()
  }
}
