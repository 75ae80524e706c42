/** `mpc sign --drain` over a real nats-server: nothing, several, and several while processes and server are killed. */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { define, start } from '../../../support/ceremonies.js'
import { type Custodian, custodians, scratch } from '../../../support/cli.js'
import { drainUnderFire, expectEachOnce, queue } from '../../../support/drains.js'
import { NatsServer, natsServerSuite } from '../../../support/nats.js'

let folder: Awaited<ReturnType<typeof scratch>>
let server: NatsServer
let [alice, bob] = [] as unknown as [Custodian, Custodian]

natsServerSuite('draining', () => {
  beforeAll(async () => {
    folder = await scratch()
    ;[alice, bob] = (await custodians(folder.dir, 'alice', 'bob')) as [Custodian, Custodian]
    const made = await define([alice, bob])
    const kept = ['--jetstream', join(folder.dir, 'kept'), '--admin', 'alice']
    const { stdout } = await alice.mpc(['nats', 'config', '--definition', made.file, ...kept])
    server = await NatsServer.start(stdout.replace(/^listen: .*\n/m, ''))
    const keygens = [alice, bob].map((who) =>
      start(who, server.url, ['keygen', '--definition', made.file, '--accept', made.id]),
    )
    for (const { code, stderr } of await Promise.all(keygens.map(({ ended }) => ended)))
      expect(code, stderr).toBe(0)
    expect((await start(alice, server.url, ['nats', 'setup', '--key', 'treasury']).ended).code).toBe(0)
  })
  afterAll(async () => {
    await server.down()
    await folder.remove()
  })

  const drain = (who: Custodian, ...more: string[]) =>
    start(who, server.url, ['sign', '--key', 'treasury', '--drain', ...more])
  const nothing = ['--approve', `sha256:${'0'.repeat(64)}`]

  test('ends with 0 where nothing waits, and where nobody else comes', async () => {
    const { json } = await drain(alice, ...nothing).ended
    expect(json).toMatchObject({ code: 0, data: { key: 'treasury', signed: [], skipped: [] } })
  })

  test('names what it may not sign', async () => {
    const [id] = [...(await queue(bob, server, 1)).keys()]
    const { json } = await drain(alice, ...nothing).ended
    expect(json).toMatchObject({
      code: 0,
      data: { signed: [], skipped: [{ request_id: id, asker: 'bob', code: 'E_APPROVE' }] },
    })
    const cancel = await start(bob, server.url, ['request', 'cancel', id as string]).ended
    expect(cancel.code, cancel.stderr).toBe(0)
  })

  test('signs each once, while every process and the server are killed', async () => {
    const asked = await queue(alice, server, 12)
    const lines = await drainUnderFire([alice, bob], server, asked, [12, 18, 30, 24])
    await expectEachOnce([alice, bob], server, asked, lines)
  })
})
