/**
 * Finds out why a NATS server cannot be reached, since the client only times out: waits for the greeting,
 * upgrades to TLS, answers the challenge, and leaves.
 */
import { visible } from '../../wire/base/text.js'
import type { Login } from './credentials.js'
import { Broken, Line } from './line.js'
import { broker, noTls, refusal, type Trouble, wantsTls } from './refusals.js'
import type { Server, Tls } from './servers.js'
import { type TlsFiles, troubleOf } from './connection-errors.js'

export type ProbeOptions = {
  readonly tls: Tls | null
  readonly files: TlsFiles
  readonly login: Login
  /** Milliseconds for the whole probe. */
  readonly within: number
  readonly now: () => number
}

/** Probes one server. @returns null if the server accepts the answer to its challenge */
export async function probe(server: Server, options: ProbeOptions): Promise<Trouble | null> {
  const line = new Line(server, options.within)
  try {
    return await meet(line, server, options)
  } catch (error) {
    if (!(error instanceof Broken)) throw error
    return troubleOf(error, server, options.files)
  } finally {
    line.close()
  }
}

async function meet(line: Line, { where }: Server, options: ProbeOptions): Promise<Trouble | null> {
  const { tls, login, now } = options
  await line.open()
  const greeting = await line.next()
  if (greeting.startsWith('-ERR')) return refusal(greeting.slice(5), where, login, now())
  const info = infoIn(greeting)
  if (!info) {
    const problem = `there is no NATS server at ${where}: it says ${visible(greeting.slice(0, 40))}`
    return {
      failure: broker(problem, 'name the right port with --nats URL or MPC_NATS_URL'),
      lasts: 'for good',
    }
  }
  if (tls && !info.tls) return { failure: noTls(where), lasts: 'for good' }
  if (!tls && info.required) return { failure: wantsTls(where), lasts: 'for good' }
  if (tls) await line.secure(tls)
  const said = {
    verbose: false,
    pedantic: false,
    echo: false,
    protocol: 1,
    name: 'mpc',
    lang: 'mpc',
    version: '1',
  }
  const connect = { ...said, tls_required: tls !== null, ...login.answer(info.nonce) }
  line.say(`CONNECT ${JSON.stringify(connect)}\r\nPING\r\n`)
  for (;;) {
    const answer = await line.next()
    if (answer.startsWith('PONG')) return null
    if (answer.startsWith('-ERR')) return refusal(answer.slice(5), where, login, now())
  }
}

type Info = { readonly tls: boolean; readonly required: boolean; readonly nonce: string | undefined }

function infoIn(line: string): Info | null {
  if (!line.startsWith('INFO ')) return null
  try {
    const { tls_required, tls_available, nonce } = JSON.parse(line.slice(5)) as Record<string, unknown>
    const required = tls_required === true
    return {
      required,
      tls: required || tls_available === true,
      nonce: typeof nonce === 'string' ? nonce : undefined,
    }
  } catch {
    return null
  }
}
