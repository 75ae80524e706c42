/** Requests that wait on a real nats-server with JetStream: asked for, read, shown offline, taken back. */
import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { define, start } from '../../../support/ceremonies.js'
import { type Custodian, custodians, type Ran, scratch } from '../../../support/cli.js'
import { brokers, NatsServer, natsServerSuite } from '../../../support/nats.js'

let folder: Awaited<ReturnType<typeof scratch>>
let server: NatsServer
let [alice, bob, carol] = [] as unknown as [Custodian, Custodian, Custodian]

const message = Buffer.from('pay the rent')
const digest = createHash('sha256').update(message).digest('hex')

const online = (who: Custodian, ...args: string[]): Promise<Ran> =>
  who.mpc([...args, '--nats', server.url, ...who.unlock, '--no-input', '--json'])
const offline = (who: Custodian, ...args: string[]): Promise<Ran> =>
  who.mpc([...args, '--no-input', '--json'])
const asks = (who: Custodian, ...more: string[]): Promise<Ran> =>
  online(who, 'request', 'sign', '--key', 'treasury', '--type', 'text', '--in', 'msg.bin', ...more)
const idsIn = ({ json }: Ran): string[] =>
  json.data.requests.map(({ request_id }: { request_id: string }) => request_id)

natsServerSuite('requests that wait', () => {
  beforeAll(async () => {
    folder = await scratch()
    ;[alice, bob, carol] = (await custodians(folder.dir, 'alice', 'bob', 'carol')) as [
      Custodian,
      Custodian,
      Custodian,
    ]
    await writeFile(join(folder.dir, 'msg.bin'), message)
    const made = await define([alice, bob, carol])
    const kept = ['--jetstream', join(folder.dir, 'kept'), '--admin', 'carol']
    const { stdout } = await alice.mpc(['nats', 'config', '--definition', made.file, ...kept])
    server = await NatsServer.start(stdout.replace(/^listen: .*\n/m, ''))
    const keygens = [alice, bob, carol].map((who) =>
      start(who, server.url, ['keygen', '--definition', made.file, '--accept', made.id]),
    )
    for (const { code, stderr } of await Promise.all(keygens.map(({ ended }) => ended)))
      expect(code, stderr).toBe(0)
  })
  afterAll(async () => {
    await server.down()
    await folder.remove()
  })

  test('need a server that keeps them, and is set up; a relay says that it is none', async () => {
    expect((await asks(alice)).json).toMatchObject({ code: 3, error: { code: 'E_NATS_SETUP' } })
    const relay = await brokers.relay()
    const refused = await alice.mpc([
      'request',
      'sign',
      '--key',
      'treasury',
      '--in',
      'msg.bin',
      '--nats',
      relay.url,
      ...alice.unlock,
      '--no-input',
      '--json',
    ])
    await relay.down()
    expect(refused.json).toMatchObject({ code: 3, error: { code: 'E_CORE_ONLY' } })
    expect(refused.json.error.message).toContain('mpc relay')
    expect(idsIn(await offline(alice, 'request', 'list', '--all'))).toEqual([])
    expect((await online(carol, 'nats', 'setup', '--key', 'treasury')).code).toBe(0)
  })

  test('are left behind at once, and read by everybody who comes; then without a server', async () => {
    const asked = await asks(alice, '--reason', 'rent', '--expires', '12h', '--signers', 'alice,bob')
    expect(asked.json).toMatchObject({
      code: 0,
      data: { payload_sha256: digest, signers: ['alice', 'bob'], type: 'text' },
    })
    const id: string = asked.json.data.request_id
    expect((await offline(bob, 'request', 'list')).json.data).toEqual({ requests: [], read: false })
    // A server that was killed has lost nothing.
    await server.down()
    await server.up()
    const read = await online(bob, 'request', 'list', '--key', 'treasury')
    expect(read.json, read.stderr).toMatchObject({ code: 0, data: { read: true } })
    expect(idsIn(read)).toEqual([id])
    await server.down()
    const away = await online(bob, 'request', 'list')
    expect(away.json).toMatchObject({ code: 0, data: { read: false } })
    expect(idsIn(away)).toEqual([id])
    await server.up()
    const shown = await offline(bob, 'request', 'show', id.slice(0, 16))
    expect(shown.json).toMatchObject({
      code: 0,
      data: {
        request_id: id,
        state: 'waiting',
        asker: 'alice',
        reason: 'rent',
        signers: ['alice', 'bob'],
        payload_sha256: digest,
        read: false,
      },
    })
  })

  test('are taken back by their askers alone', async () => {
    const askedFor = await asks(alice)
    expect(askedFor.code, askedFor.stdout).toBe(0)
    const { request_id: id } = askedFor.json.data
    await online(bob, 'request', 'list')
    expect((await online(bob, 'request', 'cancel', id)).json).toMatchObject({
      code: 8,
      error: { code: 'E_NOT_ASKER', party: 'alice' },
    })
    for (const _ of [1, 2]) {
      expect((await online(alice, 'request', 'cancel', id, '--key', 'treasury')).json).toMatchObject({
        code: 0,
        data: { request_id: id, state: 'cancelled' },
      })
    }
    const there = await online(bob, 'request', 'show', id)
    expect(there.json).toMatchObject({ code: 0, data: { state: 'cancelled', read: true } })
    expect(idsIn(await online(bob, 'request', 'list'))).not.toContain(id)
  })

  test.each([
    ['an ID that nobody knows', ['request', 'show', 'ffffffffffff'], 5, 'E_NO_REQUEST'],
    ['what is no ID', ['request', 'show', 'rent'], 2, 'E_USAGE'],
    [
      'a request for too long',
      ['request', 'sign', '--key', 'treasury', '--in', 'msg.bin', '--expires', '25h'],
      2,
      'E_USAGE',
    ],
    [
      'too few signers',
      ['request', 'sign', '--key', 'treasury', '--in', 'msg.bin', '--signers', 'bob'],
      2,
      'E_SIGNERS',
    ],
  ])('%s is refused', async (_, args, code, error) => {
    expect((await offline(alice, ...args)).json).toMatchObject({ code, error: { code: error } })
  })
})
