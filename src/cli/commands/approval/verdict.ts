import { type Approver, approverHere, titlesOf } from '../../../ceremony/approving/approver.js'
import { type Found, type Given, giveVerdict, type Word } from '../../../ceremony/approving/give-verdict.js'
import { nameOf } from '../../../ceremony/requests/requester.js'
import { requireApproved } from '../../../ceremony/signing/ask-and-join.js'
import { atDesk } from '../../../ceremony/work/at-desk.js'
import { Failure } from '../../../wire/base/failure.js'
import { hex, rfc3339, visible } from '../../../wire/base/text.js'
import type { ApprovalStatement } from '../../../wire/ceremony/approval.js'
import { approvals } from '../../args/approvals.js'
import { requestIdIn, WHOLE_ID } from '../../args/short-id.js'
import { consentToApprove } from '../../consent/signature.js'
import type { Context } from '../../runtime/context.js'
import type { Result } from '../../runtime/result.js'
import { inWorld } from '../../runtime/world.js'
import { fields } from '../../terminal/style.js'
import { type Rows, viewData } from '../../views/payload.js'
import { humanTime } from '../../views/time.js'
import { type ExportedFiles, exportedKey } from './exported-key.js'

type Shared = ExportedFiles & {
  readonly key: string
  readonly reason?: string
}
export type ApproveOptions = Shared & {
  /** SHA-256 in hex. */
  readonly approve?: string
  /** Milliseconds. */
  readonly expires?: number
}

const MOST_REASON = 200

/** `mpc approve REQUEST`: shows a request, asks for two words, and stays until the asker has the approval. */
export async function runApprove(
  context: Context,
  options: ApproveOptions,
  [which]: readonly string[],
): Promise<Result> {
  const { approve } = options
  if (approve !== undefined && requestIdIn(which).length < WHOLE_ID) {
    throw new Failure('usage', 'E_USAGE', '--approve needs the whole ID of the request', {
      hint: 'nobody looks at it, and the ID binds type, path and payload: give all 64 digits',
    })
  }
  await approvals(context, { approve: approve === undefined ? [] : [approve] })
  const decide = async (approver: Approver, { request, target, statements }: Found, signal: AbortSignal) => {
    const { type, path } = request
    if (approve !== undefined) requireApproved(request, { payloads: new Set([approve]), type, path })
    else {
      const { titles, policy, key } = approver
      const seen = {
        request,
        decoded: target.decoded,
        policy: policy.policy,
        titles,
        notes: notesOn(approver, statements),
      }
      await consentToApprove(context, seen, key, signal)
    }
    return { verdict: 'approve' as const, lives: options.expires ?? null }
  }
  return speak(context, options, requestIdIn(which), decide)
}

/** `mpc refuse REQUEST`: says no, and stays until the asker has heard it. */
export async function runRefuse(
  context: Context,
  options: Shared,
  [which]: readonly string[],
): Promise<Result> {
  return speak(context, options, requestIdIn(which), () =>
    Promise.resolve({ verdict: 'refuse' as const, lives: null }),
  )
}

async function speak(
  context: Context,
  options: Shared,
  which: string,
  decide: (approver: Approver, found: Found, signal: AbortSignal) => Promise<Omit<Word, 'reason'>>,
): Promise<Result> {
  const { reason = '' } = options
  if (reason.length > MOST_REASON) {
    throw new Failure('usage', 'E_REASON', `--reason has more than ${MOST_REASON} characters`)
  }
  const card = await context.card()
  const exported = await exportedKey(options, () => Promise.resolve(card))
  const approver = exported ?? (await approverHere(await context.home(), options.key, card))
  const seating = {
    card,
    waitingFor: `Looking for request ${which.slice(0, 16)}`,
    ceremony: approver.key.record.key_id,
  }
  const given = await inWorld(context, seating, (world) =>
    atDesk(world, approver.key, approver.policy, (feed, desk) => {
      const state = desk.state.bind(desk)
      const word = async (found: Found, signal: AbortSignal) => ({
        ...(await decide(approver, found, signal)),
        reason,
      })
      return giveVerdict(world, approver, which, word, { feed, state })
    }),
  )
  return resultOf(context, approver, given)
}

/** What others have said. */
const notesOn = (approver: Approver, statements: readonly ApprovalStatement[]): Rows =>
  statements.map((statement) => [VERDICTS[statement.verdict], whoSaid(approver, statement)] as const)

const VERDICTS = { approve: 'approved by', refuse: 'refused by' }

function whoSaid({ key, policy }: Approver, { by, card, reason }: ApprovalStatement): string {
  const titles = titlesOf(key, policy, by).join(', ')
  return `${card.name} (${titles})${reason === '' ? '' : `: ${visible(reason)}`}`
}

function resultOf(
  context: Context,
  approver: Approver,
  { request, target, statement, heardBy }: Given,
): Result {
  const { key, policy, titles } = approver
  const { verdict, expires } = statement
  const id = hex(request.id)
  const asker = nameOf(key, request)
  return {
    data: {
      request_id: id,
      key: key.name,
      verdict,
      payload_sha256: hex(request.payloadSha256),
      type: request.type,
      path: request.path,
      titles,
      policy_sha256: hex(policy.sha256),
      expires: verdict === 'approve' ? rfc3339(expires) : null,
      heard_by: heardBy,
      view: viewData(target.decoded.view),
    },
    text: [
      `${verdict === 'approve' ? 'Approved' : 'Refused'}: ${target.decoded.view.sentence}`,
      ...fields([
        ['request', id],
        ['as', titles.join(', ')],
        ...(verdict === 'approve' ? [['counts until', humanTime(expires, context.now())] as const] : []),
        ...(heardBy.length > 0 ? [['heard by', heardBy.join(', ')] as const] : []),
      ]),
      heardBy.length > 0
        ? `${asker} has it and tells the others: nobody needs you here any more.`
        : 'The server keeps it for everybody: nobody needs you here any more.',
    ],
    ...(verdict === 'approve' && {
      next: `mpc refuse ${id} --key ${key.name}   (takes it back while it is not signed)`,
    }),
  }
}
