import { needsLeave, requireSize } from '../../../ceremony/requests/approval.js'
import { findKey } from '../../../ceremony/epochs/find-key.js'
import { policyInForce } from '../../../ceremony/policy/policy-in-force.js'
import { namesIn } from '../../../ceremony/policy/policy-names.js'
import { targetOf } from '../../../payload/registry/target.js'
import { decoderFor, loadDecoder } from '../../../payload/registry/registry.js'
import { sha256 } from '../../../wire/base/hash.js'
import { Failure } from '../../../wire/base/failure.js'
import { hex } from '../../../wire/base/text.js'
import { requestFlags } from '../../args/other-signers.js'
import type { Context } from '../../runtime/context.js'
import { readInput } from '../../runtime/read-input.js'
import type { Result } from '../../runtime/result.js'
import { messageData, payloadLines, viewData } from '../../views/payload.js'

export type Options = {
  readonly type: string
  readonly in: string
  readonly key?: string
  readonly path?: string
}

/** `mpc inspect`: what a payload does once it is signed. It needs no network and opens no secret. */
export async function run(context: Context, options: Options): Promise<Result> {
  const { type, key: name, path = null } = options
  if (path !== null && name === undefined) {
    throw new Failure('usage', 'E_INSPECT_KEY', '--path goes with --key', {
      hint: 'the path leads from that key to the one that signs',
    })
  }
  const file = await readInput(options.in, '--in')
  const key = name === undefined ? null : await findKey(await context.home(), name)
  const policy = key && (await policyInForce(await context.home(), key))
  const decoder = await (key ? decoderFor(type, key.record.scheme) : loadDecoder(type))
  const payload = decoder.read(file)
  requireSize(payload)
  const { view, messages } = key
    ? (await targetOf(key.record, { type, payload, path }, namesIn(policy))).decoded
    : { view: decoder.outline(payload), messages: null }
  return {
    data: {
      type,
      payload_sha256: hex(sha256(payload)),
      key: key && key.name,
      scheme: key && key.record.scheme,
      path,
      view: viewData(view),
      messages: messages && messageData(messages),
    },
    text: [...payloadLines({ view, messages }, payload), ...(key ? [] : [KEYLESS])],
    ...(key && !needsLeave(type, payload) && { next: `mpc sign ${requestFlags(key.name, options)}` }),
  }
}

const KEYLESS =
  'Nothing here was held against a key: --key says whether yours may sign it, and what it signs.'
