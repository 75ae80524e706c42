/** What a member may do with the stream of a key's requests, by the permissions that `mpc nats config` prints. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { askServer } from '../../../src/messaging/stream/api.js'
import { setUpStream } from '../../../src/messaging/stream/setup.js'
import { openStream } from '../../../src/messaging/stream/stream.js'
import { accountsBlock, natsConfig } from '../../../src/messaging/transport/nats-config.js'
import { connectNats } from '../../../src/messaging/transport/nats.js'
import { inboxOf, memberToken, streamOf, workSubject } from '../../../src/messaging/transport/subjects.js'
import type { Questions, Transport } from '../../../src/messaging/transport/transport.js'
import { people, type Person } from '../../support/members.js'
import { NatsServer, natsServerSuite } from '../../support/nats.js'
import { RawClient } from '../../support/raw.js'

const [admin, alice, bob, dora] = (await people('admin', 'alice', 'bob', 'dora')) as [
  Person,
  Person,
  Person,
  Person,
]
const keyId = new Uint8Array(32).fill(7)
const [S, A, B] = [streamOf(keyId), memberToken(alice.card.fingerprint), memberToken(bob.card.fingerprint)]
const k = S.slice('MPC_WORK_'.length)

let folder: string
let server: NatsServer
const open: (Transport | RawClient)[] = []

async function connected(who: Person): Promise<Transport> {
  const transport = await connectNats({
    url: server.url,
    nkey: who.identity.nkey,
    inbox: inboxOf(who.card.fingerprint),
  })
  open.push(transport)
  return transport
}

natsServerSuite('the stream of requests', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'mpc-kept-'))
    const lines = natsConfig({
      account: 'treasury',
      members: [admin.card, alice.card, bob.card],
      approvers: [dora.card],
      listen: '127.0.0.1:4222',
      keeping: { folder, keyId, admin: 'admin' },
      tls: null,
    })
    server = await NatsServer.start(lines.filter((line) => !line.startsWith('listen:')).join('\n'))
  })
  afterAll(async () => {
    for (const each of open) await each.close()
    await server.down()
    rmSync(folder, { recursive: true, force: true })
  })

  test('is made for exactly the people who are named, again without a change, and otherwise after a reshare', async () => {
    const questions = (await connected(admin)).questions as Questions
    const [one, two, three] = [alice, bob, dora].map(({ card }) => card.fingerprint) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ]
    expect(await setUpStream(questions, keyId, [one, two])).toEqual({
      stream: S,
      state: 'made',
      added: [A, B],
      removed: [],
    })
    expect(await setUpStream(questions, keyId, [one, two])).toMatchObject({
      state: 'unchanged',
      added: [],
      removed: [],
    })
    expect(await setUpStream(questions, keyId, [two, three])).toMatchObject({
      state: 'unchanged',
      added: [memberToken(three)],
      removed: [A],
    })
    await setUpStream(questions, keyId, [one, two, three])
    // A consumer that somebody else made under a name that no subject of ours holds is left alone.
    const odd = { stream_name: S, config: { durable_name: 'odd+one', ack_policy: 'explicit' } }
    await askServer(questions, `CONSUMER.DURABLE.CREATE.${S}.odd+one`, odd)
    expect(await setUpStream(questions, keyId, [one, two, three])).toMatchObject({ added: [], removed: [] })
    await askServer(questions, `CONSUMER.DELETE.${S}.odd+one`)
  })

  test.each<[string, (me: string) => string, boolean]>([
    ['publish into the stream as oneself', (me) => `PUB mpc.v1.work.${k}.${me} 0\r\n`, true],
    ['look at its own consumer', (me) => `PUB $JS.API.CONSUMER.INFO.${S}.${me} 0\r\n`, true],
    ['read by its own consumer', (me) => `PUB $JS.API.CONSUMER.MSG.NEXT.${S}.${me} 0\r\n`, true],
    ['acknowledge', (me) => `PUB $JS.ACK.${S}.${me}.1.1.1.1.0 0\r\n`, true],
    ['hear its answers', (me) => `SUB _INBOX_${me}.> 1`, true],
    ['publish into the stream as another', () => `PUB mpc.v1.work.${k}.${B} 0\r\n`, false],
    ['hear what is published', () => `SUB mpc.v1.work.${k}.* 1`, false],
    ['hear all of it', () => 'SUB mpc.v1.work.> 1', false],
    ['look at the consumer of another', () => `PUB $JS.API.CONSUMER.INFO.${S}.${B} 0\r\n`, false],
    ['read by the consumer of another', () => `PUB $JS.API.CONSUMER.MSG.NEXT.${S}.${B} 0\r\n`, false],
    ['acknowledge for another', () => `PUB $JS.ACK.${S}.${B}.1.1.1.1.0 0\r\n`, false],
    ['hear answers to another', () => `SUB _INBOX_${B}.> 1`, false],
    ['hear answers to anybody', () => 'SUB _INBOX.> 1', false],
    ['look at the stream', () => `PUB $JS.API.STREAM.INFO.${S} 0\r\n`, false],
    ['list streams', () => 'PUB $JS.API.STREAM.NAMES 0\r\n', false],
    ['make a stream', () => 'PUB $JS.API.STREAM.CREATE.X 0\r\n', false],
    ['change the stream', () => `PUB $JS.API.STREAM.UPDATE.${S} 0\r\n`, false],
    ['remove the stream', () => `PUB $JS.API.STREAM.DELETE.${S} 0\r\n`, false],
    ['empty the stream', () => `PUB $JS.API.STREAM.PURGE.${S} 0\r\n`, false],
    ['remove a message', () => `PUB $JS.API.STREAM.MSG.DELETE.${S} 0\r\n`, false],
    ['read a message past its consumer', () => `PUB $JS.API.STREAM.MSG.GET.${S} 0\r\n`, false],
    ['make a consumer', (me) => `PUB $JS.API.CONSUMER.CREATE.${S}.${me} 0\r\n`, false],
    ['make a durable consumer', (me) => `PUB $JS.API.CONSUMER.DURABLE.CREATE.${S}.${me} 0\r\n`, false],
    ['remove its consumer', (me) => `PUB $JS.API.CONSUMER.DELETE.${S}.${me} 0\r\n`, false],
    ['list consumers', () => `PUB $JS.API.CONSUMER.NAMES.${S} 0\r\n`, false],
    ['look at the account', () => 'PUB $JS.API.INFO 0\r\n', false],
    ['hear the events of the server', () => 'SUB $JS.EVENT.> 1', false],
    ['hear everything', () => 'SUB > 1', false],
  ])('a member, and an approver: %s', async (_, command, isAllowed) => {
    for (const who of [alice, dora]) {
      const client = await RawClient.as(who.identity.nkey, server.port)
      open.push(client)
      const said = await client.answer(command(memberToken(who.card.fingerprint)))
      if (isAllowed) expect(said).toBe('')
      else expect(said).toMatch(/^-ERR 'Permissions Violation for (?:Publish|Subscription) to /)
    }
  })

  test('takes a message of an id once, and refuses what is too much of one member alone', async () => {
    const questions = (await connected(alice)).questions as Questions
    const subject = workSubject(keyId, alice.card.fingerprint)
    const post = async (id: string, who = questions, on = subject) =>
      JSON.parse(Buffer.from((await who.ask(on, Buffer.from('x'), id)).bytes).toString())
    const first = await post('one')
    expect(first).toMatchObject({ stream: S })
    expect(await post('one')).toMatchObject({ seq: first.seq, duplicate: true })
    for (let i = 1; i < 2048; i++) await post(`n${i}`)
    expect(await post('too much')).toMatchObject({ error: { code: expect.any(Number) } })
    const stream = await openStream(await connected(alice), keyId, alice.card.fingerprint)
    await expect(stream.put(Buffer.from('more'))).rejects.toMatchObject({
      kind: 'conflict',
      code: 'E_WORK_FULL',
    })
    const other = (await connected(bob)).questions as Questions
    expect(await post('of bob', other, workSubject(keyId, bob.card.fingerprint))).toMatchObject({ stream: S })
  })

  test('is refused to whoever lacks the permissions, in words, and the connection goes on', async () => {
    const plain = await NatsServer.start(
      `jetstream { store_dir: ${JSON.stringify(join(folder, 'plain'))} }\n${accountsBlock('plain', [alice.card]).join('\n')}`,
    )
    const transport = await connectNats({
      url: plain.url,
      nkey: alice.identity.nkey,
      inbox: inboxOf(alice.card.fingerprint),
    })
    const failures: unknown[] = []
    transport.onFailure((failure) => failures.push(failure))
    await expect(openStream(transport, keyId, alice.card.fingerprint)).rejects.toMatchObject({
      kind: 'network',
      code: 'E_BROKER_PERMISSION',
      hint: expect.stringContaining(`_INBOX_${A}.>`),
    })
    expect(await transport.flush()).toBe(true)
    expect(failures).toEqual([])
    await transport.close()
    await plain.down()
  })
})
