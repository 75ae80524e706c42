/** Two hundred requests, drained by two processes of each of two custodians, all killed, and the server too. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { define, start } from '../../../support/ceremonies.js'
import { type Custodian, custodians, scratch } from '../../../support/cli.js'
import { drainUnderFire, expectEachOnce, queue } from '../../../support/drains.js'
import { NatsServer, natsServerSuite } from '../../../support/nats.js'

natsServerSuite('draining much', () => {
  test('loses none of 200 requests, and signs none twice', async () => {
    const folder = await scratch()
    const [alice, bob] = (await custodians(folder.dir, 'alice', 'bob')) as [Custodian, Custodian]
    const made = await define([alice, bob])
    const kept = ['--jetstream', join(folder.dir, 'kept'), '--admin', 'alice']
    const { stdout } = await alice.mpc(['nats', 'config', '--definition', made.file, ...kept])
    const server = await NatsServer.start(stdout.replace(/^listen: .*\n/m, ''))
    const keygens = [alice, bob].map((who) =>
      start(who, server.url, ['keygen', '--definition', made.file, '--accept', made.id]),
    )
    for (const { code, stderr } of await Promise.all(keygens.map(({ ended }) => ended)))
      expect(code, stderr).toBe(0)
    expect((await start(alice, server.url, ['nats', 'setup', '--key', 'treasury']).ended).code).toBe(0)
    const asked = await queue(alice, server, 200)
    const lines = await drainUnderFire([alice, bob], server, asked, [40, 200, 600, 1000])
    await expectEachOnce([alice, bob], server, asked, lines)
    await server.down()
    await folder.remove()
  })
})
