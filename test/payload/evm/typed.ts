/** Typed data of tests: JSON with numbers as text, and the same for viem. */
import { type Hex, hashTypedData } from 'viem'
import type { Decoded } from '../../../src/payload/decoder.js'
import { eip712 } from '../../../src/payload/evm/eip712.js'
import { COW_KEY, decoded, testKey, textBytes } from './subjects.js'

export const key = testKey(COW_KEY)

export type TypedData = {
  readonly types: Record<string, readonly { readonly name: string; readonly type: string }[]>
  readonly primaryType: string
  readonly domain: Record<string, unknown>
  readonly message: Record<string, unknown>
}

export const fields = (text: string) =>
  text
    .split(',')
    .filter((each) => each !== '')
    .map((each) => {
      const [type, name] = each.trim().split(' ') as [string, string]
      return { name, type }
    })

/** Types as `encodeType` writes them: `Mail(Person from)Person(string name)`; the first is the primary one. */
export function typesOf(text: string): Pick<TypedData, 'types' | 'primaryType'> {
  const structs = [...text.matchAll(/(\w+)\(([^)]*)\)/g)]
  return {
    types: Object.fromEntries(structs.map(([, name, list]) => [name as string, fields(list as string)])),
    primaryType: structs[0]?.[1] as string,
  }
}

export const CHAIN_AND_CONTRACT = fields('uint256 chainId,address verifyingContract')

export function typedData(
  text: string,
  verifyingContract: string,
  message: Record<string, unknown>,
  chainId = 1,
): TypedData {
  const { types, primaryType } = typesOf(text)
  return {
    types: { EIP712Domain: CHAIN_AND_CONTRACT, ...types },
    primaryType,
    domain: { chainId, verifyingContract },
    message,
  }
}

export const jsonOf = (data: unknown): Uint8Array =>
  textBytes(JSON.stringify(data, (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value), 2))

export const seen = (data: unknown): Decoded => decoded(eip712, jsonOf(data), key)

export const digestByViem = (data: TypedData): Hex => hashTypedData(data as never)
