/** `mpc nats config`: what it prints, and what a real nats-server makes of it. */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { memberToken, permissionsOf } from '../../../../src/messaging/transport/subjects.js'
import { definitionId, writeDefinition } from '../../../../src/wire/ceremony/definition.js'
import { nkeyText } from '../../../../src/wire/base/nkey.js'
import { hex } from '../../../../src/wire/base/text.js'
import { certificates } from '../../../support/certificates.js'
import { mpc, type Ran, scratch } from '../../../support/cli.js'
import { keygenDefinition, people, type Person } from '../../../support/members.js'
import { NatsServer, natsServerSuite } from '../../../support/nats.js'
import { newKey, RawClient } from '../../../support/raw.js'

const [alice, bob] = (await people('alice', 'bob')) as [Person, Person]
const definition = keygenDefinition([alice, bob])
let folder: Awaited<ReturnType<typeof scratch>>

const config = (...args: readonly string[]): Promise<Ran> =>
  mpc(join(folder.dir, 'nobody'), ['nats', 'config', ...args], { cwd: folder.dir })

beforeAll(async () => {
  folder = await scratch()
  for (const { card } of [alice, bob]) writeFileSync(join(folder.dir, `${card.name}.card`), `${card.line}\n`)
  const id = definitionId(definition)
  writeFileSync(join(folder.dir, 'treasury.mpc'), writeDefinition({ definition, id, signatures: [] }))
})
afterAll(() => folder.remove())

describe('mpc nats config', () => {
  test('grants each member what the subjects say, inside an account, and nothing else', async () => {
    const { code, stdout } = await config('--definition', 'treasury.mpc')
    expect(code).toBe(0)
    expect(stdout).not.toContain('authorization')
    expect(stdout).toContain(`"treasury-${hex(definitionId(definition)).slice(0, 8)}" {`)
    for (const { card } of [alice, bob]) {
      const m = memberToken(card.fingerprint)
      const { publish, subscribe } = permissionsOf(card.fingerprint)
      expect(publish).toEqual([
        `mpc.v1.*.all.${m}`,
        `mpc.v1.*.ctl.${m}`,
        `mpc.v1.*.to.*.${m}`,
        `mpc.v1.req.*.${m}`,
      ])
      expect(subscribe).toEqual(['mpc.v1.*.all.*', 'mpc.v1.*.ctl.*', `mpc.v1.*.to.${m}.*`, 'mpc.v1.req.*.*'])
      expect(stdout).toContain(
        [
          `      # ${card.name}`,
          `      { nkey: ${nkeyText(card.nkey)}, permissions: {`,
          `        publish: ${JSON.stringify(publish)}`,
          `        subscribe: ${JSON.stringify(subscribe)}`,
          '      } }',
        ].join('\n'),
      )
    }
    expect(stdout.match(/nkey:/g)).toHaveLength(2)
  })

  test('takes cards too, and gives the same to a script', async () => {
    const { json } = await config('--cards', 'alice.card,bob.card', '--json')
    expect(json.data.users).toEqual(
      [alice, bob].map(({ card }) => ({ name: card.name, nkey: nkeyText(card.nkey) })),
    )
    expect(json.data.config).toContain('accounts {\n  "mpc" {')
  })

  test.each([
    [[], 2, 'E_NATS_GROUP'],
    [['--definition', 'treasury.mpc', '--cards', 'bob.card'], 2, 'E_NATS_GROUP'],
    [['--cards', 'bob.card,bob.card'], 2, 'E_NATS_GROUP'],
    [['--cards', 'zoe.card'], 2, 'E_NO_FILE'],
    [['--cards', 'treasury.mpc'], 6, 'E_CARD'],
    [['--cards', 'bob.card', '--listen', '0.0.0.0:4222'], 3, 'E_TLS'],
    [['--cards', 'bob.card', '--tls-cert', 'cert.pem'], 2, 'E_TLS_FILES'],
    [['--cards', 'bob.card', '--tls-ca', 'ca.pem'], 2, 'E_TLS_FILES'],
  ])('%j: exit %i, %s', async (args, code, error) => {
    expect((await config(...args, '--json')).json).toMatchObject({ code, error: { code: error } })
  })
})

natsServerSuite('a nats-server so configured', () => {
  const cleanUp: (() => unknown)[] = []
  afterEach(async () => {
    for (const close of cleanUp.splice(0).reverse()) await close()
  })

  /** It runs the very text, but for the port. */
  async function start(): Promise<NatsServer> {
    const { stdout } = await config('--definition', 'treasury.mpc')
    const server = await NatsServer.start(stdout.replace(/^listen: .*\n/m, ''))
    cleanUp.push(() => server.down())
    return server
  }

  async function connected(client: Promise<RawClient>): Promise<RawClient> {
    const made = await client
    cleanUp.push(() => made.close())
    return made
  }

  test('finds nothing wrong with it, TLS included', async () => {
    const { ca, cert, key } = certificates()
    const tls = ['--listen', '0.0.0.0:4222', '--tls-cert', cert, '--tls-key', key, '--tls-ca', ca]
    for (const more of [[], tls]) {
      const file = join(folder.dir, 'nats.conf')
      writeFileSync(file, (await config('--definition', 'treasury.mpc', ...more)).stdout)
      const { status, stderr } = spawnSync('nats-server', ['-t', '-c', file], { encoding: 'utf8' })
      expect([status, stderr]).toEqual([0, expect.stringContaining('is valid')])
    }
  })

  test('lets nobody speak as another or read what is for another', async () => {
    const { port } = await start()
    const [a, b] = [alice, bob].map(({ card }) => memberToken(card.fingerprint))
    const [ofAlice, ofBob] = await Promise.all(
      [alice, bob].map(({ identity }) => connected(RawClient.as(identity.nkey, port))),
    )
    expect(await ofBob?.answers([`SUB mpc.v1.*.to.${b}.* 1`, 'SUB mpc.v1.*.all.* 2'])).toEqual(['', ''])
    expect(
      await ofAlice?.answers([
        `PUB mpc.v1.c.to.${b}.${a} 0\r\n`,
        `PUB mpc.v1.c.all.${b} 0\r\n`,
        `PUB mpc.v1.c.to.${b}.${b} 0\r\n`,
        `SUB mpc.v1.*.to.${b}.* 1`,
        'SUB mpc.v1.*.to.*.* 2',
        'SUB mpc.v1.*.to.> 3',
        'SUB mpc.v1.> 4',
        'SUB > 5',
        'SUB $JS.API.> 6',
        `PUB mpc.v1.c.all.${a} 0\r\n`,
      ]),
    ).toEqual([
      '',
      `-ERR 'Permissions Violation for Publish to "mpc.v1.c.all.${b}"'\r\n`,
      `-ERR 'Permissions Violation for Publish to "mpc.v1.c.to.${b}.${b}"'\r\n`,
      `-ERR 'Permissions Violation for Subscription to "mpc.v1.*.to.${b}.*"'\r\n`,
      `-ERR 'Permissions Violation for Subscription to "mpc.v1.*.to.*.*"'\r\n`,
      `-ERR 'Permissions Violation for Subscription to "mpc.v1.*.to.>"'\r\n`,
      `-ERR 'Permissions Violation for Subscription to "mpc.v1.>"'\r\n`,
      `-ERR 'Permissions Violation for Subscription to ">"'\r\n`,
      `-ERR 'Permissions Violation for Subscription to "$JS.API.>"'\r\n`,
      '',
    ])
    await ofBob?.hears(`MSG mpc.v1.c.to.${b}.${a} 1 0\r\n\r\nMSG mpc.v1.c.all.${a} 2 0\r\n\r\n`)
  })

  test('refuses whoever says nothing, and strangers', async () => {
    const { port } = await start()
    for (const words of ['CONNECT {}\r\n', 'SUB > 1\r\n', 'CONNECT {"user":"a","pass":"b"}\r\n']) {
      const client = await connected(RawClient.greeted(port))
      client.send(words)
      expect(await client.ended()).toBe("-ERR 'Authorization Violation'\r\n")
    }
    const stranger = await connected(RawClient.as(newKey(), port))
    expect(await stranger.ended()).toBe("-ERR 'Authorization Violation'\r\n")
  })

  test('takes as much as the relay does of one client', async () => {
    const { port } = await start()
    const client = await connected(RawClient.as(alice.identity.nkey, port))
    const said = await client.answers(Array.from({ length: 65 }, (_, i) => `SUB mpc.v1.x.all.y ${i}`))
    expect(said.filter((each) => each === '')).toHaveLength(64)
    expect(said[64]).toBe("-ERR 'maximum subscriptions exceeded'\r\n")
    client.send(`PUB mpc.v1.c.all.m ${(1 << 20) + 1}\r\n`)
    expect(await client.ended()).toContain("-ERR 'Maximum Payload Violation'\r\n")
  })

  test('lets members in while strangers come and come again, and while one member has many connections', async () => {
    const { port } = await start()
    const strangers = new Set<Socket>()
    let flooding = true
    const flood = (): void => {
      const socket = connect(port, '127.0.0.1')
      strangers.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        strangers.delete(socket)
        if (flooding) flood()
      })
    }
    cleanUp.push(() => {
      flooding = false
      for (const socket of strangers) socket.destroy()
    })
    for (let i = 0; i < 100; i++) flood()
    for (let i = 0; i < 20; i++) {
      const hog = await connected(RawClient.as(alice.identity.nkey, port))
      expect(await hog.answer('PONG')).toBe('')
    }
    const member = await connected(RawClient.as(bob.identity.nkey, port))
    expect(await member.answer('PONG')).toBe('')
  })
})
