import { findKey } from '../../../ceremony/epochs/find-key.js'
import { addressOf, addressTypes, ownNetwork } from '../../../payload/address.js'
import type { AddressType, Network } from '../../../payload/chain.js'
import { descriptor } from '../../../payload/descriptor.js'
import { jwk, type KeyFormat, keyFormats, pem, spki, sshLine } from '../../../payload/public-key-file.js'
import { xpub } from '../../../payload/xpub.js'
import { derivedKey } from '../../../wire/key/derived-key.js'
import { Failure } from '../../../wire/base/failure.js'
import { hex } from '../../../wire/base/text.js'
import type { Context } from '../../runtime/context.js'
import type { Result } from '../../runtime/result.js'

export type AddressOptions = {
  readonly type: AddressType
  readonly path?: string
  readonly network?: Network
}
export type ExportOptions = {
  readonly format?: KeyFormat
  readonly path?: string
  readonly network?: Network
  readonly out?: string
}

/** `mpc key address NAME`: the address of a key, or of a key derived from it. */
export async function runAddress(
  context: Context,
  options: AddressOptions,
  operands: readonly string[],
): Promise<Result> {
  const { name, record } = await findKey(await context.home(), operands[0] as string)
  const { type, path = null } = options
  const network = networkIn(options)
  const types = addressTypes(record.scheme)
  if (!types.includes(type)) {
    throw new Failure('usage', 'E_ADDRESS_TYPE', `${record.scheme} keys have no ${type} address`, {
      hint: `${name} has: ${types.join(', ')}`,
    })
  }
  const { publicKey } = derivedKey(record, path)
  const address = addressOf(type, publicKey, network)
  return {
    data: { key: name, scheme: record.scheme, type, path, network, public_key: hex(publicKey), address },
    text: [address],
  }
}

/** `mpc key export-public NAME`: the public key in the formats of other programs. */
export async function runExport(
  context: Context,
  options: ExportOptions,
  operands: readonly string[],
): Promise<Result> {
  const { name, record } = await findKey(await context.home(), operands[0] as string)
  const { scheme, group_point: point, chain_code: chainCode } = record
  const network = networkIn(options)
  const formats = keyFormats(scheme)
  const format = options.format ?? formats[0]
  if (!formats.includes(format)) {
    throw new Failure('usage', 'E_KEY_FORMAT', `${scheme} keys have no ${format} form`, {
      hint: `${name} has: ${formats.map((each) => `--format ${each}`).join(', ')}`,
    })
  }
  const { publicKey, path, chainCode: derivedCode } = derivedKey(record, options.path ?? null)
  const wallet = {
    xpub: chainCode && xpub(point, chainCode, path, network),
    descriptor: descriptor(record, path, network),
  }
  const textIn: Readonly<Record<Exclude<KeyFormat, 'der'>, () => readonly string[]>> = {
    hex: () => [hex(publicKey)],
    xpub: () => [wallet.xpub as string],
    descriptor: () => [wallet.descriptor as string],
    pem: () => pem(scheme, publicKey),
    jwk: () => [JSON.stringify(jwk(scheme, publicKey))],
    ssh: () => [sshLine(publicKey, name)],
  }
  const text = format === 'der' ? null : textIn[format]()
  const bytes = text === null ? spki(scheme, publicKey) : Buffer.from(`${text.join('\n')}\n`)
  const file = await written(context, options.out, bytes, format)
  return {
    data: {
      key: name,
      scheme,
      path: options.path ?? null,
      public_key: hex(publicKey),
      chain_code: derivedCode && hex(derivedCode),
      ...wallet,
      network,
      format,
      exported: text === null ? Buffer.from(bytes).toString('base64') : text.join('\n'),
      file,
    },
    text: file === null ? (text ?? []) : [file],
  }
}

/** Writes it where `-o` says. @throws Failure `E_BINARY` (usage): bytes that are no text are printed nowhere */
async function written(
  { globals }: Context,
  out: string | undefined,
  bytes: Uint8Array,
  format: KeyFormat,
): Promise<string | null> {
  const { notPrinted, writeNew } = await import('../../runtime/read-input.js')
  if (out !== undefined) return writeNew(out, bytes)
  if (format === 'der' && !globals.json) throw notPrinted(format)
  return null
}

/** @throws Failure `E_NETWORK` (usage) in a rehearsal: its keys have no address that takes real money */
function networkIn({ network = ownNetwork() }: { readonly network?: Network }): Network {
  if (network === 'testnet' || ownNetwork() === 'mainnet') return network
  throw new Failure('usage', 'E_NETWORK', 'a key of a rehearsal has no address on the main network', {
    hint: 'leave --network out',
  })
}
