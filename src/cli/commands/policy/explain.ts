import { findKey } from '../../../ceremony/epochs/find-key.js'
import { outlook } from '../../../ceremony/policy/outlook.js'
import { policyInForce } from '../../../ceremony/policy/policy-in-force.js'
import { signersNamed } from '../../../ceremony/signing/ask-and-join.js'
import { decoderFor } from '../../../payload/registry/registry.js'
import { signable } from '../../../ceremony/signing/fitness.js'
import { sha256 } from '../../../wire/base/hash.js'
import { hex } from '../../../wire/base/text.js'
import type { Context } from '../../runtime/context.js'
import { readInput } from '../../runtime/read-input.js'
import type { Result } from '../../runtime/result.js'
import { cardIn } from '../../args/holders.js'
import { viewData } from '../../views/payload.js'
import { NO_VERDICT, verdictData, verdictLines } from '../../views/verdict.js'

export type Options = {
  readonly key: string
  readonly type: string
  readonly in: string
  readonly path?: string
  readonly asker?: string
  readonly signers?: readonly string[]
}

/** `mpc policy explain`: the decision of this home about a payload, if it were asked for now. */
export async function run(context: Context, options: Options): Promise<Result> {
  const { type, path = null } = options
  const home = await context.home()
  const key = await findKey(home, options.key)
  const policy = await policyInForce(home, key)
  const payload = (await decoderFor(type, key.record.scheme)).read(await readInput(options.in, '--in'))
  const target = await signable(key, { type, payload, path }, policy)
  const asker = options.asker === undefined ? await context.card() : await cardIn(options.asker, '--asker')
  const signers = options.signers ? signersNamed(key, options.signers) : null
  const asked = { type, payload, asker: asker.fingerprint, signers, target }
  const verdict =
    policy && (await outlook({ home, clock: context.clock, card: await context.card() }, key, policy, asked))
  return {
    data: {
      key: key.name,
      type,
      payload_sha256: hex(sha256(payload)),
      path,
      asker: asker.name,
      view: viewData(target.decoded.view),
      ...(verdict ? verdictData(verdict) : NO_VERDICT),
    },
    text: [target.decoded.view.sentence, '', ...(verdict ? verdictLines(verdict) : NO_VERDICT.explanation)],
  }
}
