/** The machine output of `mpc share`. */
import {
  count,
  hex,
  list,
  name,
  object,
  oneOf,
  orNull,
  path,
  publicKey,
  type Schema,
  text,
} from './schema.js'

const names = list(name)
const epoch = object({
  /** Null where neither state nor record says it. */
  epoch: orNull(count(1)),
  digest: hex(32),
  /** Null: it is known, and was never held here. */
  status: oneOf('active', 'pending', 'parent', 'retired', null),
  /** Whether the share lies here. */
  share: { type: 'boolean' },
  certified: { type: 'boolean' },
  threshold: orNull(count(2)),
  custodians: names,
  /** Those who say to use it, and those whose shares of it are said to be destroyed. */
  activated: names,
  deleted: names,
  /** Of the own share, where it was split here. */
  pieces: orNull(object({ threshold: count(2), holders: names, destroyed: names })),
  /** Those whose shares are not said to be destroyed, or can be made again from pieces; null where the record is gone. */
  could_sign: orNull(object({ needed: count(2), shares: names, pieces: names, enough: { type: 'boolean' } })),
  problems: list(text),
})
const heldKey = object({ key: name, key_id: orNull(hex(32)), problem: orNull(text), epochs: list(epoch) })
const checkedKey = object({
  key: name,
  valid: { type: 'boolean' },
  problem: orNull(text),
  shares: list(
    object({
      epoch: orNull(count(1)),
      digest: hex(32),
      status: oneOf('active', 'pending', 'parent', 'retired', null),
      valid: { type: 'boolean' },
      refresh_needed: { type: 'boolean' },
      problems: list(text),
    }),
  ),
})
/** Of one key with --key, else of the whole home. */
const checkedHome = object({
  valid: { type: 'boolean' },
  keys: list(checkedKey),
  files: list(object({ file: path, problem: text })),
})
const statements = object({
  key: name,
  added: count(0),
  /** By identities that sit in no seat known here. */
  strange: count(0),
  /** The epoch that was in use here until others were seen to have gone over; null: none. */
  frozen: orNull(count(1)),
  epochs: list(epoch),
  file: orNull(path),
})
const retired = object({
  key: name,
  /** Null where nothing was left to do. */
  newest: orNull(count(1)),
  gone_over: names,
  retired: list(epoch),
  /** The files that were destroyed. */
  destroyed: list(path),
})
const moved = object({
  key: name,
  epoch: count(1),
  to: name,
  fingerprint: hex(32),
  dir: path,
  files: list(path),
})

/** `data` of each of them. */
export const shareData: Readonly<Record<string, Schema>> = {
  'share list': object({ keys: list(heldKey) }),
  'share check': { anyOf: [checkedKey, checkedHome] },
  'share statements': statements,
  'share retire': retired,
  'share rekey': moved,
  'share import': object({
    key: name,
    key_id: hex(32),
    public_key: publicKey,
    epoch: count(1),
    custodian: name,
    index: count(1),
    rebind: path,
  }),
}
