import { findKey } from '../../../ceremony/epochs/find-key.js'
import { indexIn, type Key } from '../../../ceremony/keys/key.js'
import {
  type Approval,
  ask,
  handOut,
  join,
  requireApproved,
  signersNamed,
} from '../../../ceremony/signing/ask-and-join.js'
import { type SignedBefore, signedBefore } from '../../../ceremony/signing/finished-signature.js'
import { signable } from '../../../ceremony/signing/fitness.js'
import { outlook, requireAskable } from '../../../ceremony/policy/outlook.js'
import { policyInForce } from '../../../ceremony/policy/policy-in-force.js'
import { noPolicy } from '../../../ceremony/policy/refusals.js'
import { atDesk } from '../../../ceremony/work/at-desk.js'
import { decoderFor } from '../../../payload/registry/registry.js'
import { Failure } from '../../../wire/base/failure.js'
import { sha256 } from '../../../wire/base/hash.js'
import { hex } from '../../../wire/base/text.js'
import { confirmAsking, consent } from '../../consent/signature.js'
import type { Context } from '../../runtime/context.js'
import { readInput } from '../../runtime/read-input.js'
import { approvals, type Scripted } from '../../args/approvals.js'
import { withOthers } from '../../args/other-signers.js'
import type { Result } from '../../runtime/result.js'
import { inWorld } from '../../runtime/world.js'
import { takeUpWaiting } from '../../args/take-up.js'
import type { SignatureFormat } from '../../../payload/signature-file.js'
import { drainAll } from './drain.js'
import { noting, type Skip, signedResult } from './signature.js'
import { checkOutput } from './signature-output.js'

export type Options = {
  readonly key: string
  readonly in?: string
  readonly type?: string
  readonly path?: string
  readonly signers?: readonly string[]
  readonly join?: string
  readonly next?: true
  readonly drain?: true
  /** Milliseconds. */
  readonly wait?: number
  readonly approve?: readonly string[]
  readonly approveFile?: string
  readonly reason?: string
  readonly out?: string
  readonly format?: SignatureFormat
  readonly linger?: number
  readonly allowQuarantined?: readonly string[]
}

/** `mpc sign`: asks for a signature (`--in`), or joins a request (`--join`, `--next`); either way this member signs. */
export async function run(context: Context, options: Options): Promise<Result> {
  requireOneWay(options)
  const before = options.join && (await signedBefore(await context.home(), options.key, options.join))
  if (before) {
    await checkOutput(context, options, before.key.record.scheme, before.target)
    return again(context, options, before)
  }
  const type = options.type ?? 'raw'
  const file = options.in === undefined ? null : await readInput(options.in, '--in')
  const scripted = await approvals(context, options)
  const home = await context.home()
  const card = await context.card()
  await takeUpWaiting(context)
  const key = await findKey(home, options.key)
  indexIn(key, card)
  const signers = options.signers ? signersNamed(key, options.signers) : null
  const path = options.path ?? null
  const payload = file && (await decoderFor(type, key.record.scheme)).read(file)
  const isUnattended = scripted !== null && 'by' in scripted
  const approval = approvalOf(context, key, scripted, { type, path })
  const policy = await policyInForce(home, key)
  if (options.drain) return drainAll(context, key, policy, approval, options)
  const target = payload && (await signable(key, { type, payload, path }, policy))
  await checkOutput(context, options, key.record.scheme, target)
  if (payload && target) {
    const asked = {
      type,
      payload,
      path,
      payloadSha256: sha256(payload),
      asker: card.fingerprint,
      signers,
      target,
    }
    const verdict = policy && (await outlook({ home, clock: context.clock, card }, key, policy, asked))
    if (verdict) requireAskable(key.name, verdict, isUnattended)
    if ('payloads' in approval) requireApproved(asked, approval)
    else if ('ask' in approval) {
      const { reason = '', signers: named = null } = options
      const { decoded } = target
      await confirmAsking(context, key, card.name, {
        payload,
        decoded,
        path,
        reason,
        signers: named,
        verdict,
      })
    } else if (verdict === null) throw noPolicy(key.name)
  } else if (isUnattended && policy === null) throw noPolicy(key.name)
  const seating = {
    card,
    waitingFor: payload ? waitingFor(key, card.name, options) : 'Waiting for somebody to ask for a signature',
    ceremony: key.record.key_id,
    linger: options.linger,
    allowed: options.allowQuarantined,
  }
  const skipped: Skip[] = []
  try {
    const signed = await inWorld(context, seating, (world) =>
      payload && target
        ? ask(world, key, {
            type,
            payload,
            path,
            reason: options.reason ?? '',
            signers,
            target,
            isUnattended,
          })
        : atDesk(world, key, policy, (feed) =>
            join(noting(world, skipped), key, options.join ?? null, approval, feed),
          ),
    )
    // A request that waited for its approvals was passed over until they came.
    const passed = skipped.filter(({ request_id }) => request_id !== hex(signed.request.id))
    return await signedResult(context.terminal, signed, key, passed, options)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    const failure = payload ? withOthers(error, key, options) : error
    if (skipped.length === 0) throw failure
    return { data: { skipped }, text: [], failure }
  }
}

/** How this command approves a request: a person, these payloads, or what the policy lets be signed unattended. */
function approvalOf(
  context: Context,
  key: Key,
  scripted: Scripted | null,
  { type, path }: { readonly type: string; readonly path: string | null },
): Approval {
  if (scripted === null) {
    return { ask: (request, seen, signal) => consent(context, { request, ...seen }, key, signal) }
  }
  return 'by' in scripted ? scripted : { ...scripted, type, path }
}

/** Prints what this home has signed before, and hands it to whoever still waits for it, where that can be done. */
async function again(context: Context, options: Options, before: SignedBefore): Promise<Result> {
  context.terminal.say('You have signed this before: nothing is signed anew.')
  const seating = {
    card: await context.card(),
    waitingFor: 'Handing the signature to whoever still waits for it',
    ceremony: before.key.record.key_id,
    linger: options.linger,
  }
  try {
    const key = await findKey(await context.home(), options.key)
    await inWorld(context, seating, (world) => handOut(world, key, before))
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    context.terminal.say(`It was not handed to the others: ${error.message}`)
  }
  return signedResult(context.terminal, before, before.key, [], options)
}

/** The signers that the asker waits for, and what they are to run. */
function waitingFor({ name, record }: Key, self: string, { signers }: Options): string {
  const others =
    signers?.filter((each) => each !== self).join(' and ') ?? `${record.threshold - 1} more to sign`
  return `Waiting for ${others}: \`mpc sign --key ${name} --next\` there`
}

function requireOneWay({ in: file, join, next, drain, wait, signers, reason }: Options): void {
  if ([file, join, next, drain].filter((way) => way !== undefined).length !== 1) {
    throw new Failure('usage', 'E_SIGN_WAY', 'give one of --in FILE, --join REQUEST, --next and --drain', {
      hint: '--in asks for a signature; the others sign what another custodian asks for',
    })
  }
  if (wait !== undefined && drain === undefined) {
    throw new Failure('usage', 'E_SIGN_WAY', '--wait goes with --drain')
  }
  if ((reason ?? '').length > 500) {
    throw new Failure('usage', 'E_REASON', '--reason has more than 500 characters')
  }
  if (signers && file === undefined) {
    throw new Failure(
      'usage',
      'E_SIGN_WAY',
      '--signers goes with --in: who joins does not choose the signers',
    )
  }
}
