import { findKey } from '../../../ceremony/epochs/find-key.js'
import { indexIn, type Key } from '../../../ceremony/keys/key.js'
import {
  type Approval,
  ask,
  checkPayload,
  handOut,
  join,
  requireApproved,
  signersNamed,
} from '../../../ceremony/signing/ask-and-join.js'
import { type Signed, type SignedBefore, signedBefore } from '../../../ceremony/signing/finished-signature.js'
import { signable } from '../../../ceremony/signing/fitness.js'
import type { Scheme } from '../../../protocol/group/scheme.js'
import { derivedKey } from '../../../wire/key/derived-key.js'
import type { Entry } from '../../../payload/registry/target.js'
import type { World } from '../../../ceremony/world.js'
import { loadDecoder } from '../../../payload/registry/registry.js'
import type { PayloadType } from '../../../wire/ceremony/definition.js'
import { Failure } from '../../../wire/base/failure.js'
import { sha256 } from '../../../wire/base/hash.js'
import { ecdsaForms } from '../../../wire/ceremony/signature.js'
import { hex } from '../../../wire/base/text.js'
import { confirmAsking, consent } from '../../consent/signature.js'
import type { Context } from '../../runtime/context.js'
import { readInput, readNamed } from '../../runtime/read-input.js'
import { requestFlags, withOthers } from '../../args/other-signers.js'
import type { Result } from '../../runtime/result.js'
import { inWorld } from '../../runtime/world.js'
import { takeUpWaiting } from '../../args/take-up.js'

export type Options = {
  readonly key: string
  readonly in?: string
  readonly type?: PayloadType
  readonly path?: string
  readonly signers?: readonly string[]
  readonly join?: string
  readonly next?: true
  readonly approve?: readonly string[]
  readonly approveFile?: string
  readonly reason?: string
  readonly linger?: number
  readonly allowQuarantined?: readonly string[]
}

/** `mpc sign`: asks for a signature (`--in`), or joins a request (`--join`, `--next`); either way this member signs. */
export async function run(context: Context, options: Options): Promise<Result> {
  requireOneWay(options)
  const before = options.join && (await signedBefore(await context.home(), options.key, options.join))
  if (before) return again(context, options, before)
  const type = options.type ?? 'raw'
  const payload =
    options.in === undefined ? null : (await loadDecoder(type)).read(await readInput(options.in, '--in'))
  const approved = await approvals(context, options)
  const home = await context.home()
  const card = await context.card()
  await takeUpWaiting(context)
  const key = await findKey(home, options.key)
  indexIn(key, card)
  const signers = options.signers ? signersNamed(key, options.signers) : null
  const path = options.path ?? null
  const scripted = { payloads: approved, type, path }
  if (payload) checkPayload(type, payload)
  const target = payload && (await signable(key, { type, payload, path }))
  if (payload && target) {
    const { decoded } = target
    const asked = { payloadSha256: sha256(payload), type, path }
    if (approved.size > 0) requireApproved(asked, scripted)
    else {
      const { reason = '', signers: named = null } = options
      await confirmAsking(context, key, card.name, { payload, decoded, path, reason, signers: named })
    }
  }
  const approval: Approval =
    approved.size > 0
      ? scripted
      : {
          ask: (request, signal, { decoded }) => consent(context, { request, decoded }, key, signal),
        }
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
        ? ask(world, key, { type, payload, path, reason: options.reason ?? '', signers, target })
        : join(noting(world, skipped), key, options.join ?? null, approval),
    )
    return resultOf(context, signed, key, skipped, options.in)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    const failure = payload ? withOthers(error, key, options) : error
    if (skipped.length === 0) throw failure
    return { data: { skipped }, text: [], failure }
  }
}

/** A request that was heard of and left to others. */
type Skip = {
  readonly request_id: string | null
  readonly asker: string | null
  readonly sha256: string | null
  readonly code: string | null
}

function noting(world: World, skipped: Skip[]): World {
  const emit: World['emit'] = (event) => {
    if (event.event === 'skipped') {
      const { request = null, party = null, sha256 = null, code = null } = event
      skipped.push({ request_id: request, asker: party, sha256, code })
    }
    world.emit(event)
  }
  return { ...world, emit }
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
  return resultOf(context, before, before.key, [], options.in)
}

/** Whom the asker waits for, and what they are to run meanwhile. */
function waitingFor({ name, record }: Key, self: string, { signers }: Options): string {
  const others =
    signers?.filter((each) => each !== self).join(' and ') ?? `${record.threshold - 1} more to sign`
  return `Waiting for ${others}: \`mpc sign --key ${name} --next\` there`
}

function requireOneWay({ in: file, join, next, signers, reason }: Options): void {
  if ([file, join, next].filter((way) => way !== undefined).length !== 1) {
    throw new Failure('usage', 'E_SIGN_WAY', 'give one of --in FILE, --join REQUEST and --next', {
      hint: '--in asks for a signature; --next and --join sign what another custodian asks for',
    })
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

/** SHA-256 in hex of every payload that this command approves. @throws Failure `E_NO_INPUT` if there is nobody to ask */
async function approvals(context: Context, { approve, approveFile }: Options): Promise<ReadonlySet<string>> {
  const named = (approve ?? []).map(stripped)
  const file = approveFile === undefined ? [] : await approvalsIn(approveFile)
  const all = new Set([...named, ...file])
  if (all.size > 0 || context.terminal.interactive) return all
  throw new Failure('usage', 'E_NO_INPUT', 'nobody is here to approve the payload', {
    hint: 'give --approve sha256:HEX with the SHA-256 of the payload, or run it at a terminal',
  })
}

async function approvalsIn(path: string): Promise<string[]> {
  const text = Buffer.from(await readNamed(path, '--approve-file')).toString('utf8')
  const lines = text.split('\n').map((line) => line.trim())
  return lines.flatMap((line, i) => {
    if (line === '' || line.startsWith('#')) return []
    if (/^sha256:[0-9a-f]{64}$/.test(line)) return [stripped(line)]
    throw new Failure('usage', 'E_APPROVE_FILE', `line ${i + 1} of ${path} is not sha256: and 64 hex digits`)
  })
}

const stripped = (approval: string): string => approval.replace(/^sha256:/, '')

function resultOf(
  { terminal }: Context,
  { request, target, order, signatures, certificate, transcript, unkept }: Signed,
  { record, seated, name }: Omit<Key, 'status'>,
  skipped: readonly Skip[],
  file: string | undefined,
): Result {
  const signers = order.signers.map(({ index }) => seated.members[index - 1]?.card.name)
  if (unkept !== undefined) terminal.say('', `Not all of it could be kept here: ${unkept}`)
  const made = target.entries.map((entry, i) =>
    signatureData(record.scheme, entry, signatures[i] as Uint8Array),
  )
  const [first, ...more] = made as [ReturnType<typeof signatureData>]
  const single = more.length === 0 ? first : null
  const asked = {
    ...(file !== undefined && { in: file }),
    ...(request.type !== 'raw' && { type: request.type }),
    ...(request.path !== null && { path: request.path }),
  }
  // Said beside it and not with it: whoever redirects the result has the signature alone.
  terminal.say(
    '',
    `Signed by ${signers.join(' and ')} under ${name} (${record.scheme}). The ${single ? 'signature' : 'signatures'}, in hex:`,
  )
  return {
    data: {
      request_id: hex(request.id),
      key: name,
      scheme: record.scheme,
      type: request.type,
      payload_sha256: hex(request.payloadSha256),
      signers,
      epoch: record.epoch,
      public_key: hex(derivedKey(record, request.path).publicKey),
      ...single,
      path: request.path,
      signature: single && single.signature,
      signatures: made,
      certificate: certificate ?? 'incomplete',
      transcript,
      skipped,
    },
    text: made.map(({ signature }) => signature),
    again: `mpc sign --key ${name} --join ${hex(request.id)}`,
    ...(single && { next: `mpc verify ${requestFlags(name, asked)} --signature ${single.signature}` }),
  }
}

/** One signature, with the key that it is of. */
function signatureData(scheme: Scheme, { path, key: { publicKey }, message }: Entry, signature: Uint8Array) {
  const common = { path, public_key: hex(publicKey), signature: hex(signature) }
  if (scheme !== 'ecdsa-secp256k1') return common
  const { r, s, recoveryId, der } = ecdsaForms(publicKey, message, signature)
  return { ...common, r: hex(r), s: hex(s), recovery_id: recoveryId, der: hex(der) }
}
