import { findKey } from '../../../ceremony/epochs/find-key.js'
import { hasCustodiansName } from '../../../ceremony/work/kept.js'
import { indexIn } from '../../../ceremony/keys/key.js'
import {
  type Outlook,
  outlook,
  requireAskable,
  requireAskableAway,
} from '../../../ceremony/policy/outlook.js'
import { type InForce, policyInForce } from '../../../ceremony/policy/policy-in-force.js'
import { requestNow } from '../../../ceremony/requests/make-request.js'
import { signersNamed } from '../../../ceremony/signing/ask-and-join.js'
import { signable } from '../../../ceremony/signing/fitness.js'
import { requirePayload } from '../../../ceremony/session/largest-letter.js'
import { decoderFor } from '../../../payload/registry/registry.js'
import { Failure } from '../../../wire/base/failure.js'
import { hex, rfc3339 } from '../../../wire/base/text.js'
import type { Card } from '../../../wire/identity/card.js'
import { LONGEST_LIFE } from '../../../wire/ceremony/request.js'
import { takeUpWaiting } from '../../args/take-up.js'
import { deskOf, type Known } from '../../args/waiting.js'
import type { Context } from '../../runtime/context.js'
import { readInput } from '../../runtime/read-input.js'
import type { Result } from '../../runtime/result.js'
import { inWorld } from '../../runtime/world.js'
import { fields } from '../../terminal/style.js'
import { viewData } from '../../views/payload.js'
import { humanTime } from '../../views/time.js'
import { type ExportedFiles, exportedKey } from '../approval/exported-key.js'

export type Options = ExportedFiles & {
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
  const card = await context.card()
  const { key, policy, requireAskable } = await askingFor(context, options, card)
  const signers = options.signers ? signersNamed(key, options.signers) : null
  const payload = (await decoderFor(type, key.record.scheme)).read(file)
  const target = await signable(key, { type, payload, path }, policy)
  await requireAskable({ type, payload, target, signers, asker: card.fingerprint })
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
    next: `mpc request show ${id} --key ${key.name}${filesIn(options)}`,
    others: `mpc sign --key ${key.name} --next`,
  }
}

type AskingFor = Pick<Known, 'key'> & {
  readonly policy: InForce | null
  /** @throws Failure `E_POLICY_DENIES` (refused) */
  readonly requireAskable: (proposed: Outlook) => Promise<void> | void
}

/** The key of this home; or, for somebody without a share, the one that a custodian has exported. */
async function askingFor(context: Context, options: Options, card: Card): Promise<AskingFor> {
  const exported = await exportedKey(options, () => Promise.resolve(card))
  if (exported) {
    if (hasCustodiansName(exported.key, card)) throw taken(card, exported.key.name)
    const away = (proposed: Outlook) => requireAskableAway(exported, proposed, card, context.now())
    return { ...exported, requireAskable: away }
  }
  const home = await context.home()
  await takeUpWaiting(context)
  const key = await findKey(home, options.key)
  indexIn(key, card)
  const policy = await policyInForce(home, key)
  return {
    key,
    policy,
    requireAskable: async (proposed) => {
      if (policy === null) return
      const verdict = await outlook({ home, clock: context.clock, card }, key, policy, proposed)
      requireAskable(key.name, verdict, false)
    },
  }
}

const taken = ({ name }: Card, key: string): Failure =>
  new Failure(
    'conflict',
    'E_NAME_TAKEN',
    `${name} is the name of a custodian of ${key}, so nobody hears you`,
    {
      hint: 'ask with an identity of another name: `mpc identity init --name NAME` in a home of its own',
    },
  )

/** The files that the next command needs too. */
const filesIn = ({ record, policy }: ExportedFiles): string =>
  record === undefined || policy === undefined ? '' : ` --record ${record} --policy ${policy}`
