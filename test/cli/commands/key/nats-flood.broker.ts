/** One custodian that says 300 signed requests a second: the others sign, and every process ends when its time is over. */
import { createHash, randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ownCard, openIdentity } from '../../../../src/ceremony/contacts/identity.js'
import { findKey } from '../../../../src/ceremony/epochs/find-key.js'
import { connectNats } from '../../../../src/messaging/transport/nats.js'
import { NO_SESSION } from '../../../../src/messaging/channel/letters.js'
import { requestSubjects } from '../../../../src/messaging/transport/subjects.js'
import type { Transport } from '../../../../src/messaging/transport/transport.js'
import { findHome } from '../../../../src/storage/home/home.js'
import { sealEnvelope } from '../../../../src/wire/session/envelope.js'
import { makeRequest } from '../../../../src/wire/ceremony/request.js'
import { makeKey, start } from '../../../support/ceremonies.js'
import { type Custodian, custodians, scratch } from '../../../support/cli.js'
import { type Broker, natsServerSuite, NatsServer } from '../../../support/nats.js'

const A_SECOND = 300
const message = Buffer.from('pay nobody, whatever carol says')
const approve = ['--approve', `sha256:${createHash('sha256').update(message).digest('hex')}`]

let server: Broker
let folder: Awaited<ReturnType<typeof scratch>>
let [alice, bob, carol] = [] as unknown as [Custodian, Custodian, Custodian]

/** Carol's program says requests, each signed and none like another, until it is stopped. */
async function flood(): Promise<() => Promise<number>> {
  const home = await findHome(carol.home)
  const secret = (await readFile(carol.unlock[1] as string, 'utf8')).trim().split('\n').at(-1) as string
  const identity = await openIdentity(home, { kind: 'identity', identities: [secret] })
  const card = await ownCard(home)
  const { record, digest } = await findKey(home, 'treasury')
  const transport: Transport = await connectNats({ url: server.url, nkey: identity.nkey })
  const subject = requestSubjects(record.key_id, card.fingerprint).outbound('request', null)
  let said = 0
  const say = (): void => {
    const now = Date.now()
    const request = makeRequest(
      {
        format: 'mpc/request/v1',
        key_id: record.key_id,
        record: digest,
        type: 'raw',
        payload: Uint8Array.from(randomBytes(64)),
        path: null,
        policy: null,
        reason: '',
        signers: null,
        created: now,
        expires: now + 3_600_000,
        nonce: Uint8Array.from(randomBytes(32)),
        asker: card.fingerprint,
      },
      identity.signing,
    )
    const header = {
      v: 1 as const,
      kind: 'request' as const,
      definition: record.key_id,
      session: NO_SESSION,
      round: '',
      from: card.fingerprint,
      to: null,
      time: now,
      key: null,
    }
    transport.publish(subject, sealEnvelope(identity.signing, header, request.encoded))
    said += 1
  }
  const timer = setInterval(() => {
    for (let i = 0; i < A_SECOND / 20; i++) say()
  }, 50)
  return async () => {
    clearInterval(timer)
    await transport.close()
    return said
  }
}

const asks = (signers: string, timeout: string) =>
  start(
    alice,
    server.url,
    ['sign', '--key', 'treasury', '--in', 'msg.bin', '--signers', signers, '--linger', '0'].concat(approve, [
      '--timeout',
      timeout,
    ]),
  )
const joins = (who: Custodian, timeout: string) =>
  start(who, server.url, ['sign', '--key', 'treasury', '--next', ...approve, '--timeout', timeout])

natsServerSuite('a flood of signed requests', () => {
  beforeAll(async () => {
    server = await NatsServer.start()
    folder = await scratch()
    const everybody = await custodians(folder.dir, 'alice', 'bob', 'carol')
    ;[alice, bob, carol] = everybody as [Custodian, Custodian, Custodian]
    await makeKey(everybody, server.url)
    await writeFile(join(folder.dir, 'msg.bin'), message)
  })
  afterAll(async () => {
    await server.down()
    await folder.remove()
  })

  test('the others sign, and whoever waits in vain ends with its time', async () => {
    const stop = await flood()
    const began = Date.now()
    const [a, b] = await Promise.all([asks('alice,bob', '60s').ended, joins(bob, '60s').ended])
    expect([a.code, b.code], a.stderr + b.stderr).toEqual([0, 0])
    expect(b.json.data.signature).toBe(a.json.data.signature)
    // Carol's requests are listed, and not without end.
    expect(b.json.data.skipped.length).toBeLessThanOrEqual(32)

    const late = Date.now()
    const [c, d] = await Promise.all([asks('alice,carol', '15s').ended, joins(bob, '15s').ended])
    const took = Date.now() - late
    expect([c.code, d.code]).toEqual([5, 5])
    expect(c.json.error).toMatchObject({ code: 'E_ABSENT', party: 'carol' })
    expect(c.json.error.hint).toContain('mpc sign --key treasury --in msg.bin --signers alice,bob')
    expect(d.json.error).toMatchObject({ code: 'E_NO_REQUEST', party: 'carol' })
    // Starting, on a machine that does much else, 15 s, and a moment for the last words.
    expect(took).toBeLessThan(35_000)
    const said = await stop()
    expect(said).toBeGreaterThan((0.5 * A_SECOND * (Date.now() - began)) / 1000)
  })
})
