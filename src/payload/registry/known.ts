/** The names that the caller knows, in the view of a payload of any type. */
import { decimal } from '../decimal.js'
import type { Decoded, Effect, Known, Row } from '../decoder.js'
import { comparable } from '../chain.js'

/** The payload with a row for each effect whose asset or recipient has a name; these rows stand first. */
export function namedBy(known: Known | undefined, decoded: Decoded): Decoded {
  if (!known) return decoded
  const { view } = decoded
  const rows = view.effects.flatMap((effect) => rowsOf(effect, known))
  return { ...decoded, view: { ...view, rows: [...rows, ...view.rows] } }
}

function rowsOf(effect: Effect, { tokens, labels }: Known): Row[] {
  const { chain, kind, asset, amount, recipient } = effect
  const isAt = (place: { readonly chain: string }, mine: string, theirs: string | null): boolean =>
    theirs !== null && place.chain === chain && comparable(chain, mine) === comparable(chain, theirs)
  const token = tokens.find((each) => isAt(each, each.contract, asset))
  const label = labels.find((each) => isAt(each, each.address, recipient))
  if (!token && !label) return []
  const what =
    token &&
    (amount === null ? `${token.name}, no amount` : `${decimal(amount, token.decimals)} ${token.name}`)
  const words = [kind, ...(what ? [`of ${what}`] : []), ...(label ? [`to ${label.name}`] : [])]
  return [{ label: 'by your policy', value: words.join(' ') }]
}
