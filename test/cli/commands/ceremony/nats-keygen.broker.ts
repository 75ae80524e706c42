import { execFileSync, spawnSync } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { decode, type Value } from '../../../../src/protocol/core/codec.js'
import { type Broker, freePort, natsSuite } from '../../../support/nats.js'
import { define, type Event, makeKey, type Running, start } from '../../../support/ceremonies.js'
import { type Custodian, custodians, scratch } from '../../../support/cli.js'

const hasAge = spawnSync('age', ['--version']).status === 0

let server: Broker
let folder: Awaited<ReturnType<typeof scratch>>
let everybody: Custodian[]
let alice: Custodian
let bob: Custodian
let carol: Custodian

const keygen = ({ file, id }: { file: string; id: string }, ...more: string[]) => [
  'keygen',
  '--definition',
  file,
  '--accept',
  id,
  ...more,
]
const all = (definition: { file: string; id: string }, ...more: string[]) =>
  everybody.map((who) => start(who, server.url, keygen(definition, ...more))) as [Running, Running, Running]
const sent = (round: string) => (event: Event) => event.event === 'letter_sent' && event.round === round

natsSuite('key generation over NATS', (startBroker) => {
  beforeAll(async () => {
    server = await startBroker()
  })
  afterAll(() => server.down())
  beforeEach(async () => {
    folder = await scratch()
    everybody = await custodians(folder.dir, 'alice', 'bob', 'carol')
    ;[alice, bob, carol] = everybody as [Custodian, Custodian, Custodian]
  })
  afterEach(() => folder.remove())

  test.each(['eddsa-ed25519', 'schnorr-taproot'])(
    'one unsigned file, copied to all, makes a %s key',
    async (scheme) => {
      const ended = await makeKey(everybody, server.url, { scheme })
      const [a, b, c] = ended.map(({ json }) => json.data)
      for (const other of [b, c]) {
        for (const field of [
          'key_id',
          'public_key',
          'members',
          'attempt',
          'definition_id',
          'threshold',
          'epoch',
        ]) {
          expect(other[field], field).toEqual(a[field])
        }
      }
      for (const who of everybody) {
        const shown = await who.mpc(['key', 'show', 'treasury', '--json'])
        expect(shown.json.data).toMatchObject({ public_key: a.public_key, status: 'active', threshold: 2 })
        const verified = await who.mpc(['transcript', 'verify', a.transcript, '--json'])
        expect(verified.json.data).toMatchObject({
          kind: 'keygen',
          certificate: 'complete',
          public_key: a.public_key,
        })
      }
    },
  )

  test.skipIf(!hasAge)('the stock age opens the identity, and with it the share', async () => {
    await makeKey(everybody, server.url)
    const age = (key: string, file: string) => execFileSync('age', ['-d', '-i', key, file])
    const identity = join(folder.dir, 'identity.txt')
    writeFileSync(identity, age(alice.unlock[1] as string, join(alice.home, 'identity.age')), { mode: 0o600 })
    const epochs = join(alice.home, 'keys', 'treasury', 'epochs')
    const share = decode(age(identity, join(epochs, readdirSync(epochs)[0] as string, 'share.age')))
    expect((share as ReadonlyMap<string, Value>).get('format')).toBe('mpc/share/v1')
  })

  test('a member may come last, and much later', async () => {
    const definition = await define(everybody)
    const early = [alice, bob].map((who) => start(who, server.url, keygen(definition, '--timeout', '5m')))
    await Promise.all(
      early.map((running) =>
        running.until(({ event, missing }) => event === 'waiting' && missing?.join() === 'carol'),
      ),
    )
    const last = start(carol, server.url, keygen(definition))
    const codes = await Promise.all([...early, last].map(async ({ ended }) => (await ended).code))
    expect(codes).toEqual([0, 0, 0])
  })

  test.each(['commit', 'commit.echo', 'open', 'prepared'])(
    'a member killed as its %s leaves is started again, and the others go on by themselves',
    async (round) => {
      const definition = await define(everybody)
      const [a, b, c] = all(definition)
      c.at(sent(round), () => c.child.kill('SIGKILL'))
      expect((await c.ended).code).toBeNull()
      const again = start(carol, server.url, keygen(definition))
      const ended = await Promise.all([a, b, again].map(({ ended }) => ended))
      expect(ended.map(({ code }) => code)).toEqual([0, 0, 0])
      expect(new Set(ended.map(({ json }) => json.data.public_key)).size).toBe(1)
    },
  )

  test('a member killed as its receipt leaves finishes from its files', async () => {
    const definition = await define(everybody)
    const [a, b, c] = all(definition)
    c.at(
      ({ event }) => event === 'receipt_sent',
      () => c.child.kill('SIGKILL'),
    )
    await c.ended
    const again = start(carol, server.url, keygen(definition))
    const ended = await Promise.all([a, b, again].map(({ ended }) => ended))
    expect(ended.map(({ code }) => code)).toEqual([0, 0, 0])
    expect(new Set(ended.map(({ json }) => json.data.public_key)).size).toBe(1)
  })

  test('one that is killed and stays away is named, and nothing is half-written', async () => {
    const definition = await define(everybody)
    const [a, b, c] = all(definition, '--timeout', '8s')
    c.at(sent('commit'), () => c.child.kill('SIGKILL'))
    for (const { ended } of [a, b]) {
      const ran = await ended
      expect(ran.code).toBe(5)
      expect(ran.json.error).toMatchObject({ code: 'E_ABSENT', party: 'carol' })
    }
    for (const who of everybody) {
      expect((await who.mpc(['key', 'list', '--json'])).json.data.keys).toEqual([])
    }
    const codes = (await makeAgain(definition)).map(({ code }) => code)
    expect(codes).toEqual([0, 0, 0])
  })

  const makeAgain = (definition: { file: string; id: string }) =>
    Promise.all(everybody.map((who) => start(who, server.url, keygen(definition)).ended))

  test('a broker that restarts in the middle costs time only', async () => {
    const own = await startBroker()
    const definition = await define(everybody)
    const running = everybody.map((who) => start(who, own.url, keygen(definition)))
    await running[0]?.until(sent('commit'))
    await own.down()
    await own.up()
    expect(await Promise.all(running.map(async ({ ended }) => (await ended).code))).toEqual([0, 0, 0])
    await own.down()
  })

  test('Ctrl-C before the vote ends it for all: 130 here, 5 there, naming who left', async () => {
    const definition = await define(everybody)
    const [a, b] = [alice, bob].map((who) => start(who, server.url, keygen(definition)))
    await a?.until(({ event, party }) => event === 'hello' && party === 'bob')
    a?.child.kill('SIGINT')
    expect((await a?.ended)?.code).toBe(130)
    const left = await b?.ended
    expect(left?.code).toBe(5)
    expect(left?.json.error).toMatchObject({ code: 'E_PEER_LEFT', party: 'alice' })
  })

  test('a key of that name is found before any round; the same ceremony again gives the same key', async () => {
    const ended = await makeKey(everybody, server.url)
    const definition = await define(everybody, 3)
    const conflict = await start(alice, server.url, keygen(definition)).ended
    expect(conflict.code).toBe(11)
    expect(conflict.json.error).toMatchObject({ code: 'E_KEY_EXISTS' })
    const first = { file: 'treasury-eddsa-ed25519-2.mpc', id: ended[0]?.json.data.definition_id as string }
    const again = await Promise.all(everybody.map((who) => start(who, server.url, keygen(first)).ended))
    expect(again.map(({ json }) => json.data.public_key)).toEqual(
      ended.map(({ json }) => json.data.public_key),
    )
  })

  test('nobody to connect to: 4; another id: 6; not a member: 6; an unverified member: 6; two at once: 11', async () => {
    const definition = await define(everybody)
    const nowhere = `nats://127.0.0.1:${await freePort()}`
    expect((await start(alice, nowhere, keygen(definition)).ended).json).toMatchObject({
      code: 4,
      error: { code: 'E_BROKER' },
    })
    const other = { ...definition, id: '0'.repeat(64) }
    expect((await start(alice, server.url, keygen(other)).ended).json).toMatchObject({
      code: 6,
      error: { code: 'E_ACCEPT' },
    })
    const [dave] = (await custodians(folder.dir, 'dave')) as [Custodian]
    expect((await start(dave, server.url, keygen(definition)).ended).json).toMatchObject({
      code: 6,
      error: { code: 'E_NOT_MEMBER' },
    })
    await alice.mpc(['identity', 'import', dave.card])
    const withDave = await define([alice, dave], 2, 'eddsa-ed25519', 'second')
    expect((await start(alice, server.url, keygen(withDave)).ended).json).toMatchObject({
      code: 6,
      error: { code: 'E_UNVERIFIED', party: 'dave' },
    })
    const first = start(alice, server.url, keygen(definition))
    await first.until(({ event }) => event === 'waiting')
    expect((await start(alice, server.url, keygen(definition)).ended).json).toMatchObject({
      code: 11,
      error: { code: 'E_BUSY' },
    })
    await first.kill()
  })
})
