/**
 * The arguments of a call, strictly: what the library decodes must encode to the same bytes again, so dirty bits,
 * trailing bytes, and offsets that point elsewhere than an encoder writes them are not understood (Solidity, "Contract
 * ABI Specification", "Strict Encoding Mode").
 */
import { keccak_256 } from '@noble/hashes/sha3.js'
import { createContract, Decoder } from 'micro-eth-signer/abi.js'
import { hex } from '../../../wire/base/text.js'
import { eip55 } from '../../address.js'

/** A type by its name, a tuple as a list, or a dynamic array of tuples. */
export type AbiType = string | readonly AbiType[] | { readonly each: readonly AbiType[] }

/** Addresses as EIP-55 has them, numbers as bigints. */
export type Value<T> = T extends string
  ? T extends `${infer Base}[]`
    ? readonly Value<Base>[]
    : T extends 'address'
      ? string
      : T extends 'bool'
        ? boolean
        : T extends `uint${string}`
          ? bigint
          : T extends `bytes${string}`
            ? Uint8Array
            : unknown
  : T extends { readonly each: infer E }
    ? readonly Value<E>[]
    : { readonly [K in keyof T]: Value<T[K]> }

export type AbiFunction<T> = {
  /** `transfer(address,uint256)` */
  readonly signature: string
  /** Four bytes in hex with 0x. */
  readonly selector: string
  /** @param data with the selector; null unless the rest is the canonical encoding of the arguments */
  readonly decode: (data: Uint8Array) => Value<T> | null
}

/** As JSON describes a type; names play no part. */
export type Component = { readonly type: string; readonly components?: readonly Component[] }

function component(type: AbiType): Component {
  if (typeof type === 'string') return { type }
  if ('each' in type) return { type: 'tuple[]', components: type.each.map(component) }
  return { type: 'tuple', components: type.map(component) }
}

/** @param T the same as `types`; bound to `AbiType` it would be a type without end for the compiler */
export const abiFunction = <const T extends readonly unknown[]>(
  name: string,
  types: T & readonly AbiType[],
): AbiFunction<T> => functionOf(name, types.map(component)) as unknown as AbiFunction<T>

type AnyFunction = Omit<AbiFunction<never>, 'decode'> & {
  readonly decode: (data: Uint8Array) => readonly unknown[] | null
}

export function functionOf(name: string, inputs: readonly Component[]): AnyFunction {
  const signature = `${name}(${inputs.map(written).join(',')})`
  return {
    signature,
    selector: `0x${hex(keccak_256(new TextEncoder().encode(signature)).subarray(0, 4))}`,
    decode(data) {
      const values = decodeInputs(name, inputs, data)
      return values && inputs.map((input, i) => tidied(input, values[i]))
    },
  }
}

const written = ({ type, components }: Component): string =>
  components ? `(${components.map(written).join(',')})${type.slice('tuple'.length)}` : type

/** The library keeps functions by the contract that has them; which one does not matter here. */
const ANY = `0x${'00'.repeat(20)}`

/** The library's values: addresses in small letters, a single argument without its list, none as undefined. */
function decodeInputs(
  name: string,
  inputs: readonly Component[],
  data: Uint8Array,
): readonly unknown[] | null {
  const abi = [{ type: 'function', name, inputs }] as const
  try {
    const decoder = new Decoder()
    decoder.add(ANY, abi)
    const found = decoder.decode(ANY, data)
    if (found === undefined || Array.isArray(found)) return null
    const method = createContract(abi as never)[name] as { encodeInput: (value: unknown) => Uint8Array }
    if (!Buffer.from(method.encodeInput(found.value)).equals(data)) return null
    if (inputs.length === 0) return []
    return inputs.length === 1 ? [found.value] : (found.value as readonly unknown[])
  } catch {
    return null
  }
}

/** The type of the entries of a list; null if it is none. */
export function itemOf({ type, ...rest }: Component): Component | null {
  const item = /^(.+)\[\d*\]$/.exec(type)?.[1]
  return item === undefined ? null : { ...rest, type: item }
}

/** Addresses as EIP-55 has them. */
function tidied(type: Component, value: unknown): unknown {
  const item = itemOf(type)
  if (item) return (value as readonly unknown[]).map((each) => tidied(item, each))
  if (type.components) return type.components.map((each, i) => tidied(each, (value as readonly unknown[])[i]))
  return type.type === 'address'
    ? eip55(Uint8Array.from(Buffer.from((value as string).slice(2), 'hex')))
    : value
}
