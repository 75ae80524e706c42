/** NATS credentials from files, on a real nats-server in operator mode; and what is said of those that do not do. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { loginOf } from '../../../src/messaging/transport/credentials.js'
import { connectNats } from '../../../src/messaging/transport/nats.js'
import { permissionFailure } from '../../../src/messaging/transport/refusals.js'
import { type Failure } from '../../../src/wire/base/failure.js'
import { nkeyText } from '../../../src/wire/base/nkey.js'
import { Operator } from '../../support/jwt.js'
import { NatsServer, natsServerSuite } from '../../support/nats.js'
import { newKey } from '../../support/raw.js'

const path = '/home/alice/alice.creds'
const operator = new Operator()
const good = operator.credentials()
const nkey = newKey()

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const close of cleanUp.splice(0).reverse()) await close()
})

const lines = good.split('\n')
test.each([
  ['empty', '', 'it is empty'],
  ['something else', 'hello\n', 'no JWT stands in it between BEGIN and END'],
  ['cut before the seed', lines.slice(0, 4).join('\n'), 'it ends before the seed does'],
  ['cut within the seed', good.slice(0, good.indexOf('------END USER')), 'it ends before the seed does'],
  [
    'a JWT cut short',
    good.replace(lines[1] as string, (lines[1] as string).slice(0, -9)),
    'its JWT is cut short or damaged',
  ],
  [
    'a seed cut short',
    good.replace(lines[5] as string, (lines[5] as string).slice(0, -9)),
    'its seed is cut short or damaged',
  ],
  [
    'a seed of another',
    good.replace(lines[5] as string, operator.credentials().split('\n')[5] as string),
    'its seed is not that of its JWT',
  ],
])('a file that is %s', (_, text, problem) => {
  expect(() => loginOf({ text, path }, nkey)).toThrow(
    expect.objectContaining({
      kind: 'configuration',
      code: 'E_NATS_CREDS',
      message: `${path} holds no usable NATS credentials: ${problem}`,
    }),
  )
})

natsServerSuite('a nats-server in operator mode', () => {
  const open = async (text: string, server: NatsServer) => {
    const transport = await connectNats({ url: server.url, nkey, creds: { text, path } })
    cleanUp.push(() => transport.close())
    return transport
  }
  const started = async (body: string): Promise<NatsServer> => {
    const server = await NatsServer.start(body)
    cleanUp.push(() => server.down())
    return server
  }

  test('lets in whoever has credentials of it, however their lines end, and carries what they say', async () => {
    const server = await started(operator.configuration)
    const one = await open(good, server)
    const other = await open(operator.credentials().replaceAll('\n', '\r\n'), server)
    const heard = new Promise<string>((resolve) =>
      other.subscribe('mpc.v1.a', (_, bytes) => resolve(bytes.join())),
    )
    expect(await other.flush()).toBe(true)
    one.publish('mpc.v1.a', Uint8Array.of(1, 2))
    expect(await heard).toBe('1,2')
  })

  test('says of those that have expired when, of foreign ones whom to ask, and of none whom to give the card', async () => {
    const server = await started(operator.configuration)
    const failures = await Promise.all(
      [operator.credentials(Date.UTC(2024, 0, 31)), new Operator().credentials()].map((text) =>
        open(text, server).catch((error: Failure) => error),
      ),
    )
    expect(failures).toMatchObject([
      {
        code: 'E_BROKER_AUTH',
        message: `the NATS credentials in ${path} expired on 2024-01-31T00:00:00.000Z`,
      },
      {
        code: 'E_BROKER_AUTH',
        message: `the NATS server at 127.0.0.1:${server.port} does not accept the credentials in ${path}`,
      },
    ])
    await expect(connectNats({ url: server.url, nkey })).rejects.toMatchObject({
      code: 'E_BROKER_AUTH',
      message: `the NATS server at 127.0.0.1:${server.port} does not know this identity`,
    })
  })

  test.each([
    ['subscription', 'mpc.v1.*.ctl.*'],
    ['publish', 'mpc.v1.c.ctl.m'],
  ])('reads the line by which a missing permission (%s) is granted', (operation, subject) => {
    const { hint } = permissionFailure({ operation, subject })
    const line = /permissions: \{.*\}/.exec(hint ?? '')?.[0]
    expect(line).toBeDefined()
    const file = join(mkdtempSync(join(tmpdir(), 'mpc-nats-')), 'nats.conf')
    const user = nkeyText(newKey().publicKey)
    writeFileSync(file, `accounts { A { users: [ { nkey: ${user}, ${line} } ] } }\n`)
    const { status, stderr } = spawnSync('nats-server', ['-t', '-c', file], { encoding: 'utf8' })
    expect([status, stderr]).toEqual([0, expect.stringContaining('is valid')])
  })
})
