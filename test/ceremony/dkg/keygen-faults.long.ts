import { getEventListeners } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { finishKeygen, planKeygen, runKeygen } from '../../../src/ceremony/dkg/keygen.js'
import type { KeygenPlan, MadeKey } from '../../../src/ceremony/dkg/plan.js'
import type { World } from '../../../src/ceremony/world.js'
import { Mailbox } from '../../../src/messaging/channel/mailbox.js'
import { type Delivery, type Interfere, MemoryNetwork } from '../../../src/messaging/transport/memory.js'
import { ceremonySubjects } from '../../../src/messaging/transport/subjects.js'
import type { Transport } from '../../../src/messaging/transport/transport.js'
import { CeremonyFiles } from '../../../src/storage/home/ceremonies.js'
import { setFaultPoint } from '../../../src/storage/fs/atomic.js'
import { readQuarantine } from '../../../src/storage/home/quarantine.js'
import { listKeys, readState, stageEpoch, writeState } from '../../../src/storage/home/epochs.js'
import type { DefinitionFile, KeygenDefinition } from '../../../src/wire/ceremony/definition.js'
import { decodeEnvelope, type Envelope, type Kind, sealEnvelope } from '../../../src/wire/session/envelope.js'
import { Failure } from '../../../src/wire/base/failure.js'
import { type Prepared, preparedCodec } from '../../../src/wire/session/prepared.js'
import { hex } from '../../../src/wire/base/text.js'
import { lettersCodec } from '../../../src/wire/session/transcript.js'
import { every } from '../../../src/messaging/channel/clock.js'
import { clock, dated } from '../../support/clock.js'
import { evidenceOf, verdictOn } from '../../support/ecdsa.js'
import { keygenDefinition } from '../../support/members.js'
import { flipped, recorded, resigned } from '../../support/mischief.js'
import { envelopesIn, expectOneAnswerEach, expectOneReceiptEach } from '../../support/nonces.js'
import { Killed, live, raze, withDisks } from '../../support/processes.js'
import { type Custodian, custodians, fileOf, worldOf } from '../../support/worlds.js'

const impatient = { join: 8000, round: 2500, total: null }
const made: Custodian[] = []
let stop = () => {}

beforeAll(() => {
  stop = withDisks()
})
afterAll(() => {
  stop()
  raze(made)
})

type Ceremony = {
  readonly everybody: readonly [Custodian, Custodian, Custodian]
  readonly network: MemoryNetwork
  readonly file: DefinitionFile
  readonly record: Delivery[]
}

async function ceremony(changes: Partial<KeygenDefinition> = {}, interfere?: Interfere): Promise<Ceremony> {
  const everybody = (await custodians('alice', 'bob', 'carol')) as [Custodian, Custodian, Custodian]
  made.push(...everybody)
  const network = new MemoryNetwork()
  if (interfere) network.interfere = interfere
  const file = fileOf({ ...(keygenDefinition(everybody) as KeygenDefinition), ...changes })
  return { everybody, network, file, record: recorded(network) }
}

const planOf = (who: Custodian, { file }: Ceremony, now = clock.now()): Promise<KeygenPlan> =>
  planKeygen(who.home, who.card, file, now)

async function make(who: Custodian, at: Ceremony, changes: Partial<World> = {}): Promise<MadeKey> {
  const plan = await planOf(who, at, (changes.clock ?? clock).now())
  const world = worldOf(who, at.network.connect(who.member.name), { patience: impatient, ...changes })
  return runKeygen(world, plan)
}

const all = (at: Ceremony, changes: Partial<World> = {}): Promise<PromiseSettledResult<MadeKey>[]> =>
  Promise.allSettled(at.everybody.map((who) => make(who, at, changes)))

const reasonOf = (result: PromiseSettledResult<unknown> | undefined): unknown =>
  result?.status === 'rejected' ? result.reason : undefined

const filesOf = (who: Custodian, { file }: Ceremony): CeremonyFiles => new CeremonyFiles(who.home, file.id)

/** The parts of the ceremony on a custodian's disk. */
async function left(who: Custodian, at: Ceremony) {
  const files = filesOf(who, at)
  return {
    pending: (await files.readPending('prepared.cbor')) !== null,
    aside: (await files.listAside()).length,
    voted: (await files.readReceipt()) !== null,
    certified: (await files.readCertificate()) !== null,
    keys: await listKeys(who.home),
  }
}
const NOTHING = { pending: false, aside: 0, voted: false, certified: false, keys: [] }
const DOUBT = { pending: true, aside: 0, voted: true, certified: false, keys: [] }
const DONE = { pending: true, aside: 0, voted: true, certified: true, keys: ['treasury'] }

const isFrom = (who: Custodian, bytes: Uint8Array, ...kinds: Kind[]): boolean => {
  const { from, kind } = decodeEnvelope(bytes).header
  return hex(from) === hex(who.card.fingerprint) && kinds.includes(kind)
}

async function expectOneKey(at: Ceremony): Promise<void> {
  const digests = await Promise.all(
    at.everybody.map(async ({ home }) => {
      const state = await readState(home, 'treasury')
      expect(state?.epochs).toMatchObject([{ number: 1, status: 'active' }])
      return hex(state?.epochs[0]?.digest ?? new Uint8Array())
    }),
  )
  expect(new Set(digests).size).toBe(1)
  expect(expectOneReceiptEach(at.record)).toBe(3)
  expectOneAnswerEach(at.record)
}

describe.concurrent('before the vote', () => {
  test('a bad share ends it for all: each has proof of who dealt it, and nothing is kept', async () => {
    const at = await ceremony()
    const [alice, bob, carol] = at.everybody
    at.network.interfere = resigned(carol, ({ header, body }, to) =>
      header.kind === 'letter' && header.to && to === 'bob' ? flipped(body) : undefined,
    )
    const [a, b] = await all(at)
    const reason = 'its letter does not open with the key that it names'
    for (const result of [a, b]) {
      expect(reasonOf(result)).toMatchObject({
        kind: 'abort',
        code: 'E_ABORT',
        accused: [{ name: 'carol', kind: 'proven', round: 'open', reason, evidence: expect.any(String) }],
      })
    }
    expect(await left(bob, at)).toEqual(NOTHING)
    expect(await left(alice, at)).toEqual({ ...NOTHING, aside: 1 })
  })

  test('equivocation is kept as a file that names both letters', async () => {
    const at = await ceremony()
    const [alice, bob, carol] = at.everybody
    at.network.interfere = resigned(carol, ({ header, body }, to) =>
      header.round === 'commit' && to === 'bob' ? flipped(body) : undefined,
    )
    const [a, b] = await all(at)
    for (const [who, result] of [
      [alice, a],
      [bob, b],
    ] as const) {
      const { code, accused } = reasonOf(result) as Failure
      expect(code).toBe('E_EQUIVOCATION')
      expect(accused).toMatchObject([{ name: 'carol', kind: 'proven', round: 'commit' }])
      const [name] = await filesOf(who, at).listEvidence()
      expect(accused[0]?.evidence).toMatch(new RegExp(`/evidence/${name as string}$`))
      expect(await verdictOn(await evidenceOf(reasonOf(result) as Failure))).toEqual([
        ['carol', 'commit', 'proven'],
      ])
      expect(await left(who, at)).toEqual(NOTHING)
    }
  })

  /** Carol declares something else than she has. */
  const declaring = ({ everybody: [, , carol] }: Ceremony, change: (own: Prepared) => Prepared): Interfere =>
    resigned(carol, ({ header, body }) =>
      header.kind === 'prepared' ? preparedCodec.encode(change(preparedCodec.decode(body))) : undefined,
    )
  const otherResult = (own: Prepared): Prepared => ({ ...own, result: new Uint8Array(32).fill(9) })
  const otherParts = (own: Prepared): Prepared => ({
    ...otherResult(own),
    parts: own.parts.map((digest, i) => (i === 5 ? flipped(digest) : digest)),
  })

  test.each([
    ['of the same letters', otherResult, 'it declares another result for the same letters'],
    [
      'of letters that it does not show',
      otherParts,
      'the letters that it shows are not those that it declared',
    ],
  ])('whoever alone declares another result, %s, is accused by all others', async (_, change, reason) => {
    const at = await ceremony()
    const [alice, bob, carol] = at.everybody
    at.network.interfere = declaring(at, change)
    const [a, b] = await all(at)
    for (const [who, result] of [
      [alice, a],
      [bob, b],
    ] as const) {
      expect(reasonOf(result)).toMatchObject({
        kind: 'abort',
        code: 'E_ABORT',
        party: 'carol',
        accused: [
          { name: 'carol', round: 'prepared', kind: 'witnessed', reason, evidence: expect.any(String) },
        ],
      })
      expect(await left(who, at)).toEqual({ ...NOTHING, aside: 1 })
      expect((await readQuarantine(who.home, carol.card.fingerprint))?.faults).toMatchObject([{ reason }])
    }
    expect(expectOneReceiptEach(at.record.filter(({ bytes }) => !isFrom(carol, bytes, 'receipt')))).toBe(0)
  })

  test('whoever alone declares another result and shows nothing is named, and nobody is accused', async () => {
    const at = await ceremony()
    const [, , carol] = at.everybody
    const interfere = declaring(at, otherParts)
    at.network.interfere = (delivery) =>
      isFrom(carol, delivery.bytes, 'evidence') ? [] : interfere(delivery)
    const [a, b] = await all(at, { patience: { ...impatient, showing: 1000 } })
    for (const result of [a, b]) {
      expect(reasonOf(result)).toMatchObject({
        kind: 'abort',
        code: 'E_SPLIT_VIEW',
        party: 'carol',
        accused: [],
        message:
          'not everybody has the same result: carol declared another one than the rest; carol did not show their letters',
      })
    }
  })

  test('one body signed twice, of which no echo tells: the ending finds both, and proves it', async () => {
    const at = await ceremony()
    const [, , carol] = at.everybody
    at.network.interfere = ({ bytes, to }) => {
      const { header, body } = decodeEnvelope(bytes)
      const isOpening = isFrom(carol, bytes, 'letter') && header.round === 'open' && header.to === null
      const again = { ...header, time: header.time + 1 }
      return [isOpening && to === 'bob' ? sealEnvelope(carol.identity.signing, again, body) : bytes]
    }
    const [a, b] = await all(at)
    for (const result of [a, b]) {
      expect(reasonOf(result)).toMatchObject({
        kind: 'abort',
        code: 'E_EQUIVOCATION',
        party: 'carol',
        accused: [{ name: 'carol', round: 'open', kind: 'proven', evidence: expect.any(String) }],
      })
    }
    const file = await evidenceOf(reasonOf(a) as Failure)
    expect(await verdictOn(file)).toEqual([['carol', 'open', 'proven']])
    // One of the two proves nothing, and neither does one that she did not sign.
    const { letters, ...rest } = lettersCodec.decode(file)
    expect(await verdictOn(lettersCodec.encode({ ...rest, letters: letters.slice(1) }))).toBe('E_EVIDENCE')
    const [first, second] = letters.map((bytes) => decodeEnvelope(bytes)) as unknown as [Envelope, Envelope]
    const forged = sealEnvelope(at.everybody[1].identity.signing, { ...first.header, time: 1 }, second.body)
    expect(
      await verdictOn(lettersCodec.encode({ ...rest, letters: [letters[0] as Uint8Array, forged] })),
    ).toBe('E_TRANSCRIPT')
  })

  test('a declaration that cannot be read names its sender, and is kept as evidence', async () => {
    const at = await ceremony()
    const [alice, bob, carol] = at.everybody
    at.network.interfere = resigned(carol, ({ header }) =>
      header.kind === 'prepared' ? new Uint8Array([1, 2, 3]) : undefined,
    )
    const [a, b] = await all(at)
    for (const [who, result] of [
      [alice, a],
      [bob, b],
    ] as const) {
      const accused = [
        { name: 'carol', round: 'prepared', kind: 'proven', reason: 'its letter is malformed' },
      ]
      expect(reasonOf(result)).toMatchObject({ kind: 'abort', code: 'E_ABORT', party: 'carol', accused })
      expect(await filesOf(who, at).listEvidence()).toHaveLength(1)
      expect(await verdictOn(await evidenceOf(reasonOf(result) as Failure))).toEqual([
        ['carol', 'prepared', 'proven'],
      ])
    }
  })

  test('Ctrl-C before the vote: a signed abort ends it for all, and it can be done again', async () => {
    const at = await ceremony()
    const [alice, bob, carol] = at.everybody
    const person = new AbortController()
    const interrupted = new Failure('interrupted', 'E_INTERRUPTED', 'interrupted')
    at.network.interfere = ({ bytes }) => {
      // All have prepared but carol, whose person leaves; her own is lost.
      if (isFrom(carol, bytes, 'prepared')) {
        person.abort(interrupted)
        return []
      }
      return [bytes]
    }
    const results = await Promise.allSettled([
      make(alice, at),
      make(bob, at),
      make(carol, at, { signal: person.signal }),
    ])
    expect(reasonOf(results[2])).toBe(interrupted)
    for (const result of results.slice(0, 2)) {
      expect(reasonOf(result)).toMatchObject({ kind: 'absent', code: 'E_PEER_LEFT', party: 'carol' })
    }
    for (const who of at.everybody) expect(await left(who, at)).toEqual({ ...NOTHING, aside: 1 })
    at.network.interfere = ({ bytes }) => [bytes]
    expect((await all(at)).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled'])
  })

  test('one that prepared leaves for a participant that did not, and keeps its result aside', async () => {
    const at = await ceremony()
    const [alice, bob, carol] = at.everybody
    // Carol is killed before her pending result has its name: the others have prepared, and wait for her.
    const renamed = (operation: string, path: string) => operation === 'rename' && path.endsWith('/pending')
    const act = async (world: World) => runKeygen(world, await planOf(carol, at))
    const [, , { first }] = await Promise.all([
      make(alice, at),
      make(bob, at),
      live(at.network, carol, act, { at: renamed }),
    ])
    expect(first.killedAt).toBe('rename pending')
    for (const who of [alice, bob]) expect(await left(who, at)).toEqual({ ...DONE, aside: 1 })
    expect(await left(carol, at)).toEqual(DONE)
    await expectOneKey(at)
  })

  test('expired before the vote: nobody votes', async () => {
    const expires = Date.now() + 3_600_000
    const at = await ceremony({ expires })
    let late = 0
    at.network.interfere = ({ bytes }) => {
      if (decodeEnvelope(bytes).header.kind === 'prepared') late = 7_200_000
      return [bytes]
    }
    const results = await all(at, { clock: dated(() => clock.now() + late) })
    const codes = results.map((result) => (reasonOf(result) as Failure).code)
    expect(codes).toContain('E_EXPIRED')
    for (const code of codes) expect(['E_EXPIRED', 'E_ABSENT']).toContain(code)
    expect(expectOneReceiptEach(at.record)).toBe(0)
  })

  test('a member that restarts again and again is named', async () => {
    const at = await ceremony()
    const [alice, bob, carol] = at.everybody
    // Each of her processes says hello and is killed at its reveal.
    const restarting = async (): Promise<void> => {
      for (let i = 0; i < 9; i++) {
        const person = new AbortController()
        const transport = at.network.connect('carol')
        const until = new Promise<void>((resolve) => {
          const { publish } = transport
          Object.assign(transport, {
            publish: (subject: string, bytes: Uint8Array) => {
              publish(subject, bytes)
              if (!isFrom(carol, bytes, 'reveal')) return
              void transport.close()
              resolve()
            },
          })
        })
        const plan = await planOf(carol, at)
        const running = runKeygen(
          worldOf(carol, transport, { signal: person.signal, patience: impatient }),
          plan,
        ).catch(() => {})
        await Promise.race([until, running])
        person.abort(new Killed('restarting'))
        await running
      }
    }
    const patience = { join: 20_000, round: 2000, total: null }
    const [a, b] = await Promise.allSettled([
      make(alice, at, { patience }),
      make(bob, at, { patience }),
      restarting(),
    ])
    const codes = [a, b].map((result) => reasonOf(result) as Failure)
    for (const reason of codes) expect(reason).toMatchObject({ kind: 'absent', party: 'carol' })
    const restarts = codes.find(({ code }) => code === 'E_RESTARTS')
    expect(restarts?.message).toMatch(/^the ceremony was begun 8 times without .*: carol restarted \d times/)
    for (const who of [alice, bob]) expect(await left(who, at)).toEqual(NOTHING)
    // It is held against her by whoever counted it, and she by nobody's word.
    const held = await readQuarantine(
      codes[0]?.code === 'E_RESTARTS' ? alice.home : bob.home,
      carol.card.fingerprint,
    )
    expect(held?.faults).toMatchObject([
      { round: 'start', reason: expect.stringMatching(/^began again \d times$/) },
    ])
  })
})

describe.concurrent('after the vote', () => {
  test('two keys that take one name at the same instant: each is kept, under a name of its own', async () => {
    const at = await ceremony()
    const other = await ceremony()
    const file = fileOf(keygenDefinition(at.everybody))
    const both = [at, { ...at, file, network: other.network }]
    // Both are planned before either is there.
    const plans = await Promise.all(
      both.flatMap((one) => at.everybody.map(async (who) => ({ one, who, plan: await planOf(who, one) }))),
    )
    const made = await Promise.all(
      plans.map(({ one, who, plan }) =>
        runKeygen(worldOf(who, one.network.connect(who.member.name), { patience: impatient }), plan),
      ),
    )
    for (const who of at.everybody) {
      const names = made.filter((_, i) => plans[i]?.who === who).map(({ name }) => name)
      const ids = new Map(
        await Promise.all(names.map(async (name) => [name, await readState(who.home, name)] as const)),
      )
      expect(await listKeys(who.home)).toEqual([...names].sort())
      expect(new Set([...ids.values()].map((state) => hex(state?.key_id ?? new Uint8Array())))).toEqual(
        new Set([hex(at.file.id), hex(file.id)]),
      )
      expect(names.filter((name) => name === 'treasury')).toHaveLength(1)
    }
  })

  test('run again once it is done: the same key, said to be held already, and nobody missed', async () => {
    const at = await ceremony()
    const [alice] = at.everybody
    const first = await all(at)
    expect(first.map((result) => result.status === 'fulfilled' && result.value.already)).toEqual([
      false,
      false,
      false,
    ])
    // Nobody else is there any more.
    const again = await make(alice, at, { linger: 200 })
    expect(again).toMatchObject({ name: 'treasury', already: true, away: [] })
  })

  test('a certificate is heard from participants only', async () => {
    const [observer] = (await custodians('olga')) as [Custodian]
    made.push(observer)
    const at = await ceremony()
    const [alice, bob, carol] = at.everybody
    const definition = at.file.definition as KeygenDefinition
    const members = [...definition.members, { card: observer.card, role: 'observer' as const }]
    const file = fileOf({ ...definition, members })
    const watched = { ...at, file }
    let certificate: Uint8Array | null = null
    let session: Uint8Array | null = null
    at.network.interfere = ({ bytes, to }) => {
      const { header, body } = decodeEnvelope(bytes)
      if (header.kind === 'certificate') certificate = body
      if (header.kind === 'receipt') session = header.session
      // Alice gets neither carol's receipt nor a certificate from anybody who takes part.
      const isWithheld = header.kind === 'certificate' || isFrom(carol, bytes, 'receipt')
      const fromOlga = hex(header.from) === hex(observer.card.fingerprint)
      return to === 'alice' && isWithheld && !fromOlga ? [] : [bytes]
    }
    const olga = new Mailbox({
      transport: at.network.connect('olga'),
      subjects: ceremonySubjects(file.id, observer.card.fingerprint),
      definition: file.id,
      self: observer.member,
      key: observer.identity.signing,
      members: at.everybody.map(({ member }) => member),
      clock,
      emit: () => {},
      equivocated: () => {},
    })
    const stopShowing = every(clock, 50, () => {
      if (certificate && session) olga.post('certificate', { session }, certificate)
    })
    const [a, b, c] = await Promise.allSettled([
      make(alice, watched, { linger: 100 }),
      make(bob, watched, { linger: 100 }),
      make(carol, watched, { linger: 100 }),
    ])
    stopShowing()
    olga.close()
    expect([b, c].map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled'])
    expect(certificate).not.toBeNull()
    expect(reasonOf(a)).toMatchObject({ kind: 'doubt', code: 'E_IN_DOUBT', party: 'carol' })
  })

  test('the last receipt lost: asked for, and answered', async () => {
    const at = await ceremony()
    const [, , carol] = at.everybody
    let lost = 0
    at.network.interfere = ({ bytes }) =>
      isFrom(carol, bytes, 'receipt', 'certificate') && lost++ < 4 ? [] : [bytes]
    const results = await all(at, { patience: { join: 8000, round: 12_000, total: null } })
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled'])
    await expectOneKey(at)
  })

  test('whoever has the certificate hands it to those who miss a receipt', async () => {
    const at = await ceremony()
    const [, , carol] = at.everybody
    at.network.interfere = ({ bytes, to }) =>
      to === 'alice' && isFrom(carol, bytes, 'receipt') ? [] : [bytes]
    const results = await all(at, { patience: { join: 8000, round: 12_000, total: null } })
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled'])
    await expectOneKey(at)
  })

  test.each([
    ['alice', ['alice']],
    ['bob', ['bob']],
    ['everybody', ['alice', 'bob']],
  ] as const)('carol withholds her receipt from %s, and shows it later', async (_, from) => {
    const at = await ceremony()
    const [alice, bob, carol] = at.everybody
    const deprived: readonly string[] = from
    at.network.interfere = ({ bytes, to }) =>
      deprived.includes(to) && isFrom(carol, bytes, 'receipt', 'certificate', 'done') ? [] : [bytes]
    // Nobody stays to help: what is withheld is missing.
    const results = await all(at, { linger: 0 })
    for (const [i, who] of [alice, bob].entries()) {
      if (!deprived.includes(who.member.name)) continue
      const result = results[i]
      // The other honest one may have handed over the certificate in time.
      if (result?.status === 'fulfilled') continue
      expect(reasonOf(result)).toMatchObject({
        kind: 'doubt',
        code: 'E_IN_DOUBT',
        party: 'carol',
        accused: [],
      })
      expect(await left(who, at)).toEqual(DOUBT)
    }
    if (from.length === 2)
      expect(results.slice(0, 2).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(envelopesIn(at.record).filter(({ header }) => header.kind === 'abort')).toEqual([])
    at.network.interfere = ({ bytes }) => [bytes]
    const again = await all(at)
    expect(again.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled'])
    for (const who of at.everybody) expect(await left(who, at)).toEqual(DONE)
    await expectOneKey(at)
  })

  test('in doubt: Ctrl-C sends no abort; expiry and reruns do not end it; a certificate does', async () => {
    const expires = Date.now() + 3_600_000
    const at = await ceremony({ expires })
    const [alice, bob, carol] = at.everybody
    const person = new AbortController()
    at.network.interfere = ({ bytes, to }) => {
      // Her person leaves as soon as her own vote is out.
      if (isFrom(alice, bytes, 'receipt')) person.abort(new Failure('interrupted', 'E_INTERRUPTED', ''))
      if (to !== 'alice') return [bytes]
      return isFrom(carol, bytes, 'receipt', 'certificate', 'done') || isFrom(bob, bytes, 'certificate')
        ? []
        : [bytes]
    }
    const [a, b] = await Promise.allSettled([
      make(alice, at, { signal: person.signal }),
      make(bob, at, { linger: 0 }),
      make(carol, at, { linger: 0 }),
    ])
    expect(reasonOf(a)).toMatchObject({ kind: 'doubt', code: 'E_IN_DOUBT', party: 'carol' })
    expect(b?.status).toBe('fulfilled')
    expect(envelopesIn(at.record).filter(({ header }) => header.kind === 'abort')).toEqual([])
    expect(await left(alice, at)).toEqual(DOUBT)

    // Alone, and after the expiry: still in doubt, still whole.
    const late = dated(() => clock.now() + 3_700_000)
    await expect(make(alice, at, { clock: late })).rejects.toMatchObject({
      kind: 'doubt',
      code: 'E_IN_DOUBT',
    })
    expect(await left(alice, at)).toEqual(DOUBT)

    // A certificate of another ceremony, or of another run, is refused and changes nothing.
    const foreign = await ceremony()
    await all(foreign)
    const plan = await planOf(alice, at, late.now())
    const [stranger] = foreign.everybody
    const other = (await filesOf(stranger, foreign).readCertificate()) as Uint8Array
    await expect(finishKeygen(alice.home, plan, other)).rejects.toMatchObject({
      kind: 'verification',
      code: 'E_CERTIFICATE',
    })
    await expect(finishKeygen(alice.home, plan, flipped(other))).rejects.toMatchObject({
      code: 'E_CERTIFICATE',
    })
    expect(await left(alice, at)).toEqual(DOUBT)

    const certificate = (await filesOf(bob, at).readCertificate()) as Uint8Array
    const finished = await finishKeygen(alice.home, plan, certificate)
    expect(finished.name).toBe('treasury')
    expect(await left(alice, at)).toEqual(DONE)
    await expectOneKey(at)
    // Once more is no harm.
    expect((await finishKeygen(alice.home, plan, certificate)).name).toBe('treasury')
  })

  test('a key of that name made meanwhile: this one takes another', async () => {
    const at = await ceremony()
    const [alice, bob, carol] = at.everybody
    at.network.interfere = ({ bytes }) =>
      isFrom(carol, bytes, 'receipt', 'certificate', 'done') ? [] : [bytes]
    expect(reasonOf((await all(at, { linger: 0 }))[0])).toMatchObject({ code: 'E_IN_DOUBT' })
    const digest = new Uint8Array(32).fill(9)
    const age = new TextEncoder().encode('share')
    await stageEpoch(alice.home, 'treasury', digest, { 'record.cbor': digest, 'share.age': age })
    const key_id = new Uint8Array(32).fill(8)
    const epochs = [{ digest, number: 1, status: 'active' as const }]
    await writeState(alice.home, 'treasury', { format: 'mpc/key-state/v1', policy: 0, key_id, epochs })
    at.network.interfere = ({ bytes }) => [bytes]
    const [a, b] = await all(at)
    const name = `treasury-${hex(at.file.id).slice(0, 8)}`
    expect(a).toMatchObject({ status: 'fulfilled', value: { name } })
    expect(b).toMatchObject({ status: 'fulfilled', value: { name: 'treasury' } })
    expect(await listKeys(alice.home)).toEqual(['treasury', name])
    expect((await readState(alice.home, 'treasury'))?.key_id).toEqual(key_id)
    expect(await listKeys(bob.home)).toEqual(['treasury'])
  })

  test('voted, and the pending files are gone: nothing is begun anew', async () => {
    const at = await ceremony()
    const [alice, , carol] = at.everybody
    at.network.interfere = ({ bytes }) =>
      isFrom(carol, bytes, 'receipt', 'certificate', 'done') ? [] : [bytes]
    await all(at, { linger: 0 })
    const { rmSync } = await import('node:fs')
    rmSync(`${filesOf(alice, at).folder}/pending`, { recursive: true })
    const said = at.record.length
    await expect(make(alice, at)).rejects.toMatchObject({ kind: 'conflict', code: 'E_CEREMONY_FILES' })
    expect(at.record.slice(said).filter(({ bytes }) => isFrom(alice, bytes, 'hello'))).toEqual([])
  })
})

describe('a full disk', () => {
  test('no room for the receipt: not voted, nothing set aside, and run again it is', async () => {
    const at = await ceremony()
    const [alice, bob, carol] = at.everybody
    setFaultPoint((operation, path) => {
      const isReceipt = path.startsWith(carol.home.root) && path.endsWith('/receipt.cbor')
      if (operation === 'link' && isReceipt)
        throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', errno: -28 })
    })
    const [a, b, c] = await all(at)
    stop = withDisks()
    const hint = `the others may have voted, and wait for it. Fix that, then run: mpc keygen --join ${hex(at.file.id)}`
    expect(reasonOf(c)).toMatchObject({ kind: 'doubt', code: 'E_UNFINISHED', hint })
    expect(await left(carol, at)).toEqual({ ...NOTHING, pending: true })
    for (const [who, result] of [
      [alice, a],
      [bob, b],
    ] as const) {
      expect(reasonOf(result)).toMatchObject({ kind: 'doubt', code: 'E_IN_DOUBT', party: 'carol' })
      expect(await left(who, at)).toEqual(DOUBT)
    }
    expect((await all(at)).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled'])
    await expectOneKey(at)
  })

  test.each(['write', 'create', 'sync'] as const)(
    'when it can no longer %s: a clean failure, nothing half',
    async (what) => {
      const at = await ceremony()
      const [alice, , carol] = at.everybody
      // The nth such operation of carol's fails, for several n over the whole ceremony; then there is room again.
      for (const nth of [1, 4, 9, 14]) {
        let count = 0
        setFaultPoint((operation, path) => {
          if (operation !== what || !path.startsWith(carol.home.root) || ++count < nth) return
          throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', errno: -28 })
        })
        const results = await all(at, { linger: 500, patience: { join: 1500, round: 1500, total: null } })
        stop = withDisks()
        const reason = reasonOf(results[2])
        if (results[2]?.status === 'rejected') expect(reason).toBeInstanceOf(Failure)
        expect(
          await readState(carol.home, 'treasury').then((state) => state?.epochs.length ?? 0),
        ).toBeLessThan(2)
        const { voted, pending } = await left(carol, at)
        if (voted) expect(pending).toBe(true)
        if ((await listKeys(carol.home)).length > 0) break
      }
      expect((await all(at)).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled'])
      await expectOneKey(at)
      expect(await listKeys(alice.home)).toEqual(['treasury'])
    },
  )
})

test("an envelope of the ending under a stranger's key is nobody's vote", async () => {
  const at = await ceremony()
  const [, bob, carol] = at.everybody
  at.network.interfere = ({ bytes }) => {
    const { header, body } = decodeEnvelope(bytes)
    if (!isFrom(carol, bytes, 'receipt')) return [bytes]
    return [sealEnvelope(bob.identity.signing, header, body), bytes]
  }
  expect((await all(at)).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled'])
  await expectOneKey(at)
})

test('a ceremony leaves nobody listening to the person or to the network', async () => {
  const at = await ceremony()
  const { signal } = new AbortController()
  let listening = 0
  const counted = (transport: Transport): Transport => {
    const counting = (stop: () => void) => {
      listening += 1
      return () => {
        listening -= 1
        stop()
      }
    }
    return {
      ...transport,
      subscribe: (pattern, receive) => counting(transport.subscribe(pattern, receive)),
      onFailure: (listener) => counting(transport.onFailure(listener)),
      onReconnect: (listener) => counting(transport.onReconnect(listener)),
      onDisconnect: (listener) => counting(transport.onDisconnect(listener)),
    }
  }
  await Promise.all(
    at.everybody.map(async (who) =>
      runKeygen(
        worldOf(who, counted(at.network.connect(who.member.name)), { signal, linger: 500 }),
        await planOf(who, at),
      ),
    ),
  )
  expect(getEventListeners(signal, 'abort')).toEqual([])
  expect(listening).toBe(0)
})
