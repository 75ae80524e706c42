/**
 * The record of a ceremony, derived from its definition and its public result. The participants compute it,
 * and verifiers of their transcript compute it again from the letters.
 */
import { auxDataCodec } from '../../protocol/cggmp24/auxiliary/data.js'
import type { PublicResult } from '../../protocol/engines/engine.js'
import { custodiansOf, formerIdentities, type KeyDefinition, policyOf } from './key-definition.js'
import { sha256 } from '../base/hash.js'
import type { NamedPolicy } from '../key/named-policy.js'
import type { KeyRecord } from '../key/record.js'

/** @param id the definition's */
export function recordMade(
  definition: KeyDefinition,
  id: Uint8Array,
  { groupPoint, publicShares, chainCode, data }: PublicResult,
): KeyRecord {
  const old = definition.kind === 'keygen' ? null : definition.parent_record
  return {
    format: 'mpc/key-record/v1',
    key_id: old ? old.key_id : id,
    scheme: definition.scheme,
    engine: definition.engine,
    threshold: definition.threshold,
    group_point: groupPoint,
    chain_code: chainCode,
    members: custodiansOf(definition).map((card, i) => ({
      card,
      index: i + 1,
      public_share: publicShares.get(i + 1) as Uint8Array,
    })),
    epoch: old ? old.epoch + 1 : 1,
    parent: definition.parent,
    definition: id,
    policy: policyMade(definition),
    former: definition.kind === 'keygen' ? [] : formerIdentities(definition),
    auxiliary: data && auxDataCodec.encode(data),
  }
}

/** The policy that the record names: a new key's first one, or the one that a reshare carries. */
function policyMade(definition: KeyDefinition): NamedPolicy | null {
  if (definition.kind !== 'keygen') return policyOf(definition)
  return definition.policy && { number: 1, sha256: sha256(definition.policy) }
}
