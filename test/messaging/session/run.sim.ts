import { describe, expect, test } from 'vitest'
import { inSession } from '../../../src/messaging/session/restart-loop.js'
import { claimsIn } from '../../../src/messaging/session/claims.js'
import { MemoryNetwork } from '../../../src/messaging/transport/memory.js'
import { memberToken } from '../../../src/messaging/transport/subjects.js'
import type { Room } from '../../../src/messaging/session/session.js'
import { run } from '../../../src/messaging/session/run.js'
import { encode } from '../../../src/protocol/core/codec.js'
import { keygen, type KeygenOutput } from '../../../src/protocol/dkg/keygen.js'
import { broadcast, type Protocol } from '../../../src/protocol/core/round.js'
import { Secret } from '../../../src/protocol/core/secret.js'
import { Session } from '../../../src/protocol/core/session.js'
import { claimCodec } from '../../../src/wire/session/claim.js'
import type { Definition } from '../../../src/wire/ceremony/definition.js'
import {
  decodeEnvelope,
  type Header,
  sealEnvelope,
  verifyEnvelope,
} from '../../../src/wire/session/envelope.js'
import { Failure } from '../../../src/wire/base/failure.js'
import { hashOfKey } from '../../../src/wire/session/sealing.js'
import { hex } from '../../../src/wire/base/text.js'
import { coinToss, LineCodec } from '../../support/coin.js'
import { keygenDefinition, people, type Person, rng, seat, startsFrom } from '../../support/members.js'
import { flipped, recorded, resigned, shadowed } from '../../support/mischief.js'

const everybody = (await people('alice', 'bob', 'carol')) as [Person, Person, Person]
const [, , carol] = everybody
const impatient = { join: 5000, round: 600, total: null }

type Ended<T> = { readonly room: Room; readonly result: PromiseSettledResult<T> }

/** Everybody plays `protocol` in a session of their own making. */
function play<T>(
  network: MemoryNetwork,
  protocol: (session: Session, who: Person) => Protocol<T>,
  options: Omit<NonNullable<Parameters<typeof seat>[4]>, 'starts'> & {
    definition?: Definition
    firstStart?: number
  } = {},
): Promise<Ended<T>[]> {
  const definition = options.definition ?? keygenDefinition(everybody)
  const members = new Map(everybody.map(({ member }, i) => [i + 1, member]))
  return Promise.all(
    everybody.map(async (who, i) => {
      const { room, opening } = seat(who, everybody, definition, network.connect(who.member.name), {
        ...options,
        starts: startsFrom(options.firstStart ?? 0),
      })
      const compute = () => Promise.reject(new Error('nothing to compute'))
      const playing = inSession(room, opening, async (opened, signal) => {
        const session = new Session(opened.sid, i + 1, [1, 2, 3])
        const ran = await run(protocol(session, who), { room, opened, session, members, compute, signal })
        return ran.output
      })
      const [result] = await Promise.allSettled([playing])
      room.close()
      return { room, result }
    }),
  )
}

const toss = (session: Session): Protocol<Uint8Array> => coinToss(session, rng)
/** Key generation and one round more, as its ending would be: nobody is done before everybody is. */
function* frost(session: Session): Protocol<KeygenOutput> {
  const output = yield* keygen(session, { scheme: 'eddsa-ed25519', threshold: 2 }, rng)
  yield* broadcast(session, 'settled', LineCodec, 'made')
  return output
}

const reasonOf = ({ result }: Ended<unknown>): unknown =>
  result.status === 'rejected' ? result.reason : undefined
const outputs = <T>(all: readonly Ended<T>[]): T[] =>
  all.map(({ result }) => {
    if (result.status === 'rejected') throw result.reason
    return result.value
  })

const isCarols = ({ from, kind, round }: Header, wanted: string): boolean =>
  hex(from) === hex(carol.card.fingerprint) && kind === 'letter' && round === wanted

/** Two envelopes under her own signature, for one place, with different bodies: what a third party can check. */
function expectProof(room: Room, cheat: Person): void {
  const shown = (room.blame.evidence.get(hex(cheat.card.fingerprint)) ?? []).map((bytes) =>
    decodeEnvelope(bytes),
  )
  expect(shown).toHaveLength(2)
  for (const envelope of shown) expect(verifyEnvelope(envelope, cheat.member.signing)).toBe(true)
  const places = shown.map(({ header }) => `${header.kind} ${hex(header.session)} ${header.round}`)
  expect(places[0]).toBe(places[1])
  expect(hex(shown[0]?.body ?? new Uint8Array())).not.toBe(hex(shown[1]?.body ?? new Uint8Array()))
}

describe('a run', () => {
  test('ends alike for everybody', async () => {
    const coins = outputs(await play(new MemoryNetwork(), toss)).map(hex)
    expect(new Set(coins).size).toBe(1)
  })

  test('different letters to two peers: everybody has both, and proves it', async () => {
    const network = new MemoryNetwork()
    network.interfere = resigned(carol, ({ header, body }, to) =>
      isCarols(header, 'commit') && to === 'bob' ? flipped(body) : undefined,
    )
    const [a, b] = (await play(network, toss)) as [Ended<unknown>, Ended<unknown>]
    for (const member of [a, b]) {
      expect(reasonOf(member)).toMatchObject({
        kind: 'abort',
        code: 'E_EQUIVOCATION',
        party: 'carol',
        accused: [
          {
            name: 'carol',
            fingerprint: hex(carol.card.fingerprint),
            round: 'commit',
            kind: 'proven',
            reason: 'two different signed letters for one round',
          },
        ],
      })
      expectProof(member.room, carol)
    }
  })

  test('that holds when one of the two finds out before the other has its echoes', async () => {
    const network = new MemoryNetwork()
    const held: (() => void)[] = []
    const broker = network.connect('broker')
    const split = resigned(carol, ({ header, body }, to) =>
      isCarols(header, 'commit') && to === 'bob' ? flipped(body) : undefined,
    )
    network.interfere = (delivery) => {
      const { header } = decodeEnvelope(delivery.bytes)
      // Carol's echo reaches bob only once alice has shown what she holds.
      if (isCarols(header, 'commit.echo') && delivery.to === 'bob' && held.length === 0) {
        held.push(() => broker.publish(delivery.subject, delivery.bytes))
        return []
      }
      if (header.kind === 'evidence' && held.length === 1) held.push(held[0] as () => void)
      return split(delivery)
    }
    const [a, b] = (await play(network, toss)) as [Ended<unknown>, Ended<unknown>]
    for (const member of [a, b]) {
      expect(reasonOf(member)).toMatchObject({ code: 'E_EQUIVOCATION', party: 'carol' })
      expectProof(member.room, carol)
    }
  })

  test('that holds when only one of them ever got both', async () => {
    const network = new MemoryNetwork()
    network.interfere = ({ bytes, to }) => {
      const { header, body } = decodeEnvelope(bytes)
      if (!isCarols(header, 'commit') || to !== 'alice') return [bytes]
      return [bytes, sealEnvelope(carol.identity.signing, header, flipped(body))]
    }
    const [a, b] = (await play(network, toss)) as [Ended<unknown>, Ended<unknown>]
    for (const member of [a, b]) {
      expect(reasonOf(member)).toMatchObject({ code: 'E_EQUIVOCATION', party: 'carol' })
      expectProof(member.room, carol)
    }
  })

  test('different ciphertexts to two peers accuse their sender, and not the two who then disagree', async () => {
    const network = new MemoryNetwork()
    network.interfere = resigned(carol, ({ header, body }, to) =>
      header.kind === 'encapsulate' && to === 'bob' ? flipped(body) : undefined,
    )
    const [a, b] = (await play(network, toss)) as [Ended<unknown>, Ended<unknown>]
    for (const member of [a, b]) {
      expect(reasonOf(member)).toMatchObject({
        code: 'E_EQUIVOCATION',
        accused: [{ name: 'carol', round: 'encapsulate', kind: 'proven' }],
      })
      expectProof(member.room, carol)
    }
  })

  test('a false echo is proven by what its sender shows', async () => {
    const network = new MemoryNetwork()
    network.interfere = resigned(carol, ({ header, body }) =>
      isCarols(header, 'commit.echo') ? flipped(body) : undefined,
    )
    const [a, b] = (await play(network, toss)) as [Ended<unknown>, Ended<unknown>]
    for (const member of [a, b]) {
      expect(reasonOf(member)).toMatchObject({
        code: 'E_ABORT',
        accused: [
          {
            name: 'carol',
            round: 'commit.echo',
            kind: 'proven',
            reason: 'its echo is not of the letters that it shows',
          },
        ],
      })
      const proof = (member.room.blame.evidence.get(hex(carol.card.fingerprint)) ?? []).map((bytes) =>
        decodeEnvelope(bytes),
      )
      expect(proof.map(({ header }) => header.kind).sort()).toEqual([
        'evidence',
        'evidence',
        'evidence',
        'letter',
      ])
      expect(proof.every((envelope) => verifyEnvelope(envelope, carol.member.signing))).toBe(true)
    }
  })

  test('somebody who shows nothing cannot hold up the exchange: a split view that names and accuses nobody else', async () => {
    const network = new MemoryNetwork()
    const cheats = resigned(carol, ({ header, body }) =>
      isCarols(header, 'commit.echo') ? flipped(body) : undefined,
    )
    network.interfere = (delivery) => {
      const { from, kind } = decodeEnvelope(delivery.bytes).header
      const isHers = hex(from) === hex(carol.card.fingerprint)
      return isHers && (kind === 'evidence' || kind === 'abort') ? [] : cheats(delivery)
    }
    const patience = { join: 20_000, round: 10_000, total: null, showing: 3000 }
    const [a, b] = (await play(network, toss, { patience })) as [Ended<unknown>, Ended<unknown>]
    for (const member of [a, b]) {
      expect(reasonOf(member)).toMatchObject({
        kind: 'abort',
        code: 'E_SPLIT_VIEW',
        party: 'carol',
        accused: [],
        message: 'round commit: not everybody saw the same letters, and carol did not show their letters',
      })
    }
  })

  test('what an onlooker shows is not looked at', async () => {
    const [observer] = (await people('olga')) as [Person]
    const network = new MemoryNetwork()
    const definition = keygenDefinition(everybody)
    const olga = seat(observer, everybody, definition, network.connect('olga'))
    const shown: unknown[] = []
    let said = false
    network.interfere = ({ bytes, to }) => {
      const { header } = decodeEnvelope(bytes)
      if (isCarols(header, 'commit') && !said) {
        said = true
        // She holds what would prove carol guilty, and says it before anybody asks.
        const other = sealEnvelope(carol.identity.signing, header, flipped(decodeEnvelope(bytes).body))
        olga.room.mailbox.post('evidence', { session: header.session, round: header.round }, other)
      }
      if (header.kind === 'evidence') shown.push(to)
      return [bytes]
    }
    const all = await play(network, toss, { definition, onlookers: [observer] })
    expect(new Set(outputs(all).map(hex)).size).toBe(1)
    expect(shown).toEqual(expect.arrayContaining(['alice', 'bob', 'carol']))
    olga.room.close()
  })

  test('a sealed letter that does not open accuses its sender; the others hear who left, about whom, and see why', async () => {
    const network = new MemoryNetwork()
    network.interfere = resigned(carol, ({ header, body }, to) =>
      isCarols(header, 'open') && header.to && to === 'bob' ? flipped(body) : undefined,
    )
    const [a, b] = (await play(network, frost)) as [Ended<unknown>, Ended<unknown>]
    expect(reasonOf(b)).toMatchObject({
      code: 'E_ABORT',
      accused: [
        {
          name: 'carol',
          round: 'open',
          kind: 'witnessed',
          reason: 'its letter does not open with the key that it names',
        },
      ],
    })
    expect(b.room.blame.evidence.size).toBe(0)
    expect(reasonOf(a)).toMatchObject({ kind: 'abort', code: 'E_PEER_ABORT', party: 'bob', accused: [] })
    expect(String(reasonOf(a))).toContain('bob ended the ceremony and accuses carol')
    const [shown] = claimsIn(a.room, a.room.sid as Uint8Array)
    const { header, body } = decodeEnvelope(shown as Uint8Array)
    expect([header.kind, hex(header.from)]).toEqual(['claim', hex(everybody[1].card.fingerprint)])
    const { letter, key } = claimCodec.decode(body)
    expect(isCarols(decodeEnvelope(letter).header, 'open')).toBe(true)
    expect(hex(hashOfKey(key))).toBe(hex(decodeEnvelope(letter).header.key as Uint8Array))
  })

  test('a bad share to one member: that one witnesses it, the others learn of it', async () => {
    const cheating = (session: Session, who: Person) =>
      who === carol
        ? shadowed(frost(session), ({ round, direct }) => {
            const forBob = direct?.get(2)
            if (round === 'open' && forBob) forBob.set(flipped(forBob.slice(0, 10)))
          })
        : frost(session)
    const [a, b] = (await play(new MemoryNetwork(), cheating)) as [Ended<unknown>, Ended<unknown>]
    const accused = reasonOf(b) as Failure
    expect(accused).toBeInstanceOf(Failure)
    expect(accused.accused).toMatchObject([{ name: 'carol', round: 'open', kind: 'witnessed' }])
    expect(reasonOf(a)).toMatchObject({ code: 'E_PEER_ABORT', party: 'bob' })
  })

  test('a malformed letter names its sender', async () => {
    const network = new MemoryNetwork()
    network.interfere = resigned(carol, ({ header }) =>
      isCarols(header, 'reveal') ? encode(['no']) : undefined,
    )
    for (const member of (await play(network, toss)).slice(0, 2)) {
      expect(reasonOf(member)).toMatchObject({
        code: 'E_ABORT',
        accused: [{ name: 'carol', round: 'reveal', kind: 'witnessed' }],
      })
      expect((reasonOf(member) as Failure).accused[0]?.reason).toMatch(/^malformed letter/)
    }
  })

  test.each(['commit', 'commit.echo', 'reveal'])('who says nothing in round %s is named', async (round) => {
    const network = new MemoryNetwork()
    network.interfere = ({ bytes }) => (isCarols(decodeEnvelope(bytes).header, round) ? [] : [bytes])
    for (const member of (await play(network, toss, { patience: impatient })).slice(0, 2)) {
      expect(reasonOf(member)).toMatchObject({
        kind: 'absent',
        code: 'E_ABSENT',
        party: 'carol',
        accused: [],
      })
    }
  })

  test('letters for others, letters under another name and letters of another session change nothing', async () => {
    const definition = keygenDefinition(everybody)
    const yesterday = new MemoryNetwork()
    const record = recorded(yesterday)
    await play(yesterday, frost, { definition })
    const today = new MemoryNetwork()
    const broker = today.connect('broker')
    let own = false
    const alsoPublish = (publish: () => void): void => {
      own = true
      publish()
      own = false
    }
    let replayed = false
    today.interfere = ({ subject, bytes }) => {
      if (own) return [bytes]
      const { kind } = decodeEnvelope(bytes).header
      const parts = subject.split('.')
      if (kind !== 'letter') return [bytes]
      alsoPublish(() => {
        if (!replayed) for (const old of record) broker.publish(old.subject, old.bytes)
        replayed = true
        // Each letter also comes under every name, and, if it is for one member, to every other.
        for (const { member } of everybody) {
          const token = memberToken(member.fingerprint)
          broker.publish([...parts.slice(0, -1), token].join('.'), bytes)
          if (parts[3] === 'to')
            broker.publish([...parts.slice(0, 4), token, ...parts.slice(5)].join('.'), bytes)
        }
      })
      return [bytes]
    }
    const all = await play(today, frost, { definition, firstStart: 1 })
    expect(new Set(outputs(all).map(({ groupPoint }) => hex(groupPoint))).size).toBe(1)
    for (const { room } of all) {
      expect(room.mailbox.dropped.get('for another')).toBeGreaterThan(0)
      expect(room.mailbox.dropped.get('subject')).toBeGreaterThan(0)
      expect(room.blame.evidence.size).toBe(0)
    }
  })

  test('a deadline wipes the secrets of whoever waited', async () => {
    const network = new MemoryNetwork()
    network.interfere = ({ bytes }) => (isCarols(decodeEnvelope(bytes).header, 'wait') ? [] : [bytes])
    const secrets = new Map<string, Secret>()
    function* waiting(session: Session, who: Person): Protocol<void> {
      using secret = new Secret(rng(32))
      secrets.set(who.member.name, secret)
      yield* broadcast(session, 'wait', LineCodec, 'still here')
      expect(secret.reveal()).toHaveLength(32)
    }
    const all = await play(network, waiting, { patience: impatient })
    expect(reasonOf(all[0] as Ended<void>)).toMatchObject({ code: 'E_ABSENT', party: 'carol' })
    for (const name of ['alice', 'bob', 'carol']) {
      expect(() => secrets.get(name)?.reveal(), name).toThrow('this secret was wiped')
    }
  })

  test('what must be on disk first is: its failure sends nothing and wipes what was to be sent', async () => {
    const network = new MemoryNetwork()
    const record = recorded(network)
    const dealt: Uint8Array[] = []
    const definition = keygenDefinition(everybody)
    const members = new Map(everybody.map(({ member }, i) => [i + 1, member]))
    const full = new Failure('configuration', 'E_STORAGE', 'no space left on device')
    const ends = everybody.map(async (who, i) => {
      const { room, opening } = seat(who, everybody, definition, network.connect(who.member.name), {
        patience: impatient,
      })
      return inSession(room, opening, async (opened, signal) => {
        const session = new Session(opened.sid, i + 1, [1, 2, 3])
        const watched = shadowed(frost(session), ({ direct }) => {
          if (who === carol) dealt.push(...(direct?.values() ?? []))
        })
        const compute = () => Promise.reject(new Error('nothing to compute'))
        const beforeSend = (round: string) =>
          who === carol && round === 'open' ? Promise.reject(full) : Promise.resolve()
        return run(watched, { room, opened, session, members, compute, signal, beforeSend })
      })
    })
    const [a, b, c] = await Promise.allSettled(ends)
    expect(c).toMatchObject({ status: 'rejected', reason: { code: 'E_STORAGE' } })
    for (const other of [a, b]) {
      expect(other).toMatchObject({ status: 'rejected', reason: { code: 'E_PEER_FAILED', party: 'carol' } })
    }
    expect(record.filter(({ bytes }) => isCarols(decodeEnvelope(bytes).header, 'open'))).toEqual([])
    expect(dealt).toHaveLength(2)
    expect(dealt.every((share) => share.every((byte) => byte === 0))).toBe(true)
  })
})
