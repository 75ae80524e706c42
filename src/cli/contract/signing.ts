/** The output about payloads, signatures, and the transcripts that show how they came about. */
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

/** A payload as its decoder has it. Strings are printable. */
export const view = object({
  type: text,
  sentence: text,
  effects: list(
    object({
      chain: text,
      kind: oneOf(
        'transfer',
        'approve',
        'permit',
        'call',
        'delegatecall',
        'deploy',
        'fee',
        'change',
        'unknown',
      ),
      asset: orNull(text),
      /** In the asset's smallest unit; null if it is unlimited or not known. */
      amount: orNull({ type: 'string', pattern: '^(0|[1-9][0-9]*)$' }),
      recipient: orNull(text),
    }),
  ),
  warnings: list(text),
  rows: list(object({ label: text, value: text })),
})
const inspected = object({
  type: text,
  payload_sha256: hex(32),
  /** Null without --key, as are scheme and messages. */
  key: orNull(name),
  scheme: orNull(scheme),
  path: orNull(text),
  /** Without --key nothing in it was held against one. */
  view,
  /** The signed message: 32 bytes, or its SHA-256 if it has another length. */
  messages: orNull(list(object({ path: orNull(text), digest: hex(32) }), { minItems: 1, maxItems: 64 })),
})

/** The input of the next tool in the chain: `raw_transaction`, `psbt`, `txid`, ... */
export const outputs: Schema = {
  type: 'object',
  additionalProperties: { type: ['string', 'number'] },
}

/** For ecdsa alone. */
const ecdsaForms = {
  r: hex(32),
  s: hex(32),
  recovery_id: oneOf(0, 1),
  der: { type: 'string', pattern: '^30([0-9a-f]{2})+$' },
}
const ECDSA_FORMS = Object.keys(ecdsaForms)

/** Requests that were passed over; null where one cannot be read. */
const skipped = list(
  object({
    request_id: orNull(hex(32)),
    asker: orNull(text),
    sha256: orNull(hex(32)),
    /** The payload in words; null where it was not decoded. */
    sentence: orNull(text),
    code: orNull(text),
  }),
)
/** One signature or several of one payload, as `sign` and `request show` print them. */
const made = list(
  object({ path: orNull(text), public_key: publicKey, signature: hex(64), ...ecdsaForms }, ECDSA_FORMS),
  { minItems: 1, maxItems: 64 },
)
const drained = object({
  key: name,
  signed: list(
    object({
      request_id: hex(32),
      type: text,
      payload_sha256: hex(32),
      path: orNull(text),
      signature: orNull(hex(64)),
      signatures: made,
      outputs,
      certificate: text,
    }),
  ),
  skipped,
})

const signature = object(
  {
    request_id: hex(32),
    key: name,
    scheme,
    type: text,
    payload_sha256: hex(32),
    path: orNull(text),
    signers: list(name),
    epoch: count(1),
    /** At the path. */
    public_key: publicKey,
    /** 64 bytes; for ecdsa r and s. Null where the payload needs several: then see `signatures`. */
    signature: orNull(hex(64)),
    ...ecdsaForms,
    /** One for each message of the payload, in their order, with the key at its path. */
    signatures: made,
    /** The payload, decoded. */
    view,
    outputs,
    certificate: text,
    /** Null where the signature was handed over by another. */
    transcript: orNull(path),
    /** Null without -o. */
    file: orNull(path),
    /** Requests that were passed over meanwhile; null where one cannot be read. With a failure too. */
    skipped,
  },
  ECDSA_FORMS,
)

/** What somebody said about a request, once its asker has it. */
const spoken = object({
  request_id: hex(32),
  key: name,
  verdict: oneOf('approve', 'refuse'),
  payload_sha256: hex(32),
  type: text,
  path: orNull(text),
  /** Of the speaker, under the policy. */
  titles: list(text, { minItems: 1 }),
  policy_sha256: hex(32),
  /** Until when an approval counts; null for a refusal. */
  expires: orNull(time),
  /** Custodians who have it on their disks, the asker among them; none where the server keeps it for everybody. */
  heard_by: list(name),
  view,
})

/** A request that waits. */
const waitingFields = {
  request_id: hex(32),
  key: name,
  state: oneOf('waiting', 'signed', 'cancelled', 'refused', 'expired', 'another-epoch'),
  asker: name,
  asker_fingerprint: hex(32),
  type: text,
  path: orNull(text),
  payload_sha256: hex(32),
  reason: text,
  /** Null: whoever comes first. */
  signers: orNull(list(name)),
  created: time,
  expires: time,
  /** The last word of each who approves or refuses it. */
  said: list(
    object({
      name,
      fingerprint: hex(32),
      verdict: oneOf('approve', 'refuse'),
      reason: text,
      at: time,
      expires: time,
    }),
  ),
  /** Custodians who do not sign it. */
  refused_by: list(object({ name, reason: text })),
  /** Null where the payload is refused. */
  view: orNull(view),
}
/** Whether the server was read before. */
const read = { type: 'boolean' } as const
const shown = object(
  {
    ...waitingFields,
    read,
    signature: orNull(hex(64)),
    signatures: list(
      object({ path: orNull(text), public_key: publicKey, signature: hex(64), ...ecdsaForms }, ECDSA_FORMS),
    ),
    outputs,
    signed_by: list(name),
    /** The certificate of its signers in hex; null where a receipt is missing. */
    certificate: orNull({ type: 'string', pattern: '^([0-9a-f]{2})+$' }),
  },
  ['signature', 'signatures', 'outputs', 'signed_by', 'certificate'],
)
const asked = object({
  request_id: hex(32),
  key: name,
  type: text,
  path: orNull(text),
  payload_sha256: hex(32),
  signers: orNull(list(name)),
  created: time,
  expires: time,
  view,
})

/** Of the message at fault, from 1; null where a run has one message, or none. */
export const entry = orNull(count(1))

const ranFields = {
  definition_id: hex(32),
  sid: hex(32),
  words: list(text, { minItems: 6, maxItems: 6 }),
  participants: list(
    object({
      name,
      fingerprint: hex(32),
      known: oneOf('given', 'self', 'verified', 'unverified', 'unknown'),
    }),
  ),
  scheme,
  threshold: count(2),
  public_key: publicKey,
}
const transcript = object({
  kind: oneOf('keygen', 'reshare', 'refresh', 'sign'),
  ...ranFields,
  head: hex(32),
  /** Null where there are several, or none. */
  signature: orNull(hex(64)),
  /** In the order of the payload's messages; null for a ceremony that makes a key. */
  signatures: orNull(list(object({ path: orNull(text), public_key: publicKey, signature: hex(64) }))),
  /** The signed payload, decoded again; null for a ceremony that makes a key. */
  view: orNull(view),
  certificate: oneOf('complete', 'incomplete'),
  missing: list(name),
})
const failedRun = object({
  kind: { const: 'failed-run' },
  /** The kind of ceremony. */
  of: oneOf('keygen', 'reshare', 'refresh', 'policy', 'sign', 'presign'),
  ...ranFields,
  /** Null where the file holds letters alone. */
  sid: orNull(hex(32)),
  words: orNull(ranFields.words),
  /** Of the key that was to sign or to be dealt anew. */
  public_key: orNull(publicKey),
  guilty: list(
    object({ name, fingerprint: hex(32), round: text, kind: { const: 'proven' }, reason: text, entry }),
    {
      minItems: 1,
    },
  ),
})

/** The signings of this home, the newest first. */
export const signings = list(
  object({
    request_id: hex(32),
    key: orNull(name),
    state: oneOf('signed', 'refused', 'in-doubt', 'begun', 'damaged'),
    created: orNull(time),
    payload_sha256: orNull(hex(32)),
    /** Null where there is no request, or its payload is refused. */
    view: orNull(view),
    /** Null where there are several, or none. */
    signature: orNull(hex(64)),
    signatures: orNull(list(hex(64))),
    transcript: orNull(path),
  }),
)
/** `data` of the commands that sign and verify. */
export const signingData: Readonly<Record<string, Schema>> = {
  sign: { anyOf: [signature, drained] },
  approve: spoken,
  refuse: spoken,
  'request sign': asked,
  'request list': object({ requests: list(object(waitingFields)), read }),
  'request show': shown,
  'request cancel': object({ request_id: hex(32), key: name, state: { const: 'cancelled' } }),
  inspect: inspected,
  verify: object({ valid: { const: true }, scheme, public_key: publicKey, payload_sha256: hex(32) }),
  'transcript verify': { anyOf: [transcript, failedRun] },
}
