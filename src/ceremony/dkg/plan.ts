/** A member's part in a ceremony that makes shares, and its result. */
import type { Room } from '../../messaging/session/session.js'
import type { CeremonyFiles } from '../../storage/home/ceremonies.js'
import type { Card } from '../../wire/identity/card.js'
import type {
  DefinitionFile,
  KeyDefinition,
  KeygenDefinition,
  ReshareDefinition,
} from '../../wire/ceremony/definition.js'
import type { KeyRecord } from '../../wire/key/record.js'
import type { World } from '../world.js'

export type MakingPlan = {
  readonly file: DefinitionFile
  readonly definition: KeyDefinition
  /** The participants, future custodians first: for those, place and index are equal. */
  readonly players: readonly Card[]
  /** This member's place among them, from 1; 0 for a watcher. */
  readonly place: number
  /** The index of this member's share; null for a watcher or one who only deals. */
  readonly index: number | null
  /** Whether this member has voted: only the ending is left. */
  readonly begun: boolean
  /** The epoch in use here, if it is older than the parent epoch and is left behind; null otherwise. */
  readonly behind: number | null
}

/** A member in its seat. */
export type MakingRun = {
  readonly world: World
  readonly room: Room
  readonly plan: MakingPlan
  readonly files: CeremonyFiles
}

export type MadeKey = {
  /** The name that the key has here. */
  readonly name: string
  readonly record: KeyRecord
  readonly digest: Uint8Array
  /** The session that made it, in hex. */
  readonly attempt: string
  /** Whether this home held it before, so that nothing new was made. */
  readonly already: boolean
  /** Whether this member holds a share of it: a leaving custodian holds none. */
  readonly holds: boolean
  /** Whether this member only watched. */
  readonly watched?: boolean
  /** Members that had not reported that they were done when this one left, where it matters. */
  readonly away: readonly string[]
}

export type KeygenPlan = MakingPlan & { readonly definition: KeygenDefinition }
export type ResharePlan = MakingPlan & { readonly definition: ReshareDefinition }
