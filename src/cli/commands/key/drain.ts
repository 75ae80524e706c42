import type { Key } from '../../../ceremony/keys/key.js'
import type { PolicyInForce } from '../../../ceremony/policy/policy-in-force.js'
import type { Approval } from '../../../ceremony/requests/approval.js'
import { nameOf } from '../../../ceremony/requests/requester.js'
import type { Signed } from '../../../ceremony/signing/finished-signature.js'
import { atDesk } from '../../../ceremony/work/at-desk.js'
import { drain } from '../../../ceremony/work/drain.js'
import { hex } from '../../../wire/base/text.js'
import type { Context } from '../../runtime/context.js'
import type { Result } from '../../runtime/result.js'
import { inWorld } from '../../runtime/world.js'
import { madeOf, noting, type Skip } from './signature.js'

export type Options = {
  /** Milliseconds. */
  readonly wait?: number
  readonly linger?: number
  readonly allowQuarantined?: readonly string[]
}

/** `mpc sign --drain`: signs all that wait, one after another, with the others who are there; exit 0 also with none. */
export async function drainAll(
  context: Context,
  key: Key,
  policy: PolicyInForce | null,
  approval: Approval,
  { wait = 0, linger, allowQuarantined: allowed }: Options,
): Promise<Result> {
  const seating = {
    card: await context.card(),
    waitingFor: 'Looking for requests that wait',
    ceremony: key.record.key_id,
    linger,
    allowed,
  }
  const skipped: Skip[] = []
  const all: Signed[] = []
  await inWorld(context, seating, (world) =>
    atDesk(world, key, policy, (feed, desk) =>
      drain(noting(world, skipped), key, policy, {
        approval,
        feed,
        wait,
        signed: async (signed) => {
          all.push(signed)
          context.terminal.say(`Signed: ${signed.target.decoded.view.sentence}`)
          await desk.told(signed.request)
        },
        failed: (request, { code, message }) => {
          const asker = nameOf(key, request)
          context.terminal.say(`Not signed, asked by ${asker}: ${message}`)
          const sha256 = hex(request.payloadSha256)
          skipped.push({ request_id: hex(request.id), asker, sha256, sentence: null, code })
        },
      }),
    ),
  )
  const done = new Set(all.map(({ request }) => hex(request.id)))
  const signed = all.map((each) => signedData(context, key, each))
  return {
    data: {
      key: key.name,
      signed,
      skipped: skipped.filter(({ request_id }) => request_id === null || !done.has(request_id)),
    },
    text: signed.flatMap(({ request_id, signatures }) =>
      signatures.map(({ signature }) => `${request_id} ${signature}`),
    ),
  }
}

function signedData({ terminal }: Context, key: Key, { request, target, signatures, certificate }: Signed) {
  const { made, outputs } = madeOf(terminal, key, target, signatures)
  const [first, ...more] = made
  return {
    request_id: hex(request.id),
    type: request.type,
    payload_sha256: hex(request.payloadSha256),
    path: request.path,
    signature: first && more.length === 0 ? first.signature : null,
    signatures: made,
    outputs,
    certificate: certificate ?? 'incomplete',
  }
}
