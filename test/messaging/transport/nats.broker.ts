import { readFileSync } from 'node:fs'
import { afterEach, expect, test } from 'vitest'
import { inSession } from '../../../src/messaging/session/restart-loop.js'
import { connectNats } from '../../../src/messaging/transport/nats.js'
import { ceremonySubjects } from '../../../src/messaging/transport/subjects.js'
import type { Transport } from '../../../src/messaging/transport/transport.js'
import { definitionId } from '../../../src/wire/ceremony/definition.js'
import type { Failure } from '../../../src/wire/base/failure.js'
import { hex } from '../../../src/wire/base/text.js'
import { realClock } from '../../support/clock.js'
import { keygenDefinition, people, type Person, seat } from '../../support/members.js'
import { certificates } from '../../support/certificates.js'
import { freePort, natsSuite, type StartBroker } from '../../support/nats.js'

const everybody = (await people('alice', 'bob', 'carol')) as [Person, Person, Person]
const [alice, bob] = everybody

const cleanUp: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of cleanUp.splice(0).reverse()) await close()
})

async function join_(who: Person, url: string, more: object = {}): Promise<Transport> {
  const transport = await connectNats({ url, nkey: who.identity.nkey, ...more })
  cleanUp.push(() => transport.close())
  return transport
}

const failure = async (promise: Promise<unknown>): Promise<Failure> =>
  promise.then(
    () => {
      throw new Error('it did not fail')
    },
    (error: Failure) => error,
  )

natsSuite('NATS transport', (startBroker) => {
  const server: StartBroker = async (options) => {
    const started = await startBroker(options)
    cleanUp.push(() => started.down())
    return started
  }

  test('a refused connection, and an unknown identity, fail soon and say what to do', async () => {
    const nobody = await failure(join_(alice, `nats://127.0.0.1:${await freePort()}`))
    expect(nobody).toMatchObject({
      kind: 'network',
      code: 'E_BROKER',
      hint: expect.stringContaining('--nats'),
    })
    const { url } = await server({ members: [bob.card] })
    expect(await failure(join_(alice, url))).toMatchObject({ kind: 'network', code: 'E_BROKER_AUTH' })
  })

  test.each([
    ['a remote server in clear', 'nats://broker.example:4222', 'configuration', 'E_TLS'],
    ['another protocol', 'http://127.0.0.1', 'usage', 'E_NATS_URL'],
    ['no URL at all', 'nats://[', 'usage', 'E_NATS_URL'],
    ['a password in it', 'nats://a:b@127.0.0.1', 'usage', 'E_NATS_URL'],
  ])('%s is refused before anything is sent', async (_, url, kind, code) => {
    const refused = await failure(join_(alice, url))
    expect(refused).toMatchObject({ kind, code })
    expect(refused.message).not.toContain('a:b')
  })

  test('a tls:// address never falls back to clear text', async () => {
    const { port } = await server()
    expect(await failure(join_(alice, `tls://127.0.0.1:${port}`))).toMatchObject({ kind: 'network' })
  })

  test('TLS with a CA of its own', async () => {
    const { ca, cert, key } = certificates()
    const { url } = await server({ tls: { cert, key } })
    expect((await join_(alice, url, { ca: { path: ca, text: readFileSync(ca, 'utf8') } })).connected).toBe(
      true,
    )
    expect(await failure(join_(alice, url))).toMatchObject({ kind: 'network', code: 'E_BROKER_TLS' })
  })

  test('a member may not publish as another, nor read what is sent to another; the server says so and it is fatal', async () => {
    const { url } = await server({ members: everybody.map(({ card }) => card) })
    const id = new Uint8Array(32).fill(5)
    const [ofAlice, ofBob] = [alice, bob].map((who) => ceremonySubjects(id, who.card.fingerprint))
    const transport = await join_(alice, url)
    const told = (of: Transport) => new Promise<Failure>((resolve) => of.onFailure(resolve))
    const publishing = told(transport)
    transport.publish(ofBob?.outbound('letter', null) as string, new Uint8Array(1))
    expect(await publishing).toMatchObject({ kind: 'network', code: 'E_BROKER_PERMISSION' })
    const another = await join_(alice, url)
    const reading = told(another)
    another.subscribe(ofBob?.inbound[2] as string, () => {})
    const refused = await reading
    expect(refused.message).toContain('to subscribe to')
    expect(refused.hint).toContain(`permissions: { subscribe: ["${ofBob?.inbound[2]}"] }`)
    const both = await join_(bob, url)
    const heard = new Promise<string>((resolve) => {
      for (const subject of ofBob?.inbound ?? []) both.subscribe(subject, (on) => resolve(on))
    })
    await both.flush()
    const mine = ofAlice?.outbound('letter', bob.card.fingerprint) as string
    transport.publish(mine, new Uint8Array(1))
    expect(await heard).toBe(mine)
  })

  test('a broker that restarts in the middle of a handshake costs time only', async () => {
    const broker = await server()
    const definition = keygenDefinition(everybody)
    expect(hex(definitionId(definition))).toHaveLength(64)
    const restarted = new Set<string>()
    const sessions = everybody.map(async (who) => {
      const transport = await join_(who, broker.url)
      const { room, opening } = seat(who, everybody, definition, transport, {
        confirm: async () => {
          // Everybody has confirmed the keys, nobody is ready: the server goes away and comes back empty.
          restarted.add(who.member.name)
          if (restarted.size === 3) {
            await broker.down()
            await broker.up()
          }
        },
        patience: { join: 40_000, round: 40_000, total: null },
        clock: realClock,
      })
      return inSession(room, opening, (opened) => Promise.resolve(hex(opened.sid)))
    })
    expect(new Set(await Promise.all(sessions)).size).toBe(1)
  })

  test('one that stays away until the deadline is a network failure, not an absent peer', async () => {
    const broker = await server()
    const transport = await join_(alice, broker.url)
    const patience = { join: 1500, round: 1500, total: null }
    const { room, opening } = seat(alice, everybody, keygenDefinition(everybody), transport, {
      patience,
      clock: realClock,
    })
    const session = failure(inSession(room, opening, (opened) => Promise.resolve(opened)))
    await transport.flush()
    await broker.down()
    expect(await session).toMatchObject({ kind: 'network', code: 'E_BROKER_AWAY' })
  })
})
