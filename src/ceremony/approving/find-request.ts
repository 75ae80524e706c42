/** Finds a live request by its ID or the beginning of one, and checks that this approver may speak of it. */
import { attempt, equalBytes } from '../../protocol/core/codec.js'
import { joinUntil, spanOf } from '../../messaging/channel/timeouts.js'
import { requestSubjects } from '../../messaging/transport/subjects.js'
import { Failure } from '../../wire/base/failure.js'
import { hex } from '../../wire/base/text.js'
import { parseRequest, type Request } from '../../wire/ceremony/request.js'
import { signingKeysOf } from '../../wire/identity/roster.js'
import { decodeEnvelope } from '../../wire/session/envelope.js'
import { short } from '../policy/policy-differs.js'
import { silence } from '../requests/attempts.js'
import type { RequestList } from '../requests/request-list.js'
import { nameOf } from '../requests/requester.js'
import { untimely } from '../signing/fitness.js'
import { noRequest } from '../signing/skipped.js'
import type { World } from '../world.js'
import type { Approver } from './approver.js'

/** Hex digits of an ID. */
const WHOLE = 64
/** As many requests of this identity are remembered as a list does of another. */
const MOST_OWN = 16
/** Every asker has spoken after its interval and this much more, in milliseconds. */
const LATER = 1000

/**
 * @param which the ID in hex, or its beginning
 * @throws Failure `E_NO_REQUEST` (absent), `E_OWN_REQUEST` (refused), `E_USAGE` for a beginning that several have
 */
export async function findRequest(
  world: World,
  { key }: Approver,
  list: RequestList,
  which: string,
): Promise<Request> {
  const own = ownRequests(world, key.record.key_id)
  try {
    return await find(world, list, which, () => own.ids().some((id) => id.startsWith(which)))
  } finally {
    own.stop()
  }
}

/** IDs of the requests of this identity, which another process of it makes: a list hears only others. */
function ownRequests({ transport, card }: World, keyId: Uint8Array) {
  const heard = new Set<string>()
  const signing = signingKeysOf([card])
  const subject = requestSubjects(keyId, card.fingerprint).outbound('request', null)
  const stop = transport.subscribe(subject, (_, bytes) => {
    const envelope = attempt(() => decodeEnvelope(bytes))
    const request =
      envelope?.header.kind === 'request' ? attempt(() => parseRequest(envelope.body, signing)) : null
    if (request && heard.size < MOST_OWN) heard.add(hex(request.id))
  })
  return { ids: () => [...heard], stop }
}

async function find(world: World, list: RequestList, which: string, isOwn: () => boolean): Promise<Request> {
  const { clock, patience } = world
  const listened = clock.now() + spanOf(patience, 'again') + LATER
  const found = () => list.requests().filter(({ id }) => hex(id).startsWith(which))
  const none = () => noRequest(`request ${which.slice(0, 16)}`)
  await list.until(() => found().length > 0 || isOwn(), joinUntil(patience, clock.now()), none)
  if (isOwn()) throw ownRequest()
  if (which.length < WHOLE) await allOf(list, () => found().length > 1, listened)
  const [request, ...others] = found()
  if (request === undefined) throw none()
  if (others.length === 0) return request
  throw new Failure('usage', 'E_USAGE', `${others.length + 1} requests begin with ${which}`, {
    hint: `give more of it: ${[request, ...others].map(({ id }) => hex(id)).join(' or ')}`,
  })
}

/** Waits until everybody who asks has been heard, unless enough are known before. */
async function allOf(list: RequestList, met: () => boolean, until: number): Promise<void> {
  await list.until(met, until, silence).catch((error: unknown) => {
    if (!(error instanceof Failure) || error.code !== 'E_SILENCE') throw error
  })
}

/**
 * @throws Failure `E_OWN_REQUEST` (refused), `E_EPOCH` (configuration), `E_POLICY_DIFFERS` (conflict), or as `untimely`
 *   says
 */
export function requireOpen(world: World, { key, policy }: Approver, request: Request): void {
  const asker = nameOf(key, request)
  if (equalBytes(request.asker, world.card.fingerprint)) throw ownRequest()
  const late = untimely(request, asker, world.clock.now())
  if (late) throw late
  if (!equalBytes(request.record, key.digest)) {
    throw new Failure(
      'configuration',
      'E_EPOCH',
      `the request is for another epoch of ${key.name} than is known here`,
      {
        party: asker,
        hint: `without a share: ask a custodian for \`mpc key show ${key.name} --export -o FILE\`; with one: \`mpc share statements --key ${key.name} FILE\``,
      },
    )
  }
  if (request.policy !== null && equalBytes(request.policy, policy.sha256)) return
  const theirs = request.policy === null ? 'no policy' : `policy ${short(request.policy)}`
  throw new Failure(
    'conflict',
    'E_POLICY_DIFFERS',
    `${asker} asks under ${theirs}, and here it is ${short(policy.sha256)}`,
    {
      party: asker,
      hint: `the one in force: \`mpc policy show ${key.name} -o FILE\` at a custodian`,
    },
  )
}

const ownRequest = (): Failure =>
  new Failure(
    'refused',
    'E_OWN_REQUEST',
    'you ask for this signature yourself, so your word does not count',
    {
      hint: 'others approve it; to take it back, end the command that asks',
    },
  )
