import { findKey } from '../../../ceremony/epochs/find-key.js'
import { indexIn } from '../../../ceremony/keys/key.js'
import { outlook, requireAskable } from '../../../ceremony/policy/outlook.js'
import { policyInForce } from '../../../ceremony/policy/policy-in-force.js'
import { requestNow } from '../../../ceremony/requests/make-request.js'
import { signersNamed } from '../../../ceremony/signing/ask-and-join.js'
import { signable } from '../../../ceremony/signing/fitness.js'
import { requirePayload } from '../../../ceremony/session/largest-letter.js'
import { decoderFor } from '../../../payload/registry/registry.js'
import { Failure } from '../../../wire/base/failure.js'
import { hex, rfc3339 } from '../../../wire/base/text.js'
import { LONGEST_LIFE } from '../../../wire/ceremony/request.js'
import { takeUpWaiting } from '../../args/take-up.js'
import { deskOf } from '../../args/waiting.js'
import type { Context } from '../../runtime/context.js'
import { readInput } from '../../runtime/read-input.js'
import type { Result } from '../../runtime/result.js'
import { inWorld } from '../../runtime/world.js'
import { fields } from '../../terminal/style.js'
import { viewData } from '../../views/payload.js'
import { humanTime } from '../../views/time.js'

export type Options = {
  readonly key: string
  readonly in: string
  readonly type?: string
  readonly path?: string
  readonly signers?: readonly string[]
  readonly reason?: string
  /** Milliseconds. */
  readonly expires?: number
}

const MOST_REASON = 500
/** Room for the envelope around a request. */
const ENVELOPE = 1024

/** `mpc request sign`: asks for a signature and leaves. The request waits on the server; this approves nothing. */
export async function run(context: Context, options: Options): Promise<Result> {
  const { type = 'raw', path = null, reason = '', expires = LONGEST_LIFE } = options
  if (reason.length > MOST_REASON) {
    throw new Failure('usage', 'E_REASON', `--reason has more than ${MOST_REASON} characters`)
  }
  if (expires <= 0 || expires > LONGEST_LIFE) {
    throw new Failure('usage', 'E_USAGE', '--expires is more than 24 hours, or nothing', {
      hint: 'a request lasts 24 hours at most; ask again after that',
    })
  }
  const file = await readInput(options.in, '--in')
  const home = await context.home()
  const card = await context.card()
  await takeUpWaiting(context)
  const key = await findKey(home, options.key)
  indexIn(key, card)
  const signers = options.signers ? signersNamed(key, options.signers) : null
  const payload = (await decoderFor(type, key.record.scheme)).read(file)
  const policy = await policyInForce(home, key)
  const target = await signable(key, { type, payload, path }, policy)
  if (policy) {
    const proposed = { type, payload, target, signers, asker: card.fingerprint }
    requireAskable(
      key.name,
      await outlook({ home, clock: context.clock, card }, key, policy, proposed),
      false,
    )
  }
  const seating = { card, waitingFor: 'Leaving the request at the server', ceremony: key.record.key_id }
  const request = await inWorld(context, seating, async (world) => {
    const desk = await deskOf(world, key, policy)
    const made = requestNow(world, key, policy, { type, payload, path, reason, signers }, expires)
    requirePayload(world.transport, made.encoded.length + ENVELOPE)
    await desk.exchange()
    await desk.post(made)
    return made
  })
  const id = hex(request.id)
  const { view } = target.decoded
  return {
    data: {
      request_id: id,
      key: key.name,
      type,
      path,
      payload_sha256: hex(request.payloadSha256),
      signers: options.signers ?? null,
      created: rfc3339(request.created),
      expires: rfc3339(request.expires),
      view: viewData(view),
    },
    text: [
      `Asked for: ${view.sentence}`,
      ...fields([
        ['request', id],
        ['signers', options.signers?.join(' and ') ?? 'whoever comes first'],
        ['expires', humanTime(request.expires, context.now())],
      ]),
      'It waits on the server. You have approved nothing by this.',
    ],
    next: `mpc request show ${id} --key ${key.name}`,
    others: `mpc sign --key ${key.name} --next`,
  }
}
