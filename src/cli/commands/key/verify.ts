import { decodeFor } from '../../../ceremony/requests/approval.js'
import { findKey } from '../../../ceremony/epochs/find-key.js'
import { didYouMean } from '../../../wire/base/did-you-mean.js'
import type { Decoded, Message } from '../../../payload/decoder.js'
import { isPlain, loadDecoder } from '../../../payload/registry/registry.js'
import { SCHEMES, type Scheme } from '../../../protocol/group/scheme.js'
import { derivedKey } from '../../../wire/key/derived-key.js'
import { Failure } from '../../../wire/base/failure.js'
import { sha256 } from '../../../wire/base/hash.js'
import { hasHighS, verifiesUnder } from '../../../wire/ceremony/signature.js'
import { fromHex, hex } from '../../../wire/base/text.js'
import type { Context } from '../../runtime/context.js'
import { readInput } from '../../runtime/read-input.js'
import type { Result } from '../../runtime/result.js'

export type Options = {
  readonly key?: string
  readonly publicKey?: string
  readonly scheme?: string
  readonly in: string
  readonly type?: string
  readonly path?: string
  readonly signature: string
}

/** What a signature is held against. */
type Target = {
  readonly scheme: Scheme
  readonly message: (payload: Uint8Array) => Promise<Message>
  readonly publicKey: (message: Message) => Uint8Array
}

/** `mpc verify`: the ordinary verifier, for anybody; exit 0 or 9. */
export async function run(context: Context, options: Options): Promise<Result> {
  const signature = fromHex(options.signature.toLowerCase(), 64)
  if (!signature) {
    throw new Failure('usage', 'E_SIGNATURE', '--signature is 64 bytes in hex', {
      hint: 'that is `data.signature` of `mpc sign --json`',
    })
  }
  const type = options.type ?? 'raw'
  const target = await targetIn(context, options, type)
  const payload = (await loadDecoder(type)).read(await readInput(options.in, '--in'))
  const signed = await target.message(payload)
  const { scheme } = target
  const publicKey = target.publicKey(signed)
  if (scheme === 'ecdsa-secp256k1' && hasHighS(publicKey, signed.message, signature)) {
    throw new Failure(
      'verification',
      'E_SIGNATURE_HIGH_S',
      'the signature is valid, but s is high (BIP-62): chains refuse it',
      { hint: 'the same signature with the group order less s is valid and low; mpc makes no other' },
    )
  }
  const hash = hex(sha256(payload))
  if (!verifiesUnder(scheme, publicKey, signed.message, signature)) {
    throw new Failure(
      'verification',
      'E_SIGNATURE_INVALID',
      'this is not a signature of these bytes under this key',
      { hint: `the bytes have SHA-256 ${hash}` },
    )
  }
  return {
    data: { valid: true, scheme, public_key: hex(publicKey), payload_sha256: hash },
    text: ['the signature is valid'],
  }
}

async function targetIn(context: Context, options: Options, type: string): Promise<Target> {
  const { key: name, path = null } = options
  if (name !== undefined && options.publicKey === undefined && options.scheme === undefined) {
    const { record } = await findKey(await context.home(), name)
    return {
      scheme: record.scheme,
      message: async (payload) => onlyOne(await decodeFor(record, { type, payload, path })),
      publicKey: (message) => derivedKey(record, message.path).publicKey,
    }
  }
  const { scheme, publicKey } = publicKeyIn(options)
  if (!isPlain(type)) {
    throw new Failure('usage', 'E_VERIFY_KEY', `--public-key cannot be held against ${type}`, {
      hint: 'give --key: such a payload says more of its key than the public key does',
    })
  }
  const record = { scheme, group_point: publicKey, chain_code: null }
  const decoder = await loadDecoder(type)
  return {
    scheme,
    message: async (payload) => onlyOne(decoder.decode(payload, { record, path: null })),
    publicKey: () => publicKey,
  }
}

/** @throws Failure `E_VERIFY_SEVERAL` (usage) */
function onlyOne({ view, messages }: Decoded): Message {
  const [message] = messages
  if (message && messages.length === 1) return message
  throw new Failure(
    'usage',
    'E_VERIFY_SEVERAL',
    `this ${view.type} has ${messages.length} signatures, and --signature is one`,
    { hint: '`mpc sign` has verified each; `data.outputs` is what other programs check' },
  )
}

function publicKeyIn(options: Options): { scheme: Scheme; publicKey: Uint8Array } {
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
