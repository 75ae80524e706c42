import { findKey } from '../../../ceremony/epochs/find-key.js'
import { type AddressType, addressOf, addressTypes } from '../../../payload/address.js'
import { xpub } from '../../../payload/xpub.js'
import { derivedKey } from '../../../wire/key/derived-key.js'
import { Failure } from '../../../wire/base/failure.js'
import { hex } from '../../../wire/base/text.js'
import type { Context } from '../../runtime/context.js'
import type { Result } from '../../runtime/result.js'

export type AddressOptions = { readonly type: AddressType; readonly path?: string }
export type ExportOptions = { readonly format?: 'xpub' | 'hex'; readonly path?: string }

/** `mpc key address NAME`: the address of a key, or of a key derived from it. */
export async function runAddress(
  context: Context,
  options: AddressOptions,
  operands: readonly string[],
): Promise<Result> {
  const { name, record } = await findKey(await context.home(), operands[0] as string)
  const { type, path = null } = options
  const types = addressTypes(record.scheme)
  if (!types.includes(type)) {
    throw new Failure('usage', 'E_ADDRESS_TYPE', `${record.scheme} keys have no ${type} address`, {
      hint: `${name} has: ${types.join(', ')}`,
    })
  }
  const { publicKey } = derivedKey(record, path)
  const address = addressOf(type, publicKey)
  return {
    data: { key: name, scheme: record.scheme, type, path, public_key: hex(publicKey), address },
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
  const derived = derivedKey(record, options.path ?? null)
  const extended = record.chain_code && xpub(record.group_point, record.chain_code, derived.path)
  const publicKey = hex(derived.publicKey)
  if (options.format === 'xpub' && extended === null) {
    throw new Failure('usage', 'E_XPUB', `${record.scheme} keys have no extended public key`, {
      hint: '--format hex prints the public key; Ed25519 wallets derive keys from the private key only',
    })
  }
  return {
    data: {
      key: name,
      scheme: record.scheme,
      path: options.path ?? null,
      public_key: publicKey,
      chain_code: derived.chainCode && hex(derived.chainCode),
      xpub: extended,
    },
    text: [options.format === 'hex' || extended === null ? publicKey : extended],
  }
}
