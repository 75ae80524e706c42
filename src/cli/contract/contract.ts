/**
 * The machine contract as a JSON Schema (draft 2020-12): what `--json` prints, `mpc explain --schema` shows, and the
 * tests hold every command to. Additive changes only: fields may be added, so unknown ones are allowed.
 */
import { backupData } from './backup.js'
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
  scheme,
  text,
  time,
} from './schema.js'
import { keyData, presignatures } from './key.js'
import { rehearsed } from './rehearsal.js'
import { policyData } from './policy.js'
import { serverData } from './server.js'
import { shareData } from './share.js'
import { entry, signingData, signings, view } from './signing.js'

const identityFields = {
  name,
  fingerprint: hex(32),
  words: list(text, { minItems: 16, maxItems: 16 }),
  card: { type: 'string', pattern: '^mpc(rehearsal)?card1[a-z0-9]+$' },
  created: time,
  status: oneOf('self', 'verified', 'unverified'),
}
const identity = object(identityFields)
/** The own one; `primes` were made ahead, for keys that need them. */
const ownIdentity = object({ ...identityFields, primes: count(0) })
/** Files of cards that cannot be read; each is named in its problem. */
const damagedCards = list(
  object({ fingerprint: hex(32), problem: object({ code: text, message: text, hint: orNull(text) }) }),
)
const imported = object(
  {
    ...identityFields,
    changed: oneOf('added', 'verified', 'updated', 'beside', 'replaced', null),
    /** With --rebind. Fingerprints: who sat there in this home before, and who does now. */
    rebind: object({ key: name, seat: count(1), before: hex(32), seated: hex(32), file: path }),
  },
  ['rebind'],
)

const definitionFields = {
  definition_id: hex(32),
  kind: oneOf('keygen', 'reshare', 'refresh', 'policy', 'handshake'),
  key: orNull(name),
  scheme: orNull(scheme),
  threshold: orNull(count(2)),
  members: list(object({ name, fingerprint: hex(32), role: text, index: orNull(count(1)) })),
  participants: list(name),
  dealers: list(name),
  /** Of the policy that it brings, or that a reshare carries; null: none. */
  policy_sha256: orNull(hex(32)),
  /** Of a policy change: the number of the new policy, and the digest of the one before. */
  policy_number: count(1),
  policy_previous: orNull(hex(32)),
  /** Of a reshare, refresh or policy change: the record's digest of the epoch that it starts from. */
  parent: hex(32),
  /** Ids of unfinished ceremonies that it replaces. */
  supersedes: orNull(list(hex(32), { minItems: 1, maxItems: 16 })),
  minority: { type: 'boolean' },
  /** Old custodians with another identity than the record has: each sits in its seat by a rebind. */
  rebound: list(name),
  /** Old custodians who neither deal nor get a share, and how many of them must sign. */
  watchers: list(name),
  watchers_needed: count(0),
  signed_by: list(name),
  missing: list(name),
  not_before: orNull(time),
  expires: orNull(time),
  rehearsal: { type: 'boolean' },
  /** Sentences for a person to think about before it is accepted. */
  warnings: list(text),
  file: path,
}
const OF_RESHARES = [
  'parent',
  'supersedes',
  'minority',
  'rebound',
  'watchers',
  'watchers_needed',
  'policy_number',
  'policy_previous',
]
const definition = object(definitionFields, OF_RESHARES)

const handshake = object({
  words: list(text, { minItems: 6, maxItems: 6 }),
  sid: hex(32),
  peers: list(
    object({
      name,
      fingerprint: hex(32),
      rtt_ms: orNull({ type: 'number' }),
      clock_ms: orNull({ type: 'number' }),
      verified: { type: 'boolean' },
    }),
  ),
})

const move = { owner: orNull(text), next: orNull(text) }
const ceremonies = list(
  object({
    definition_id: hex(32),
    kind: oneOf('keygen', 'reshare', 'refresh', 'policy', 'handshake', null),
    key: orNull(name),
    state: oneOf(
      'running',
      'begun',
      'prepared',
      'signed',
      'in-doubt',
      'certified',
      'overtaken',
      'done',
      'aborted',
      'expired',
      'damaged',
    ),
    expires: orNull(time),
    ...move,
  }),
)
const status = object({
  home: path,
  identity: orNull(object({ name, fingerprint: hex(32), created: time })),
  /** Made ahead, for keys that need them. */
  primes: count(0),
  unverified: list(name),
  damaged: damagedCards,
  keys: list(
    object({
      name,
      scheme: orNull(scheme),
      threshold: orNull(count(2)),
      members: list(name),
      public_key: orNull(publicKey),
      epoch: orNull(count(1)),
      /** Of the own share; null where the key cannot be read. */
      backup: oneOf('none', 'split', 'stale', null),
      /** Shares of epochs that others have replaced, and whether they can be destroyed. */
      old_shares: object({ epochs: list(count(1)), retire: oneOf('now', 'later', 'no') }),
      /** Null where they cannot be read. */
      presignatures: orNull(presignatures),
      problem: orNull(object({ code: text, message: text, hint: orNull(text) })),
    }),
  ),
  ceremonies,
  requests: list(
    object({
      request_id: hex(32),
      key: orNull(name),
      view: orNull(view),
      state: oneOf('running', 'in-doubt', 'lapsed', 'damaged'),
      ...move,
    }),
  ),
})

/** `data` of each command, where it succeeded. */
const DATA: Readonly<Record<string, Schema>> = {
  'identity init': ownIdentity,
  'identity reseal': object({ name, fingerprint: hex(32), sealed_by: oneOf('passphrase', 'identity') }),
  'identity show': { anyOf: [ownIdentity, identity] },
  'identity primes': object({ made: count(0), primes: count(0) }),
  'identity export': identity,
  'identity import': { anyOf: [imported, object({ identities: list(imported) })] },
  'identity verify': identity,
  'identity list': object({ identities: list(identity), damaged: damagedCards }),
  'ceremony new': definition,
  'ceremony show': definition,
  'ceremony sign': definition,
  'ceremony merge': definition,
  'ceremony verify': definition,
  'ceremony publish': object(
    { ...definitionFields, fetched: list(name), durable: { type: 'boolean' } },
    OF_RESHARES,
  ),
  'ceremony abort': object({ ...definitionFields, told: list(name) }, OF_RESHARES),
  'ceremony list': object({ ceremonies, signings }, ['signings']),
  'ceremony finish': { type: 'object' },
  'ecdh handshake': handshake,
  ...keyData,
  ...policyData,
  ...signingData,
  ...shareData,
  ...backupData,
  ...serverData,
  rehearse: rehearsed,
  status,
  explain: { type: 'object' },
}

const error = object({
  code: { type: 'string', pattern: '^E_[A-Z0-9_]+$' },
  message: text,
  hint: orNull(text),
  party: orNull(text),
  accused: list(
    object({
      name,
      fingerprint: hex(32),
      round: text,
      kind: oneOf('proven', 'witnessed', 'pair'),
      reason: text,
      entry,
      evidence: orNull(path),
    }),
  ),
})

/** One line of `--json`. A failure may come with `data` too: what is known nevertheless. */
export const CONTRACT: Schema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'mpc/cli/v1',
  title: 'What mpc prints with --json',
  ...object(
    {
      ok: { type: 'boolean' },
      /** Empty where the line names none. */
      command: text,
      code: oneOf(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 130),
      schema: { const: 'mpc/cli/v1' },
      /** There in rehearsals only. */
      rehearsal: { const: true },
    },
    ['rehearsal'],
  ),
  oneOf: [
    {
      required: ['data'],
      properties: { ok: { const: true }, code: { const: 0 } },
      not: { required: ['error'] },
    },
    { required: ['error'], properties: { ok: { const: false }, code: { not: { const: 0 } }, error } },
  ],
  allOf: Object.entries(DATA).map(([command, data]) => ({
    anyOf: [
      { properties: { command: { not: { const: command } } } },
      { properties: { ok: { const: false } } },
      { properties: { data } },
    ],
  })),
}
