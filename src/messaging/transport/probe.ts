/**
 * Finds out why a NATS server cannot be reached, since the client only times out: waits for the greeting,
 * upgrades to TLS, answers the challenge, and leaves.
 */
import { visible } from '../../wire/base/text.js'
import type { Login } from './credentials.js'
import { Broken, Line } from './line.js'
import { hashOf, otherCertificate } from './pin.js'
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
  return over(server, options, (line) => meet(line, server, options))
}

/**
 * The certificate that a server shows, as PEM, if its hash is the pin; else the trouble. Nothing is said to the server.
 * Dates and host are not looked at: the connections that trust this certificate do.
 */
export function pinned(server: Server, pin: string, options: ProbeOptions): Promise<string | Trouble> {
  return over<string | Trouble>(server, options, async (line) => {
    const greeted = await greet(line, server, options)
    if ('failure' in greeted) return greeted
    // Without a client certificate: the server may be a stranger.
    await line.secure({ minVersion: 'TLSv1.3', rejectUnauthorized: false })
    const { certificate } = line
    const shown = certificate === null ? '' : hashOf(certificate)
    if (certificate === null || shown !== pin) {
      return { failure: otherCertificate(server.where, pin, shown), lasts: 'for good' }
    }
    const base64 = certificate.raw.toString('base64')
    return `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`
  })
}

async function over<T>(
  server: Server,
  { within, files }: ProbeOptions,
  act: (line: Line) => Promise<T>,
): Promise<T | Trouble> {
  const line = new Line(server, within)
  try {
    return await act(line)
  } catch (error) {
    if (!(error instanceof Broken)) throw error
    return troubleOf(error, server, files)
  } finally {
    line.close()
  }
}

async function meet(line: Line, server: Server, options: ProbeOptions): Promise<Trouble | null> {
  const { tls, login, now } = options
  const info = await greet(line, server, options)
  if ('failure' in info) return info
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
    if (answer.startsWith('-ERR')) return refusal(answer.slice(5), server.where, login, now())
  }
}

/** What the server says first. */
async function greet(
  line: Line,
  { where }: Server,
  { tls, login, now }: ProbeOptions,
): Promise<Info | Trouble> {
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
  return info
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
