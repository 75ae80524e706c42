/** A signature, for machines and people. */
import type { Key } from '../../../ceremony/keys/key.js'
import type { Signed } from '../../../ceremony/signing/finished-signature.js'
import type { World } from '../../../ceremony/world.js'
import type { Outputs } from '../../../payload/decoder.js'
import type { Entry, Target } from '../../../payload/registry/target.js'
import type { Scheme } from '../../../protocol/group/scheme.js'
import { Failure } from '../../../wire/base/failure.js'
import { hex } from '../../../wire/base/text.js'
import { ecdsaForms } from '../../../wire/ceremony/signature.js'
import { derivedKey } from '../../../wire/key/derived-key.js'
import { fileWord, requestFlags } from '../../args/other-signers.js'
import type { Result } from '../../runtime/result.js'
import type { Terminal } from '../../terminal/terminal.js'
import { fields } from '../../terminal/style.js'
import { viewData } from '../../views/payload.js'
import { type Output, textLines, writeSignature } from './signature-output.js'

/** A request that was passed over. */
export type Skip = {
  readonly request_id: string | null
  readonly asker: string | null
  readonly sha256: string | null
  /** Its payload in words; null where it was not decoded. */
  readonly sentence: string | null
  readonly code: string | null
}

/** The same world, which notes the requests that are passed over. */
export function noting(world: World, skipped: Skip[]): World {
  const emit: World['emit'] = (event) => {
    if (event.event === 'skipped') {
      const { request = null, party = null, sha256 = null, sentence = null, code = null } = event
      skipped.push({ request_id: request, asker: party, sha256, sentence, code })
    }
    world.emit(event)
  }
  return { ...world, emit }
}

/**
 * The result of `mpc sign`. A redirected stdout gets signatures alone, one a line; all else is said beside.
 * A file that cannot be written makes it a failure, which has the signature nevertheless.
 */
export async function signedResult(
  terminal: Terminal,
  { request, target, order, signatures, certificate, transcript, unkept }: Signed,
  { record, seated, name }: Omit<Key, 'status'>,
  skipped: readonly Skip[],
  output: Output,
): Promise<Result> {
  const signers = order.signers.map(({ index }) => seated.members[index - 1]?.card.name)
  if (unkept !== undefined) terminal.say('', `Not all of it could be kept here: ${unkept}`)
  const { made, outputs } = madeOf(terminal, { record }, target, signatures)
  const [first, ...more] = made as [ReturnType<typeof signatureData>]
  const single = more.length === 0 ? first : null
  const { view } = target.decoded
  const signature = {
    request_id: hex(request.id),
    key: name,
    scheme: record.scheme,
    type: request.type,
    payload_sha256: hex(request.payloadSha256),
    signers,
    epoch: record.epoch,
    public_key: hex(derivedKey(record, request.path).publicKey),
    ...single,
    path: request.path,
    signature: single && single.signature,
    signatures: made,
  }
  const again = `mpc sign --key ${name} --join ${hex(request.id)}`
  const { format = 'hex' } = output
  const written = await writeSignature(output, signatures, signature, again)
  const data = {
    ...signature,
    view: viewData(view),
    outputs,
    certificate: certificate ?? 'incomplete',
    transcript,
    skipped,
    file: typeof written === 'string' ? written : null,
  }
  if (written instanceof Failure) return { data, text: [], failure: written }
  terminal.say(
    '',
    `Signed by ${signers.join(' and ')} under ${name} (${record.scheme}): ${view.sentence}`,
    ...outputLines(outputs),
    `The ${single ? 'signature' : 'signatures'}, in ${format}${written === null ? '' : ', in a file'}:`,
  )
  const asked = {
    ...(output.in !== undefined && { in: output.in }),
    ...(request.type !== 'raw' && { type: request.type }),
    ...(request.path !== null && { path: request.path }),
  }
  const shown =
    output.out === undefined ? `--signature ${single?.signature}` : `--signature-file ${fileWord(output.out)}`
  return {
    data,
    text: written === null ? textLines(format, signatures, signature) : [written],
    again,
    ...(single && { next: `mpc verify ${requestFlags(name, asked)} ${shown}` }),
  }
}

/** The signatures of a target, and the outputs that they make. */
export function madeOf(
  terminal: Terminal,
  { record }: Pick<Key, 'record'>,
  target: Target,
  signatures: readonly Uint8Array[],
) {
  const made = target.entries.map((entry, i) =>
    signatureData(record.scheme, entry, signatures[i] as Uint8Array),
  )
  return { made, outputs: outputsOf(terminal, target, signatures) }
}

/** The outputs; none if the decoder fails to make them, because the signatures are valid anyway. */
function outputsOf(terminal: Terminal, { decoded }: Target, signatures: readonly Uint8Array[]): Outputs {
  try {
    return decoded.assemble(signatures)
  } catch {
    terminal.say(
      '',
      'The outputs could not be made: this is a defect of this program. The signatures are valid.',
    )
    return {}
  }
}

export const outputLines = (outputs: Outputs): string[] => {
  const rows = Object.entries(outputs).map(([label, value]) => [label, String(value)] as const)
  return rows.length === 0 ? [] : fields(rows)
}

/** One signature, with the key that it is of. */
function signatureData(scheme: Scheme, { path, key: { publicKey }, message }: Entry, signature: Uint8Array) {
  const common = { path, public_key: hex(publicKey), signature: hex(signature) }
  if (scheme !== 'ecdsa-secp256k1') return common
  const { r, s, recoveryId, der } = ecdsaForms(publicKey, message, signature)
  return { ...common, r: hex(r), s: hex(s), recovery_id: recoveryId, der: hex(der) }
}
