/** Calls in the words of ERC-7730 descriptors. Arguments of which a descriptor does not speak are shown raw. */
import { fromHex, visible } from '../../../wire/base/text.js'
import { eip55 } from '../../address.js'
import type { Known } from '../../decoder.js'
import { coinsAndWei, timeOf } from '../base/amounts.js'
import type { Report } from '../base/report.js'
import { type Component, itemOf } from './abi.js'
import { type Call, type Context, only, type Reader } from './call.js'
import { named } from './contracts.js'
import {
  boundTo,
  type DescribedFunction,
  type Descriptor,
  type Field,
  parseDescriptor,
} from './descriptor.js'
import { isUnlimited, tokenOf } from './tokens.js'

/** A call of more values is not understood. */
const MOST_VALUES = 256
/** The longest bytes and texts that are shown. */
const MOST_LENGTH = 4096

/** A value of a call with its type. */
type Typed = { readonly type: Component & { readonly name?: string }; readonly value: unknown }

/** Readers by the descriptors that the caller vouches for. @throws Failure `E_DESCRIPTOR` (configuration) */
export const knownReaders = (known: Known | null): readonly Reader[] =>
  describedReaders(
    (known?.descriptors ?? []).map(({ json, contracts }) => boundTo(parseDescriptor(json), contracts)),
  )

export const describedReaders = (descriptors: readonly Descriptor[]): readonly Reader[] =>
  descriptors.flatMap((descriptor) => {
    const binds = ({ chain, to }: Call): boolean =>
      descriptor.deployments.some((each) => each.chain === chain && each.contract === to)
    return only(
      binds,
      descriptor.functions.map((each) => readerOf(each, descriptor)),
    )
  })

function readerOf(described: DescribedFunction, descriptor: Descriptor): Reader {
  const { signature, selector, decode } = described.abi
  return {
    signature,
    selector,
    read(call) {
      const values = decode(call.data)
      if (values === null) return null
      const typed = described.inputs.map((type, i) => ({ type, value: values[i] }))
      return weight(typed) > MOST_VALUES ? null : (context) => say(typed, described, descriptor, context)
    },
  }
}

const isLong = (value: unknown): boolean =>
  (value instanceof Uint8Array || typeof value === 'string') && value.length > MOST_LENGTH

/** How many values there are; more than are shown if one is too long. */
const weight = (values: readonly Typed[]): number =>
  values.reduce((sum, each) => sum + (isLong(each.value) ? MOST_VALUES + 1 : 1 + weight(partsOf(each))), 0)

/** The entries of a list, or the fields of a tuple. */
function partsOf({ type, value }: Typed): readonly Typed[] {
  const item = itemOf(type)
  if (item)
    return (value as readonly unknown[]).map((each, i) => ({
      type: { ...item, name: `[${i}]` },
      value: each,
    }))
  return (type.components ?? []).map((each, i) => ({ type: each, value: (value as readonly unknown[])[i] }))
}

function say(
  inputs: readonly Typed[],
  { intent, fields }: DescribedFunction,
  { owner }: Descriptor,
  context: Context,
): string {
  const { call, out } = context
  out.row('described by', `${visible(owner)}, in a descriptor that this program was given`)
  out.effect('call', { recipient: call.to })
  const told = new Set<string>()
  for (const field of fields) {
    const found = valuesAt(field.path, inputs, call)
    for (const { label, typed } of found) {
      const words = formatted(typed, field, inputs, context)
      const shown = `${visible(field.label)}${label}`
      if (words === null) raw(typed, shown, out)
      else out.row(shown, words)
    }
    if (found.length > 0) told.add(field.path)
  }
  for (const each of inputs) showRaw(each, each.type.name ?? `${inputs.indexOf(each)}`, told, context)
  return `does ${visible(intent)} at ${named(call.chain, call.to)}`
}

type Found = { readonly label: string; readonly typed: Typed }

/** The values at a path: one, or one for each entry where it goes through lists. */
function valuesAt(path: string, inputs: readonly Typed[], call: Call): readonly Found[] {
  if (path === '@.value') return [{ label: '', typed: { type: { type: 'uint256' }, value: call.value } }]
  if (path === '@.to') return [{ label: '', typed: { type: { type: 'address' }, value: call.to } }]
  if (path === '@.from') return [{ label: '', typed: { type: { type: 'address' }, value: call.from } }]
  const [first, ...rest] = path.split('.')
  let found: readonly Found[] = inputs
    .filter(({ type }) => type.name === first)
    .map((typed) => ({ label: '', typed }))
  for (const step of rest) {
    found = found.flatMap(({ label, typed }) =>
      step === '[]'
        ? itemOf(typed.type) === null
          ? []
          : partsOf(typed).map((each) => ({ label: `${label}${each.type.name}`, typed: each }))
        : partsOf(typed)
            .filter(({ type }) => type.name === step)
            .map((each) => ({ label, typed: each })),
    )
  }
  return found.filter(({ typed }) => partsOf(typed).length === 0 && itemOf(typed.type) === null)
}

/** Null for what is shown raw: that format, and a value that its format does not fit. */
function formatted(
  { type, value }: Typed,
  { format, token }: Field,
  inputs: readonly Typed[],
  context: Context,
) {
  const { call } = context
  if (format === 'addressName' && type.type === 'address') return named(call.chain, value as string)
  if (typeof value !== 'bigint' || value < 0n) return null
  if (format === 'amount') return coinsAndWei(value, call.chain)
  if (format === 'date') return timeOf(value)
  if (format !== 'tokenAmount') return null
  const contract = contractOf(token, inputs, call)
  if (contract === null) return `${value} of a token that is not named`
  const words = tokenOf(context, contract).exact(value)
  return `${isUnlimited(value, 256) ? `unlimited, ${words}` : words}, of ${contract}`
}

/** The contract of a token: an address by itself, or the one at a path; null where a path leads to several. */
function contractOf(token: string | null, inputs: readonly Typed[], call: Call): string | null {
  if (token === null) return null
  const address = fromHex(token.toLowerCase().replace(/^0x/, ''), 20)
  if (address) return eip55(address)
  const [found, ...others] = valuesAt(token.replace(/^#\./, ''), inputs, call)
  return others.length === 0 && found?.typed.type.type === 'address' ? (found.typed.value as string) : null
}

function raw({ type, value }: Typed, label: string, out: Report): void {
  if (value instanceof Uint8Array) out.bytes(label, value)
  else if (type.type === 'string') out.text(label, value as string)
  else out.row(label, String(value))
}

/** Rows for what no field has told. */
function showRaw(typed: Typed, path: string, told: ReadonlySet<string>, context: Context): void {
  if (told.has(path) || told.has(path.replaceAll(/\[\d+\]/g, '.[]'))) return
  const parts = partsOf(typed)
  for (const each of parts) {
    const { name = '' } = each.type
    showRaw(each, name.startsWith('[') ? `${path}${name}` : `${path}.${name}`, told, context)
  }
  if (parts.length > 0) return
  const label = `argument ${path}`
  if (itemOf(typed.type)) context.out.row(label, 'an empty list')
  else raw(typed, label, context.out)
}
