import { cardIfAny } from '../../../ceremony/contacts/identity.js'
import { heldKey, type HeldKey, newestOf } from '../../../ceremony/epochs/held-epochs.js'
import { oldShares } from '../../../ceremony/epochs/retire.js'
import { listKeyFolders } from '../../../storage/home/epochs.js'
import type { Card } from '../../../wire/identity/card.js'
import { Failure } from '../../../wire/base/failure.js'
import { hex } from '../../../wire/base/text.js'
import type { Context } from '../../runtime/context.js'
import { epochData, epochLines } from '../../views/share.js'
import type { Result } from '../../runtime/result.js'

export type Options = { readonly key?: string }

/** `mpc share list`: every epoch in this home, even in a damaged one. */
export async function run(context: Context, { key }: Options): Promise<Result> {
  const home = await context.home()
  const names = key === undefined ? await listKeyFolders(home) : [key]
  const keys = (await Promise.all(names.map((name) => heldOrNone(home, name, key !== undefined)))).flat()
  // Without a card nothing can be retired, but the list is still shown.
  const card = await cardIfAny(home)
  const old = await Promise.all(keys.map(({ name }) => oldShares(home, card, name)))
  const first = keys.find((_, i) => old[i]?.retire === 'now')?.name
  return {
    data: { keys: keys.map(keyData) },
    text:
      keys.length === 0
        ? ['No shares here yet. A ceremony makes a key.']
        : keys.flatMap((each) => keyLines(each, card)),
    ...(first !== undefined && { next: `mpc share retire --key ${first}` }),
  }
}

/** An empty key folder is skipped, unless it was asked for by name. */
async function heldOrNone(
  home: Parameters<typeof heldKey>[0],
  name: string,
  asked: boolean,
): Promise<HeldKey[]> {
  try {
    return [await heldKey(home, name)]
  } catch (error) {
    if (!asked && error instanceof Failure && error.code === 'E_NO_KEY') return []
    throw error
  }
}

const keyData = ({ name, state, epochs, problem }: HeldKey) => ({
  key: name,
  key_id: state && hex(state.key_id),
  problem,
  epochs: epochs.map(epochData),
})

function keyLines(held: HeldKey, card: Card | null): string[] {
  const { name, epochs, problem, state } = held
  const about = { self: card && card.fingerprint, stateIsKnown: state !== null, newest: newestOf(held) }
  const problems = problem === null ? [] : [`  PROBLEM: ${problem}`]
  return [name, ...problems, ...epochs.flatMap((each) => epochLines(each, about))]
}
