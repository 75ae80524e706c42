import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { readCeremony } from '../../../src/ceremony/definition/build.js'
import { planKeygen, runKeygen } from '../../../src/ceremony/dkg/keygen.js'
import { connectNats } from '../../../src/messaging/transport/nats.js'
import type { Transport } from '../../../src/messaging/transport/transport.js'
import { writePeer } from '../../../src/storage/home/contacts.js'
import { decodeEnvelope } from '../../../src/wire/session/envelope.js'
import { parseCard } from '../../../src/wire/identity/card.js'
import { realClock } from '../../support/clock.js'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { start } from '../../support/ceremonies.js'
import { type Custodian, custodians, newKeygen, scratch } from '../../support/cli.js'
import { type Broker, brokers } from '../../support/nats.js'
import { Person, terminalSuite } from '../../support/person.js'
import * as worlds from '../../support/worlds.js'

// Several processes with a terminal each: on a busy machine they are slow, and no less right.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 })

const CTRL_C = '\x03'
const CTRL_D = '\x04'

let server: Broker
let folder: Awaited<ReturnType<typeof scratch>>
let alice: Custodian
let bob: Custodian
const people: Person[] = []

/** Starts `mpc keygen` at somebody's desk, with the ceremony accepted. */
async function keygen(who: Custodian, file = 'treasury.mpc'): Promise<Person> {
  const shown = await who.mpc(['ceremony', 'show', file, '--json'])
  const accept = ['--accept', shown.json.data.definition_id as string]
  const desk = { cwd: folder.dir, env: { MPC_NATS_URL: server.url } }
  const person = Person.runs(who.home, ['keygen', '--definition', file, ...accept, ...who.unlock], desk)
  people.push(person)
  return person
}

const times = (person: Person, text: string): number =>
  person.all.filter((line) => line.includes(text)).length

terminalSuite('leaving, and what comes between', () => {
  beforeAll(async () => {
    server = await brokers.relay()
  })
  afterAll(() => server.down())
  beforeEach(async () => {
    folder = await scratch()
    ;[alice, bob] = (await custodians(folder.dir, 'alice', 'bob')) as [Custodian, Custodian]
    await alice.mpc(newKeygen('treasury.mpc', { '--members': 'alice,bob' }))
  })
  afterEach(async () => {
    for (const person of people.splice(0)) person.kill()
    await folder.remove()
  })

  it('by Ctrl-C before the vote: the waiting screen goes, goodbye stays, and nothing is kept', async () => {
    const a = await keygen(alice)
    await a.sees('☐ bob')
    a.types(CTRL_C)
    expect(await a.ended).toBe(130)
    expect(a.screen).toContain('nothing was kept; run the same command again when you are ready')
    expect(a.screen).not.toContain('☐ bob')
    expect((await alice.mpc(['key', 'list', '--json'])).json.data.keys).toEqual([])
  })

  it('a server that goes away is said once, and once that it is back', async () => {
    const a = await keygen(alice)
    await a.sees('☐ bob')
    await server.down()
    await a.sees('The connection to the server is lost')
    await a.sees(/left, Ctrl-C leaves ☐ bob/)
    await server.up()
    await a.sees('The server is back.')
    const b = await keygen(bob)
    expect([await a.ended, await b.ended]).toEqual([0, 0])
    for (const said of ['The connection to the server is lost', 'The server is back'])
      expect(times(a, said)).toBe(1)
  })

  it('of who is killed without a word while others still join, it is said when they were last heard', async () => {
    const everybody = await custodians(folder.dir, 'erin', 'frank', 'grace', 'heidi')
    const [erin, frank, grace, heidi] = everybody as [Custodian, Custodian, Custodian, Custodian]
    await erin.mpc(newKeygen('four.mpc', { '--key': 'four', '--members': 'erin,frank,grace,heidi' }))
    const id = (await erin.mpc(['ceremony', 'show', 'four.mpc', '--json'])).json.data.definition_id as string
    const joins = (who: Custodian, ...more: string[]) =>
      start(who, server.url, ['keygen', '--definition', 'four.mpc', '--accept', id, ...more])
    const killed = joins(frank)
    const g = joins(grace, '--plain')
    const e = await keygen(erin, 'four.mpc')
    await e.sees(/☑ frank ☑ grace ☐ heidi/)
    await g.until(({ event, party }) => event === 'hello' && party === 'frank')
    await killed.kill()
    await e.sees(/☑ frank last heard [3-9]\d s ago ☑ grace ☐ heidi/)
    await g.until(({ event, party }) => event === 'quiet' && party === 'frank')
    const again = joins(frank)
    await e.sees(/☑ frank ☑ grace ☐ heidi/)
    const h = joins(heidi)
    const ended = [g, again, h].map(async (one) => (await one.ended).code)
    expect([await e.ended, ...(await Promise.all(ended))]).toEqual([0, 0, 0, 0])
    expect((await g.ended).stderr).toMatch(/frank: here \(last heard \d\d s ago\), heidi: missing/)
    // Those who wait are heard: nobody else was ever quiet.
    expect(g.events.filter(({ event }) => event === 'quiet').map(({ party }) => party)).toEqual(['frank'])
  })

  it.each([
    ['Ctrl-C', CTRL_C],
    ['Ctrl-D', CTRL_D],
  ])(
    'a question is not painted over, the waiting screen is back after it, and %s there tells the others',
    async (_, key) => {
      const stranger = await custodians(folder.dir, 'carol', 'dave')
      for (const { card } of stranger) await alice.mpc(['identity', 'import', card])
      const [carol, dave] = stranger as [Custodian, Custodian]
      for (const one of stranger) {
        await one.mpc(['identity', 'import', alice.card, '--fingerprint', alice.fingerprint])
      }
      await alice.mpc(newKeygen('three.mpc', { '--key': 'three', '--members': 'alice,carol,dave' }))
      const [a, c, d] = [
        await keygen(alice, 'three.mpc'),
        await keygen(carol, 'three.mpc'),
        await keygen(dave, 'three.mpc'),
      ]
      await a.sees('Did carol read')
      // Both are done with the words by now, which reaches alice while she is asked.
      await c.sees(/has seen the words.*☑ dave/)
      expect(a.screen).not.toMatch(/left, Ctrl-C|[☑☐]/)
      await a.answers('Did carol read', 'charlie')
      await a.sees('type "carol" or "differ"')
      expect(a.screen).not.toMatch(/charlie|left, Ctrl-C|[☑☐]/)
      a.types('carol\r')
      await a.sees('Did dave read')
      a.types(key)
      expect([await a.ended, await c.ended, await d.ended]).toEqual([130, 5, 5])
      expect(a.screen).toContain('E_INTERRUPTED, exit 130')
      expect(c.screen).toContain('alice left the ceremony')
      expect(c.screen).not.toMatch(/[☑☐]/)
    },
  )

  it('by Ctrl-D at the question whether to sign: exit 130, and the network keeps nobody', async () => {
    const made = [await keygen(alice), await keygen(bob)]
    expect(await Promise.all(made.map((each) => each.ended))).toEqual([0, 0])
    await writeFile(join(folder.dir, 'message'), 'pay nobody')
    const desk = { cwd: folder.dir, env: { MPC_NATS_URL: server.url } }
    const sign = (who: Custodian, ...args: string[]): Person => {
      const person = Person.runs(who.home, ['sign', '--key', 'treasury', ...args, ...who.unlock], desk)
      people.push(person)
      return person
    }
    const a = sign(alice, '--in', 'message', '--signers', 'alice,bob')
    await a.sees('Sign it?')
    a.types(`${/Type "([a-z]+ [a-z]+)"/.exec(a.screen.replaceAll(/\s+/g, ' '))?.[1]}\r`)
    const b = sign(bob, '--next')
    await b.sees('or "no":')
    // On a line that is not empty it deletes, as everywhere.
    b.types(`x\x1b[D${CTRL_D}`)
    await b.sees(/or "no":$/)
    b.types(CTRL_D)
    expect(await b.ended).toBe(130)
    expect(b.screen).toContain('E_INTERRUPTED, exit 130')
    // Bob had not come yet, and may come again: alice is not told no.
    a.types(CTRL_C)
    expect(await a.ended).toBe(130)
  })

  it('by Ctrl-C after the vote: nothing is taken back, and it is said what to do', async () => {
    const [carol] = (await worlds.custodians('carol')) as [worlds.Custodian]
    await writeFile(join(folder.dir, 'carol.card'), `${carol.card.line}\n`)
    for (const who of [alice, bob]) {
      const fingerprint = Buffer.from(carol.card.fingerprint).toString('hex')
      await who.mpc(['identity', 'import', 'carol.card', '--fingerprint', fingerprint])
      const card = parseCard((await readFile(who.card, 'utf8')).trim())
      const since = '2026-01-01T00:00:00Z'
      const known = {
        fingerprint: card.fingerprint,
        card: card.line,
        status: 'verified',
        since,
        how: 'words',
      } as const
      await writePeer(carol.home, known)
    }
    await alice.mpc(newKeygen('treasury3.mpc', { '--members': 'alice,bob,carol' }))
    const leaves = new AbortController()
    const transport = withoutReceipts(await connectNats({ url: server.url, nkey: carol.identity.nkey }))
    const file = readCeremony(new Uint8Array(await readFile(join(folder.dir, 'treasury3.mpc'))))
    const plan = await planKeygen(carol.home, carol.card, file, Date.now())
    const hers = runKeygen(
      worlds.worldOf(carol, transport, { signal: leaves.signal, clock: realClock }),
      plan,
    ).catch(() => null)
    const a = await keygen(alice, 'treasury3.mpc')
    const b = await keygen(bob, 'treasury3.mpc')
    await a.sees(/Collecting all receipts.*you have voted: Ctrl-C leaves it in doubt ☑ bob ☐ carol/)
    a.types(CTRL_C)
    expect(await a.ended).toBe(12)
    expect(a.screen).toContain('E_IN_DOUBT')
    expect(a.screen).toContain('run the same command again')
    leaves.abort(new Error('the test is over'))
    await hers
    await transport.close()
    b.kill()
  })
})

/** A connection over which no receipt and no certificate leaves. */
function withoutReceipts(transport: Transport): Transport {
  return Object.create(transport, {
    publish: {
      value: (subject: string, bytes: Uint8Array) => {
        const { kind } = decodeEnvelope(bytes).header
        if (kind !== 'receipt' && kind !== 'certificate') transport.publish(subject, bytes)
      },
    },
  }) as Transport
}
