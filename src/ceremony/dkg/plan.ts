/** What a member is to do in a ceremony that makes shares, and what comes of it. */
import type { Card } from '../../wire/identity/card.js'
import type {
  DefinitionFile,
  KeyDefinition,
  KeygenDefinition,
  ReshareDefinition,
} from '../../wire/ceremony/definition.js'
import type { KeyRecord } from '../../wire/key/record.js'

export type MakingPlan = {
  readonly file: DefinitionFile
  readonly definition: KeyDefinition
  /** Who takes part, those who are to hold shares first: place and index of these are the same. */
  readonly players: readonly Card[]
  /** This member's place among them, from 1; 0 for who only watches. */
  readonly place: number
  /** The index of this member's share; null for who only deals or watches. */
  readonly index: number | null
  /** Whether this member has voted: then only the ending is left. */
  readonly begun: boolean
  /** The epoch in use here, where that is older than the one that this starts from, and is left behind; null: none is. */
  readonly behind: number | null
}

export type MadeKey = {
  /** The name that the key has here. */
  readonly name: string
  readonly record: KeyRecord
  readonly digest: Uint8Array
  /** In hex: the session in which it was made. */
  readonly attempt: string
  /** Whether this home held it before: nothing was made anew. */
  readonly already: boolean
  /** Whether this member has a share of it: whoever leaves has none. */
  readonly holds: boolean
  /** Whether it only signed for the others to make it. */
  readonly watched?: boolean
  /** Who had not said that they are done when this member left, where it matters. */
  readonly away: readonly string[]
}

export type KeygenPlan = MakingPlan & { readonly definition: KeygenDefinition }
export type ResharePlan = MakingPlan & { readonly definition: ReshareDefinition }
