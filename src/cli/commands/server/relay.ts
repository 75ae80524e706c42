import { approverUser, openRelay, userOf } from '../../../messaging/relay/relay.js'
import { type Address, hostPort } from '../../runtime/parse.js'
import { DEFAULT_URL } from '../../runtime/config.js'
import type { Context } from '../../runtime/context.js'
import { cardAlone, groupOf, type TlsFiles, tlsFiles, unknownLines } from '../../args/members-file.js'
import { readNamed, readNamedSecret } from '../../runtime/read-input.js'
import type { Result } from '../../runtime/result.js'

export type Options = TlsFiles & {
  readonly definition?: string
  readonly card?: readonly string[]
  readonly listen?: Address
}

const LISTEN: Address = { host: '127.0.0.1', port: 4222 }

/** `mpc relay`: serves until it is stopped; that is exit 0. */
export async function run(context: Context, options: Options): Promise<Result> {
  const { terminal, globals, signal } = context
  const { host, port } = options.listen ?? LISTEN
  const files = tlsFiles(options)
  const { definition, card = [] } = options
  if (definition === undefined && card.length > 0) throw cardAlone()
  const group = definition === undefined ? null : await groupOf(context, definition, card)
  const relay = await openRelay({
    host,
    port,
    users: group && [...group.members.map(userOf), ...group.approvers.map(approverUser)],
    tls: files && { cert: await text(files.cert), key: await text(files.key, true) },
    rng: context.rng,
    log: (line) => terminal.say(line),
  })
  const names = group && [...group.members, ...group.approvers].map(({ name }) => name)
  const url = `${files ? 'tls' : 'nats'}://${hostPort({ host, port: relay.port })}`
  terminal.say(...welcome(url, names), ...(group ? unknownLines(group) : []))
  await untilStopped(signal, globals.timeout)
  await relay.close()
  terminal.say('Stopped. Nothing was stored.')
  return { data: { url, members: names, connections: relay.admitted }, text: [] }
}

const welcome = (url: string, names: readonly string[] | null): string[] => [
  `Listening on ${url}; Ctrl-C stops it. Nothing is stored.`,
  names
    ? `These members can connect: ${names.join(', ')}, each with the NATS key of its card.`
    : 'Every identity on this machine can connect.',
  'The relay sees who meets when, and what is to be signed. It never sees a share.',
  ...(url === DEFAULT_URL ? [] : [`Every member runs:  export MPC_NATS_URL=${url}`]),
]

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
