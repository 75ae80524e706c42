/** A ceremony file that waits on a real nats-server while its publisher is away, for members who know only its ID. */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { define, start } from '../../../support/ceremonies.js'
import { type Custodian, custodians, type Ran, scratch } from '../../../support/cli.js'
import { NatsServer, natsServerSuite } from '../../../support/nats.js'

let folder: Awaited<ReturnType<typeof scratch>>
let server: NatsServer
let everybody: Custodian[]
let made: Awaited<ReturnType<typeof define>>

const online = (who: Custodian, ...args: string[]): Promise<Ran> =>
  who.mpc([...args, '--nats', server.url, ...who.unlock, '--no-input', '--json'])

natsServerSuite('a ceremony file that waits', () => {
  beforeAll(async () => {
    folder = await scratch()
    everybody = await custodians(folder.dir, 'alice', 'bob')
    const [alice] = everybody as [Custodian]
    made = await define(everybody, 2, 'eddsa-ed25519', 'treasury')
    const kept = ['--jetstream', join(folder.dir, 'kept'), '--admin', 'alice']
    const { stdout } = await alice.mpc(['nats', 'config', '--definition', made.file, ...kept])
    server = await NatsServer.start(stdout.replace(/^listen: .*\n/m, ''))
  })
  afterAll(async () => {
    await server.down()
    await folder.remove()
  })

  test('needs its place, which its ceremony names before there is a key', async () => {
    const [alice] = everybody as [Custodian]
    const early = await online(alice, 'ceremony', 'publish', made.file, '--durable')
    expect(early.json).toMatchObject({ code: 3, error: { code: 'E_NATS_SETUP' } })
    const set = await online(alice, 'nats', 'setup', '--definition', made.file)
    expect(set.json).toMatchObject({ code: 0, data: { key: 'treasury', people: ['alice', 'bob'] } })
    const both = await online(alice, 'nats', 'setup', '--definition', made.file, '--key', 'treasury')
    expect(both.json).toMatchObject({ code: 2, error: { code: 'E_NATS_GROUP' } })
  })

  test('is there for members who come later, though the server was killed meanwhile', async () => {
    const [alice, bob] = everybody as [Custodian, Custodian]
    const left = await online(alice, 'ceremony', 'publish', made.file, '--durable')
    expect(left.json).toMatchObject({ code: 0, data: { definition_id: made.id, durable: true, fetched: [] } })
    await server.down()
    await server.up()
    // Neither has the file, and nobody hands it out: both know the ID alone.
    const keygens = [alice, bob].map((who) =>
      start(who, server.url, ['keygen', '--join', made.id, '--accept', made.id]),
    )
    for (const { code, stderr } of await Promise.all(keygens.map(({ ended }) => ended)))
      expect(code, stderr).toBe(0)
    const listed = await online(bob, 'request', 'list', '--key', 'treasury')
    expect(listed.json).toMatchObject({ code: 0, data: { read: true, requests: [] } })
  })
})
