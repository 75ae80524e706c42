/** A key as a home holds it, with the identities in its seats. */
import type { RebindFile } from '../../storage/home/escrow.js'
import type { Home } from '../../storage/home/home.js'
import type { KeyState } from '../../storage/home/epochs.js'
import type { Card } from '../../wire/identity/card.js'
import { Failure } from '../../wire/base/failure.js'
import type { Identity } from '../../wire/identity/identity.js'
import type { Rebind } from '../../wire/key/rebind.js'
import type { KeyRecord } from '../../wire/key/record.js'
import { hex } from '../../wire/base/text.js'

/** A home and its identity. */
export type Owner = { readonly home: Home; readonly identity: Identity; readonly card: Card }

/** A rebind that was accepted here. */
export type Accepted = RebindFile & { readonly rebind: Rebind; readonly digest: Uint8Array }

export type Key = {
  readonly name: string
  readonly record: KeyRecord
  /** Digest of the record. */
  readonly digest: Uint8Array
  readonly status: 'active'
  /** The record with the cards that sit in its seats now: those to listen to and to seal to. */
  readonly seated: KeyRecord
  /** The rebinds that put them there. */
  readonly rebinds: readonly Accepted[]
  /** Includes the rebinds that seated their predecessors. */
  readonly everyRebind: readonly Accepted[]
}

/** The seats of a key: those of its record, those who sit there now, and everybody who ever did. */
export type Seats = Pick<Key, 'record' | 'seated' | 'everyRebind'>

/** A key, even without an active epoch here; then the last epoch that this home held. */
export type HereKey = Omit<Key, 'status'> & { readonly status: KeyState['epochs'][number]['status'] }

/** @throws Failure `E_NOT_MEMBER` (authentication) if this identity holds no share of the key */
export function indexIn({ name, seated }: Key, self: Card): number {
  const index = seated.members.find(({ card }) => hex(card.fingerprint) === hex(self.fingerprint))?.index
  if (index !== undefined) return index
  throw new Failure('authentication', 'E_NOT_MEMBER', `${self.name} holds no share of ${name}`, {
    hint: `its custodians are ${seated.members.map(({ card }) => card.name).join(', ')}`,
  })
}
