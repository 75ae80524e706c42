/** Keys derived from a recorded one. */
import { CodecError } from '../../protocol/core/codec.js'
import { derivePath, parsePath, type Path } from '../../protocol/group/derive.js'
import { publicKeyOf } from '../../protocol/group/scheme.js'
import { Failure } from '../base/failure.js'
import type { KeyRecord } from './record.js'

/** The parent of derived keys: a recorded key, or a public key alone (`chain_code` null). */
export type RootKey = Pick<KeyRecord, 'scheme' | 'group_point' | 'chain_code'>

export type DerivedKey = {
  /** The path from the recorded key; empty for the key itself. */
  readonly path: Path
  /** As in a record: for taproot the internal point, untweaked. */
  readonly groupPoint: Uint8Array
  readonly chainCode: Uint8Array | null
  /** The scalar that the path adds to every share; 0n for the key itself. */
  readonly shift: bigint
  /** The key that signatures verify under. */
  readonly publicKey: Uint8Array
}

/**
 * The key at a path such as `m/0/1`, or the key itself for null.
 * @throws Failure `E_PATH` (usage) if the path is malformed or leads to no key
 */
export function derivedKey(r: RootKey, text: string | null): DerivedKey {
  if (r.chain_code === null) {
    if (text !== null) throw noKey(`no keys are derived from a key of ${r.scheme}`)
    const publicKey = publicKeyOf(r.scheme, r.group_point)
    return { path: [], groupPoint: r.group_point, chainCode: null, shift: 0n, publicKey }
  }
  try {
    const path = text === null ? [] : parsePath(text)
    const derived = derivePath(r.group_point, r.chain_code, path)
    return { path, ...derived, publicKey: publicKeyOf(r.scheme, derived.groupPoint) }
  } catch (cause) {
    if (!(cause instanceof CodecError)) throw cause
    throw noKey(`the path does not lead to a key: ${cause.problem}`, cause)
  }
}

const noKey = (problem: string, cause?: unknown): Failure =>
  new Failure('usage', 'E_PATH', problem, {
    hint: 'a path is like m/0/1; without one it is the key itself',
    cause,
  })
