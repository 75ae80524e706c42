import { findKey } from '../../../ceremony/epochs/find-key.js'
import { indexIn, type Key } from '../../../ceremony/keys/key.js'
import { policyInForce } from '../../../ceremony/policy/policy-in-force.js'
import { poolsOf } from '../../../ceremony/presigning/pool.js'
import { presignAhead, requirePresignable } from '../../../ceremony/presigning/presign-ahead.js'
import { inRecordOrder } from '../../../ceremony/requests/signer-set.js'
import { signersNamed } from '../../../ceremony/signing/ask-and-join.js'
import { Failure } from '../../../wire/base/failure.js'
import { hex } from '../../../wire/base/text.js'
import { takeUpWaiting } from '../../args/take-up.js'
import type { Context } from '../../runtime/context.js'
import type { Result } from '../../runtime/result.js'
import { inWorld } from '../../runtime/world.js'
import { fields } from '../../terminal/style.js'

export type Options = {
  readonly key: string
  readonly signers: readonly string[]
  readonly count: number
  readonly allowQuarantined?: readonly string[]
}

/** `mpc presign`: makes presignatures ahead; every signer runs it. */
export async function run(context: Context, options: Options): Promise<Result> {
  const { count } = options
  const home = await context.home()
  const card = await context.card()
  await takeUpWaiting(context)
  const key = await findKey(home, options.key)
  indexIn(key, card)
  const signers = inRecordOrder(key.seated, signersNamed(key, options.signers))
  if (!signers.some(({ fingerprint }) => hex(fingerprint) === hex(card.fingerprint))) {
    throw new Failure('usage', 'E_SIGNERS', `${card.name} is none of these signers`, {
      hint: 'name yourself with --signers too; each signer runs the same command',
    })
  }
  if (!context.terminal.interactive) await requireLeave(context, key)
  requirePresignable(key)
  const seating = {
    card,
    waitingFor: 'Joining',
    ceremony: key.record.key_id,
    allowed: options.allowQuarantined,
    making: 'Making presignatures',
  }
  const made = await inWorld(context, seating, (world) => presignAhead(world, key, signers, count))
  const names = signers.map(({ index }) => key.seated.members[index - 1]?.card.name as string)
  const pools = await poolsOf(home, key)
  const left = pools.find((pool) => pool.signers.join() === names.join())?.left ?? 0
  return {
    data: { key: key.name, signers: names, made, left },
    text: fields([
      ['made', String(made)],
      ['left', `${left} for ${names.join(' and ')}`],
    ]),
  }
}

/** @throws Failure `E_POLICY_DENIES` (refused) where the policy wants a person to be there */
async function requireLeave(context: Context, key: Key): Promise<void> {
  const policy = await policyInForce(await context.home(), key)
  if (policy === null || policy.policy.unattendedPresign) return
  throw new Failure(
    'refused',
    'E_POLICY_DENIES',
    `the policy of ${key.name} lets no script make presignatures`,
    {
      hint: 'run it at a terminal; or agree on a policy with the line `presign: unattended`',
    },
  )
}
