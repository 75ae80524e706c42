/**
 * Whether this home may serve a request at all, with its key, its seats and its clock, and the reason if not.
 */
import { CLOCKS_APART, inWords } from '../../messaging/channel/clock.js'
import { Failure } from '../../wire/base/failure.js'
import { LONGEST_LIFE, type PassedOver, type Request } from '../../wire/ceremony/request.js'
import { hex, visible } from '../../wire/base/text.js'
import { type Approval, checkPayload, requireApproved, requireSize } from '../requests/approval.js'
import type { PolicyInForce } from '../policy/policy-in-force.js'
import { namesIn } from '../policy/policy-names.js'
import type { Key } from '../keys/key.js'
import { noSeat } from '../keys/rebinds.js'
import { inRecordOrder } from '../requests/signer-set.js'
import { type Asked, type Target, targetOf } from '../../payload/registry/target.js'
import { requireOneRun } from '../session/largest-letter.js'
import type { World } from '../world.js'

/**
 * @param policy in force here: with one, it decides who may ask
 * @throws Failure unless this member can sign the request with its epoch, whatever the time
 */
export function requireOurs(
  world: Pick<World, 'card'>,
  key: Key,
  policy: PolicyInForce | null,
  request: Request,
): void {
  if (request.card && policy === null) throw notAsked(request.card.name)
  if (hex(request.record) !== hex(key.digest)) throw otherEpoch(key, request)
  if (request.signers) requireSeats(key, request.signers)
  if (request.signers) inRecordOrder(key.seated, request.signers)
  const me = hex(world.card.fingerprint)
  if (request.signers && !request.signers.some((fingerprint) => hex(fingerprint) === me)) {
    throw new Failure('configuration', 'E_NOT_SIGNER', 'the request names other signers')
  }
}

/**
 * Decodes what a request asks to have signed.
 * @param policy in force for the key; null: none. With one, its rules say whether a bare digest or coins of other keys
 *   may be signed
 * @throws Failure unless a key may sign it in one run, whoever approves it: `E_TYPE`, `E_PATH` (usage),
 *   `E_PAYLOAD` (usage, verification), `E_DIGEST`, `E_FOREIGN_INPUT` (refused), `E_MESSAGES` (usage)
 */
export async function signable(
  { record }: Pick<Key, 'record'>,
  asked: Asked,
  policy: Pick<PolicyInForce, 'policy'> | null,
): Promise<Target> {
  const target = await targetOf(record, asked, namesIn(policy))
  if (policy === null) {
    checkPayload(asked.type, asked.payload)
    if (target.foreignInputs) throw target.foreignInputs
  } else requireSize(asked.payload)
  requireOneRun(record, target.entries.length)
  return target
}

/**
 * Why the request's dates do not fit this clock: `E_EXPIRED` (absent), `E_REQUEST_TIME` (authentication);
 * else null.
 */
export function untimely({ created, expires }: Request, asker: string, now: number): Failure | null {
  if (created > now + CLOCKS_APART) {
    return new Failure(
      'authentication',
      'E_REQUEST_TIME',
      `your clock is ${inWords(created - now)} behind ${asker}'s, by the date of the request`,
      { party: asker, hint: 'set the clock that is wrong' },
    )
  }
  if (expires <= now) {
    return new Failure(
      'absent',
      'E_EXPIRED',
      `the request expired ${inWords(now - expires)} ago by your clock`,
      {
        party: asker,
        hint: `if ${asker} asked just now, set the clock that is wrong; if not, ask for it anew`,
      },
    )
  }
  if (expires - created <= LONGEST_LIFE) return null
  return new Failure('authentication', 'E_REQUEST_TIME', 'the request wants to live too long', {
    party: asker,
  })
}

/**
 * Why a script does not approve a request by its payload; null if it does, and for a person or a policy, which are asked
 * later.
 */
export function unapproved(request: Request, approval: Approval): Failure | null {
  return 'payloads' in approval ? failureIn(() => requireApproved(request, approval)) : null
}

/** The failure that a check throws; null if it throws none. */
export function failureIn(check: () => void): Failure | null {
  try {
    check()
    return null
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
}

const WHY: Readonly<Record<string, PassedOver>> = {
  E_APPROVE: 'payload',
  E_APPROVE_TYPE: 'type',
  E_EPOCH: 'epoch',
  E_REQUEST_TIME: 'clock',
  E_EXPIRED: 'clock',
  E_NO_SEAT: 'seat',
  E_POLICY_DENIES: 'policy',
  E_POLICY_NEEDS: 'awaits',
  E_PEER_REFUSED: 'awaits',
  E_ATTENDED: 'attended',
}
/** The reason in the form that its asker is told. */
export const toldAs = ({ code }: Failure): PassedOver => WHY[code] ?? 'unfit'

/** @throws Failure `E_NO_SEAT` (authentication) for a signer without a seat here */
function requireSeats(key: Key, signers: readonly Uint8Array[]): void {
  const seated = new Set(key.seated.members.map(({ card }) => hex(card.fingerprint)))
  const strange = signers.find((fingerprint) => !seated.has(hex(fingerprint)))
  if (strange)
    throw noSeat(
      `the request names a signer who has no seat in ${key.name} here: ${hex(strange).slice(0, 16)}`,
    )
}

const notAsked = (name: string): Failure =>
  new Failure('refused', 'E_NO_TITLE', `${visible(name)} has no seat, and no policy lets it ask`, {
    hint: 'a custodian asks, or a policy names those who may: requests: { from: [TITLE] }',
  })

/** The failure if asker and signer use different epochs: one of them missed a reshare. */
function otherEpoch({ name, record, digest }: Key, request: Request): Failure {
  const isBefore = record.parent !== null && hex(request.record) === hex(record.parent)
  return isBefore
    ? new Failure(
        'configuration',
        'E_EPOCH',
        `the request is for epoch ${record.epoch - 1} of ${name}, which epoch ${record.epoch} has replaced`,
        { hint: `its asker learns of it from \`mpc share statements --key ${name} -o FILE\`` },
      )
    : new Failure(
        'configuration',
        'E_EPOCH',
        `the request is for another epoch of ${name} than the one in use here, ${hex(digest).slice(0, 16)}`,
        {
          hint: `if the key was dealt anew without you: \`mpc share statements --key ${name} FILE\`, with FILE from its asker`,
        },
      )
}
