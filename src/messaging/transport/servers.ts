/** NATS servers as people name them, and the transport rules for each. Sends nothing. */
import { createSecureContext, checkServerIdentity, type PeerCertificate } from 'node:tls'
import { Failure } from '../../wire/base/failure.js'
import { visible } from '../../wire/base/text.js'
import { hashOf } from './pin.js'
import { isLoopback, plainHost } from './transport.js'

/** A file's text, and its path for people. */
export type FileText = { readonly text: string; readonly path: string }

export type ServerOptions = {
  /** `nats://host:port` or `tls://host:port`, several separated by commas. */
  readonly url: string
  /** PEM. */
  readonly ca?: FileText | undefined
  readonly cert?: FileText | undefined
  readonly key?: FileText | undefined
  /** The hash of the one certificate that the server may show, in hex; in place of an authority. */
  readonly pin?: string | undefined
  /** Allows clear text to a server that is not on this machine. */
  readonly insecure?: boolean
  /** Where the server is configured, for people. */
  readonly configuration?: string | undefined
}

export type Server = {
  readonly hostname: string
  readonly port: number
  /** Whether TLS was requested; then clear text is never used. */
  readonly tls: boolean
  /** `host:port`, for people. */
  readonly where: string
}

/** @throws Failure `E_NATS_URL` (usage), `E_TLS` (configuration) for a remote server in clear text */
export function serversIn(options: ServerOptions): Server[] {
  return options.url.split(',').map((text) => serverIn(text.trim(), options))
}

function serverIn(text: string, options: ServerOptions): Server {
  const { ca, cert, pin, insecure, configuration } = options
  if (text === '') throw notAServer('the URL of the NATS server is empty')
  let url: URL
  try {
    url = new URL(text.includes('://') ? text : `nats://${text}`)
  } catch (cause) {
    throw notAServer(`not the URL of a NATS server: ${visible(text)}`, cause)
  }
  if (url.protocol !== 'nats:' && url.protocol !== 'tls:') {
    throw notAServer(`a NATS server is nats:// or tls://, not ${visible(url.protocol)}`)
  }
  if (url.hostname === '') throw notAServer(`no host is named: ${visible(text)}`)
  if (url.username !== '' || url.password !== '') {
    throw notAServer('no credentials in a URL: use --nats-creds, or the identity answers')
  }
  const local = isLoopback(url.hostname)
  const tls = url.protocol === 'tls:' || [ca, cert, pin].some((each) => each !== undefined)
  if (!tls && !local && insecure !== true) {
    const file = configuration === undefined ? 'the configuration' : configuration
    throw new Failure(
      'configuration',
      'E_TLS',
      `${visible(url.hostname)} is not this machine and would be reached in clear`,
      { hint: `use tls://, or set nats.insecure: true in ${file} if the network itself is trusted` },
    )
  }
  const hostname = local ? plainHost(url.hostname) : url.hostname.replace(/^\[(.*)\]$/, '$1')
  const port = Number(url.port || 4222)
  return { hostname, port, tls, where: `${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}` }
}

const notAServer = (problem: string, cause?: unknown): Failure =>
  new Failure('usage', 'E_NATS_URL', problem, {
    hint: 'write nats://host:port or tls://host:port, with --nats or in MPC_NATS_URL',
    cause,
  })

/** TLS options in the form that Node and the client both take. */
export type Tls = {
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
  readonly checkServerIdentity: typeof checkServerIdentity
  readonly ca?: string
  /** Whether a certificate in `ca` is enough, though another one vouches for it. */
  readonly allowPartialTrustChain?: boolean
  readonly cert?: string
  readonly key?: string
}

/**
 * The TLS options; null if no server needs TLS.
 * @throws Failure `E_TLS_FILES` (usage) for an invalid file, `E_NATS_PIN` (usage) for a pin beside an authority
 */
export function tlsFor(servers: readonly Server[], options: ServerOptions): Tls | null {
  if (!servers.some(({ tls }) => tls)) return null
  const { ca, cert, key, pin } = options
  checkFiles(options)
  return {
    minVersion: pin === undefined ? 'TLSv1.2' : 'TLSv1.3',
    // The client forgets the name of a server that was given as an address, so any of the given names is
    // accepted.
    checkServerIdentity: (_: string, certificate: PeerCertificate) => {
      const problems = servers.map(({ hostname }) => checkServerIdentity(hostname, certificate))
      if (!problems.includes(undefined)) return problems[0]
      // Nor one that the pinned certificate vouches for.
      if (pin === undefined || hashOf(certificate) === pin) return undefined
      return Object.assign(new Error('another certificate'), { code: 'ERR_TLS_PIN' })
    },
    ...(pin !== undefined && { allowPartialTrustChain: true }),
    ...(ca && { ca: ca.text }),
    ...(cert && { cert: cert.text }),
    ...(key && { key: key.text }),
  }
}

function checkFiles({ ca, cert, key, pin }: ServerOptions): void {
  if (ca && pin !== undefined) {
    throw new Failure('usage', 'E_NATS_PIN', `a pin and the authority in ${ca.path} are both given`, {
      hint: 'a pin names the one certificate that counts: give --nats-pin or --nats-ca, and not both',
    })
  }
  if (ca && !makesContext({ cert: ca.text }))
    throw badFile(`${ca.path} holds no certificate in PEM`, '--nats-ca')
  if (cert && !makesContext({ cert: cert.text })) {
    throw badFile(`${cert.path} holds no certificate in PEM`, '--nats-cert')
  }
  if (cert && !key) throw badFile(`the certificate in ${cert.path} comes without its key`, '--nats-key')
  if (key && !cert) throw badFile(`the key in ${key.path} comes without its certificate`, '--nats-cert')
  if (!cert || !key) return
  if (!makesContext({ key: key.text })) throw badFile(`${key.path} holds no key in PEM`, '--nats-key')
  if (!makesContext({ cert: cert.text, key: key.text })) {
    throw badFile(`the key in ${key.path} is not that of the certificate in ${cert.path}`, '--nats-key')
  }
}

function makesContext(options: { cert?: string; key?: string }): boolean {
  try {
    createSecureContext(options)
    return true
  } catch {
    return false
  }
}

const badFile = (problem: string, flag: string): Failure =>
  new Failure('usage', 'E_TLS_FILES', problem, {
    hint: `${flag} FILE, or its line in the configuration, names the right one`,
  })
