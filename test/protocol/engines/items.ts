/** Support of the tests of runs with several messages: cheats that change one item of a letter. */
import { echoesOf, entriesLetter, entrySession } from '../../../src/protocol/core/entries.js'
import type { PartyId, Session } from '../../../src/protocol/core/session.js'
import { upTo } from '../frost/party.js'
import { cheating } from '../frost/party.js'
import type { Letter, Tamper } from '../../support/simulate.js'

/** Changes the items of a party's letters of one round. */
export const changesItems =
  (
    round: string,
    count: number,
    change: (items: readonly Uint8Array[], to: PartyId) => readonly Uint8Array[],
  ) =>
  (letter: Letter): Uint8Array => {
    if (letter.round !== round) return letter.body
    const changed = change(entriesLetter(count).decode(letter.body), letter.to)
    return entriesLetter(changed.length).encode(changed)
  }

/** The same for one item. @param entry its number, from 1 */
export const changesItem = (
  round: string,
  count: number,
  entry: number,
  change: (item: Uint8Array) => Uint8Array,
): ((letter: Letter) => Uint8Array) =>
  changesItems(round, count, (items) => items.with(entry - 1, change(items[entry - 1] as Uint8Array)))

export const swapped =
  (a: number, b: number) =>
  (items: readonly Uint8Array[]): readonly Uint8Array[] =>
    items.with(a - 1, items[b - 1] as Uint8Array).with(b - 1, items[a - 1] as Uint8Array)

/** `cheating` in a run of `count` entries. */
export const cheatingIn = (
  count: number,
  parties: readonly PartyId[],
  cheaters: Readonly<Record<PartyId, (letter: Letter) => Uint8Array>>,
): Tamper =>
  cheating(parties, cheaters, (session: Session, round, letters) => {
    const entries = upTo(count).map((entry) => ({ session: entrySession(session, entry) }))
    // A cheat that sends no list has nothing to echo.
    return echoesOf(entries, round, letters) ?? new Uint8Array()
  })
