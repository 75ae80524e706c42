import { approverUser, openRelay, userOf } from '../../../messaging/relay/relay.js'
import { type Address, hostPort } from '../../runtime/parse.js'
import { DEFAULT_URL } from '../../runtime/config.js'
import type { Context } from '../../runtime/context.js'
import { cardAlone, groupOf, type TlsFiles, tlsFiles, unknownLines } from '../../args/members-file.js'
import { readNamed, readNamedSecret } from '../../runtime/read-input.js'
import { type OwnCertificate, ownAddresses, ownCertificate } from '../../server/relay-certificate.js'
import type { Result } from '../../runtime/result.js'
import { Failure } from '../../../wire/base/failure.js'
import { rfc3339 } from '../../../wire/base/text.js'

export type Options = TlsFiles & {
  readonly definition?: string
  readonly card?: readonly string[]
  readonly listen?: Address
  readonly selfSigned?: boolean
}

const LISTEN: Address = { host: '127.0.0.1', port: 4222 }
/** Of `--self-signed`, which is for other machines. */
const LISTEN_TO_ALL: Address = { host: '0.0.0.0', port: 4222 }
const WILDCARDS = ['0.0.0.0', '::']

/** `mpc relay`: serves until it is stopped; that is exit 0. */
export async function run(context: Context, options: Options): Promise<Result> {
  const { terminal, globals, signal } = context
  const { host, port } = options.listen ?? (options.selfSigned ? LISTEN_TO_ALL : LISTEN)
  const files = tlsFiles(options)
  const { definition, card = [] } = options
  if (definition === undefined && card.length > 0) throw cardAlone()
  const group = definition === undefined ? null : await groupOf(context, definition, card)
  const hosts = WILDCARDS.includes(host) ? ownAddresses() : [host]
  const own = options.selfSigned ? await certificateFor(context, hosts, files !== null) : null
  const relay = await openRelay({
    host,
    port,
    users: group && [...group.members.map(userOf), ...group.approvers.map(approverUser)],
    tls: own ?? (files && { cert: await text(files.cert), key: await text(files.key, true) }),
    rng: context.rng,
    log: (line) => terminal.say(line),
  })
  const names = group && [...group.members, ...group.approvers].map(({ name }) => name)
  const urls = (own ? hosts : [host]).map(
    (each) => `${own || files ? 'tls' : 'nats'}://${hostPort({ host: each, port: relay.port })}`,
  )
  const [url = ''] = urls
  terminal.say(...welcome(urls, names, own), ...(group ? unknownLines(group) : []))
  await untilStopped(signal, globals.timeout)
  await relay.close()
  terminal.say('Stopped. Nothing was stored.')
  return { data: { url, members: names, connections: relay.admitted, pin: own && own.hash }, text: [] }
}

/** @throws Failure `E_TLS_FILES` (usage) beside other certificates, `E_LISTEN` (network) without an address */
async function certificateFor(
  context: Context,
  hosts: readonly string[],
  isGiven: boolean,
): Promise<OwnCertificate> {
  if (isGiven) {
    throw new Failure('usage', 'E_TLS_FILES', '--self-signed makes a certificate, and --tls-cert gives one', {
      hint: 'give one of them',
    })
  }
  if (hosts.length === 0) {
    throw new Failure('network', 'E_LISTEN', 'this machine has no address that others could reach', {
      hint: 'connect it to the network, or name an address of it: --listen HOST:PORT',
    })
  }
  return ownCertificate(await context.makeHome(), hosts, context)
}

const welcome = (
  [url = '', ...others]: readonly string[],
  names: readonly string[] | null,
  own: OwnCertificate | null,
): string[] => [
  `Listening on ${url}; Ctrl-C stops it. Nothing is stored.`,
  ...(others.length > 0 ? [`Other addresses of this machine: ${others.join(', ')}`] : []),
  names
    ? `These members can connect: ${names.join(', ')}, each with the NATS key of its card.`
    : 'Every identity on this machine can connect.',
  'The relay sees who meets when, and what is to be signed. It never sees a share.',
  ...(own
    ? [`Its own certificate is valid until ${rfc3339(own.until)}; the hash in this line names it:`]
    : []),
  ...(url === DEFAULT_URL ? [] : [`Every member runs:  export ${settings(url, own)}`]),
]

const settings = (url: string, own: OwnCertificate | null): string =>
  `MPC_NATS_URL=${url}${own ? ` MPC_NATS_PIN=${own.hash}` : ''}`

/**
 * Waits for Ctrl-C or `timeout` milliseconds. It uses a timer of its own: `AbortSignal.any` does not keep an
 * `AbortSignal.timeout` from being garbage collected before it fires.
 */
async function untilStopped(signal: AbortSignal, timeout: number | null): Promise<void> {
  if (signal.aborted) return
  let timer: NodeJS.Timeout | undefined
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true })
    if (timeout !== null) timer = setTimeout(resolve, timeout)
  })
  clearTimeout(timer)
}

async function text(path: string, secret = false): Promise<string> {
  const bytes = await (secret ? readNamedSecret(path, '--tls-key') : readNamed(path, '--tls-cert'))
  return Buffer.from(bytes).toString('utf8')
}
