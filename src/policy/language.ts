/** The language of policies (`mpc/policy/v1`) as values: every name is resolved, every amount is in smallest units. */
import type { EffectKind } from '../payload/decoder.js'

export const FORMAT = 'mpc/policy/v1'

/** `none` stands for a payload without an effect that is judged, such as a text. Change is free, so no rule names it. */
export type EffectWord = Exclude<EffectKind, 'change'> | 'none'
export const EFFECTS: readonly EffectWord[] = [
  'transfer',
  'approve',
  'permit',
  'call',
  'delegatecall',
  'deploy',
  'fee',
  'unknown',
  'none',
]

/** The title that every custodian of the key has. */
export const CUSTODIANS = 'custodians'

export type Asset = {
  readonly name: string
  readonly chain: string
  /** `native`, or the contract or mint as `placeOf` gives it. */
  readonly contract: string
  readonly decimals: number
}

export type Recipient = { readonly name: string; readonly chain: string; readonly address: string }

/** An asset, and amounts of it in smallest units: more than `above`, at most `atMost`. Null: no bound. */
export type AssetRange = {
  readonly asset: Asset
  readonly above: bigint | null
  readonly atMost: bigint | null
}

/** Days count from 0, Monday; minutes from midnight. `until` is not included. */
export type Hours = {
  readonly zone: string
  readonly days: readonly number[]
  readonly from: number
  readonly until: number
}

/** All of them must hold. Null: no condition. A list holds if one of its items does. */
export type Conditions = {
  readonly type: readonly string[] | null
  readonly effect: readonly EffectWord[] | null
  readonly chain: readonly string[] | null
  readonly asset: readonly AssetRange[] | null
  /** Only amounts that are unlimited or not known. */
  readonly unlimited: boolean
  readonly to: readonly Recipient[] | null
  /** Derivation paths; `m` is the key itself, and `m/0/*` is all below m/0. */
  readonly path: readonly string[] | null
  /** Titles of the asker. */
  readonly from: readonly string[] | null
  readonly hours: Hours | null
  /** Only PSBTs with inputs of other keys, which no other rule allows. */
  readonly foreignInputs: boolean
}

export type Limit = {
  /** As the policy names it: `per-24h`. */
  readonly label: string
  /** Milliseconds; null: within one request. */
  readonly window: number | null
  readonly asset: Asset
  readonly max: bigint
}

export type Quota = { readonly title: string; readonly of: number }

/** The conditions before something is signed. */
export type Demands = {
  readonly approvals: readonly Quota[]
  /** Custodians who approve, signers included; 0: no more than sign. */
  readonly custodians: number
  /** Milliseconds from when this custodian first recorded the request; 0: none. */
  readonly delay: number
  /** Milliseconds for which an approval counts; null: until it expires. */
  readonly lapse: number | null
  /** No person is asked at the custodian. */
  readonly unattended: boolean
}

export type Rule = {
  readonly name: string
  readonly deny: boolean
  readonly when: Conditions
  readonly limits: readonly Limit[]
  readonly demands: Demands
}

export type Policy = {
  /** Fingerprints, 64 small hex digits, by title. */
  readonly titles: ReadonlyMap<string, readonly string[]>
  readonly assets: ReadonlyMap<string, Asset>
  readonly recipients: ReadonlyMap<string, Recipient>
  readonly requests: {
    /** Titles of those who may ask; the custodians unless the policy says otherwise. */
    readonly from: readonly string[]
    /** Whether bare digests are signed at all. */
    readonly digests: boolean
    /** Whether texts and raw bytes of 32 bytes are, which may be digests. */
    readonly digestLike: boolean
  }
  /** How many old custodians must sign a reshare; null: as many as without a policy. */
  readonly reshareApprovals: number | null
  /** Whether presignatures are made without asking a person. */
  readonly unattendedPresign: boolean
  /** Above these amounts a person types the amount too. */
  readonly typeAmounts: readonly { readonly asset: Asset; readonly amount: bigint }[]
  readonly rules: readonly Rule[]
}
