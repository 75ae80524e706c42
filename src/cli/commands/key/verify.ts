import { findKey } from '../../../ceremony/epochs/find-key.js'
import { didYouMean } from '../../../wire/base/did-you-mean.js'
import { decoderFor, isPlain, loadDecoder } from '../../../payload/registry/registry.js'
import { targetOf } from '../../../payload/registry/target.js'
import { SCHEMES, type Scheme } from '../../../protocol/group/scheme.js'
import type { KeyRecord } from '../../../wire/key/record.js'
import { Failure } from '../../../wire/base/failure.js'
import { sha256 } from '../../../wire/base/hash.js'
import { hasHighS, verifiesUnder } from '../../../wire/ceremony/signature.js'
import { readSignature } from '../../../payload/signature-file.js'
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
  readonly signature?: string
  readonly signatureFile?: string
}

/** `mpc verify`: the ordinary verifier, for anybody; exit 0 or 9. */
export async function run(context: Context, options: Options): Promise<Result> {
  const type = options.type ?? 'raw'
  const under = options.key === undefined ? publicKeyIn(options, type) : await keyIn(context, options)
  const { scheme } = 'record' in under ? under.record : under
  const signature = await signatureIn(options, scheme)
  const payload = (await decoderFor(type, scheme)).read(await readInput(options.in, '--in'))
  const { publicKey, message } = await signedOf(under, type, payload, options.path ?? null)
  if (scheme === 'ecdsa-secp256k1' && hasHighS(publicKey, message, signature)) {
    throw new Failure(
      'verification',
      'E_SIGNATURE_HIGH_S',
      'the signature is valid, but s is high (BIP-62): chains refuse it',
      { hint: 'the same signature with the group order less s is valid and low; mpc makes no other' },
    )
  }
  const hash = hex(sha256(payload))
  if (!verifiesUnder(scheme, publicKey, message, signature)) {
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

/** @throws Failure `E_SIGNATURE`, `E_VERIFY_SEVERAL` (usage) */
async function signatureIn(
  { signature: given, signatureFile: file, in: payload }: Options,
  scheme: Scheme,
): Promise<Uint8Array> {
  if ((given === undefined) === (file === undefined) || (file === '-' && payload === '-')) {
    throw new Failure('usage', 'E_SIGNATURE', 'give one of --signature and --signature-file', {
      hint: '--signature takes hex or base64, --signature-file what `mpc sign -o FILE` writes',
    })
  }
  const bytes = file === undefined ? Buffer.from(given as string) : await readInput(file, '--signature-file')
  const found = readSignature(bytes, scheme)
  if (found === 'several') throw several('this file')
  if (found !== null) return found
  const named = file === undefined ? '--signature' : file
  throw new Failure('usage', 'E_SIGNATURE', `${named} is no signature of ${scheme}`, {
    hint: `that is 64 bytes in hex, base64 or raw${scheme === 'ecdsa-secp256k1' ? ', or DER' : ''}, or the JSON of \`mpc sign\``,
  })
}

/** A key of this home, or a public key alone. */
type Under = { readonly record: KeyRecord } | { readonly scheme: Scheme; readonly publicKey: Uint8Array }

type Signed = { readonly publicKey: Uint8Array; readonly message: Uint8Array }

/** The signed message, and the key. */
async function signedOf(
  under: Under,
  type: string,
  payload: Uint8Array,
  path: string | null,
): Promise<Signed> {
  if ('record' in under) {
    const { entries } = await targetOf(under.record, { type, payload, path })
    const { key, message } = onlyOne(type, entries)
    return { publicKey: key.publicKey, message }
  }
  const { scheme, publicKey } = under
  const record = { scheme, group_point: publicKey, chain_code: null }
  const { messages } = (await loadDecoder(type)).decode(payload, { record, path: null })
  return { publicKey, message: onlyOne(type, messages).message }
}

/** @throws Failure `E_VERIFY_SEVERAL` (usage) */
function onlyOne<T>(type: string, entries: readonly T[]): T {
  const [entry] = entries
  if (entry !== undefined && entries.length === 1) return entry
  throw several(`this ${type}`)
}

const several = (what: string): Failure =>
  new Failure('usage', 'E_VERIFY_SEVERAL', `${what} has several signatures, and one is checked at a time`, {
    hint: '`mpc sign` has verified each; `data.outputs` is what other programs check',
  })

const WAYS =
  'give either --key, with --path if it was signed so, or --public-key in hex together with --scheme'
const SCHEMES_HINT = `the schemes are ${SCHEMES.join(', ')}`

async function keyIn(context: Context, { key, publicKey, scheme }: Options): Promise<Under> {
  if (publicKey !== undefined || scheme !== undefined) {
    throw new Failure('usage', 'E_VERIFY_KEY', WAYS, { hint: SCHEMES_HINT })
  }
  const { record } = await findKey(await context.home(), key as string)
  return { record }
}

function publicKeyIn(options: Options, type: string): Under {
  if (options.path !== undefined || options.publicKey === undefined) {
    throw new Failure('usage', 'E_VERIFY_KEY', WAYS, { hint: SCHEMES_HINT })
  }
  const scheme = SCHEMES.find((known) => known === options.scheme)
  if (!scheme) {
    const problem = options.scheme === undefined ? '--public-key needs --scheme' : '--scheme names no scheme'
    throw new Failure('usage', 'E_VERIFY_KEY', problem, {
      hint: `${SCHEMES_HINT}.${didYouMean(options.scheme ?? '', SCHEMES)}`,
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
  if (isPlain(type)) return { scheme, publicKey }
  throw new Failure('usage', 'E_VERIFY_KEY', `a signature of ${type} is checked with --key`, {
    hint: 'such a payload says more of its key than --public-key does',
  })
}
