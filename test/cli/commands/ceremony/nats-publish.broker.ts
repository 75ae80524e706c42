/** A definition handed out over a real server, and joined by its id: real processes, and members that lie. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { acceptanceWords, readCeremony } from '../../../../src/ceremony/definition/build.js'
import { openIdentity, ownCard } from '../../../../src/ceremony/contacts/identity.js'
import { connectNats } from '../../../../src/messaging/transport/nats.js'
import { controlOf, memberToken } from '../../../../src/messaging/transport/subjects.js'
import { openHome } from '../../../../src/storage/home/home.js'
import { definitionCodec, type KeygenDefinition } from '../../../../src/wire/ceremony/definition.js'
import { decodeEnvelope, type Header, sealEnvelope } from '../../../../src/wire/session/envelope.js'
import { fromHex } from '../../../../src/wire/base/text.js'
import { define, type Event, makeKey, type Running, start } from '../../../support/ceremonies.js'
import {
  atTerminal,
  type Custodian,
  custodian,
  custodians,
  hasTerminal,
  scratch,
} from '../../../support/cli.js'
import { type Broker, natsSuite } from '../../../support/nats.js'

let server: Broker
let folder: Awaited<ReturnType<typeof scratch>>
let everybody: Custodian[]
let [alice, bob, carol] = [] as unknown as [Custodian, Custodian, Custodian]

const joins = (who: Custodian, id: string, ...more: string[]): Running =>
  start(who, server.url, ['keygen', '--join', id, '--accept', id, ...more])
const publishes = (who: Custodian, file: string, ...more: string[]): Running =>
  start(who, server.url, ['ceremony', 'publish', file, ...more])
const asksFor = ({ event, round }: Event) => event === 'waiting' && round === 'definition'

natsSuite('a published ceremony', (startBroker) => {
  beforeAll(async () => {
    server = await startBroker()
  })
  afterAll(() => server.down())
  beforeEach(async () => {
    folder = await scratch()
    everybody = await custodians(folder.dir, 'alice', 'bob', 'carol')
    ;[alice, bob, carol] = everybody as [Custodian, Custodian, Custodian]
  })
  afterEach(() => folder.remove())

  /** Somebody of the group who answers every want of the definition with what it likes. */
  async function answering(who: Custodian, id: string, body: (header: Header) => Uint8Array) {
    const home = await openHome(who.home)
    const key = readFileSync(who.unlock[1] as string, 'utf8')
      .trim()
      .split('\n')
      .at(-1) as string
    const identity = await openIdentity(home, { kind: 'identity', identities: [key] })
    const card = await ownCard(home)
    const transport = await connectNats({ url: server.url, nkey: identity.nkey })
    const definition = fromHex(id, 32) as Uint8Array
    transport.subscribe(controlOf(definition), (_, bytes) => {
      const asked = decodeEnvelope(bytes).header
      if (asked.kind !== 'want') return
      const header: Header = { ...asked, kind: 'definition', from: card.fingerprint, time: Date.now() }
      const subject = controlOf(definition).replace('*', memberToken(card.fingerprint))
      transport.publish(subject, sealEnvelope(identity.signing, header, body(header)))
    })
    await transport.flush()
    return transport
  }

  test('its author publishes it and is done when all have it; the id is all that the others need', async () => {
    const { file, id } = await define(everybody)
    const publisher = publishes(alice, file)
    const joiners = [bob, carol].map((who) => joins(who, id))
    const published = await publisher.ended
    expect(published.json).toMatchObject({
      code: 0,
      command: 'ceremony publish',
      data: { definition_id: id, fetched: ['bob', 'carol'], signed_by: [] },
    })
    const author = start(alice, server.url, ['keygen', '--definition', file, '--accept', id])
    const ended = await Promise.all([author, ...joiners].map(({ ended }) => ended))
    expect(ended.map(({ code }) => code)).toEqual([0, 0, 0])
    expect(new Set(ended.map(({ json }) => json.data.public_key)).size).toBe(1)
    // From then on the id is enough, with nobody there to ask.
    const again = ['keygen', '--join', id, '--accept', id, '--nats', server.url, '--no-input']
    const { code, stdout, stderr } = await carol.mpc([...again, ...carol.unlock])
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^You hold this key already/)])
    expect(stdout).toContain(ended[0]?.json.data.public_key)
    expect(stderr).not.toContain('had not finished')
  })

  test('at the table nobody need publish: whoever takes part hands it out', async () => {
    const { file, id } = await define(everybody)
    const author = start(alice, server.url, ['keygen', '--definition', file, '--accept', id])
    const joiners = [bob, carol].map((who) => joins(who, id))
    const ended = await Promise.all([author, ...joiners].map(({ ended }) => ended))
    expect(ended.map(({ code }) => code)).toEqual([0, 0, 0])
  })

  test('what a member, or anybody, answers instead is refused by its hash; the true one is still taken', async () => {
    const { file, id } = await define(everybody)
    const { definition } = readCeremony(readFileSync(join(folder.dir, file)))
    const other = { ...(definition as KeygenDefinition), threshold: 3 }
    const bodies = [definitionCodec.encode(other), new Uint8Array([1, 2, 3]), new Uint8Array(900_000)]
    let answers = 0
    const liar = await answering(bob, id, () => bodies[answers++ % bodies.length] as Uint8Array)
    const lied = await joins(carol, id, '--timeout', '3s').ended
    expect(lied.json).toMatchObject({ code: 5, error: { code: 'E_NOT_PUBLISHED' } })
    expect(lied.json.error.message).toMatch(/another ceremony, which were refused: [1-9]/)
    const publisher = publishes(alice, file, '--timeout', '20s')
    const joiner = joins(carol, id, '--timeout', '10s')
    await publisher.until(({ event, party }) => event === 'hello' && party === 'carol')
    expect(answers).toBeGreaterThan(1)
    await Promise.all([joiner.kill(), publisher.kill()])
    await liar.close()
  })

  test('nobody answers: 5, with what to do', async () => {
    const { id } = await define(everybody)
    const { json } = await joins(bob, id, '--timeout', '1s').ended
    expect(json).toMatchObject({ code: 5, error: { code: 'E_NOT_PUBLISHED', accused: [] } })
    expect(json.error.hint).toContain('mpc ceremony publish FILE')
  })

  test('a publisher that is interrupted exits with 130; the next one serves who waited meanwhile', async () => {
    const { file, id } = await define(everybody)
    const first = publishes(alice, file)
    await first.until(({ event }) => event === 'joined')
    first.child.kill('SIGINT')
    expect(await first.ended).toMatchObject({ code: 130 })
    const joiners = [bob, carol].map((who) => joins(who, id, '--timeout', '40s'))
    await Promise.all(joiners.map((joiner) => joiner.until(asksFor)))
    expect((await publishes(alice, file).ended).code).toBe(0)
    await Promise.all(joiners.map((joiner) => joiner.kill()))
  })

  test('who never comes for it is named: 5', async () => {
    const { file, id } = await define(everybody)
    const publisher = publishes(alice, file, '--timeout', '6s')
    const joiner = joins(bob, id)
    expect((await publisher.ended).json).toMatchObject({
      code: 5,
      error: { code: 'E_ABSENT', party: 'carol' },
    })
    await joiner.kill()
  })

  test('an id is 64 digits, never fewer; what is accepted is what is joined; one way only', async () => {
    const { file, id } = await define(everybody)
    for (const [args, code, error] of [
      [['--join', id.slice(0, 16), '--accept', id], 2, 'E_USAGE'],
      [['--join', id, '--accept', 'f'.repeat(64)], 6, 'E_ACCEPT'],
      [['--join', id], 2, 'E_NO_INPUT'],
      [['--join', id, '--definition', file], 2, 'E_KEYGEN_WAY'],
      [[], 2, 'E_KEYGEN_WAY'],
    ] as const) {
      expect((await start(bob, server.url, ['keygen', ...args]).ended).json).toMatchObject({
        code,
        error: { code: error },
      })
    }
    const dave = await custodian(folder.dir, 'dave')
    expect((await publishes(dave, file).ended).json).toMatchObject({
      code: 6,
      error: { code: 'E_NOT_MEMBER' },
    })
  })

  test('a script that joins needs verified cards, like any', async () => {
    const dave = await custodian(folder.dir, 'dave')
    await alice.mpc(['identity', 'import', dave.card, '--fingerprint', dave.fingerprint])
    const { file, id } = await define([alice, dave], 2, 'eddsa-ed25519', 'second')
    const publisher = publishes(alice, file)
    expect((await joins(dave, id).ended).json).toMatchObject({
      code: 6,
      error: { code: 'E_UNVERIFIED', party: 'alice' },
    })
    expect((await publisher.ended).code).toBe(0)
  })

  test.skipIf(!hasTerminal)(
    'a person who knows nobody is led through it, and knows them afterwards',
    async () => {
      const dave = await custodian(folder.dir, 'dave')
      await alice.mpc(['identity', 'import', dave.card, '--fingerprint', dave.fingerprint])
      const { file, id } = await define([alice, dave], 2, 'eddsa-ed25519', 'second')
      const author = start(alice, server.url, ['keygen', '--definition', file, '--accept', id])
      const words = acceptanceWords(fromHex(id, 32) as Uint8Array)
      const { code, stdout } = await atTerminal(
        dave.home,
        ['keygen', '--join', id, '--plain', '--nats', server.url, ...dave.unlock],
        [
          ['or no:', `${words}\r`],
          ['or "differ":', 'alice\r'],
        ],
        { cwd: folder.dir },
      )
      expect(code).toBe(0)
      expect(stdout).toContain('alice  custodian, NOT KNOWN HERE')
      expect(stdout).toContain('You will compare six words with everybody who is not verified.')
      expect(stdout).not.toContain('Warning')
      expect((await author.ended).code).toBe(0)
      const known = await dave.mpc(['identity', 'show', 'alice', '--json'])
      expect(known.json.data).toMatchObject({ status: 'verified', fingerprint: alice.fingerprint })
    },
  )

  test('members-only servers let it through, with no permission but a member has', async () => {
    const cards = await Promise.all(everybody.map(async ({ home }) => ownCard(await openHome(home))))
    const own = await startBroker({ members: cards })
    const { file, id } = await define(everybody)
    const publisher = start(alice, own.url, ['ceremony', 'publish', file])
    const joiners = [bob, carol].map((who) =>
      start(who, own.url, ['keygen', '--join', id, '--accept', id, '--timeout', '40s']),
    )
    expect((await publisher.ended).code).toBe(0)
    await Promise.all(joiners.map((joiner) => joiner.kill()))
    await own.down()
  })

  test('the id names what is stored: a file that was exchanged at home is refused', async () => {
    const [made] = await makeKey(everybody, server.url)
    const id = made?.json.data.definition_id as string
    const { file } = await define(everybody, 3, 'eddsa-ed25519', 'other')
    const kept = join(bob.home, 'ceremonies', id, 'definition.mpc')
    writeFileSync(kept, readFileSync(join(folder.dir, file)))
    expect((await joins(bob, id).ended).json).toMatchObject({ code: 11, error: { code: 'E_CEREMONY_FILES' } })
  })
})
