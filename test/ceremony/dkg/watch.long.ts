/** Resharings that more than half of the old custodians sign, some of whom only watch: what they wait for, and what not. */
import { expect, test } from 'vitest'
import { verifyTranscript } from '../../../src/audit/transcript.js'
import { findKey } from '../../../src/ceremony/epochs/find-key.js'
import type { MadeKey } from '../../../src/ceremony/dkg/plan.js'
import { planReshare, runReshare, voteAhead } from '../../../src/ceremony/dkg/reshare.js'
import { planRetire, retire } from '../../../src/ceremony/epochs/retire.js'
import { ceremoniesIn } from '../../../src/ceremony/home/status.js'
import type { World } from '../../../src/ceremony/world.js'
import { MemoryNetwork } from '../../../src/messaging/transport/memory.js'
import { memberToken } from '../../../src/messaging/transport/subjects.js'
import { readEpochFile } from '../../../src/storage/home/epochs.js'
import { lastVote } from '../../../src/storage/home/votes.js'
import { requireHeld } from '../../../src/wire/ceremony/certified-record.js'
import { consentCodec } from '../../../src/wire/ceremony/consent.js'
import { acceptDefinition, type DefinitionFile } from '../../../src/wire/ceremony/definition.js'
import { decodeEnvelope, sealEnvelope } from '../../../src/wire/session/envelope.js'
import { helloCodec } from '../../../src/wire/session/handshake.js'
import { hex } from '../../../src/wire/base/text.js'
import { transcriptCodec } from '../../../src/wire/session/transcript.js'
import { every } from '../../../src/messaging/channel/clock.js'
import { clock, dated } from '../../support/clock.js'
import { codeOf, expectSigns, statesOf } from '../../support/keys.js'
import { live, withDisks } from '../../support/processes.js'
import { defined, makeTreasury, signed, takesPart } from '../../support/reshares.js'
import { type Custodian, custodians } from '../../support/worlds.js'

const quick = { linger: 500 }
const brief = { ...quick, patience: { join: 4000, round: 4000, total: null } }

/** Two of five must sign; alice and bob deal to themselves and frank. One more of carol, dave and erin must say yes. */
async function five(changes: { minority?: boolean } = {}) {
  const everybody = await custodians('alice', 'bob', 'carol', 'dave', 'erin', 'frank')
  const [alice, bob, carol, dave, erin, frank] = everybody as [
    Custodian,
    Custodian,
    Custodian,
    Custodian,
    Custodian,
    Custodian,
  ]
  const old = await makeTreasury([alice, bob, carol, dave, erin], 2)
  const file = await defined(alice, everybody, { members: ['alice', 'bob', 'frank'], ...changes })
  return { everybody, alice, bob, carol, dave, erin, frank, old, file, players: [alice, bob, frank] }
}

const all = (
  players: readonly Custodian[],
  file: DefinitionFile,
  network: MemoryNetwork,
  changes: object = quick,
): Promise<MadeKey>[] => players.map((who) => takesPart(who, file, network, changes))

/** Resolves when a letter of this kind is on the wire. */
const said = (network: MemoryNetwork, kind: string, from?: Custodian): Promise<void> =>
  new Promise((resolve) => {
    const before = network.interfere
    network.interfere = (message) => {
      const { header } = decodeEnvelope(message.bytes)
      if (header.kind === kind && (!from || hex(header.from) === hex(from.card.fingerprint))) resolve()
      return before?.(message) ?? [message.bytes]
    }
  })

test('one who gets no share says yes, with others offline, and then signs no more with the old share', async () => {
  const { alice, bob, carol, dave, frank, old, file, players } = await five()
  const network = new MemoryNetwork()
  const made = await Promise.all(all([...players, carol], file, network))
  expect(new Set(made.map(({ digest }) => hex(digest))).size).toBe(1)
  expect(made.map(({ holds }) => holds)).toEqual([true, true, true, false])
  const [{ digest, record }] = made as [MadeKey]
  expect(hex(record.group_point)).toBe(hex(old.record.group_point))
  expect(await statesOf(carol)).toEqual(['1 parent'])
  expect(await statesOf(dave)).toEqual(['1 active'])
  requireHeld((await readEpochFile(carol.home, 'treasury', digest, 'certificate.cbor')) as Uint8Array, record)
  expect(await codeOf(findKey(carol.home, 'treasury'))).toBe('E_NO_KEY')
  const listed = await ceremoniesIn(carol.home, [], Date.now())
  expect(listed.find(({ kind }) => kind === 'reshare')).toMatchObject({ state: 'done', next: null })
  await expectSigns([bob, frank], record)
  // dave has not heard of it: he finds nobody to sign with, for signers name one record.
  const patience = { join: 1500, round: 1500, total: null, silence: 1000, asker: 1000 }
  const mixed = await signed([dave, alice], new Uint8Array(32).fill(7), { ...quick, patience })
  expect(mixed.map(({ status }) => status)).toEqual(['rejected', 'rejected'])

  const transcript = await readEpochFile(frank.home, 'treasury', digest, 'transcript.cbor')
  expect(await verifyTranscript(transcript as Uint8Array)).toMatchObject({ kind: 'reshare', missing: [] })
  const parts = transcriptCodec.decode(transcript as Uint8Array)
  const hellos = parts.hellos.map((bytes, i) => {
    const { header, body } = decodeEnvelope(bytes)
    const alone = helloCodec.encode({ ...helloCodec.decode(body), others: [] })
    return sealEnvelope((players[i] as Custodian).identity.signing, header, alone)
  })
  await expect(verifyTranscript(transcriptCodec.encode({ ...parts, hellos }))).rejects.toThrow(
    'no more than half of the old custodians have signed it',
  )
  // Once more, by who is done: the same, and nothing new.
  expect(await takesPart(carol, file, new MemoryNetwork(), brief)).toMatchObject({ already: true, digest })
})

test.each([0, 1, 2])(
  'one who watches hears who has gone over, and destroys its old share once as many have as must sign: %i cut off',
  async (cutOff) => {
    const { bob, carol, frank, old, file, players } = await five()
    const cut = [bob, frank].slice(0, cutOff).map(({ card }) => hex(card.fingerprint))
    const network = new MemoryNetwork()
    network.interfere = ({ bytes }) => {
      const { kind, from } = decodeEnvelope(bytes).header
      return kind === 'activated' && cut.includes(hex(from)) ? [] : [bytes]
    }
    await Promise.all(all([...players, carol], file, network))
    const retired = planRetire(carol.home, carol.card, 'treasury', old.digest).then((plan) =>
      retire(carol, plan, Date.now()),
    )
    expect(await codeOf(retired)).toBe(cutOff === 2 ? 'E_STATEMENTS' : 'fine')
    expect(await statesOf(carol)).toEqual([cutOff === 2 ? '1 parent' : '1 retired'])
    await expectSigns([bob, frank], old.record)
  },
)

test('without more than half of the old custodians nothing is revealed, and it is said whose yes is missing', async () => {
  const { alice, old, file, players } = await five()
  const network = new MemoryNetwork()
  const kinds = new Set<string>()
  network.interfere = ({ bytes }) => {
    kinds.add(decodeEnvelope(bytes).header.kind)
    return [bytes]
  }
  const ended = await Promise.allSettled(all(players, file, network, brief))
  for (const end of ended) {
    expect(end).toMatchObject({ status: 'rejected', reason: { kind: 'absent' } })
  }
  expect(ended[0]).toMatchObject({
    reason: {
      code: 'E_MAJORITY',
      party: 'carol',
      message: '1 more of carol, dave, erin had to sign, and did not',
    },
  })
  expect(kinds).not.toContain('reveal')
  expect(await lastVote(alice.home, old.digest)).toBeNull()
  expect(await statesOf(alice)).toEqual(['1 active'])
})

test('one that comes late is enough, and so is one that leaves as soon as it has said yes', async () => {
  const { carol, dave, file, players } = await five()
  const network = new MemoryNetwork()
  const waiting = said(network, 'want')
  const playing = all(players, file, network)
  await waiting
  const person = new AbortController()
  const leaves = takesPart(carol, file, network, { ...quick, signal: person.signal })
  const heard = said(network, 'reveal')
  const gone = codeOf(leaves)
  await heard
  person.abort(new Error('carol pulls the plug'))
  expect(await gone).toBe('E_WATCHED')
  const made = await Promise.all(playing)
  expect(made.every(({ holds }) => holds)).toBe(true)
  expect(await statesOf(carol)).toEqual(['1 active'])
  const listed = await ceremoniesIn(carol.home, [], Date.now())
  expect(listed.find(({ kind }) => kind === 'reshare')).toMatchObject({
    state: 'signed',
    next: `mpc reshare --join ${hex(file.id)}`,
  })
  // Later she asks again, while one who took part runs it again; dave, who never came, learns of it in the same way.
  const again = new MemoryNetwork()
  const [alice] = players as [Custodian]
  const [, ...watched] = await Promise.all([
    takesPart(alice, file, again, { linger: 3000 }),
    takesPart(carol, file, again, quick),
    takesPart(dave, file, again, quick),
  ])
  expect(watched.map(({ watched: w }) => w)).toEqual([true, true])
  expect(await statesOf(carol)).toEqual(['1 parent'])
  expect(await statesOf(dave)).toEqual(['1 parent'])
})

test('a yes that was heard is kept: who is started again needs nobody to repeat it', async () => {
  const { carol, file, players } = await five()
  const [alice, bob, frank] = players as [Custodian, Custodian, Custodian]
  const first = new MemoryNetwork()
  const people = players.map(() => new AbortController())
  const heard = said(first, 'encapsulate')
  const codes = players.map((who, i) =>
    codeOf(takesPart(who, file, first, { ...quick, signal: (people[i] as AbortController).signal })),
  )
  const watcher = new AbortController()
  const watching = codeOf(takesPart(carol, file, first, { ...quick, signal: watcher.signal }))
  await heard
  for (const person of [...people, watcher]) person.abort(new Error('the power fails'))
  await Promise.all([...codes, watching])
  const made = await Promise.all(all([alice, bob, frank], file, new MemoryNetwork()))
  expect(made.map(({ holds }) => holds)).toEqual([true, true, true])
})

test('what a watcher says that is no yes counts for nothing, and ends nothing', async () => {
  const { carol, dave, erin, file, players } = await five()
  const network = new MemoryNetwork()
  const say = (
    who: Custodian,
    kind: 'signature' | 'abort' | 'hello' | 'record',
    body: Uint8Array,
    round = '',
  ) => {
    const header = {
      v: 1 as const,
      kind,
      definition: file.id,
      session: new Uint8Array(32),
      round,
      from: who.card.fingerprint,
      to: null,
      time: Date.now(),
      key: null,
    }
    return sealEnvelope(who.identity.signing, header, body)
  }
  const stage = network.connect('stage')
  const publish = (who: Custodian, bytes: Uint8Array) => {
    const subject = `mpc.v1.${hex(file.id.subarray(0, 16))}.ctl.${memberToken(who.card.fingerprint)}`
    stage.publish(subject, bytes)
  }
  const kinds = new Set<string>()
  network.interfere = ({ bytes }) => {
    kinds.add(decodeEnvelope(bytes).header.kind)
    return [bytes]
  }
  const waiting = said(network, 'want')
  const playing = all(players, file, network)
  await waiting
  const others = acceptDefinition(carol.identity.signing, file.id)
  publish(carol, say(carol, 'signature', new Uint8Array(7)))
  publish(carol, say(carol, 'signature', consentCodec.encode({ signature: new Uint8Array(64) })))
  // A yes of carol's in dave's mouth is nobody's.
  publish(dave, say(dave, 'signature', consentCodec.encode({ signature: others })))
  publish(dave, say(dave, 'abort', new Uint8Array(3), '1'))
  publish(erin, say(erin, 'record', new Uint8Array(100)))
  await said(network, 'want')
  expect(kinds).not.toContain('reveal')
  const watched = takesPart(erin, file, network, quick)
  const made = await Promise.all([...playing, watched])
  expect(made.map(({ holds }) => holds)).toEqual([true, true, true, false])
})

test('a yes is a vote from the epoch: for another resharing there is none, but for one that replaces it', async () => {
  const { everybody, alice, bob, carol, frank, old, file } = await five()
  const saysYesAndLeaves = async (to: DefinitionFile): Promise<void> => {
    const network = new MemoryNetwork()
    network.connect('listener').subscribe('mpc.v1.*.*.*', () => {})
    const person = new AbortController()
    const yes = said(network, 'signature')
    const left = codeOf(takesPart(carol, to, network, { ...quick, signal: person.signal }))
    await yes
    person.abort(new Error('carol leaves'))
    expect(await left).toBe('E_WATCHED')
    expect(hex((await lastVote(carol.home, old.digest)) as Uint8Array)).toBe(hex(to.id))
  }
  await saysYesAndLeaves(file)
  const members = ['alice', 'bob', 'frank']
  const other = await defined(alice, everybody, { members })
  expect(await codeOf(planReshare(carol.home, carol.card, other, Date.now()))).toBe('E_VOTED_PARENT')
  expect(await codeOf(voteAhead(carol.home, carol.card, other))).toBe('E_VOTED_PARENT')
  const next = await defined(alice, everybody, { members, supersedes: [file.id] })
  await saysYesAndLeaves(next)
  // The former is refused from then on.
  expect(await codeOf(takesPart(carol, file, new MemoryNetwork(), brief))).toBe('E_VOTED_PARENT')
  const made = await Promise.all(all([alice, bob, frank, carol], next, new MemoryNetwork()))
  expect(new Set(made.map(({ digest }) => hex(digest))).size).toBe(1)
  expect(await statesOf(carol)).toEqual(['1 parent'])
})

test('of two side by side by disjoint dealers at most one is certified: nobody says yes to both', async () => {
  const { everybody, alice, bob, carol, dave, erin, frank } = await five()
  const one = await defined(alice, everybody, {
    members: ['alice', 'bob', 'frank'],
    dealers: ['alice', 'bob'],
  })
  const two = await defined(carol, everybody, {
    members: ['carol', 'dave', 'frank'],
    dealers: ['carol', 'dave'],
  })
  const [first, second] = [new MemoryNetwork(), new MemoryNetwork()]
  // erin is asked by both, and frank is to get a share of both.
  const codes = await Promise.all([
    ...all([alice, bob, frank, erin], one, first),
    codeOf(takesPart(carol, two, second, brief)),
    codeOf(takesPart(dave, two, second, brief)),
  ])
  expect(codes.slice(4)).toEqual(['E_ABSENT', 'E_ABSENT'])
  expect(await statesOf(frank)).toEqual(['2 active'])
  for (const who of [erin, alice, bob]) {
    expect(['E_VOTED_PARENT', 'E_PARENT']).toContain(
      await codeOf(planReshare(who.home, who.card, two, Date.now())),
    )
  }
  expect(await codeOf(voteAhead(erin.home, erin.card, two))).toBe('E_VOTED_PARENT')
})

test.concurrent("who watches waits for those who take part: neither others who watch nor noise in anybody's name prolong it", async () => {
  const { alice, carol, dave, file } = await five()
  const network = new MemoryNetwork()
  const kinds = new Set<string>()
  network.interfere = ({ bytes, subject }) => {
    if (subject.endsWith(memberToken(dave.card.fingerprint))) kinds.add(decodeEnvelope(bytes).header.kind)
    return [bytes]
  }
  const stage = network.connect('stage')
  const inAlicesName = `mpc.v1.${hex(file.id.subarray(0, 16))}.ctl.${memberToken(alice.card.fingerprint)}`
  let noise = 0
  const stopNoise = every(clock, 200, () => stage.publish(inAlicesName, new Uint8Array([noise++])))
  const patience = { join: 3000, round: 3000, total: null }
  const ended = [carol, dave].map((who) => codeOf(takesPart(who, file, network, { ...quick, patience })))
  expect(await Promise.all(ended)).toEqual(['E_WATCHED', 'E_WATCHED'])
  stopNoise()
  // The first thing that dave says carol hears only if she was there before him.
  expect([...kinds].filter((kind) => kind !== 'signature')).toEqual(['want'])
  expect(noise).toBeGreaterThan(10)
})

test.concurrent('who watches waits on while one who takes part is at it, but not beyond the expiry', async () => {
  const { alice, carol, file } = await five()
  const network = new MemoryNetwork()
  const stage = network.connect('stage')
  const subject = `mpc.v1.${hex(file.id.subarray(0, 16))}.ctl.${memberToken(alice.card.fingerprint)}`
  const working = (time: number): Uint8Array =>
    sealEnvelope(
      alice.identity.signing,
      {
        v: 1,
        kind: 'working',
        definition: file.id,
        session: new Uint8Array(32).fill(5),
        round: '',
        from: alice.card.fingerprint,
        to: null,
        time,
        key: null,
      },
      new Uint8Array(),
    )
  const patience = { join: 4000, round: 4000, total: null }
  /** For carol it is this long before the expiry. */
  const near = 9000
  const ahead = file.definition.expires - near - clock.now()
  let said = 0
  const stopTalking = every(clock, 500, () => {
    said = clock.now()
    stage.publish(subject, working(said))
  })
  const began = clock.now()
  const world = { ...quick, patience, clock: dated(() => clock.now() + ahead) }
  expect(await codeOf(takesPart(carol, file, network, world))).toBe('E_WATCHED')
  stopTalking()
  const ended = clock.now()
  expect(ended - began).toBeGreaterThanOrEqual(near - 100)
  // Alice was still at it.
  expect(ended - said).toBeLessThan(patience.join)
})

test.each([
  ['the outcome is to count', 'rename', /state\.cbor$/, false],
  // By then it has all that it needs, and so needs nobody.
  ['its vote is settled', 'link', /\/after-/, true],
] as const)(
  'one killed as %s makes it count when it is started again',
  async (_, operation, path, isAlone) => {
    const { carol, file, players } = await five()
    const network = new MemoryNetwork()
    const plan = await planReshare(carol.home, carol.card, file, Date.now())
    const stop = withDisks()
    const at = (done: string, where: string) => done === operation && path.test(where)
    const act = (world: World) => runReshare(world, plan)
    const alone = (world: World) =>
      act({ ...world, ...brief, transport: new MemoryNetwork().connect('carol') })
    try {
      const watched = live(network, carol, act, { at }, {}, isAlone ? alone : act)
      const [{ value, first }] = await Promise.all([watched, ...all(players, file, network)])
      expect([first.dead, value.watched]).toEqual([true, true])
      expect(await statesOf(carol)).toEqual(['1 parent'])
    } finally {
      stop()
    }
  },
)

test.concurrent('a minority goes on without anybody else', async () => {
  const { file, players } = await five({ minority: true })
  const made = await Promise.all(all(players, file, new MemoryNetwork()))
  expect(made.every(({ holds }) => holds)).toBe(true)
})
