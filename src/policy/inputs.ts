/** The inputs of a policy: plain values, so that custodians with equal ones decide alike. */
import type { View } from '../payload/decoder.js'
import type { Policy } from './language.js'

/** A request as this custodian knows it. Fingerprints are 64 small hex digits. */
export type Asked = {
  readonly type: string
  /** Length of the payload in bytes. */
  readonly size: number
  /** Derivation paths of all messages that are signed; null for the key itself. */
  readonly paths: readonly (string | null)[]
  /** Whether the payload spends coins of other keys too. */
  readonly foreignInputs: boolean
  readonly asker: string
  /** Custodians who sign it, by fingerprint. */
  readonly signers: readonly string[]
  /** All custodians of the key. */
  readonly custodians: readonly string[]
  /** Identities that had a seat of the key until another one of the same person took it; they count for nobody. */
  readonly former: readonly string[]
  /** When this custodian first recorded the request; milliseconds since 1970. */
  readonly firstSeen: number
}

/** An approval of this very request and policy, whose signature is checked. Times are milliseconds since 1970. */
export type Approval = { readonly fingerprint: string; readonly at: number; readonly expires: number }

/** The ledger's count of an asset in the window that ends now; amount null: all of it counts as used up. */
export type Spent = {
  readonly chain: string
  readonly contract: string
  /** Milliseconds. */
  readonly window: number
  readonly amount: bigint | null
}

export type Inputs = {
  readonly request: Asked
  readonly view: View
  readonly policy: Policy
  /** A sum for every item of `windowsOf(policy)`; one that is missing counts as used up. */
  readonly spent: readonly Spent[]
  readonly approvals: readonly Approval[]
  /** Milliseconds since 1970. */
  readonly now: number
}
