import { describe, expect, test } from 'vitest'
import { inSession } from '../../../src/messaging/session/restart-loop.js'
import type { Opened } from '../../../src/messaging/session/handshake.js'
import { type Delivery, MemoryNetwork } from '../../../src/messaging/transport/memory.js'
import { decode, encode, type Value } from '../../../src/protocol/core/codec.js'
import { decodeEnvelope, type Kind, sealEnvelope } from '../../../src/wire/session/envelope.js'
import { helloCodec, PROTOCOL, revealCodec } from '../../../src/wire/session/handshake.js'
import { hex } from '../../../src/wire/base/text.js'
import { clock, dated } from '../../support/clock.js'
import { keygenDefinition, people, type Person, person, seat, startsFrom } from '../../support/members.js'
import { seededRng } from '../../support/rng.js'
import { flipped, resigned } from '../../support/mischief.js'

const everybody = (await people('alice', 'bob', 'carol')) as [Person, Person, Person]
const [alice, bob, carol] = everybody
const impatient = { join: 4000, round: 1500, total: null }

/** A session as it was: its keys are wiped when the body ends. */
const kept = (session: Opened): Opened => ({
  ...session,
  channels: new Map(
    [...session.channels].map(([id, { seal, open }]) => [id, { seal: seal.slice(), open: open.slice() }]),
  ),
})

type Options = Parameters<typeof seat>[4]

function enter(
  network: MemoryNetwork,
  who: Person,
  definition = keygenDefinition(everybody),
  options: Options = {},
) {
  const transport = network.connect(who.member.name)
  const { room, opening, events } = seat(who, everybody, definition, transport, options)
  const session = inSession(room, opening, (opened) => Promise.resolve(kept(opened)))
  session.catch(() => {})
  return { room, transport, session, events }
}

const meet = (network: MemoryNetwork, options: Options = {}): Promise<PromiseSettledResult<Opened>[]> => {
  const definition = keygenDefinition(everybody)
  return Promise.allSettled(everybody.map((who) => enter(network, who, definition, options).session))
}

const opened = (results: PromiseSettledResult<Opened>[]): Opened[] =>
  results.map((result) => {
    if (result.status === 'rejected') throw result.reason
    return result.value
  })

const reasons = (results: PromiseSettledResult<Opened>[]) =>
  results.map((result) => (result.status === 'rejected' ? result.reason : undefined))

describe('handshake', () => {
  test('everybody ends with one session, the same six words and pairwise keys', async () => {
    const [a, b, c] = opened(await meet(new MemoryNetwork())) as [Opened, Opened, Opened]
    expect(new Set([a, b, c].map((session) => hex(session.sid))).size).toBe(1)
    expect(a.words).toHaveLength(6)
    expect(b.words).toEqual(a.words)
    const [idA, idB] = [hex(alice.card.fingerprint), hex(bob.card.fingerprint)]
    expect(a.channels.get(idB)?.seal).toEqual(b.channels.get(idA)?.open)
    expect(a.channels.get(idB)?.open).toEqual(b.channels.get(idA)?.seal)
    expect(a.channels.get(idB)?.seal).not.toEqual(a.channels.get(idB)?.open)
    expect(c.seen).toEqual(a.seen)
  })

  test('a network that loses some messages, repeats and reorders costs time only', async () => {
    const network = new MemoryNetwork()
    const chance = seededRng('lossy network')
    const held: Delivery[] = []
    network.interfere = (delivery) => {
      const [dice] = chance(1) as unknown as [number]
      if (dice < 16) return []
      if (dice < 48) {
        held.push(delivery)
        return []
      }
      const late = held
        .splice(0)
        .filter((d) => d.to === delivery.to)
        .map((d) => d.bytes)
      return [delivery.bytes, delivery.bytes, ...late]
    }
    const patience = { join: 60_000, round: 60_000, total: null }
    expect(new Set(opened(await meet(network, { patience })).map((session) => hex(session.sid))).size).toBe(1)
  })

  test('one that restarts draws the others into a new attempt, which they enter by themselves', async () => {
    const network = new MemoryNetwork()
    const definition = keygenDefinition(everybody)
    // The first carol dies with her reveal on its way: nothing more of her is heard.
    let die = () => {}
    const died = new Promise<void>((resolve) => {
      die = resolve
    })
    network.interfere = ({ bytes }) => {
      const { kind, from } = decodeEnvelope(bytes).header
      if (kind === 'reveal' && hex(from) === hex(carol.card.fingerprint)) die()
      return [bytes]
    }
    const a = enter(network, alice, definition)
    const b = enter(network, bob, definition)
    const dying = enter(network, carol, definition)
    await died
    await dying.transport.close()
    const again = enter(network, carol, definition, { starts: startsFrom(1) })
    const sids = (await Promise.all([a.session, b.session, again.session])).map((session) => hex(session.sid))
    expect(new Set(sids).size).toBe(1)
    expect(a.events).toContainEqual({ event: 'restarted', party: 'carol' })
  })

  test("yesterday's hellos, replayed by the broker, change nothing", async () => {
    const definition = keygenDefinition(everybody)
    const recorded: Delivery[] = []
    const yesterday = new MemoryNetwork()
    yesterday.interfere = (delivery) => {
      recorded.push(delivery)
      return [delivery.bytes]
    }
    await Promise.all(everybody.map((who) => enter(yesterday, who, definition).session))
    const today = new MemoryNetwork()
    const broker = today.connect('broker')
    const seats = everybody.map((who) => enter(today, who, definition, { starts: startsFrom(1) }))
    for (const { subject, bytes } of recorded) broker.publish(subject, bytes)
    const sids = (await Promise.all(seats.map(({ session }) => session))).map(({ sid }) => hex(sid))
    expect(new Set(sids).size).toBe(1)
  })

  test('two homes of one identity are noticed, and named', async () => {
    const network = new MemoryNetwork()
    const definition = keygenDefinition(everybody)
    const seats = [alice, bob, carol, carol].map((who) =>
      enter(network, who, definition, { patience: impatient }),
    )
    const results = await Promise.allSettled(seats.map(({ session }) => session))
    expect(reasons(results).slice(0, 2)).toContainEqual(
      expect.objectContaining({
        code: 'E_TWO_HOMES',
        accused: [expect.objectContaining({ name: 'carol', kind: 'witnessed' })],
      }),
    )
  })

  test('who stays away is named at the deadline, and nobody hears of a session', async () => {
    const network = new MemoryNetwork()
    const definition = keygenDefinition(everybody)
    const seats = [alice, bob].map((who) =>
      enter(network, who, definition, { patience: { ...impatient, join: 300 } }),
    )
    for (const reason of reasons(await Promise.allSettled(seats.map(({ session }) => session)))) {
      expect(reason).toMatchObject({ kind: 'absent', party: 'carol' })
    }
    expect(seats[0]?.events.some(({ event }) => event === 'words')).toBe(false)
  })

  test.each<[Kind, string, string]>([
    ['reveal', 'proven', 'its letter is malformed'],
    ['encapsulate', 'proven', 'its letter is malformed'],
    ['confirm', 'proven', 'its letter is malformed'],
  ])('a malformed %s names its sender', async (kind, how, reason) => {
    const network = new MemoryNetwork()
    network.interfere = resigned(carol, ({ header }) => (header.kind === kind ? encode(['no']) : undefined))
    for (const error of reasons(await meet(network, { patience: impatient })).slice(0, 2)) {
      expect(error).toMatchObject({
        code: 'E_ABORT',
        accused: [{ name: 'carol', kind: how, reason, round: kind }],
      })
    }
  })

  test('a reveal that does not open its hello is proven', async () => {
    const network = new MemoryNetwork()
    network.interfere = resigned(carol, ({ header, body }) => {
      if (header.kind !== 'reveal') return undefined
      const reveal = revealCodec.decode(body)
      return revealCodec.encode({ ...reveal, nonce: flipped(reveal.nonce) })
    })
    for (const error of reasons(await meet(network, { patience: impatient })).slice(0, 2)) {
      expect(error).toMatchObject({
        accused: [{ name: 'carol', kind: 'proven', reason: 'its reveal does not open its hello' }],
      })
    }
  })

  test('a tag that does not fit accuses the pair, not one of them', async () => {
    const network = new MemoryNetwork()
    network.interfere = resigned(carol, ({ header, body }) =>
      header.kind === 'confirm' ? flipped(body) : undefined,
    )
    const errors = reasons(await meet(network, { patience: impatient }))
    expect(errors).toContainEqual(
      expect.objectContaining({
        accused: [expect.objectContaining({ name: 'carol', kind: 'pair', round: 'confirm' })],
      }),
    )
  })

  test('a man in the middle with cards of his own changes the words', async () => {
    const mallory = await person('mallory')
    const fake = { ...mallory, member: { ...mallory.member, name: 'carol' } }
    const withFake = keygenDefinition([alice, bob, mallory])
    const other = new MemoryNetwork()
    const seats = [alice, bob, fake].map((who) => {
      const all = [alice, bob, fake]
      const { room, opening } = seat(who, all, withFake, other.connect(who.member.name))
      return inSession(room, opening, (session) => Promise.resolve(session))
    })
    const [seen] = (await Promise.all(seats)) as [Opened]
    const [honest] = opened(await meet(new MemoryNetwork())) as [Opened]
    expect(seen.words).not.toEqual(honest.words)
  })

  test('nobody is ready before people are; "they differ" ends it for all', async () => {
    const network = new MemoryNetwork()
    const definition = keygenDefinition(everybody)
    const { Failure } = await import('../../../src/wire/base/failure.js')
    const differ = () => Promise.reject(new Failure('authentication', 'E_WORDS_DIFFER', 'the words differ'))
    const seats = [
      enter(network, alice, definition),
      enter(network, bob, definition, { confirm: differ }),
      enter(network, carol, definition),
    ]
    const errors = reasons(await Promise.allSettled(seats.map(({ session }) => session)))
    expect(errors[0]).toMatchObject({ code: 'E_WORDS_DIFFER', party: 'bob' })
    expect(errors[2]).toMatchObject({ code: 'E_WORDS_DIFFER', party: 'bob' })
  })

  test('a hello dated more than two minutes ahead is refused, and both sides hear the difference', async () => {
    const network = new MemoryNetwork()
    const definition = keygenDefinition(everybody)
    const seats = everybody.map((who) =>
      enter(network, who, definition, who === carol ? { clock: dated(() => clock.now() + 3_600_000) } : {}),
    )
    const errors = reasons(await Promise.allSettled(seats.map(({ session }) => session)))
    for (const error of errors.slice(0, 2)) {
      expect(error).toMatchObject({
        code: 'E_CLOCK',
        party: 'carol',
        kind: 'authentication',
        message: "your clock is 60 minutes behind carol's",
      })
    }
    // The first of them to see it tells her.
    expect(errors[2]).toMatchObject({ code: 'E_CLOCK', kind: 'authentication' })
    expect(errors[2]?.message).toMatch(/^your clock is 60 minutes ahead of (alice|bob)'s$/)
  })

  test('a clock that is 90 s behind is behind by less than anybody minds, also before the ceremony begins', async () => {
    const network = new MemoryNetwork()
    const definition = keygenDefinition(everybody)
    const validity = { notBefore: clock.now(), expires: clock.now() + 3_600_000 }
    const slow = { clock: dated(() => clock.now() - 90_000) }
    const seats = everybody.map((who) =>
      enter(network, who, definition, { validity, ...(who === carol && slow) }),
    )
    const sessions = await Promise.all(seats.map(({ session }) => session))
    expect(new Set(sessions.map(({ words }) => words.join())).size).toBe(1)
  })

  test.each([
    [
      'of the next version',
      (body: Map<string, Value>) => body.set('protocol', PROTOCOL + 1).set('more', 'that nobody here knows'),
      `protocol ${PROTOCOL + 1}`,
    ],
    [
      'of a version before there were numbers',
      (body: Map<string, Value>) => new Map([...body].filter(([field]) => field !== 'protocol')),
      'no protocol that this one knows',
    ],
  ])('a hello %s ends it before anybody is accused, and says what to do', async (_, change, spoken) => {
    const network = new MemoryNetwork()
    network.interfere = resigned(carol, ({ header, body }) =>
      header.kind === 'hello' ? encode(change(decode(body) as Map<string, Value>)) : undefined,
    )
    const [a, b] = reasons(await meet(network))
    for (const failure of [a, b]) {
      expect(failure).toMatchObject({
        kind: 'configuration',
        code: 'E_PROTOCOL',
        party: 'carol',
        accused: [],
        message: `carol's program speaks ${spoken}, this one ${PROTOCOL}`,
        hint: expect.stringContaining('run the same version of mpc everywhere'),
      })
    }
  })

  test('a hello that shows a signature of another which is none accuses its sender', async () => {
    const network = new MemoryNetwork()
    network.interfere = resigned(carol, ({ header, body }) => {
      if (header.kind !== 'hello') return undefined
      const others = [{ fingerprint: bob.card.fingerprint, signature: new Uint8Array(64) }]
      return helloCodec.encode({ ...helloCodec.decode(body), others })
    })
    for (const failure of reasons(await meet(network)).slice(0, 2)) {
      expect(failure).toMatchObject({
        code: 'E_ABORT',
        accused: [
          {
            name: 'carol',
            round: 'hello',
            kind: 'witnessed',
            reason: 'its hello shows a signature of a member that is none',
          },
        ],
      })
    }
  })

  test('an observer that says hello, aborts or equivocates gates nothing', async () => {
    const oscar = await person('oscar')
    const network = new MemoryNetwork()
    const definition = keygenDefinition(everybody)
    const seats = everybody.map((who) => enter(network, who, definition, { onlookers: [oscar] }))
    const watching = seat(oscar, everybody, definition, network.connect('oscar'), { onlookers: [oscar] })
    watching.room.begin(1)
    await watching.room.abort(new Error('no'))
    const sids = (await Promise.all(seats.map(({ session }) => session))).map(({ sid }) => hex(sid))
    expect(new Set(sids).size).toBe(1)
  })

  test('what is not signed by its sender, on its own subject, is dropped and accuses nobody', async () => {
    const network = new MemoryNetwork()
    const mallory = await person('mallory')
    const broker = network.connect('broker')
    network.interfere = ({ subject, bytes, to }) => {
      const envelope = decodeEnvelope(bytes)
      if (to === 'broker' || subject.endsWith('MALLORY')) return [bytes]
      const forged = sealEnvelope(mallory.identity.signing, envelope.header, envelope.body)
      const noise = bytes.map((byte, i) => (i === 40 ? byte ^ 255 : byte))
      return [forged, noise, bytes.slice(0, -1), new Uint8Array(1_000_001), bytes]
    }
    const definition = keygenDefinition(everybody)
    const seats = everybody.map((who) => enter(network, who, definition))
    const sids = (await Promise.all(seats.map(({ session }) => session))).map(({ sid }) => hex(sid))
    expect(new Set(sids).size).toBe(1)
    const dropped = seats[0]?.room.mailbox.dropped
    expect([...(dropped?.keys() ?? [])].sort()).toEqual(
      expect.arrayContaining(['not an envelope', 'signature', 'too large']),
    )
    await broker.close()
  })
})
