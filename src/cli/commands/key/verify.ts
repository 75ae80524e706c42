import { findKey } from '../../../ceremony/epochs/find-key.js'
import { didYouMean } from '../../../wire/base/did-you-mean.js'
import { SCHEMES, type Scheme } from '../../../protocol/group/scheme.js'
import type { PayloadType } from '../../../wire/ceremony/definition.js'
import { derivedKey } from '../../../wire/key/derived-key.js'
import { Failure } from '../../../wire/base/failure.js'
import { sha256 } from '../../../wire/base/hash.js'
import { hasHighS, messageOf, verifiesUnder } from '../../../wire/ceremony/signature.js'
import { fromHex, hex } from '../../../wire/base/text.js'
import type { Context } from '../../runtime/context.js'
import { readInput } from '../../runtime/read-input.js'
import type { Result } from '../../runtime/result.js'

export type Options = {
  readonly key?: string
  readonly publicKey?: string
  readonly scheme?: string
  readonly in: string
  readonly type?: PayloadType
  readonly path?: string
  readonly signature: string
}

/** `mpc verify`: the ordinary verifier, for anybody; exit 0 or 9. */
export async function run(context: Context, options: Options): Promise<Result> {
  const signature = fromHex(options.signature.toLowerCase(), 64)
  if (!signature) {
    throw new Failure('usage', 'E_SIGNATURE', '--signature is 64 bytes in hex', {
      hint: 'that is `data.signature` of `mpc sign --json`',
    })
  }
  const { scheme, publicKey } = await keyIn(context, options)
  const message = await readInput(options.in, '--in')
  const signed = messageOf(scheme, options.type ?? 'raw', message)
  if (scheme === 'ecdsa-secp256k1' && hasHighS(publicKey, signed, signature)) {
    throw new Failure(
      'verification',
      'E_SIGNATURE_HIGH_S',
      'the signature is valid, but s is high (BIP-62): chains refuse it',
      { hint: 'the same signature with the group order less s is valid and low; mpc makes no other' },
    )
  }
  if (!verifiesUnder(scheme, publicKey, signed, signature)) {
    throw new Failure(
      'verification',
      'E_SIGNATURE_INVALID',
      'this is not a signature of these bytes under this key',
      {
        hint: `the bytes have SHA-256 ${hex(sha256(message))}`,
      },
    )
  }
  return {
    data: { valid: true, scheme, public_key: hex(publicKey), payload_sha256: hex(sha256(message)) },
    text: ['the signature is valid'],
  }
}

async function keyIn(context: Context, options: Options): Promise<{ scheme: Scheme; publicKey: Uint8Array }> {
  if (options.key !== undefined && options.publicKey === undefined && options.scheme === undefined) {
    const { record } = await findKey(await context.home(), options.key)
    return { scheme: record.scheme, publicKey: derivedKey(record, options.path ?? null).publicKey }
  }
  const scheme = SCHEMES.find((known) => known === options.scheme)
  const hint = `the schemes are ${SCHEMES.join(', ')}`
  if (options.key !== undefined || options.path !== undefined || options.publicKey === undefined) {
    const ways =
      'give either --key, with --path if it was signed so, or --public-key in hex together with --scheme'
    throw new Failure('usage', 'E_VERIFY_KEY', ways, { hint })
  }
  if (!scheme) {
    const problem = options.scheme === undefined ? '--public-key needs --scheme' : '--scheme names no scheme'
    throw new Failure('usage', 'E_VERIFY_KEY', problem, {
      hint: `${hint}.${didYouMean(options.scheme ?? '', SCHEMES)}`,
    })
  }
  const length = scheme === 'ecdsa-secp256k1' ? 33 : 32
  const publicKey = fromHex(options.publicKey.toLowerCase(), length)
  if (!publicKey) {
    const problem = `--public-key is ${length} bytes in hex, as keys of ${scheme} are`
    throw new Failure('usage', 'E_VERIFY_KEY', problem, {
      hint: '`mpc key export-public NAME --format hex` prints it',
    })
  }
  return { scheme, publicKey }
}
