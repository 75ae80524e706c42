/**
 * Approving or refusing a request of others. The statement is published and repeated until the asker says, signed, that
 * it has it on its disk: from then on the asker repeats it for the signers, and its speaker may leave.
 */
import { NO_SESSION } from '../../messaging/channel/letters.js'
import { roundUntil } from '../../messaging/channel/timeouts.js'
import { areSignatures, type Target } from '../../payload/registry/target.js'
import { Failure } from '../../wire/base/failure.js'
import { hex } from '../../wire/base/text.js'
import {
  type ApprovalStatement,
  makeApproval,
  parseApproval,
  type Said,
} from '../../wire/ceremony/approval.js'
import { listCodec, type Request } from '../../wire/ceremony/request.js'
import { aboutOf } from '../requests/counted-approvals.js'
import type { Feed } from '../requests/held-requests.js'
import { RequestList } from '../requests/request-list.js'
import { askerLeft, nameOf, whileAsked } from '../requests/requester.js'
import { signable } from '../signing/fitness.js'
import type { World } from '../world.js'
import type { Approver } from './approver.js'
import { findRequest, requireOpen } from './find-request.js'

/** A request that this approver may speak of. */
export type Found = {
  readonly request: Request
  readonly target: Target
  /** What others, and this identity before, said about it so far. */
  readonly statements: readonly ApprovalStatement[]
}

/** The approver's part. `lives`: milliseconds for which an approval counts; null: as long as the request. */
export type Word = Pick<Said, 'verdict' | 'reason'> & { readonly lives: number | null }

export type Given = {
  readonly request: Request
  readonly target: Target
  readonly statement: ApprovalStatement
  /** Names of the custodians who have said that they have it, the asker among them; none of a request that waits. */
  readonly heardBy: readonly string[]
}

/** The requests that wait, and the way to say something of them. */
export type WaitingRequests = {
  readonly feed: Feed
  readonly state: (request: Request, statement: ApprovalStatement) => Promise<void>
}

/**
 * @param which the request's ID in hex, or its beginning
 * @param decide shows the request to the person, and throws on refusal; its signal fires when the asker leaves
 * @throws Failure as `findRequest`, `requireOpen`, `signable` and `decide`; `E_NOT_ACKNOWLEDGED`, `E_ASKER_LEFT`
 *   (absent), `E_REQUEST_ENDED` (conflict) if it was signed meanwhile
 */
export async function giveVerdict(
  world: World,
  approver: Approver,
  which: string,
  decide: (found: Found, signal: AbortSignal) => Promise<Word>,
  waiting: WaitingRequests | null = null,
): Promise<Given> {
  const { key, policy } = approver
  const list = new RequestList(world, key, policy)
  const stop = waiting?.feed(list)
  try {
    // Members are answered at once; others hear what is repeated.
    if (isSeated(approver, world))
      list.mailbox.post('list', { session: NO_SESSION }, listCodec.encode(key.digest))
    const request = await findRequest(world, approver, list, which)
    requireOpen(world, approver, request)
    const target = await signable(key, request, policy)
    const found = { request, target, statements: list.statements(request) }
    const word = await whileAsked(list, key, request, (signal) => decide(found, signal))
    const statement = stated(world, approver, list, request, word)
    list.approve(request, statement)
    // The server keeps it for everybody, so nobody's receipt is waited for.
    if (waiting && list.isHeld(request)) {
      await waiting.state(request, statement)
      return { request, target, statement, heardBy: [] }
    }
    await acknowledged(world, approver, list, { request, target, statement })
    return { request, target, statement, heardBy: namesOf(approver, list.heardBy(request, statement)) }
  } finally {
    stop?.()
    await list.mailbox.flush()
    list.close()
  }
}

const isSeated = ({ key }: Approver, { card }: World): boolean =>
  key.seated.members.some((member) => hex(member.card.fingerprint) === hex(card.fingerprint))

const namesOf = ({ key }: Approver, members: readonly Uint8Array[]): string[] =>
  members.map((asker) => nameOf(key, { asker }))

/** The statement, dated after everything that its speaker is known to have said, so that it is the last word. */
function stated(
  { card, identity, clock }: World,
  { policy }: Approver,
  list: RequestList,
  request: Request,
  { verdict, reason, lives }: Word,
): ApprovalStatement {
  const before = list.statements(request).find(({ by }) => hex(by) === hex(card.fingerprint))
  const now = clock.now()
  const at = before ? Math.max(now, before.at + 1) : now
  const ends = lives === null ? request.expires : Math.min(request.expires, now + lives)
  const said = { verdict, reason, at, expires: Math.max(ends, at + 1) }
  return parseApproval(
    makeApproval(aboutOf(request, policy.sha256), said, { card, signing: identity.signing }),
  )
}

async function acknowledged(
  { clock, patience }: World,
  { key }: Approver,
  list: RequestList,
  { request, target, statement }: Pick<Given, 'request' | 'target' | 'statement'>,
): Promise<void> {
  const isHeard = () => list.isAcknowledged(request, statement)
  const end = (): Failure | null => {
    if (list.signatures(request.id).some((each) => areSignatures(target, each))) return signedAlready()
    return list.isCancelled(request) ? askerLeft(key, request) : null
  }
  const party = nameOf(key, request)
  await list.until(
    () => isHeard() || end() !== null,
    roundUntil(patience, clock.now()),
    () =>
      new Failure('absent', 'E_NOT_ACKNOWLEDGED', `${party} did not say in time that it has your word`, {
        party,
        missing: [party],
        hint: `it may count all the same. While ${party} asks, run the same command again, or \`mpc refuse\` to take it back`,
      }),
  )
  const why = end()
  if (!isHeard() && why) throw why
}

const signedAlready = (): Failure =>
  new Failure('conflict', 'E_REQUEST_ENDED', 'this request is signed: nobody waits for your word any more')
