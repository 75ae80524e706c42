/** The relay's own certificate, read by OpenSSL; and a client that knows it by its hash, on real sockets. */
import { execFileSync } from 'node:child_process'
import { createHash, X509Certificate } from 'node:crypto'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSecureContext, type SecureContextOptions, TLSSocket } from 'node:tls'
import { afterEach, describe, expect, test } from 'vitest'
import { type Certified, selfSigned, type Wanted } from '../../../src/messaging/relay/certificate.js'
import { openRelay } from '../../../src/messaging/relay/relay.js'
import { connectNats, type NatsOptions } from '../../../src/messaging/transport/nats.js'
import { pinIn } from '../../../src/messaging/transport/pin.js'
import type { Failure } from '../../../src/wire/base/failure.js'
import { certificates } from '../../support/certificates.js'
import { NatsServer, natsServerSuite } from '../../support/nats.js'
import { newKey } from '../../support/raw.js'
import { seededRng } from '../../support/rng.js'
import { failureOf } from '../../wire/support.js'

const DAY = 86_400_000
const today = Math.floor(Date.now() / 1000) * 1000
const rng = seededRng('certificate')
const made = (wish: Partial<Wanted> = {}): Certified =>
  selfSigned({ hosts: ['127.0.0.1'], from: today - DAY, until: today + 90 * DAY, rng, ...wish })
const hashOf = ({ cert }: Certified): string =>
  createHash('sha256').update(new X509Certificate(cert).raw).digest('hex')

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const close of cleanUp.splice(0).reverse()) await close()
})

function inFiles({ cert, key }: Certified): { cert: string; key: string } {
  const dir = mkdtempSync(join(tmpdir(), 'mpc-own-'))
  writeFileSync(join(dir, 'cert.pem'), cert)
  writeFileSync(join(dir, 'key.pem'), key)
  return { cert: join(dir, 'cert.pem'), key: join(dir, 'key.pem') }
}
const openssl = (...args: string[]): string => execFileSync('openssl', args, { encoding: 'utf8' })

describe('the certificate', () => {
  const hosts = ['192.0.2.7', 'relay.example.org', '2001:db8::7', '::ffff:192.0.2.8', '::1', 'fd00::']

  test('is what OpenSSL reads, verifies and finds the hosts in', () => {
    const certified = made({ hosts })
    const { cert, key } = inFiles(certified)
    expect(openssl('verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', cert, cert)).toContain(
      ': OK',
    )
    expect(openssl('x509', '-in', cert, '-noout', '-pubkey')).toBe(openssl('pkey', '-in', key, '-pubout'))
    for (const address of hosts.filter((each) => !each.includes('example'))) {
      expect(openssl('x509', '-in', cert, '-noout', '-checkip', address)).toContain('does match')
    }
    expect(openssl('x509', '-in', cert, '-noout', '-checkhost', 'relay.example.org')).toContain('does match')
    expect(openssl('x509', '-in', cert, '-noout', '-checkip', '192.0.2.9')).toContain('does NOT match')
    const text = openssl('x509', '-in', cert, '-noout', '-text')
    expect(text).toContain('Digital Signature')
    expect(text).toContain('TLS Web Server Authentication')
    expect(text).toContain('CA:FALSE')
  })

  test('has the dates that were asked for, and a new key and number each time', () => {
    const [one, two] = [made(), made()].map(({ cert }) => new X509Certificate(cert))
    expect(Date.parse(one?.validFrom ?? '')).toBe(today - DAY)
    expect(Date.parse(one?.validTo ?? '')).toBe(today + 90 * DAY)
    expect(one?.serialNumber).not.toBe(two?.serialNumber)
    expect(one?.publicKey.equals(two?.publicKey as never)).toBe(false)
  })

  test('does not verify once a byte of it is another', () => {
    const { cert } = made()
    const { publicKey, raw } = new X509Certificate(cert)
    expect(new X509Certificate(cert).verify(publicKey)).toBe(true)
    const other = Buffer.from(raw)
    // A digit of the year in which it ends.
    const at = other.indexOf(Buffer.from(new Date(today + 90 * DAY).toISOString().slice(2, 4)), 60)
    other[at] = (other[at] as number) ^ 1
    expect(new X509Certificate(other).verify(publicKey)).toBe(false)
  })
})

async function relay(certified: Certified): Promise<number> {
  const opened = await openRelay({
    host: '127.0.0.1',
    port: 0,
    users: null,
    tls: certified,
    rng,
    log: () => {},
  })
  cleanUp.push(() => opened.close())
  return opened.port
}

const nkey = newKey()
async function joins(options: Omit<NatsOptions, 'nkey'>) {
  const transport = await connectNats({ nkey, ...options })
  cleanUp.push(() => transport.close())
  return transport
}
const why = (options: Omit<NatsOptions, 'nkey'>): Promise<Failure> =>
  joins(options).then(
    () => {
      throw new Error('it did not fail')
    },
    (failure: Failure) => failure,
  )

describe('a client with the pin', () => {
  test('connects, and is heard by another', async () => {
    const certified = made()
    const url = `tls://127.0.0.1:${await relay(certified)}`
    const [one, two] = [
      await joins({ url, pin: hashOf(certified) }),
      await connectNats({ nkey: newKey(), url, pin: hashOf(certified) }),
    ]
    cleanUp.push(() => two.close())
    const heard = new Promise<string>((resolve) => {
      two.subscribe('mpc.v1.a.b', (_, bytes) => resolve(Buffer.from(bytes).toString()))
    })
    await two.flush()
    one.publish('mpc.v1.a.b', Buffer.from('hello'))
    await one.flush()
    expect(await heard).toBe('hello')
  })

  test('refuses another certificate, also one of the same names: exit 6, both hashes named', async () => {
    const pin = hashOf(made())
    const certified = made()
    const port = await relay(certified)
    const failure = await why({ url: `tls://127.0.0.1:${port}`, pin })
    expect(failure).toMatchObject({ kind: 'authentication', code: 'E_BROKER_PIN' })
    expect(failure.message).toBe(
      `the server at 127.0.0.1:${port} does not show the pinned certificate: it is ${pin}, and the server shows ${hashOf(certified)}`,
    )
    expect(failure.hint).toContain('somebody may be between you')
  })

  test.each([
    ['that has expired', { until: today - 1000 }, 'has expired'],
    ['that is not valid yet', { from: today + DAY }, 'is not valid yet'],
    ['of another host', { hosts: ['192.0.2.7'] }, 'is of another host: it names "IP Address:192.0.2.7"'],
  ])('refuses the very certificate %s: exit 4', async (_, wish, words) => {
    const certified = made(wish)
    const failure = await why({ url: `tls://127.0.0.1:${await relay(certified)}`, pin: hashOf(certified) })
    expect(failure).toMatchObject({ kind: 'network', code: 'E_BROKER_TLS' })
    expect(failure.message).toContain(words)
  })

  test('refuses a server without TLS, and one that is not there', async () => {
    const clear = await openRelay({ host: '127.0.0.1', port: 0, users: null, tls: null, rng, log: () => {} })
    cleanUp.push(() => clear.close())
    const pin = hashOf(made())
    for (const scheme of ['nats', 'tls']) {
      const failure = await why({ url: `${scheme}://127.0.0.1:${clear.port}`, pin })
      expect(failure).toMatchObject({ kind: 'network', code: 'E_BROKER_TLS' })
      expect(failure.message).toContain('does not offer TLS')
    }
    const { port } = clear
    await clear.close()
    expect(await why({ url: `tls://127.0.0.1:${port}`, pin })).toMatchObject({ code: 'E_BROKER' })
  })

  /** A server that greets and goes over to TLS; resolves with all that it hears on one connection. */
  async function listener(certified: Certified, options: SecureContextOptions = {}) {
    const heard: Buffer[] = []
    let tell: (all: string) => void = () => {}
    const whole = new Promise<string>((resolve) => (tell = resolve))
    const secureContext = createSecureContext({ ...certified, ...options })
    const server = createServer((socket) => {
      socket.on('error', () => {})
      socket.on('close', () => tell(Buffer.concat(heard).toString('latin1')))
      socket.write('INFO {"tls_required":true,"nonce":"AAAA"}\r\n', () => {
        const secure = new TLSSocket(socket, { isServer: true, secureContext })
        secure.on('data', (chunk: Buffer) => heard.push(chunk))
        secure.on('error', () => {})
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    cleanUp.push(() => server.close())
    return { url: `tls://127.0.0.1:${(server.address() as { port: number }).port}`, whole }
  }

  test('says nothing to a server that shows another certificate', async () => {
    const { url, whole } = await listener(made())
    expect(await why({ url, pin: hashOf(made()) })).toMatchObject({ code: 'E_BROKER_PIN' })
    expect(await whole).toBe('')
  })

  test('speaks TLS 1.3 and no older one', async () => {
    const certified = made()
    const { url } = await listener(certified, { maxVersion: 'TLSv1.2' })
    const failure = await why({ url, pin: hashOf(certified) })
    expect(failure).toMatchObject({ kind: 'network', code: 'E_BROKER_TLS' })
    expect(failure.message).toContain('does not speak TLS 1.3 or newer')
  })

  test('gives no authority beside it', async () => {
    const failure = await why({
      url: 'tls://127.0.0.1:1',
      pin: hashOf(made()),
      ca: { text: made().cert, path: 'ca.pem' },
    })
    expect(failure).toMatchObject({ kind: 'usage', code: 'E_NATS_PIN' })
  })
})

test.each([
  ['as OpenSSL prints it', 'AB:'.repeat(31) + 'cd'],
  ['with its name', `sha256:${'ab'.repeat(31)}cd`],
])('a pin %s', (_, text) => expect(pinIn(text, '--nats-pin')).toBe(`${'ab'.repeat(31)}cd`))

test.each(['', 'ab', 'g'.repeat(64), '0'.repeat(65), `sha1:${'0'.repeat(64)}`])('%j is no pin', (text) => {
  expect(failureOf(() => pinIn(text, 'MPC_NATS_PIN'))).toMatchObject({ kind: 'usage', code: 'E_NATS_PIN' })
})

natsServerSuite('a nats-server', () => {
  const files = { ...certificates() }
  const of = (path: string) => new X509Certificate(execFileSync('cat', [path])).fingerprint256

  test('with a certificate of an authority is taken by its hash, and its authority is not', async () => {
    const server = await NatsServer.start(
      `tls { cert_file: "${files.cert}", key_file: "${files.key}" }`,
      'tls',
    )
    cleanUp.push(() => server.down())
    const { url } = server
    const transport = await joins({ url, pin: pinIn(of(files.cert), '--nats-pin') })
    expect(transport.connected).toBe(true)
    const failure = await why({ url, pin: pinIn(of(files.ca), '--nats-pin') })
    expect(failure.code).toBe('E_BROKER_PIN')
  })
})
