/**
 * Asking for signatures, and finding what others ask for. What may be signed at all, and whose word it takes, is
 * decided here, before anybody is bothered and before a secret is opened.
 */
import { CodecError } from '../protocol/codec.js'
import { RequestClaims } from '../storage/claims.js'
import type { PayloadType } from '../wire/definition.js'
import { Failure } from '../wire/failure.js'
import { sha256 } from '../wire/hash.js'
import { makeRequest, parseRequest, PAYLOAD_LIMIT, refusalCodec, type Request } from '../wire/request.js'
import { OtherRealm } from '../wire/realm.js'
import { fromHex, hex } from '../wire/text.js'
import { Noticeboard } from './noticeboard.js'
import type { Key } from './keys.js'
import { carryOut, type Signed } from './sign.js'
import { inRecordOrder } from './signers.js'
import { targetOf } from './target.js'
import type { World } from './world.js'

const LIVES = 24 * 3_600_000
const AHEAD = 2 * 60_000
const LISTEN_FIRST = 700

/** What is to be signed, as this command says it. */
export type Asked = {
  readonly type: PayloadType
  readonly payload: Uint8Array
  readonly path: string | null
  readonly reason: string
  /** Fingerprints, or null for whoever offers. */
  readonly signers: readonly Uint8Array[] | null
}

/**
 * Whose word a request takes. A script names the payloads (SHA-256 in hex) that it approves, for one type and path; a
 * person is shown the request and throws if it is refused.
 */
export type Approval =
  | { readonly payloads: ReadonlySet<string>; readonly type: PayloadType; readonly path: string | null }
  | { readonly ask: (request: Request, signal: AbortSignal) => Promise<void> }

/**
 * Refuses what must not be signed with this key, whoever approves it.
 * @throws Failure `E_PAYLOAD` (verification), `E_DIGEST` (refused): a digest, or raw bytes that may be one
 */
export function checkPayload({ record }: Key, type: PayloadType, payload: Uint8Array): void {
  if (payload.length > PAYLOAD_LIMIT) {
    throw new Failure('usage', 'E_PAYLOAD', `the payload has more than ${PAYLOAD_LIMIT} bytes`, {
      hint: 'sign a hash of it as text, and keep the file beside it',
    })
  }
  if (type === 'digest' && payload.length !== 32) {
    throw new Failure('verification', 'E_PAYLOAD', 'a digest has exactly 32 bytes')
  }
  if (type === 'digest') {
    throw new Failure('refused', 'E_DIGEST', "signing a bare digest needs leave of the key's policy", {
      hint: 'ask for the message itself, with its own type',
    })
  }
  // Text too: of all digests enough are text that one can be looked for.
  if (payload.length === 32 && record.scheme !== 'ecdsa-secp256k1') {
    throw new Failure(
      'refused',
      'E_DIGEST',
      "these 32 bytes may be a digest: that needs leave of the key's policy",
      {
        hint: 'ask for the message itself, with its own type',
      },
    )
  }
  if (type === 'text') {
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(payload)
    } catch (cause) {
      throw new Failure('verification', 'E_PAYLOAD', 'the payload is not UTF-8 text', {
        cause,
        hint: 'use --type raw',
      })
    }
  }
}

/** @throws Failure `E_SIGNERS` (usage), `E_NOT_MEMBER` (configuration) */
export function signersNamed({ record }: Key, names: readonly string[]): Uint8Array[] {
  const fingerprints = names.map((name) => {
    const member = record.members.find(({ card }) => card.name === name)
    if (member) return member.card.fingerprint
    throw new Failure('configuration', 'E_UNKNOWN_PEER', `${name} is no custodian of this key`, {
      hint: `its custodians are ${record.members.map(({ card }) => card.name).join(', ')}`,
    })
  })
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) {
    throw new Failure('usage', 'E_SIGNERS', `${twice} is named twice among the signers`, {
      hint: `name exactly ${record.threshold} different ones of ${record.members.map(({ card }) => card.name).join(', ')}`,
    })
  }
  inRecordOrder(record, fingerprints)
  return fingerprints
}

/** Asks for a signature, and signs with the others. */
export async function ask(world: World, key: Key, asked: Asked): Promise<Signed> {
  const now = world.now()
  const request = makeRequest(
    {
      format: 'mpc/request/v1',
      key_id: key.record.key_id,
      record: key.digest,
      ...asked,
      created: now,
      expires: now + LIVES,
      nonce: world.rng(32),
      asker: world.card.fingerprint,
    },
    world.identity.signing,
  )
  return onNotices(world, key, (notices) => {
    notices.know(request)
    notices.keepSaying('request', request.id, request.encoded)
    return carryOut(world, key, notices, request)
  })
}

/**
 * Signs what somebody else asks for.
 * @param which the id of the request in hex, or null for the oldest that is covered
 */
export function join(world: World, key: Key, which: string | null, approval: Approval): Promise<Signed> {
  return onNotices(world, key, async (notices) => {
    const request = await findRequest(world, key, notices, which, approval)
    if ('ask' in approval) await consent(world, notices, request, approval)
    // Whoever takes up what names its signers says it too: so it outlives a crash of its asker. An open one ends with
    // its asker, who alone may choose.
    if (request.signers) notices.keepSaying('request', request.id, request.encoded)
    return carryOut(world, key, notices, request)
  })
}

/** Asks this member's person; "no" is final for this request, and said to the others. */
async function consent(
  world: World,
  notices: Noticeboard,
  request: Request,
  approval: Extract<Approval, { ask: unknown }>,
): Promise<void> {
  try {
    await approval.ask(request, notices.signal)
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== 'refused') throw error
    const claims = new RequestClaims(world.home, request.id)
    if ((await claims.status()).left !== null) {
      throw new Failure('doubt', 'E_IN_DOUBT', "you said no, but this member's part had left before", {
        cause: error,
        hint: 'the signature may exist; nothing was changed. The others and you can still end it, or let it lapse',
      })
    }
    await claims.finish('refused', error.message.slice(0, 200))
    notices.keepSaying('refusal', request.id, refusalCodec.encode({ request: request.id, reason: '' }))
    throw error
  }
}

async function onNotices(
  world: World,
  key: Key,
  act: (notices: Noticeboard) => Promise<Signed>,
): Promise<Signed> {
  const notices = new Noticeboard(world, key)
  try {
    return await act(notices)
  } finally {
    await notices.mailbox.flush().catch(() => {})
    notices.close()
  }
}

async function findRequest(
  world: World,
  key: Key,
  notices: Noticeboard,
  which: string | null,
  approval: Approval,
): Promise<Request> {
  const deadline = world.now() + (world.patience.total ?? world.patience.join)
  notices.ask()
  if (which !== null) {
    await recall(world, key, notices, which)
    await notices.until(
      () => notices.request(which) !== undefined,
      deadline,
      () => noRequest(`request ${which.slice(0, 16)}`),
    )
    const request = notices.request(which) as Request
    requireOurs(world, key, request)
    if (!('ask' in approval)) requireApproved(request, approval)
    return request
  }
  const suitable = suitableAmong(world, key, notices, approval)
  await notices.until(
    () => suitable() !== null,
    deadline,
    () => noRequest('a request that is covered here'),
  )
  return suitable() as Request
}

/** A request that this member worked on before may be said by nobody else any more. */
async function recall(world: World, key: Key, notices: Noticeboard, which: string): Promise<void> {
  const id = fromHex(which, 32)
  const kept = id && (await new RequestClaims(world.home, id).readRequest())
  const signingOf = (asker: Uint8Array) =>
    key.record.members.find(({ card }) => hex(card.fingerprint) === hex(asker))?.card.signing ?? null
  const request = kept && readKept(() => parseRequest(kept, signingOf))
  if (request) notices.know(request)
}

/** What cannot be read is as if it were not there, except that a rehearsal's is refused. */
function readKept(parse: () => Request): Request | null {
  try {
    return parse()
  } catch (error) {
    if (error instanceof CodecError && !(error instanceof OtherRealm)) return null
    throw error
  }
}

/** The oldest live request that this member may sign; nothing before there was time to hear of all. */
function suitableAmong(
  world: World,
  key: Key,
  notices: Noticeboard,
  approval: Approval,
): () => Request | null {
  const ended = new Map<string, boolean>()
  let listened = false
  setTimeout(() => {
    listened = true
    notices.mailbox.look()
  }, LISTEN_FIRST).unref()
  const look = async ({ id }: Request): Promise<void> => {
    ended.set(hex(id), true)
    try {
      const { end } = await new RequestClaims(world.home, id).status()
      ended.set(hex(id), end !== null)
    } catch (error) {
      // One whose claims cannot be read is passed over here; whoever names it with --join hears why.
      if (!(error instanceof Failure)) throw error
    }
    notices.mailbox.look()
  }
  return () => {
    const requests = notices.requests()
    for (const request of requests) if (!ended.has(hex(request.id))) void look(request)
    if (!listened) return null
    const candidates = requests.filter(
      (request) => !ended.get(hex(request.id)) && isOurs(world, key, request) && isCovered(request, approval),
    )
    // The one that was heard first: when a request was made, its asker may say as it likes.
    return candidates[0] ?? null
  }
}

const isCovered = (request: Request, approval: Approval): boolean =>
  'ask' in approval ||
  (approval.payloads.has(hex(request.payloadSha256)) &&
    approval.type === request.type &&
    approval.path === request.path)

function isOurs(world: World, key: Key, request: Request): boolean {
  try {
    requireOurs(world, key, request)
    return true
  } catch (error) {
    if (error instanceof Failure) return false
    throw error
  }
}

/** @throws Failure unless this member may sign the request at all, now, with the epoch that it has */
function requireOurs(world: World, key: Key, request: Request): void {
  if (hex(request.record) !== hex(key.digest)) {
    throw new Failure('configuration', 'E_EPOCH', 'the request is for another epoch of this key')
  }
  targetOf(key, request)
  const now = world.now()
  if (request.expires <= now) throw new Failure('absent', 'E_EXPIRED', 'the request has expired')
  if (request.created > now + AHEAD || request.expires - request.created > LIVES) {
    throw new Failure(
      'authentication',
      'E_REQUEST_TIME',
      'the request is dated ahead, or wants to live too long',
    )
  }
  if (request.signers) inRecordOrder(key.record, request.signers)
  const me = hex(world.card.fingerprint)
  if (request.signers && !request.signers.some((fingerprint) => hex(fingerprint) === me)) {
    throw new Failure('configuration', 'E_NOT_SIGNER', 'the request names other signers')
  }
  checkPayload(key, request.type, request.payload)
}

/** @throws Failure `E_APPROVE`: another payload (verification), or another type or path than approved (refused) */
export function requireApproved(
  { payloadSha256, type, path }: Pick<Request, 'payloadSha256' | 'type' | 'path'>,
  approval: Extract<Approval, { payloads: unknown }>,
): void {
  if (!approval.payloads.has(hex(payloadSha256))) {
    throw new Failure(
      'verification',
      'E_APPROVE',
      `the payload is sha256:${hex(payloadSha256)}, which is not approved`,
      {
        hint: 'compare it with what you were told to sign; --approve names its SHA-256',
      },
    )
  }
  if (approval.type === type && approval.path === path) return
  throw new Failure(
    'refused',
    'E_APPROVE_TYPE',
    `the approval is for ${approval.type}, the request is ${type}`,
    {
      hint: 'an approval holds for the --type and --path of the same command',
    },
  )
}

const noRequest = (what: string): Failure =>
  new Failure('absent', 'E_NO_REQUEST', `nobody asked for ${what} in time`, {
    hint: 'a request lives while its asker runs: `mpc sign --key KEY --in FILE`',
  })

/** SHA-256 of a payload, as `--approve` names it. */
export const payloadHash = (payload: Uint8Array): string => hex(sha256(payload))
