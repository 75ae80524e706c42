/** A key as a home holds it, with those who sit in its seats. */
import type { RebindFile } from '../../storage/home/escrow.js'
import type { Home } from '../../storage/home/home.js'
import type { KeyState } from '../../storage/home/epochs.js'
import type { Card } from '../../wire/identity/card.js'
import { Failure } from '../../wire/base/failure.js'
import type { Identity } from '../../wire/identity/identity.js'
import type { Rebind } from '../../wire/key/rebind.js'
import type { KeyRecord } from '../../wire/key/record.js'
import { hex } from '../../wire/base/text.js'

/** A home, and the identity that sits in it. */
export type Owner = { readonly home: Home; readonly identity: Identity; readonly card: Card }

/** A rebind that was accepted here. */
export type Accepted = RebindFile & { readonly rebind: Rebind; readonly digest: Uint8Array }

export type Key = {
  readonly name: string
  readonly record: KeyRecord
  /** Digest of the record. */
  readonly digest: Uint8Array
  readonly status: 'active'
  /** The record with the cards of those who sit in its seats now: whom to hear and whom to seal to. */
  readonly seated: KeyRecord
  /** By which they sit there. */
  readonly rebinds: readonly Accepted[]
  /** With those by which others sat there before them. */
  readonly everyRebind: readonly Accepted[]
}

/** A key, whether or not an epoch of it is active here: where it went to others, the last that this home held. */
export type HereKey = Omit<Key, 'status'> & { readonly status: KeyState['epochs'][number]['status'] }

/** @throws Failure `E_NOT_MEMBER` (authentication) if this identity holds no share of the key */
export function indexIn({ name, seated }: Key, self: Card): number {
  const index = seated.members.find(({ card }) => hex(card.fingerprint) === hex(self.fingerprint))?.index
  if (index !== undefined) return index
  throw new Failure('authentication', 'E_NOT_MEMBER', `${self.name} holds no share of ${name}`, {
    hint: `its custodians are ${seated.members.map(({ card }) => card.name).join(', ')}`,
  })
}
