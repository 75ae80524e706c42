/** A person is told why a connection to a real server fails: each cause its words, within 5 s. */
import { readFileSync } from 'node:fs'
import { createServer as createHttp } from 'node:http'
import { createServer, type Server, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { connectNats, type NatsOptions } from '../../../src/messaging/transport/nats.js'
import { isLoopback, plainHost, type Transport } from '../../../src/messaging/transport/transport.js'
import type { Failure } from '../../../src/wire/base/failure.js'
import { Authority, type Issued } from '../../support/certificates.js'
import { BadLink } from '../../support/link.js'
import { freePort, NatsServer, natsServerSuite, natsSuite } from '../../support/nats.js'
import { newKey, RawClient } from '../../support/raw.js'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const close of cleanUp.splice(0).reverse()) await close()
})

const nkey = newKey()
const file = (path: string) => ({ path, text: readFileSync(path, 'utf8') })

async function join(options: Omit<NatsOptions, 'nkey'>): Promise<Transport> {
  const transport = await connectNats({ nkey, ...options })
  cleanUp.push(() => transport.close())
  return transport
}

/** Why it does not come about, which must be known within 5 seconds. */
async function why(options: Omit<NatsOptions, 'nkey'>): Promise<Failure> {
  const began = performance.now()
  const ended = await join(options).then(
    () => null,
    (failure: Failure) => failure,
  )
  if (ended === null) throw new Error('it did not fail')
  expect(performance.now() - began).toBeLessThan(5000)
  return ended
}

async function listening(server: Server): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => sockets.add(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanUp.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as { port: number }).port
}

test.each([
  ['localhost.', 'localhost'],
  ['LOCALHOST', 'localhost'],
  ['[::ffff:127.0.0.1]', '127.0.0.1'],
  ['::ffff:7f00:1', '127.0.0.1'],
  ['[::1]', '::1'],
  ['127.9.8.7', '127.9.8.7'],
])('%s is this machine', (host, plain) => {
  expect(plainHost(host)).toBe(plain)
  expect(isLoopback(host)).toBe(true)
})

test.each([
  '127.0.0.1.example.com',
  '127.0.0.999',
  '::ffff:8.8.8.8',
  '[::ffff:808:808]',
  'localhost.example',
  '',
])('%j is not', (host) => expect(isLoopback(host)).toBe(false))

test('nobody listens', async () => {
  const port = await freePort()
  expect(await why({ url: `nats://127.0.0.1:${port}` })).toMatchObject({
    kind: 'network',
    code: 'E_BROKER',
    message: `nobody listens at 127.0.0.1:${port}`,
    hint: 'start a NATS server there, or name another with --nats URL or MPC_NATS_URL',
  })
})

test.each([
  ['', 'the URL of the NATS server is empty'],
  ['nats://127.0.0.1:1,', 'the URL of the NATS server is empty'],
  ['nats://', 'no host is named: "nats://"'],
])('the URL %j', async (url, message) => {
  expect(await why({ url })).toMatchObject({ kind: 'usage', code: 'E_NATS_URL', message })
})

test('a host that is not there', async () => {
  const failure = await why({ url: 'nats://no-such-host.invalid', insecure: true })
  expect(failure.code).toBe('E_BROKER')
  expect(failure.message).toMatch(/^(?:there is no host named|the name) "no-such-host.invalid"/)
})

test('in clear to another machine: the error names the file that would allow it', async () => {
  const failure = await why({ url: 'nats://server.example', configuration: '/home/alice/config.yaml' })
  expect(failure).toMatchObject({ kind: 'configuration', code: 'E_TLS' })
  expect(failure.hint).toContain('nats.insecure: true in /home/alice/config.yaml')
})

test('a web server', async () => {
  const port = await listening(createHttp((_, answer) => answer.end()))
  const failure = await why({ url: `nats://127.0.0.1:${port}` })
  expect(failure.message).toMatch(/^there is no NATS server at 127\.0\.0\.1:\d+: it says "HTTP\/1\.1 /)
})

test('a server of another kind that speaks first', async () => {
  const port = await listening(createServer((socket) => socket.write('SSH-2.0-OpenSSH_9.6\r\n')))
  expect((await why({ url: `nats://127.0.0.1:${port}` })).message).toBe(
    `there is no NATS server at 127.0.0.1:${port}: it says "SSH-2.0-OpenSSH_9.6"`,
  )
})

test('a server that says nothing, one that never finishes, one that hangs up', async () => {
  const silent = await listening(createServer())
  const slow = await listening(createServer((socket) => socket.write('INFO {')))
  const gone = await listening(createServer((socket) => socket.end()))
  const [one, two, three] = await Promise.all(
    [silent, slow, gone].map((port) => why({ url: `nats://127.0.0.1:${port}` })),
  )
  expect(one?.message).toContain('was reached and says nothing')
  expect(two?.message).toContain('does not finish its greeting')
  expect(three?.message).toContain('closes the connection without a greeting')
})

natsServerSuite('what keeps a client from a nats-server', () => {
  const authority = new Authority()
  const stranger = new Authority()
  const [good, expired, elsewhere] = [
    authority.issue(),
    authority.issue({ days: -1 }),
    authority.issue({ names: 'DNS:elsewhere.example' }),
  ]
  const [client, foreign] = [
    authority.issue({ names: 'DNS:client', usage: 'clientAuth' }),
    stranger.issue({ names: 'DNS:client', usage: 'clientAuth' }),
  ]
  const ca = file(authority.ca)
  const show = ({ cert, key }: Issued) => ({ cert: file(cert), key: file(key) })

  async function server(body: string, scheme: 'nats' | 'tls' = 'nats'): Promise<NatsServer> {
    const started = await NatsServer.start(body, scheme)
    cleanUp.push(() => started.down())
    return started
  }
  const secure = ({ cert, key }: Issued, more = '') =>
    server(`tls { cert_file: "${cert}", key_file: "${key}" ${more} }`, 'tls')
  const mutual = () => secure(good, `, ca_file: "${authority.ca}", verify: true`)

  test.each([
    ['no authority named', good, {}, 'is of no authority that this machine trusts', '--nats-ca FILE'],
    [
      'another authority',
      good,
      { ca: file(stranger.ca) },
      `is not of an authority in ${stranger.ca}`,
      '--nats-ca FILE',
    ],
    ['expired', expired, { ca }, 'has expired', 'clock of this machine'],
    ['of another host', elsewhere, { ca }, 'it names "DNS:elsewhere.example"', 'as its certificate does'],
  ])("the server's certificate: %s", async (_, issued, options, problem, hint) => {
    const { url } = await secure(issued)
    const failure = await why({ url, ...options })
    expect(failure).toMatchObject({ kind: 'network', code: 'E_BROKER_TLS' })
    expect(failure.message).toContain(problem)
    expect(failure.hint).toContain(hint)
  })

  test.each([
    ['missing', {}, 'wants a certificate of this client', '--nats-cert FILE --nats-key FILE'],
    [
      'of another authority',
      show(foreign),
      `does not accept the client certificate in ${foreign.cert}`,
      'authority',
    ],
  ])("the client's certificate: %s", async (_, options, problem, hint) => {
    const { url } = await mutual()
    const failure = await why({ url, ca, ...options })
    expect(failure).toMatchObject({ kind: 'network', code: 'E_BROKER_TLS' })
    expect(failure.message).toContain(problem)
    expect(failure.hint).toContain(hint)
  })

  test('with the right files it comes about', async () => {
    const { url } = await mutual()
    expect((await join({ url, ca, ...show(client) })).connected).toBe(true)
  })

  test.each([
    ['a certificate without its key', { cert: file(client.cert) }, `${client.cert} comes without its key`],
    [
      'a key without its certificate',
      { key: file(client.key) },
      `${client.key} comes without its certificate`,
    ],
    ['a foreign key', { cert: file(client.cert), key: file(foreign.key) }, `${foreign.key} is not that of`],
    [
      'no certificate',
      { cert: file(client.key), key: file(client.key) },
      `${client.key} holds no certificate`,
    ],
    ['no authority', { ca: { path: 'junk.pem', text: 'hello\n' } }, 'junk.pem holds no certificate'],
  ])('%s is found before anything is sent', async (_, options, problem) => {
    const failure = await why({ url: 'tls://127.0.0.1:1', ca, ...options })
    expect(failure).toMatchObject({ kind: 'usage', code: 'E_TLS_FILES' })
    expect(failure.message).toContain(problem)
  })

  test('TLS that is wanted and not offered, and the reverse', async () => {
    const { port } = await server('')
    const clear = await why({ url: `tls://127.0.0.1:${port}`, ca })
    expect(clear).toMatchObject({ code: 'E_BROKER_TLS' })
    expect(clear.message).toContain('does not offer TLS')
    const tls = await secure(good)
    const wants = await why({ url: `nats://127.0.0.1:${tls.port}` })
    expect(wants.message).toContain('wants TLS')
    expect(wants.hint).toContain('tls://')
  })

  test('a full server', async () => {
    const { url, port } = await server('max_connections: 1')
    // The connection that saw it come up may still be there.
    for (let isIn = false; !isIn; ) {
      const other = await RawClient.greeted(port)
      cleanUp.push(() => other.socket.destroy())
      other.connect({ verbose: false })
      other.send('PING\r\n')
      isIn = await other.hears('PONG').then(
        () => true,
        () => false,
      )
    }
    expect(await why({ url })).toMatchObject({
      code: 'E_BROKER_LIMIT',
      message: `the NATS server at 127.0.0.1:${port} is full: it takes no more connections`,
    })
  })

  test('a server that takes no line as long as ours', async () => {
    const { url } = await server('max_control_line: 100')
    expect((await why({ url })).hint).toContain('max_control_line')
  })

  test('one subscription too many is the end, and says what to set', async () => {
    const { url } = await server('max_subscriptions: 1')
    const transport = await join({ url })
    const told = new Promise<Failure>((resolve) => transport.onFailure(resolve))
    for (const subject of ['a', 'b']) transport.subscribe(subject, () => undefined)
    const failure = await told
    expect(failure).toMatchObject({ kind: 'network', code: 'E_BROKER_LIMIT' })
    expect(failure.hint).toContain('max_subscriptions')
    // A latecomer is told at once.
    expect(await new Promise((resolve) => transport.onFailure(resolve))).toBe(failure)
  })
})

natsSuite('a connection that breaks', (startBroker) => {
  test('at first: a server that was reached is tried again for as long as patience says', async () => {
    const broker = await startBroker()
    cleanUp.push(() => broker.down())
    // The client's first words are the end of it, six times.
    const link = await BadLink.to(broker.port, {
      resets: (chunk, connection) => connection < 6 && chunk.toString('latin1').startsWith('CONNECT'),
    })
    cleanUp.push(() => link.close())
    const said: string[] = []
    const transport = await join({
      url: link.url,
      patience: 60_000,
      retrying: ({ message }) => said.push(message),
    })
    expect(transport.connected).toBe(true)
    expect(link.reset).toBe(6)
    expect(said).toEqual([expect.stringMatching(/^the connection to the NATS server at \S+ breaks/)])
  })

  test('again and again: the end comes when patience ends', async () => {
    const broker = await startBroker()
    cleanUp.push(() => broker.down())
    const link = await BadLink.to(broker.port, { resets: () => true })
    cleanUp.push(() => link.close())
    expect(await why({ url: link.url, patience: 1000 })).toMatchObject({ kind: 'network', code: 'E_BROKER' })
  })

  test('whoever begins while it is started again is let in', async () => {
    const broker = await startBroker()
    await broker.down()
    cleanUp.push(() => broker.down())
    const joining = join({ url: broker.url })
    await broker.up()
    expect((await joining).connected).toBe(true)
  })

  test('whoever leaves in between is gone at once', async () => {
    const url = `nats://127.0.0.1:${await freePort()}`
    const left = new Error('left')
    const controller = new AbortController()
    const joining = join({ url, patience: 60_000, signal: controller.signal })
    controller.abort(left)
    await expect(joining).rejects.toBe(left)
  })

  test('while everything before is being acknowledged: that is said, and nothing is thrown', async () => {
    const broker = await startBroker()
    cleanUp.push(() => broker.down())
    let doomed = false
    const link = await BadLink.to(broker.port, {
      resets: (chunk) => doomed && chunk.toString('latin1').includes('PING'),
    })
    cleanUp.push(() => link.close())
    const transport = await join({ url: link.url })
    const back = new Promise<void>((resolve) => transport.onReconnect(resolve))
    doomed = true
    transport.publish('a', new Uint8Array(1))
    expect(await transport.flush()).toBe(false)
    doomed = false
    await back
    expect(await transport.flush()).toBe(true)
    await transport.close()
    expect(await transport.flush()).toBe(false)
    // A message after the end is lost like any other.
    transport.publish('a', new Uint8Array(1))
    transport.subscribe('a', () => undefined)()
    await transport.close()
  })
})
