/**
 * The relay as its clients find it: what it says, what it carries, where it draws the line, and what it logs.
 */
import { once } from 'node:events'
import fc from 'fast-check'
import { connect as connectClient, type NatsConnection } from 'nats'
import { afterEach, describe, expect, test } from 'vitest'
import { LIMITS } from '../../../src/messaging/transport/limits.js'
import { openRelay, type Relay, type RelayOptions, userOf } from '../../../src/messaging/relay/relay.js'
import { memberToken } from '../../../src/messaging/transport/subjects.js'
import type { SigningKey } from '../../../src/wire/base/ed25519.js'
import { nkeyText } from '../../../src/wire/base/nkey.js'
import { people, type Person, rng } from '../../support/members.js'
import { newKey, RawClient } from '../../support/raw.js'

const [alice, bob] = (await people('alice', 'bob')) as [Person, Person]
const [a, b] = [alice, bob].map(({ card }) => memberToken(card.fingerprint))
const anyone = newKey()
const FROM_ALICE = `mpc.v1.c.all.${a}`

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const close of cleanUp.splice(0).reverse()) await close()
})

const logged: string[] = []

async function open(options: Partial<RelayOptions> = {}): Promise<Relay> {
  logged.length = 0
  const relay = await openRelay({
    host: '127.0.0.1',
    port: 0,
    users: null,
    tls: null,
    rng,
    log: (line) => logged.push(line.replace(/127\.0\.0\.1:\d+/, 'ADDRESS')),
    ...options,
  })
  cleanUp.push(() => relay.close())
  return relay
}

const openForMembers = (): Promise<Relay> => open({ users: [alice, bob].map(({ card }) => userOf(card)) })

async function greeted(relay: Relay): Promise<RawClient> {
  const client = await RawClient.greeted(relay.port)
  cleanUp.push(() => client.close())
  return client
}

async function as(key: SigningKey, relay: Relay, options: object = {}): Promise<RawClient> {
  const client = await RawClient.as(key, relay.port, options)
  cleanUp.push(() => client.close())
  return client
}

async function natsClient(who: Person, relay: Relay): Promise<NatsConnection> {
  const nc = await connectClient({
    servers: `127.0.0.1:${relay.port}`,
    authenticator: (nonce) => ({
      nkey: nkeyText(who.identity.nkey.publicKey),
      sig: Buffer.from(who.identity.nkey.signBytes(Buffer.from(nonce ?? ''))).toString('base64url'),
    }),
  })
  cleanUp.push(() => nc.close())
  return nc
}

describe('who comes in', () => {
  test('everybody is greeted with a nonce of 32 fresh bytes', async () => {
    const relay = await open()
    const nonces = await Promise.all(
      [1, 2, 3].map(async () => (await greeted(relay)).info['nonce'] as string),
    )
    expect(new Set(nonces).size).toBe(3)
    for (const nonce of nonces) expect(Buffer.from(nonce, 'base64url')).toHaveLength(32)
    expect((await greeted(relay)).info).toMatchObject({
      auth_required: true,
      headers: false,
      max_payload: 1 << 20,
      tls_required: false,
    })
  })

  test('a member does; a stranger, a wrong signature and one over another nonce do not', async () => {
    const relay = await openForMembers()
    expect(await (await as(alice.identity.nkey, relay)).answer('PONG')).toBe('')
    expect(await (await as(bob.identity.nkey, relay)).answer('PONG')).toBe('')
    const nkey = nkeyText(alice.identity.nkey.publicKey)
    const other = Buffer.from(alice.identity.nkey.signBytes(Buffer.from('another'))).toString('base64url')
    for (const options of [
      {},
      { nkey },
      { nkey, sig: 'AAAA' },
      { nkey, sig: other },
      { nkey: nkey.toLowerCase(), sig: other },
    ]) {
      const client = await greeted(relay)
      client.connect(options)
      expect(await client.ended()).toBe("-ERR 'Authorization Violation'\r\n")
    }
    expect(await (await as(anyone, relay)).ended()).toBe("-ERR 'Authorization Violation'\r\n")
  })

  test('without members whoever proves an NKey does, and nobody else', async () => {
    const relay = await open()
    const client = await as(anyone, relay)
    expect(await client.answers(['SUB mpc.v1.> 1', 'SUB > 2', 'PUB x 0\r\n'])).toEqual([
      '',
      `-ERR 'Permissions Violation for Subscription to ">"'\r\n`,
      `-ERR 'Permissions Violation for Publish to "x"'\r\n`,
    ])
    const silent = await greeted(relay)
    silent.connect({})
    expect(await silent.ended()).toBe("-ERR 'Authorization Violation'\r\n")
  })

  test('beyond this machine only members do, and only over TLS', async () => {
    await expect(open({ host: '0.0.0.0' })).rejects.toMatchObject({ code: 'E_RELAY_OPEN', kind: 'usage' })
    const users = [userOf(alice.card)]
    await expect(open({ host: '0.0.0.0', users })).rejects.toMatchObject({
      code: 'E_TLS',
      kind: 'configuration',
    })
    const tls = { cert: 'no certificate', key: 'no key' }
    await expect(open({ host: '0.0.0.0', users, tls })).rejects.toMatchObject({ code: 'E_TLS_FILES' })
  })

  test('an address that is taken is said', async () => {
    const { port } = await open()
    await expect(open({ port })).rejects.toMatchObject({ code: 'E_LISTEN', kind: 'network' })
  })
})

describe('what it carries', () => {
  test('messages with their reply, to whoever listens, as they are', async () => {
    const relay = await open()
    const [one, two] = [await as(anyone, relay), await as(newKey(), relay)]
    await one.answers(['SUB mpc.v1.*.all.* x', 'SUB mpc.v1.> y'])
    await two.answers(['PUB mpc.v1.c.all.m mpc.v1.back 4\r\n\r\n\0\xff'])
    const to = 'mpc.v1.back 4\r\n\r\n\0\xff\r\n'
    await one.hears(`MSG mpc.v1.c.all.m x ${to}MSG mpc.v1.c.all.m y ${to}`)
    expect(two.heard).toBe('PONG\r\n')
  })

  test('nothing back to who wants no echo', async () => {
    const relay = await open()
    const talk = ['SUB mpc.v1.a 1', 'PUB mpc.v1.a 0\r\n']
    expect(await (await as(anyone, relay, { echo: false })).answers(talk)).toEqual(['', ''])
    expect(await (await as(anyone, relay)).answers(talk)).toEqual(['', 'MSG mpc.v1.a 1 0\r\n\r\n'])
  })

  test('as many messages as UNSUB says, counted from the subscription', async () => {
    const client = await as(anyone, await open())
    const publish = 'PUB mpc.v1.a 0\r\n'
    const heard = 'MSG mpc.v1.a 1 0\r\n\r\n'
    const first = ['SUB mpc.v1.a 1', publish, 'UNSUB 1 3', publish, publish, publish]
    expect(await client.answers(first)).toEqual(['', heard, '', heard, heard, ''])
    expect(await client.answers(['SUB mpc.v1.a 1', publish, 'UNSUB 1 1', publish])).toEqual([
      '',
      heard,
      '',
      '',
    ])
    expect(await client.answers(['SUB mpc.v1.a 1', 'UNSUB 1', publish, 'UNSUB 9'])).toEqual(['', '', '', ''])
  })

  test('one message to one of a queue', async () => {
    const client = await as(anyone, await open())
    await client.answers(['SUB mpc.v1.a q 1', 'SUB mpc.v1.> q 2'])
    const heard = await client.answers(Array.from({ length: 4 }, () => 'PUB mpc.v1.a 0\r\n'))
    expect(heard.sort()).toEqual([1, 1, 2, 2].map((sid) => `MSG mpc.v1.a ${sid} 0\r\n\r\n`))
  })

  test('+OK to who is verbose, for what is done and not for what is refused', async () => {
    const client = await as(anyone, await open(), { verbose: true })
    expect(await client.answers(['SUB mpc.v1.a 1', 'SUB x 2', 'PUB mpc.v1.b 0\r\n', 'UNSUB 1'])).toEqual([
      '+OK\r\n+OK\r\n',
      `-ERR 'Permissions Violation for Subscription to "x"'\r\n`,
      '+OK\r\n',
      '+OK\r\n',
    ])
  })

  test('the nats client subscribes, iterates, asks, answers, drains and reads the largest payload', async () => {
    const relay = await open()
    const [one, two] = [await natsClient(alice, relay), await natsClient(bob, relay)]
    const subscription = one.subscribe('mpc.v1.*.all.*', { max: 2 })
    await one.flush()
    const largest = rng(LIMITS.payload)
    two.publish('mpc.v1.c.all.m', largest)
    two.publish('mpc.v1.c.all.n', 'second')
    const heard: [string, number][] = []
    for await (const message of subscription) heard.push([message.subject, message.data.length])
    expect(heard).toEqual([
      ['mpc.v1.c.all.m', LIMITS.payload],
      ['mpc.v1.c.all.n', 6],
    ])
    one.subscribe('mpc.v1.ask', { callback: (_, message) => message.respond('yes') })
    await one.flush()
    const answer = await two.request('mpc.v1.ask', 'well?', {
      noMux: true,
      reply: 'mpc.v1.answer',
      timeout: 5000,
    })
    expect(answer.string()).toBe('yes')
    await Promise.all([one.drain(), two.drain()])
    expect(one.isClosed() && two.isClosed()).toBe(true)
  })
})

describe('what a member may not do', () => {
  test('speak as another, hear what is for another, answer elsewhere, publish to many; it stays', async () => {
    const client = await as(alice.identity.nkey, await openForMembers())
    const said = await client.answers([
      `PUB ${FROM_ALICE} 0\r\n`,
      `PUB mpc.v1.c.all.${b} 0\r\n`,
      `PUB mpc.v1.c.to.${b}.${a} 0\r\n`,
      `PUB ${FROM_ALICE} ${FROM_ALICE} 0\r\n`,
      `PUB ${FROM_ALICE} mpc.v1.c.all.${b} 0\r\n`,
      `PUB ${FROM_ALICE} mpc.v1.*.all.${a} 0\r\n`,
      `PUB mpc.v1.*.all.${a} 0\r\n`,
      `SUB mpc.v1.c.to.${a}.* 1`,
      `SUB mpc.v1.*.to.${b}.* 2`,
      'SUB mpc.v1.*.to.*.* 3',
      `SUB mpc.v1.*.to.${a}.> 4`,
      'SUB mpc.v1.> q 5',
      'SUB mpc..a 6',
    ])
    const publish = (to: string) => `-ERR 'Permissions Violation for Publish ${to}'\r\n`
    const subscribe = (to: string) => `-ERR 'Permissions Violation for Subscription to ${to}'\r\n`
    expect(said).toEqual([
      '',
      publish(`to "mpc.v1.c.all.${b}"`),
      '',
      '',
      publish(`with Reply of "mpc.v1.c.all.${b}"`),
      publish(`with Reply of "mpc.v1.*.all.${a}"`),
      "-ERR 'Invalid Publish Subject'\r\n",
      '',
      subscribe(`"mpc.v1.*.to.${b}.*"`),
      subscribe('"mpc.v1.*.to.*.*"'),
      subscribe(`"mpc.v1.*.to.${a}.>"`),
      subscribe('"mpc.v1.>" using queue "q"'),
      "-ERR 'Invalid Subject'\r\n",
    ])
  })

  test('be heard in the log: it says who, not what; and each refusal once', async () => {
    const relay = await openForMembers()
    const client = await as(alice.identity.nkey, relay)
    await client.answers([
      `PUB ${FROM_ALICE} 6\r\nsecret`,
      ...Array.from({ length: 50 }, () => 'SUB secret 1'),
    ])
    await (await as(anyone, relay)).ended()
    const stranger = await greeted(relay)
    stranger.socket.end()
    await stranger.ended()
    client.socket.end()
    await client.ended()
    expect(logged).toEqual([
      'alice connected from ADDRESS',
      'alice was refused: Permissions Violation for Subscription',
      'ADDRESS was refused: Authorization Violation',
      'ADDRESS left without saying who it is',
      'alice left',
    ])
  })
})

test('a key of low order, under which anybody can sign, is nobody', async () => {
  const relay = await open()
  const one = Uint8Array.of(1, ...new Uint8Array(31))
  const points = [one, Uint8Array.of(0xec, ...new Uint8Array(30).fill(0xff), 0x7f), new Uint8Array(32)]
  // R is the neutral element and s is 0: under the neutral element as the key this holds for every nonce.
  const sig = Buffer.from([...one, ...new Uint8Array(32)]).toString('base64url')
  for (const point of points) {
    const client = await greeted(relay)
    client.connect({ nkey: nkeyText(point), sig, verbose: false })
    expect(await client.ended()).toBe("-ERR 'Authorization Violation'\r\n")
  }
  expect(relay.admitted).toBe(0)
})

describe('its limits', () => {
  test('64 subscriptions a connection', async () => {
    const client = await as(anyone, await open())
    const said = await client.answers(Array.from({ length: 65 }, (_, i) => `SUB mpc.v1.a ${i}`))
    expect(said.filter((each) => each === '')).toHaveLength(64)
    expect(said[64]).toBe("-ERR 'maximum subscriptions exceeded'\r\n")
    expect(await client.answers(['UNSUB 0', 'SUB mpc.v1.a 65'])).toEqual(['', ''])
  })

  test('4 connections of one NKey; the place of one that left is free at once', async () => {
    const relay = await open()
    const four = await Promise.all([1, 2, 3, 4].map(() => as(anyone, relay)))
    for (const each of four) expect(await each.answer('PONG')).toBe('')
    expect(await (await as(anyone, relay)).ended()).toBe("-ERR 'maximum connections exceeded'\r\n")
    expect(await (await as(newKey(), relay)).answer('PONG')).toBe('')
    four[0]?.send('nonsense\r\n')
    await four[0]?.hears('-ERR')
    expect(await (await as(anyone, relay)).answer('PONG')).toBe('')
  })

  test('so many connections in all of those who have said who they are', async () => {
    const relay = await open({ limits: { connections: 2 } })
    const first = await as(newKey(), relay)
    const second = await as(newKey(), relay)
    for (const each of [first, second]) expect(await each.answer('PONG')).toBe('')
    expect(await (await as(anyone, relay)).ended()).toBe("-ERR 'maximum connections exceeded'\r\n")
    first.close()
    await once(first.socket, 'close')
    await expect.poll(async () => (await as(anyone, relay)).answer('PONG')).toBe('')
  })

  test('strangers take no place of a member: of too many, the one that came first goes', async () => {
    const relay = await open({ limits: { connections: 1, strangers: 3 } })
    const silent = [await greeted(relay), await greeted(relay), await greeted(relay)]
    const member = await as(anyone, relay)
    expect(await member.answer('PONG')).toBe('')
    expect(await silent[0]?.ended()).toBe('')
    await greeted(relay)
    await greeted(relay)
    expect(await silent[1]?.ended()).toBe('')
    expect(await member.answer('PONG')).toBe('')
  })

  test('1 MiB a payload, 4 KiB a line', async () => {
    const relay = await open()
    const publish = (size: number) => `PUB mpc.v1.a ${size}\r\n${'x'.repeat(size)}`
    const client = await as(anyone, relay)
    expect(await client.answer(publish(LIMITS.payload))).toBe('')
    client.send(`PUB mpc.v1.a ${LIMITS.payload + 1}\r\n`)
    expect(await client.ended()).toContain("-ERR 'Maximum Payload Violation'\r\n")
    const other = await as(anyone, relay)
    const longest = (length: number) => `SUB mpc.v1.${'a'.repeat(length - 'SUB mpc.v1. 1\r\n'.length)} 1`
    expect(await other.answer(longest(4096))).toBe('')
    other.send(longest(4097))
    other.send('\r\n')
    expect(await other.ended()).toContain("-ERR 'maximum control line exceeded'\r\n")
  })

  test('so long to say who it is', async () => {
    expect(LIMITS.authentication).toBe(2000)
    const relay = await open({ limits: { authentication: 50 } })
    const silent = await greeted(relay)
    const member = await as(anyone, relay)
    expect(await silent.ended()).toBe("-ERR 'Authentication Timeout'\r\n")
    expect(await member.answer('PONG')).toBe('')
  })

  test('so many pings without any answer; any sign of life is one', async () => {
    const relay = await open({ limits: { ping: 30 } })
    const dead = await as(anyone, relay)
    const alive = await as(anyone, relay)
    alive.socket.on('data', (said: Buffer) => said.includes('PING') && alive.send('PONG\r\n'))
    expect(await dead.ended()).toBe("PING\r\nPING\r\n-ERR 'Stale Connection'\r\n")
    expect(alive.socket.closed).toBe(false)
  })

  test.each([
    ['large messages', 1 << 16, 1 << 20],
    ['small messages, whose writes count too', 100, 1 << 18],
  ])('so much that waits for a slow reader: %s', async (_, size, pending) => {
    expect(LIMITS.pending).toBe(16 * 1024 * 1024)
    const relay = await open({ limits: { pending } })
    const slow = await as(newKey(), relay)
    await slow.answers(['SUB mpc.v1.a 1'])
    slow.socket.pause()
    const talker = await as(anyone, relay)
    const some = `PUB mpc.v1.a ${size}\r\n${'x'.repeat(size)}\r\n`.repeat(size === 100 ? 4000 : 16)
    let rounds = 0
    // The kernel takes megabytes itself before anything waits here.
    while (!logged.some((line) => line.endsWith('was cut off: Slow Consumer')) && rounds < 1000) {
      rounds += 1
      talker.send(some)
      expect(await talker.answer('PONG')).toBe('')
    }
    expect(logged.filter((line) => line.endsWith('Slow Consumer'))).toHaveLength(1)
    slow.socket.resume()
    await slow.ended()
    // The talker is not to blame.
    expect(await talker.answer('PONG')).toBe('')
  })
})

describe('whatever it is sent', () => {
  const PUBLISH = 'PUB mpc.v1.a 2\r\nhi\r\n'
  const VALID = [
    'SUB mpc.v1.> 1\r\n',
    PUBLISH,
    'PING\r\n',
    'PUB mpc.v1.a mpc.v1.b 3\r\nabc\r\n',
    'UNSUB 1 2\r\n',
  ].join('')
  const mutated = fc
    .array(fc.tuple(fc.nat(VALID.length), fc.nat(255), fc.nat(4)), { minLength: 1, maxLength: 6 })
    .map((changes) =>
      changes.reduce(
        (text, [at, byte, drop]) => text.slice(0, at) + String.fromCharCode(byte) + text.slice(at + drop),
        VALID,
      ),
    )
  const garbage = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('latin1'))

  test('it goes on, and everybody is let go', async () => {
    const relay = await open()
    await fc.assert(
      fc.asyncProperty(fc.boolean(), fc.oneof(mutated, garbage), async (known, bytes) => {
        const client = known ? await as(anyone, relay) : await greeted(relay)
        client.send(bytes)
        client.socket.end()
        await client.ended()
      }),
      { numRuns: 300 },
    )
    const client = await as(anyone, relay)
    expect(await client.answers(['SUB mpc.v1.a 1', PUBLISH.trimEnd()])).toEqual([
      '',
      'MSG mpc.v1.a 1 2\r\nhi\r\n',
    ])
  })

  test('its memory stays: a hundred megabytes through it leave nothing behind', async () => {
    const relay = await open()
    const held = () => process.memoryUsage().external + process.memoryUsage().heapUsed
    const client = await as(anyone, relay)
    const megabyte = `PUB mpc.v1.a ${LIMITS.payload}\r\n${'x'.repeat(LIMITS.payload)}`
    await client.answer(megabyte)
    const before = held()
    for (let i = 0; i < 100; i += 1) expect(await client.answer(megabyte)).toBe('')
    expect(held() - before).toBeLessThan(64 << 20)
  })
})
