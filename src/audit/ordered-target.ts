/** The messages of an order, computed from the payload in a file as each signer computed them. */
import { equalBytes } from '../protocol/core/codec.js'
import { type Target, targetOf } from '../payload/registry/target.js'
import { sha256 } from '../wire/base/hash.js'
import type { Order } from '../wire/ceremony/definition.js'
import type { KeyRecord } from '../wire/key/record.js'
import { demand, refuse } from './session.js'

/** @throws as `demand`, and failures of the decoder */
export async function orderedTarget(
  order: Order,
  record: KeyRecord,
  payload: Uint8Array | null,
): Promise<Target> {
  if (payload === null) return refuse("the payload is not the order's")
  demand(equalBytes(sha256(payload), order.payload_sha256), "the payload is not the order's")
  return targetOf(record, { type: order.type, payload, path: order.path })
}
