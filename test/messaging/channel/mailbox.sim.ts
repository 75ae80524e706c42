import { describe, expect, test, vi } from 'vitest'
import type { CeremonyEvent } from '../../../src/messaging/channel/events.js'
import { Hearing } from '../../../src/messaging/channel/liveness.js'
import { Mailbox } from '../../../src/messaging/channel/mailbox.js'
import { MemoryNetwork } from '../../../src/messaging/transport/memory.js'
import { ceremonySubjects, memberToken } from '../../../src/messaging/transport/subjects.js'
import { encode } from '../../../src/protocol/core/codec.js'
import {
  decodeEnvelope,
  ENVELOPE_LIMIT,
  type Envelope,
  type Kind,
} from '../../../src/wire/session/envelope.js'
import type { Clock } from '../../../src/messaging/channel/clock.js'
import { clock, dated, realClock } from '../../support/clock.js'
import { people, type Person, person } from '../../support/members.js'
import { recorded } from '../../support/mischief.js'

const everybody = (await people('alice', 'bob', 'carol')) as [Person, Person, Person]
const [alice, bob, carol] = everybody
const definition = new Uint8Array(32).fill(1)
const session = new Uint8Array(32).fill(2)

type Box = {
  readonly mailbox: Mailbox
  readonly events: CeremonyEvent[]
  readonly equivocated: (readonly [string, readonly [Envelope, Envelope]])[]
}

function boxOf(network: MemoryNetwork, who: Person, time: Clock = clock, of: Uint8Array = definition): Box {
  const events: CeremonyEvent[] = []
  const equivocated: (readonly [string, readonly [Envelope, Envelope]])[] = []
  const mailbox = new Mailbox({
    transport: network.connect(who.member.name),
    subjects: ceremonySubjects(of, who.card.fingerprint),
    definition: of,
    self: who.member,
    key: who.identity.signing,
    members: everybody.map(({ member }) => member),
    clock: time,
    emit: (event) => events.push(event),
    hearing: new Hearing(time.now, (event) => events.push(event)),
    equivocated: (member, envelopes) => equivocated.push([member.name, envelopes]),
  })
  return { mailbox, events, equivocated }
}

const slot = (from: Person, round: string, to: Person | null = null) => ({
  kind: 'letter' as const,
  session,
  round,
  from: from.card.fingerprint,
  to: to && to.card.fingerprint,
})
const body = (length: number): Uint8Array => new Uint8Array(length).fill(7)
/** Until everything published so far has arrived. */
const settled = async (): Promise<void> => {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve))
}
const soon = () => ({ deadline: clock.now() + 300, signal: new AbortController().signal, round: 'one' })

describe('what comes', () => {
  test("early letters wait for their session; those of a session that never comes are nobody's", async () => {
    const network = new MemoryNetwork()
    const { mailbox } = boxOf(network, alice)
    const bobs = boxOf(network, bob).mailbox
    bobs.post('letter', { session, round: 'one' }, body(3))
    bobs.post('letter', { session: body(32), round: 'one' }, body(4))
    await settled()
    expect(mailbox.get(slot(bob, 'one'))).toBeUndefined()
    mailbox.enter(session)
    expect(mailbox.get(slot(bob, 'one'))?.body).toEqual(body(3))
    expect(mailbox.get({ ...slot(bob, 'one'), session: body(32) })).toBeUndefined()
    mailbox.leave(session)
    expect(mailbox.get(slot(bob, 'one'))).toBeUndefined()
  })

  test('of one member few early letters wait: the oldest go, and can be heard again', async () => {
    const network = new MemoryNetwork()
    const { mailbox } = boxOf(network, alice)
    const carols = boxOf(network, carol).mailbox
    const bobs = boxOf(network, bob).mailbox
    bobs.post('letter', { session, round: 'one' }, body(3))
    for (let i = 0; i < 70; i++) carols.post('letter', { session, round: `r${i}` }, body(3))
    await settled()
    mailbox.enter(session)
    expect(mailbox.dropped.get('too early')).toBe(6)
    expect(mailbox.get(slot(carol, 'r5'))).toBeUndefined()
    expect(mailbox.get(slot(carol, 'r6'))).toBeDefined()
    expect(mailbox.get(slot(bob, 'one'))).toBeDefined()
    carols.repeat(slot(carol, 'r5'))
    await settled()
    expect(mailbox.get(slot(carol, 'r5'))).toBeDefined()
  })

  test('early letters of one member take 16 MiB at most, and so do letters of a session', async () => {
    const network = new MemoryNetwork()
    // A second for each: the throttle is another test's.
    let time = 0
    const { mailbox } = boxOf(
      network,
      alice,
      dated(() => (time += 60_000)),
    )
    const carols = boxOf(network, carol).mailbox
    for (let i = 0; i < 20; i++) carols.post('letter', { session, round: `r${i}` }, body(990_000))
    await settled()
    expect(mailbox.dropped.get('too early')).toBe(4)
    mailbox.enter(session)
    for (let i = 0; i < 20; i++) carols.post('letter', { session, round: `s${i}` }, body(990_000))
    await settled()
    expect(mailbox.dropped.get('too much')).toBe(20)
    boxOf(network, bob).mailbox.post('letter', { session, round: 'one' }, body(3))
    await settled()
    expect(mailbox.get(slot(bob, 'one'))).toBeDefined()
    // A letter of one session is free for the next.
    mailbox.leave(session)
    mailbox.enter(session)
    carols.repeat(slot(carol, 's19'))
    await settled()
    expect(mailbox.get(slot(carol, 's19'))).toBeDefined()
  })

  test('a flood from one member is slowed down, bounded, and stops nobody else', async () => {
    const network = new MemoryNetwork()
    const { mailbox } = boxOf(
      network,
      alice,
      dated(() => 5000),
    )
    mailbox.enter(session)
    const heard: string[] = []
    mailbox.on('evidence', (_, from) => heard.push(from.name))
    const carols = boxOf(network, carol).mailbox
    for (let i = 0; i < 2500; i++) carols.post('evidence', { session, round: `r${i}` }, body(3))
    await settled()
    expect(heard).toHaveLength(200)
    boxOf(network, bob).mailbox.post('evidence', { session }, body(3))
    await settled()
    expect(heard.filter((name) => name === 'bob')).toHaveLength(1)
    expect(mailbox.dropped.get('too fast')).toBe(2500 - 200 - 2048)
    mailbox.close()
  })

  test('every kind of rubbish is counted by what is wrong with it, and accuses nobody', async () => {
    const network = new MemoryNetwork()
    const box = boxOf(network, alice)
    const { mailbox } = box
    mailbox.enter(session)
    const broker = network.connect('broker')
    const bobs = boxOf(network, bob).mailbox
    const bytes = bobs.post('letter', { session, round: 'one' }, body(3))
    const subject = ceremonySubjects(definition, bob.card.fingerprint).outbound('letter', null)
    const stranger = await person('mallory')
    boxOf(network, stranger).mailbox.post('letter', { session, round: 'one' }, body(3))
    const forCarol = bobs.write('letter', { session, round: 'two', to: carol.card.fingerprint }, body(3))
    const other = boxOf(network, bob, clock, body(32)).mailbox.write('letter', { session }, body(3))
    const forged = Uint8Array.from(bytes)
    forged[forged.length - 1] = (forged.at(-1) as number) ^ 1
    const toAlice = subject.replace('.all.', `.to.${memberToken(alice.card.fingerprint)}.`)
    const notHis = subject.replace(memberToken(bob.card.fingerprint), memberToken(carol.card.fingerprint))
    const another = bobs.write('letter', { session, round: 'three' }, body(3))
    for (const [on, message] of [
      [subject, bytes],
      [subject, new Uint8Array(ENVELOPE_LIMIT + 1)],
      [subject, encode(['no'])],
      [subject, other],
      [subject, forged],
      [notHis, another],
      [toAlice, forCarol],
    ] as const) {
      broker.publish(on, message)
    }
    await settled()
    expect(Object.fromEntries(mailbox.dropped)).toEqual({
      'seen before': 1,
      'too large': 1,
      'not an envelope': 1,
      'not a member': 1,
      'another ceremony': 1,
      signature: 1,
      subject: 1,
      'for another': 1,
    })
    expect(box.equivocated).toEqual([])
    expect(mailbox.get(slot(bob, 'one'))?.body).toEqual(body(3))
  })

  test('rubbish under a subject is looked at up to a rate; then nothing there is, for the rest of the second', async () => {
    const network = new MemoryNetwork()
    let time = 5000
    const { mailbox } = boxOf(
      network,
      alice,
      dated(() => time),
    )
    mailbox.enter(session)
    const broker = network.connect('broker')
    const bobs = boxOf(network, bob).mailbox
    const carols = boxOf(network, carol).mailbox
    const subject = ceremonySubjects(definition, bob.card.fingerprint).outbound('letter', null)
    for (let i = 0; i < 300; i++) broker.publish(subject, encode(['no', i]))
    await settled()
    expect(mailbox.dropped.get('not an envelope')).toBe(200)
    bobs.post('letter', { session, round: 'one' }, body(3))
    carols.post('letter', { session, round: 'one' }, body(3))
    await settled()
    expect(mailbox.dropped.get('rate limit: too many invalid messages')).toBe(101)
    expect(mailbox.get(slot(carol, 'one'))).toBeDefined()
    expect(mailbox.get(slot(bob, 'one'))).toBeUndefined()
    // It counts against none of bob's letters: a second later he is heard again.
    time = 6000
    bobs.repeat(slot(bob, 'one'))
    for (let i = 0; i < 9; i++) broker.publish(subject, new Uint8Array(ENVELOPE_LIMIT).fill(i))
    await settled()
    expect(mailbox.get(slot(bob, 'one'))).toBeDefined()
    expect(mailbox.dropped.get('not an envelope')).toBe(205)
  })

  test("a server's own answers, which anybody can have sent under any subject, cost nobody its place", async () => {
    const network = new MemoryNetwork()
    const { mailbox } = boxOf(
      network,
      alice,
      dated(() => 5000),
    )
    mailbox.enter(session)
    const broker = network.connect('broker')
    const bobs = boxOf(network, bob).mailbox
    const subject = ceremonySubjects(definition, bob.card.fingerprint).outbound('letter', null)
    const answers = [Buffer.from('{"stream":"S", "seq":1}'), new Uint8Array()]
    for (let i = 0; i < 300; i++) for (const answer of answers) broker.publish(subject, answer)
    bobs.post('letter', { session, round: 'one' }, body(3))
    await settled()
    expect(mailbox.get(slot(bob, 'one'))?.body).toEqual(body(3))
    expect(Object.fromEntries(mailbox.dropped)).toEqual({ "the server's own": 600 })
  })

  test('the same bytes again are ignored; other bytes for the same place are both handed over', async () => {
    const network = new MemoryNetwork()
    let time = 1
    const { mailbox, equivocated, events } = boxOf(
      network,
      alice,
      dated(() => time),
    )
    mailbox.enter(session)
    const bobs = boxOf(
      network,
      bob,
      dated(() => time),
    ).mailbox
    bobs.post('letter', { session, round: 'one' }, body(3))
    for (let i = 0; i < 500; i++) bobs.repeat(slot(bob, 'one'))
    await settled()
    expect(mailbox.dropped.get('seen before')).toBe(500)
    expect(events.filter(({ event }) => event === 'letter_received')).toHaveLength(1)
    expect(equivocated).toEqual([])
    time = 2
    bobs.post('letter', { session, round: 'one' }, body(4))
    await settled()
    expect(equivocated).toHaveLength(1)
    const [[who, [first, second]]] = equivocated as [[string, [Envelope, Envelope]]]
    expect(who).toBe('bob')
    expect([first.body, second.body]).toEqual([body(3), body(4)])
    // The first one stands.
    expect(mailbox.get(slot(bob, 'one'))?.body).toEqual(body(3))
  })

  test('one that says again that it is done has not said two things', async () => {
    const network = new MemoryNetwork()
    let time = 1
    const { mailbox, equivocated } = boxOf(network, alice)
    mailbox.enter(session)
    const bobs = boxOf(
      network,
      bob,
      dated(() => time++),
    ).mailbox
    for (let i = 0; i < 3; i++) bobs.post('done', { session }, new Uint8Array())
    await settled()
    expect(equivocated).toEqual([])
  })

  test('what is said of a session that is not held here is not heard', async () => {
    const network = new MemoryNetwork()
    const { mailbox } = boxOf(network, alice)
    const heard: Kind[] = []
    for (const kind of ['evidence', 'certificate', 'ping'] as const) mailbox.on(kind, () => heard.push(kind))
    const bobs = boxOf(network, bob).mailbox
    for (const kind of ['evidence', 'certificate', 'ping', 'working', 'want'] as const) {
      bobs.post(kind, { session }, body(3))
    }
    await settled()
    expect(heard).toEqual([])
    expect(mailbox.dropped.get('another session')).toBe(5)
  })
})

describe('what is asked for', () => {
  test('a letter is sent once to each who wants it in 2 s, and a sealed one to nobody but its reader', async () => {
    const network = new MemoryNetwork()
    let time = 10_000
    const alices = boxOf(
      network,
      alice,
      dated(() => time),
    ).mailbox
    alices.enter(session)
    alices.post('letter', { session, round: 'one' }, body(3))
    alices.post('letter', { session, round: 'two', to: bob.card.fingerprint }, body(3))
    await settled()
    const sent = recorded(network)
    const answers = () =>
      sent.filter(({ bytes, to }) => decodeEnvelope(bytes).header.kind === 'letter' && to === 'spy').length
    const spy = network.connect('spy')
    spy.subscribe('mpc.v1.*.*.*', () => {})
    spy.subscribe('mpc.v1.*.*.*.*', () => {})
    const wants = [boxOf(network, bob).mailbox, boxOf(network, carol).mailbox]
    const ask = async (who: number, ...slots: ReturnType<typeof slot>[]): Promise<number> => {
      const before = answers()
      const wait = { ...soon(), signal: AbortSignal.timeout(40) }
      const box = wants[who] as Mailbox
      const list = slots.map(({ kind, round, from, to }) => ({ kind, round, from, to }))
      await box.until(() => true, wait)
      box.post('want', { session, round: String(time) }, encode(list))
      await settled()
      return answers() - before
    }
    expect(await ask(0, slot(alice, 'one'))).toBe(1)
    expect(await ask(0, slot(alice, 'one'), slot(alice, 'one'))).toBe(0)
    expect(await ask(1, slot(alice, 'one'))).toBe(1)
    expect(await ask(1, slot(alice, 'two', bob), slot(alice, 'none'), slot(bob, 'one'))).toBe(0)
    expect(await ask(0, slot(alice, 'two', bob))).toBe(1)
    time += 1799
    expect(await ask(0, slot(alice, 'one'))).toBe(0)
    time += 1
    expect(await ask(0, slot(alice, 'one'))).toBe(1)
  })

  test('a want that is no list of places is not answered', async () => {
    const network = new MemoryNetwork()
    const { mailbox } = boxOf(network, alice)
    mailbox.enter(session)
    mailbox.post('letter', { session, round: 'one' }, body(3))
    const sent = recorded(network)
    const bobs = boxOf(network, bob).mailbox
    for (const asked of [encode([]), encode(['x']), new Uint8Array(70_000)])
      bobs.post('want', { session }, asked)
    await settled()
    expect(mailbox.dropped.get('malformed body')).toBe(3)
    expect(sent.filter(({ bytes }) => decodeEnvelope(bytes).header.kind === 'letter')).toEqual([])
  })
})

describe('how long it waits', () => {
  const pass = (span: number): Promise<void> => clock.passes(span)

  function waitFor(mailbox: Mailbox, ...from: Person[]) {
    const state = { ended: null as unknown }
    const slots = from.map((who) => slot(who, 'one'))
    const wait = { deadline: clock.now() + 120_000, signal: new AbortController().signal, round: 'one' }
    mailbox.collect(slots, wait).then(
      () => (state.ended = 'all came'),
      (error: unknown) => (state.ended = error),
    )
    return state
  }

  test('asks after 2 s, then less and less often, and names who is missing at the deadline', async () => {
    const network = new MemoryNetwork()
    const { mailbox, events } = boxOf(network, alice)
    mailbox.enter(session)
    boxOf(network, bob).mailbox.post('letter', { session, round: 'one' }, body(3))
    const began = clock.now()
    const asked: number[] = []
    const sent = recorded(network)
    const state = waitFor(mailbox, bob, carol)
    for (let i = 0; i < 240; i++) {
      const before = sent.length
      await pass(500)
      if (sent.length > before) asked.push((clock.now() - began) / 1000)
    }
    expect(asked).toEqual([2, 4, 8, 16, 31, 46, 61, 76, 91, 106])
    expect(state.ended).toMatchObject({ kind: 'absent', code: 'E_ABSENT', party: 'carol' })
    expect(
      events.filter(({ event }) => event === 'waiting').every(({ missing }) => missing?.join() === 'carol'),
    ).toBe(true)
  })

  test('tells once of who was heard and says nothing for 30 s, and once when it speaks again', async () => {
    const network = new MemoryNetwork()
    const { mailbox, events } = boxOf(network, alice)
    mailbox.enter(session)
    const bobs = boxOf(network, bob).mailbox
    const carols = boxOf(network, carol).mailbox
    const since = clock.now()
    bobs.post('letter', { session, round: 'one' }, body(3))
    const stop = carols.working(session)
    waitFor(mailbox, bob, carol)
    const told = () => events.filter(({ event }) => event === 'quiet' || event === 'heard')
    await pass(30_000)
    expect(told()).toEqual([])
    await pass(60_000)
    // Not carol, who is at work, and not again.
    expect(told()).toEqual([{ event: 'quiet', party: 'bob', since }])
    // A letter heard before that comes once more is not bob speaking.
    network
      .connect('relay')
      .publish(
        ceremonySubjects(definition, bob.card.fingerprint).outbound('letter', null),
        (mailbox.get(slot(bob, 'one')) as Envelope).bytes,
      )
    await settled()
    expect(told()).toHaveLength(1)
    bobs.post('want', { session }, encode([]))
    await settled()
    expect(told().slice(1)).toEqual([{ event: 'heard', party: 'bob' }])
    stop()
  })

  test('"working" keeps a wait up to 15 minutes, and no longer', async () => {
    const network = new MemoryNetwork()
    const { mailbox } = boxOf(network, alice)
    mailbox.enter(session)
    const carols = boxOf(network, carol).mailbox
    const stop = carols.working(session)
    const state = waitFor(mailbox, carol)
    await pass(14 * 60_000 + 59_000)
    expect(state.ended).toBeNull()
    await pass(2000)
    expect(state.ended).toMatchObject({ code: 'E_ABSENT', party: 'carol' })
    stop()
  })

  test('once it is over, what somebody worked at before renews nothing', async () => {
    const network = new MemoryNetwork()
    const { mailbox } = boxOf(network, alice)
    mailbox.enter(session)
    const stop = boxOf(network, carol).mailbox.working(session)
    await pass(1000)
    stop()
    const state = waitFor(mailbox, carol)
    await pass(119_000)
    expect(state.ended).toBeNull()
    await pass(1500)
    expect(state.ended).toMatchObject({ code: 'E_ABSENT', party: 'carol' })
  })

  test('a word of work gives the whole time anew, also where the time was over before the wait began', async () => {
    const network = new MemoryNetwork()
    const { mailbox } = boxOf(network, alice)
    mailbox.enter(session)
    const stop = boxOf(network, carol).mailbox.working(session)
    const state = waitFor(mailbox, carol)
    await pass(60_001)
    stop()
    await pass(119_000)
    expect(state.ended).toBeNull()
    // Its own work has outlasted what this member gives the others, and carol has just said that she is at hers.
    const late = mailbox.collect([slot(carol, 'two')], { ...soon(), deadline: clock.now() - 1 })
    let ended: unknown = null
    late.catch((error: unknown) => (ended = error))
    await pass(1500)
    expect(state.ended).toMatchObject({ code: 'E_ABSENT', party: 'carol' })
    expect(ended).toMatchObject({ code: 'E_ABSENT', party: 'carol' })

    const still = boxOf(network, carol).mailbox.working(session)
    await settled()
    still()
    const again = mailbox.collect([slot(carol, 'two')], { ...soon(), deadline: clock.now() - 1 })
    let over: unknown = null
    again.catch((error: unknown) => (over = error))
    await pass(19_000)
    expect(over).toBeNull()
    await pass(1500)
    expect(over).toMatchObject({ code: 'E_ABSENT', party: 'carol' })
  })

  test('a member that makes primes is waited for through minutes of silence, until it goes on', async () => {
    const network = new MemoryNetwork()
    const { mailbox, events } = boxOf(network, alice)
    mailbox.enter(session)
    const carols = boxOf(network, carol).mailbox
    let left = 4
    const stop = carols.making(session, () => left)
    const state = waitFor(mailbox, carol)
    await pass(10_000)
    left = 2
    await pass(10_000)
    // Its machine sleeps.
    stop()
    await pass(14 * 60_000)
    expect(state.ended).toBeNull()
    const told = events.filter(({ event }) => event === 'making')
    expect(told.map(({ party, left: missing }) => [party, missing])).toEqual([
      ['carol', 4],
      ['carol', 4],
      ['carol', 2],
    ])
    // It has them, and is lost then: nobody waits longer for it than for anybody.
    carols.post('letter', { session, round: 'zero' }, body(3))
    await settled()
    const next = mailbox.collect([slot(carol, 'two')], { ...soon(), deadline: clock.now() + 1000 })
    let over: unknown = null
    next.catch((error: unknown) => (over = error))
    await pass(1500)
    expect(over).toMatchObject({ code: 'E_ABSENT', party: 'carol' })
    await pass(62_000)
    expect(state.ended).toMatchObject({ code: 'E_ABSENT', party: 'carol' })
  })

  test('a deadline beyond what a timer can hold is a deadline, not now', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
    try {
      const { mailbox } = boxOf(new MemoryNetwork(), alice, realClock)
      const year = 365 * 24 * 3_600_000
      let ended = false
      const wait = { deadline: Date.now() + year, signal: new AbortController().signal, round: 'one' }
      mailbox.until(() => false, wait).catch(() => (ended = true))
      await vi.advanceTimersByTimeAsync(60 * 24 * 3_600_000)
      expect(ended).toBe(false)
    } finally {
      vi.useRealTimers()
    }
  })
})

test('a signal ends a wait with its reason, and nothing of the wait is left behind', async () => {
  const { mailbox } = boxOf(new MemoryNetwork(), alice)
  const person = new AbortController()
  const reason = new Error('leaving')
  const wait = mailbox.collect([slot(bob, 'one')], { ...soon(), signal: person.signal })
  person.abort(reason)
  await expect(wait).rejects.toBe(reason)
  await expect(mailbox.collect([slot(bob, 'one')], { ...soon(), signal: person.signal })).rejects.toBe(reason)
})
