/** Where a signature goes, and in what format. */
import type { Target } from '../../../payload/registry/target.js'
import type { Scheme } from '../../../protocol/group/scheme.js'
import { Failure } from '../../../wire/base/failure.js'
import { derOf } from '../../../wire/ceremony/signature.js'
import { isBinary, type SignatureFormat, signatureText } from '../../../payload/signature-file.js'
import type { Context } from '../../runtime/context.js'
import { notPrinted, refuseExisting, writeNew } from '../../runtime/read-input.js'

/** What `mpc sign` was told of its output. */
export type Output = {
  /** What --in named, if it did. */
  readonly in?: string
  readonly out?: string
  readonly format?: SignatureFormat
}

/**
 * Checks what is known before anybody signs.
 * @throws Failure `E_BINARY`, `E_SIGNATURE_FORMAT` (usage), `E_OUTPUT_EXISTS` (conflict)
 */
export async function checkOutput(
  { globals }: Context,
  { out, format = 'hex' }: Output,
  scheme: Scheme,
  target: Target | null,
): Promise<void> {
  if (out !== undefined) await refuseExisting(out)
  else if (isBinary(format) && !globals.json) throw notPrinted(format)
  if (format === 'der' && scheme !== 'ecdsa-secp256k1') {
    throw new Failure('usage', 'E_SIGNATURE_FORMAT', `${scheme} signatures have no der form`, {
      hint: 'use --format raw, hex, base64 or json',
    })
  }
  if (target) requireOne(format, target.entries.length)
}

function requireOne(format: SignatureFormat, count: number): void {
  if (count === 1 || !isBinary(format)) return
  const problem = `this payload has ${count} signatures, and a file in ${format} holds one`
  throw new Failure('usage', 'E_SIGNATURE_FORMAT', problem, { hint: 'use --format hex, base64 or json' })
}

/** The file, if -o names one; or why it could not be written. */
export async function writeSignature(
  { out, format = 'hex' }: Output,
  signatures: readonly Uint8Array[],
  data: Readonly<Record<string, unknown>>,
  again: string,
): Promise<string | null | Failure> {
  if (out === undefined) return null
  try {
    requireOne(format, signatures.length)
    const [one] = signatures as readonly [Uint8Array]
    const text = `${textLines(format, signatures, data).join('\n')}\n`
    return await writeNew(out, format === 'der' ? derOf(one) : format === 'raw' ? one : Buffer.from(text))
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return new Failure(error.kind, error.code, error.message, {
      hint: `the signature is made: \`${again}\` prints it`,
      cause: error,
    })
  }
}

/** The lines of a format that is text. @param data of --format json */
export function textLines(
  format: SignatureFormat,
  signatures: readonly Uint8Array[],
  data: Readonly<Record<string, unknown>>,
): string[] {
  if (format === 'json') return [JSON.stringify(data)]
  return signatures.map((signature) => signatureText(format === 'base64' ? 'base64' : 'hex', signature))
}
