import { findKey, indexIn } from '../../ceremony/keys.js'
import {
  type Approval,
  ask,
  checkPayload,
  join,
  requireApproved,
  signersNamed,
} from '../../ceremony/requests.js'
import type { Signed } from '../../ceremony/sign.js'
import type { PayloadType } from '../../wire/definition.js'
import { Failure } from '../../wire/failure.js'
import { sha256 } from '../../wire/hash.js'
import { recordPublicKey } from '../../wire/record.js'
import type { Request } from '../../wire/request.js'
import { hex, rfc3339, visible } from '../../wire/text.js'
import { wordsOf } from '../../wire/words.js'
import type { Context } from '../context.js'
import { readInput, readNamed } from '../inputs.js'
import type { Result } from '../result.js'
import { inWorld } from '../seat.js'
import { fields } from '../style.js'

export type Options = {
  readonly key: string
  readonly in?: string
  readonly type?: PayloadType
  readonly signers?: readonly string[]
  readonly join?: string
  readonly next?: true
  readonly approve?: readonly string[]
  readonly approveFile?: string
  readonly reason?: string
  readonly linger?: number
}

/** `mpc sign`: asks for a signature (`--in`), or joins a request (`--join`, `--next`); either way this member signs. */
export async function run(context: Context, options: Options): Promise<Result> {
  requireOneWay(options)
  const type = options.type ?? 'raw'
  const payload = options.in === undefined ? null : await readInput(options.in, '--in', context.signal)
  const approved = await approvals(context, options)
  const home = await context.home()
  const card = await context.card()
  const key = await findKey(home, options.key)
  indexIn(key, card)
  const signers = options.signers ? signersNamed(key, options.signers) : null
  const scripted = { payloads: approved, type, path: null }
  if (payload) {
    checkPayload(key, type, payload)
    const asked = { payloadSha256: sha256(payload), type, path: null }
    if (approved.size > 0) requireApproved(asked, scripted)
    else await confirmAsking(context, card.name, type, payload, options)
  }
  const approval: Approval =
    approved.size > 0 ? scripted : { ask: (request, signal) => consent(context, request, key, signal) }
  const seating = {
    card,
    waitingFor: payload ? 'Waiting for the other signers' : 'Waiting for a request',
    ceremony: key.record.key_id,
    linger: lingerOf(options),
  }
  const signed = await inWorld(context, seating, (world) =>
    payload
      ? ask(world, key, { type, payload, path: null, reason: options.reason ?? '', signers })
      : join(world, key, options.join ?? null, approval),
  )
  return resultOf(signed, key)
}

const lingerOf = ({ linger }: Options): number | undefined =>
  linger === undefined ? undefined : linger * 1000

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

// -------------------------------------------------------------------------------------------------- what people see

/** Before this member asks: what it is about to sign. */
async function confirmAsking(
  context: Context,
  self: string,
  type: PayloadType,
  payload: Uint8Array,
  { key, reason, signers }: Options,
): Promise<void> {
  const whom = signers ? signers.filter((name) => name !== self).join(' and ') : 'whoever comes'
  const signs = !signers || signers.includes(self)
  context.terminal.say(
    `You ask ${whom} for this signature${signs ? ', and sign it yourself' : '; you do not sign it yourself'}:`,
    ...describe(key, type, payload, reason ?? ''),
  )
  await approveTyped(context, payload, context.signal)
}

/** Before this member signs what another asks for. */
async function consent(
  context: Context,
  request: Request,
  key: {
    readonly name: string
    readonly record: { readonly members: readonly { card: { name: string; fingerprint: Uint8Array } }[] }
  },
  signal: AbortSignal,
): Promise<void> {
  const asker = key.record.members.find(({ card }) => hex(card.fingerprint) === hex(request.asker))?.card.name
  context.terminal.say(
    `${asker ?? 'somebody'} asks for this signature (${rfc3339(request.created)}):`,
    ...describe(key.name, request.type, request.payload, request.reason),
  )
  await approveTyped(context, request.payload, signal)
}

function describe(key: string, type: PayloadType, payload: Uint8Array, reason: string): string[] {
  const text = Buffer.from(payload).toString('utf8')
  const printable = Buffer.from(text, 'utf8').equals(Buffer.from(payload))
  return fields([
    ['key', key],
    ['type', type],
    ['payload', `${payload.length} bytes`],
    ['sha256', hex(sha256(payload))],
    [
      printable ? 'text' : 'hex',
      printable ? visible(text) : `${hex(payload.subarray(0, 64))}${payload.length > 64 ? '…' : ''}`,
    ],
    ...(reason === '' ? [] : [['reason', visible(reason)] as const]),
  ])
}

/** The two words are of the payload: something to type, never something to compare between people. */
async function approveTyped(context: Context, payload: Uint8Array, signal: AbortSignal): Promise<void> {
  const word = wordsOf(sha256(payload).subarray(0, 2)).join(' ')
  const flag = `--approve sha256:${hex(sha256(payload))}`
  await context.terminal.confirm('Sign it?', word, { flag, signal })
}

function resultOf(
  { request, order, signature, certificate, transcript }: Signed,
  key: Parameters<typeof checkPayload>[0],
): Result {
  const { record, name } = key
  const nameOf = (index: number) => record.members[index - 1]?.card.name
  return {
    data: {
      request_id: hex(request.id),
      key: name,
      scheme: record.scheme,
      type: request.type,
      payload_sha256: hex(request.payloadSha256),
      path: request.path,
      signers: order.signers.map(({ index }) => nameOf(index)),
      epoch: record.epoch,
      public_key: hex(recordPublicKey(record)),
      signature: hex(signature),
      certificate: certificate ?? 'incomplete',
      transcript,
    },
    text: [hex(signature)],
    next: `mpc verify --key ${name} --in FILE --signature ${hex(signature)}`,
  }
}
