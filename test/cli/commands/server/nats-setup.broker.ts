/** `mpc nats config --jetstream` and `mpc nats setup` on a real nats-server: who may do what with what it keeps. */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { streamOf } from '../../../../src/messaging/transport/subjects.js'
import { fromHex } from '../../../../src/wire/base/text.js'
import { define, start } from '../../../support/ceremonies.js'
import { type Custodian, custodians, scratch } from '../../../support/cli.js'
import { NatsServer, natsServerSuite } from '../../../support/nats.js'

let folder: Awaited<ReturnType<typeof scratch>>
let server: NatsServer
let [alice, bob] = [] as unknown as [Custodian, Custodian]
let keyId: Uint8Array

const setUp = (who: Custodian, ...more: string[]) =>
  who.mpc([
    'nats',
    'setup',
    '--key',
    'treasury',
    '--nats',
    server.url,
    ...who.unlock,
    '--no-input',
    '--json',
    ...more,
  ])

natsServerSuite('a nats-server that keeps requests', () => {
  beforeAll(async () => {
    folder = await scratch()
    ;[alice, bob] = (await custodians(folder.dir, 'alice', 'bob')) as [Custodian, Custodian]
    const made = await define([alice, bob], 2, 'eddsa-ed25519', 'treasury')
    keyId = fromHex(made.id, 32) as Uint8Array
    const kept = ['--jetstream', join(folder.dir, 'kept'), '--admin', 'alice']
    const { stdout } = await alice.mpc(['nats', 'config', '--definition', made.file, ...kept])
    server = await NatsServer.start(stdout.replace(/^listen: .*\n/m, ''))
    const keygens = [alice, bob].map((who) =>
      start(who, server.url, ['keygen', '--definition', made.file, '--accept', made.id]),
    )
    for (const { code, stderr } of await Promise.all(keygens.map(({ ended }) => ended)))
      expect(code, stderr).toBe(0)
  })
  afterAll(async () => {
    await server.down()
    await folder.remove()
  })

  test('is set up once, and again without a change; nobody else may', async () => {
    const refused = await setUp(bob)
    expect(refused.json).toMatchObject({ code: 4, error: { code: 'E_BROKER_PERMISSION' } })
    const first = await setUp(alice)
    const stream = streamOf(keyId)
    expect(first.json).toMatchObject({
      code: 0,
      data: { stream, state: 'made', people: ['alice', 'bob'], added: ['alice', 'bob'], removed: [] },
    })
    const again = await setUp(alice)
    expect(again.json).toMatchObject({ code: 0, data: { state: 'unchanged', added: [], removed: [] } })
  })
})
