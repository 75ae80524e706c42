/** The machine output of `mpc backup`. */
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
  time,
} from './schema.js'

const words16 = list(text, { minItems: 16, maxItems: 16 })
const split = object(
  {
    key: name,
    epoch: count(1),
    threshold: count(2),
    pieces: list(object({ holder: name, file: path, sha256: hex(32) })),
    manifest: path,
    manifest_digest: hex(32),
    words: words16,
    /** The fewest people who reach the key by their own shares and pieces; not there with --again. */
    smallest: list(name),
    /** People who are no custodians and reach it among themselves. */
    outsiders: list(name),
  },
  ['smallest', 'outsiders'],
)
const piece = object({
  valid: { const: true },
  /** As its custodian calls it. */
  key: name,
  key_id: hex(32),
  public_key: publicKey,
  epoch: count(1),
  custodian: name,
  holder: name,
  threshold: count(2),
  holders: list(name),
  manifest_digest: hex(32),
  words: words16,
  /** Whether the receipts of all custodians stand behind the record; a whole piece has them. */
  certified: { type: 'boolean' },
  /**
   * Whether the epoch was held against a record that did not come with the piece: one given beside a whole piece, or this
   * home's. Of a page alone nobody knows whether its epoch is in use.
   */
  record_given: { type: 'boolean' },
  /** Null where another identity opened it. */
  note: orNull(path),
})
const printed = object({
  /** The page; of SVG the piece's, then the public one. */
  files: list(path, { minItems: 1, maxItems: 2 }),
  key: name,
  key_id: hex(32),
  epoch: count(1),
  custodian: name,
  holder: name,
  sealed: { type: 'boolean' },
  /** Whether each stands on the public sheet, or was too long for a code and must be kept as a file. */
  record: oneOf('code', 'file'),
  manifest: oneOf('code', 'file'),
  /** A file: in record.json. None: the piece came from paper without it. */
  certificate: oneOf('code', 'file', 'none'),
})
const restored = object({
  key: name,
  key_id: hex(32),
  public_key: publicKey,
  epoch: count(1),
  custodian: name,
  index: count(1),
  certified: { type: 'boolean' },
  /** Null where this identity sits in the seat already. */
  rebind: orNull(path),
  refresh_needed: { type: 'boolean' },
  /** In force when the share was split, and to be brought; null for a key without a policy. */
  policy: orNull(object({ number: count(1), sha256: hex(32) })),
})
const backups = object({
  key: name,
  epoch: count(1),
  state: oneOf('none', 'split', 'stale', 'differs'),
  stale_epoch: orNull(count(1)),
  threshold: orNull(count(2)),
  manifest_digest: orNull(hex(32)),
  created: orNull(time),
  holders: list(
    object({
      name,
      said: oneOf('verified', 'destroyed', null),
      time: orNull(time),
      signed: { type: 'boolean' },
      agrees: orNull({ type: 'boolean' }),
    }),
  ),
})

/** `data` of each of them. */
export const backupData: Readonly<Record<string, Schema>> = {
  'backup split': split,
  'backup verify': piece,
  'backup print': printed,
  'backup open': object({ file: path, to: name, fingerprint: hex(32) }),
  'backup restore': restored,
  'backup status': backups,
}
