/**
 * Every message an identity key signs is a record whose first field is one of these tags. A new kind of
 * signature needs a new line here; the test beside this file checks that no two encode alike. A rehearsal
 * uses its own tags (`realm.ts`), which verify nowhere else.
 */
import { encode, type Value } from '../../protocol/core/codec.js'
import { tagged } from './realm.js'

export const SIGNED = {
  /** (card fields): I am this name with these keys. */
  card: 'mpc/card/v1',
  /** (definition id): I take part in this ceremony as defined. */
  accept: 'mpc/accept/v1',
  /** (header, SHA-256 of body): I sent this. */
  envelope: 'mpc/envelope/v1',
  /** (definition id, sid, result digest, proof): I hold this result. */
  receipt: 'mpc/receipt/v1',
  /** (request fields): I ask for this signature. */
  request: 'mpc/request/v1',
  /** (approval fields): I approve this request, or refuse it. */
  approval: 'mpc/approval/v1',
  /** (digest of a safe prime): I made this for myself. */
  prime: 'mpc/prime/v1',
  /** (manifest fields): my share is split as this says. */
  manifest: 'mpc/escrow-manifest/v1',
  /** (note fields): I looked at my piece of somebody's share, or destroyed it. */
  note: 'mpc/escrow-note/v1',
  /** (rebind fields): this identity takes the seat of that one. */
  rebind: 'mpc/rebind/v1',
  /** (statement fields): I hold my share of this epoch, and use no other. */
  activated: 'mpc/share-activated/v1',
  /** (statement fields): I have destroyed my share of this epoch, which that one replaced. */
  deleted: 'mpc/share-deleted/v1',
  /** (statement fields): I hold no share of this epoch, whatever I said before. */
  lost: 'mpc/share-lost/v1',
  /** (record digest, index, SHA-256 of the policies): these come with the share that I hand on. */
  policies: 'mpc/moved-policies/v1',
} as const

export type SignedTag = (typeof SIGNED)[keyof typeof SIGNED]

/** The bytes that are signed for a record. */
export function signedBytes(tag: SignedTag, fields: readonly Value[]): Uint8Array {
  return encode([tagged(tag), ...fields])
}
