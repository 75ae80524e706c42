/**
 * ERC-7730 descriptors of calls: what the functions of certain contracts mean, in words of somebody whom the caller of
 * this program trusts. A descriptor counts only for the deployments that it lists. Of the format this reads
 * `context.contract.deployments` and `display.formats` with the formats raw, amount, tokenAmount, addressName and date;
 * what another format would show is shown raw.
 */
import { parseAbiItem } from 'micro-eth-signer/abi.js'
import { Failure } from '../../../wire/base/failure.js'
import { fromHex, visible } from '../../../wire/base/text.js'
import { eip55 } from '../../address.js'
import { type Component, functionOf } from './abi.js'

export const FORMATS = ['raw', 'amount', 'tokenAmount', 'addressName', 'date'] as const
export type Format = (typeof FORMATS)[number]

export type Field = {
  /** `value`, `order.to`, `@.to`. */
  readonly path: string
  readonly label: string
  readonly format: Format
  /** For an amount of tokens: the path of their contract, or its address; null where neither is given. */
  readonly token: string | null
}

export type DescribedFunction = {
  readonly intent: string
  readonly inputs: readonly Input[]
  readonly fields: readonly Field[]
  readonly abi: ReturnType<typeof functionOf>
}

export type Input = Component & { readonly name?: string; readonly components?: readonly Input[] }

export type Descriptor = {
  /** Its author, as it says. */
  readonly owner: string
  readonly deployments: readonly { readonly chain: bigint; readonly contract: string }[]
  readonly functions: readonly DescribedFunction[]
}

type Loose = Readonly<Record<string, unknown>>
const isLoose = (json: unknown): json is Loose =>
  typeof json === 'object' && json !== null && !Array.isArray(json)
const at = (json: unknown, ...path: readonly string[]): unknown =>
  path.reduce<unknown>(
    (value, key) => (isLoose(value) && Object.hasOwn(value, key) ? value[key] : undefined),
    json,
  )
const textAt = (json: unknown, ...path: readonly string[]): string | null => {
  const text = at(json, ...path)
  return typeof text === 'string' ? text : null
}
const listAt = (json: unknown, ...path: readonly string[]): readonly unknown[] => {
  const list = at(json, ...path)
  return Array.isArray(list) ? list : []
}

const wrong = (problem: string, cause?: unknown): Failure =>
  new Failure('configuration', 'E_DESCRIPTOR', `the descriptor ${problem}`, {
    hint: 'compare it with ERC-7730',
    cause,
  })

/**
 * @param json a descriptor, parsed
 * @throws Failure `E_DESCRIPTOR` (configuration)
 */
export function parseDescriptor(json: unknown): Descriptor {
  const formats = at(json, 'display', 'formats')
  if (!isLoose(formats)) throw wrong('has no display.formats')
  return {
    owner: textAt(json, 'metadata', 'owner') ?? 'somebody',
    deployments: listAt(json, 'context', 'contract', 'deployments').map(deployment),
    functions: Object.entries(formats).map(([signature, format]) => described(signature, format)),
  }
}

/** The descriptor, also for these contracts. @param contracts as effects name them; those of other chains are passed over */
export function boundTo(
  descriptor: Descriptor,
  contracts: readonly { readonly chain: string; readonly contract: string }[],
): Descriptor {
  const more = contracts.flatMap(({ chain, contract }) => {
    const id = /^evm:(\d+)$/.exec(chain)?.[1]
    const address = fromHex(contract.toLowerCase().replace(/^0x/, ''), 20)
    return id === undefined || !address ? [] : [{ chain: BigInt(id), contract: eip55(address) }]
  })
  return { ...descriptor, deployments: [...descriptor.deployments, ...more] }
}

function deployment(json: unknown): Descriptor['deployments'][number] {
  const chain = at(json, 'chainId')
  const address = fromHex((textAt(json, 'address') ?? '').toLowerCase().replace(/^0x/, ''), 20)
  if (!Number.isSafeInteger(chain) || !address) throw wrong('has a deployment without chainId and address')
  return { chain: BigInt(chain as number), contract: eip55(address) }
}

function described(signature: string, format: unknown): DescribedFunction {
  const { name, inputs } = parsed(signature)
  return {
    intent: textAt(format, 'intent') ?? name,
    inputs,
    fields: listAt(format, 'fields').flatMap(field),
    abi: functionOf(name, inputs.map(nameless)),
  }
}

function parsed(signature: string): { name: string; inputs: readonly Input[] } {
  try {
    const { name, inputs } = parseAbiItem(`function ${signature}`)
    return { name: name as string, inputs: (inputs ?? []) as readonly Input[] }
  } catch (cause) {
    throw wrong(`names the function ${visible(signature)}, which cannot be read`, cause)
  }
}

/** With names the library would give objects instead of lists. */
const nameless = ({ type, components }: Input): Component =>
  components ? { type, components: components.map(nameless) } : { type }

/** A date may be the number of a block, which is no time. */
const isBlock = (json: unknown): boolean =>
  at(json, 'format') === 'date' && textAt(json, 'params', 'encoding') !== 'timestamp'

/** A field without a path is a constant of the descriptor: it says nothing of the call. */
function field(json: unknown): readonly Field[] {
  const path = textAt(json, 'path')
  if (path === null) return []
  const format = textAt(json, 'format') as Format | null
  return [
    {
      path: path.replace(/^#\./, ''),
      label: textAt(json, 'label') ?? path,
      format: format !== null && FORMATS.includes(format) && !isBlock(json) ? format : 'raw',
      token: textAt(json, 'params', 'tokenPath') ?? textAt(json, 'params', 'token'),
    },
  ]
}
