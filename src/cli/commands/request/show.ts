import { namesIn } from '../../../ceremony/policy/policy-names.js'
import { type Target, targetOf } from '../../../payload/registry/target.js'
import { Failure } from '../../../wire/base/failure.js'
import { hex } from '../../../wire/base/text.js'
import { orderCodec } from '../../../wire/ceremony/definition.js'
import { requestIdIn } from '../../args/short-id.js'
import { type Known, oneWaiting, readServer } from '../../args/waiting.js'
import type { Context } from '../../runtime/context.js'
import type { Result } from '../../runtime/result.js'
import type { Terminal } from '../../terminal/terminal.js'
import { fields } from '../../terminal/style.js'
import { type Waiting, waitingData, waitingLines } from '../../views/waiting.js'
import type { ExportedFiles } from '../approval/exported-key.js'
import { madeOf, outputLines } from '../key/signature.js'
import { knownKeys } from './known-keys.js'

/** `mpc request show ID`: one request, what was said of it, and its signature once there is one. */
export async function run(
  context: Context,
  options: ExportedFiles,
  [which]: readonly string[],
): Promise<Result> {
  const id = requestIdIn(which)
  const keys = await knownKeys(context, options)
  const isRead = await readServer(context, keys)
  const waiting = await oneWaiting(context, keys, id)
  const target = await decoded(waiting)
  const view = target && target.decoded.view
  const result = target && resultIn(context.terminal, waiting, target)
  return {
    data: { ...waitingData(waiting, view), ...result?.data, read: isRead },
    text: [...waitingLines(waiting, view, context.now()), ...(result?.lines ?? [])],
  }
}

/** What it asks to have signed; null if it is refused. */
async function decoded({ key, kept, policy }: Waiting & Known): Promise<Target | null> {
  try {
    return await targetOf(key.record, kept.request, namesIn(await policy()))
  } catch (error) {
    if (error instanceof Failure) return null
    throw error
  }
}

function resultIn(terminal: Terminal, { key, kept }: Waiting, target: Target) {
  if (kept.result === null) return null
  const { signatures, certificate } = kept.result
  const order = orderCodec.decode(kept.result.order)
  const { made, outputs } = madeOf(terminal, key, target, signatures)
  const signers = order.signers.map(({ index }) => key.seated.members[index - 1]?.card.name)
  const [first, ...more] = made
  return {
    data: {
      signature: first && more.length === 0 ? first.signature : null,
      signatures: made,
      outputs,
      signed_by: signers,
      certificate: certificate && hex(certificate),
    },
    lines: [
      ...fields([['signed by', signers.join(' and ')]]),
      ...outputLines(outputs),
      'In hex, one signature a line:',
      ...made.map(({ signature }) => signature),
    ],
  }
}
