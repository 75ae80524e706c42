/** A member that has not voted ends a ceremony for good, and whoever waits for it is told; after the vote nobody can. */
import { describe, expect, test } from 'vitest'
import { type Abandoning, endHere, tellOthers } from '../../../src/ceremony/session/abort.js'
import { planKeygen, runKeygen } from '../../../src/ceremony/dkg/keygen.js'
import type { MadeKey } from '../../../src/ceremony/dkg/plan.js'
import { planReshare, voteAhead } from '../../../src/ceremony/dkg/reshare.js'
import { ceremoniesIn } from '../../../src/ceremony/home/status.js'
import { MemoryNetwork } from '../../../src/messaging/transport/memory.js'
import { wantCodec } from '../../../src/messaging/channel/letters.js'
import { ceremonySubjects } from '../../../src/messaging/transport/subjects.js'
import { CeremonyFiles } from '../../../src/storage/home/ceremonies.js'
import { lastVote } from '../../../src/storage/home/votes.js'
import { decodeEnvelope, sealEnvelope } from '../../../src/wire/session/envelope.js'
import { hex } from '../../../src/wire/base/text.js'
import { codeOf } from '../../support/keys.js'
import { keygenDefinition } from '../../support/members.js'
import { defined, makeTreasury, takesPart } from '../../support/reshares.js'
import { type Custodian, custodians, fileOf, worldOf } from '../../support/worlds.js'

const quick = { linger: 500 }

async function three() {
  const everybody = await custodians('alice', 'bob', 'carol')
  const [alice, bob, carol] = everybody as [Custodian, Custodian, Custodian]
  return { everybody, alice, bob, carol, file: fileOf(keygenDefinition(everybody)) as Abandoning }
}

async function makes(
  who: Custodian,
  file: Abandoning,
  network: MemoryNetwork,
  changes = {},
): Promise<MadeKey> {
  const plan = await planKeygen(who.home, who.card, file, Date.now())
  return runKeygen(worldOf(who, network.connect(who.member.name), { ...quick, ...changes }), plan)
}

async function abandons(
  who: Custodian,
  file: Abandoning,
  network: MemoryNetwork,
): Promise<readonly string[]> {
  await endHere(who.home, file, Date.now())
  return tellOthers(worldOf(who, network.connect(who.member.name)), file)
}

const stateOf = async ({ home }: Custodian, id: Uint8Array): Promise<string | undefined> => {
  const all = await ceremoniesIn(home, [], Date.now())
  return all.find((each) => hex(each.id) === hex(id))?.state
}

describe('a member that has not voted', () => {
  test('ends it for those who wait for it to come, and takes no part in it any more', async () => {
    const { alice, bob, carol, file } = await three()
    const network = new MemoryNetwork()
    const waiting = [alice, bob].map((who) => codeOf(makes(who, file, network)))
    expect([...(await abandons(carol, file, network))].sort()).toEqual(['alice', 'bob'])
    expect(await Promise.all(waiting)).toEqual(['E_PEER_REFUSED', 'E_PEER_REFUSED'])
    expect(await codeOf(makes(carol, file, network))).toBe('E_ENDED')
    expect(await stateOf(carol, file.id)).toBe('aborted')
    // The same again is fine.
    await endHere(carol.home, file, Date.now())
  })

  test('ends it for those who have stored their shares and wait for its word, though it was killed meanwhile', async () => {
    const { everybody, alice, bob, carol, file } = await three()
    const network = new MemoryNetwork()
    const person = new AbortController()
    network.interfere = ({ bytes }) => {
      const { kind, from } = decodeEnvelope(bytes).header
      const hers = hex(from) === hex(carol.card.fingerprint)
      // Her machine loses power as it declares its result, and its connection with it.
      if (hers && kind === 'prepared') person.abort(new Error('the power fails'))
      return hers && ['prepared', 'abort'].includes(kind) ? [] : [bytes]
    }
    const waiting = [alice, bob].map((who) => codeOf(makes(who, file, network)))
    await makes(carol, file, network, { signal: person.signal }).catch(() => {})
    network.interfere = ({ bytes }) => [bytes]
    expect(await new CeremonyFiles(carol.home, file.id).readReceipt()).toBeNull()
    expect([...(await abandons(carol, file, network))].sort()).toEqual(['alice', 'bob'])
    expect(await Promise.all(waiting)).toEqual(['E_PEER_REFUSED', 'E_PEER_REFUSED'])
    for (const { home } of everybody) {
      const files = new CeremonyFiles(home, file.id)
      expect(await files.readReceipt()).toBeNull()
      expect(await files.readPending('prepared.cbor')).toBeNull()
      expect(await files.listAside()).toHaveLength(1)
    }
  })

  test('is not believed to be another: who is no participant ends nothing by saying so', async () => {
    const everybody = await custodians('alice', 'bob', 'carol')
    const [alice, bob, carol] = everybody as [Custodian, Custodian, Custodian]
    const old = await makeTreasury(everybody, 2)
    const file = await defined(alice, everybody, { members: ['alice', 'bob'] })
    const next = await defined(alice, everybody, { members: ['alice', 'bob'] })
    const network = new MemoryNetwork()
    const made = [alice, bob].map((who) => takesPart(who, file, network, quick))
    const leaving = abandons(carol, file, network)
    expect((await Promise.all(made)).map(({ holds }) => holds)).toEqual([true, true])
    await leaving
    expect(await stateOf(carol, file.id)).toBe('aborted')
    expect(await codeOf(planReshare(carol.home, carol.card, file, Date.now()))).toBe('E_ENDED')
    // Nor does she sign it ahead of the others, which would be her vote.
    expect(await codeOf(voteAhead(carol.home, carol.card, file))).toBe('E_ENDED')
    expect(await lastVote(carol.home, old.digest)).toBeNull()
    const lock = await new CeremonyFiles(carol.home, next.id).lock()
    expect(await codeOf(voteAhead(carol.home, carol.card, next))).toBe('E_BUSY')
    await lock.release()
    expect(await lastVote(carol.home, old.digest)).toBeNull()
  })

  test('is not made to talk: whoever asks for much, and again and again, hears one word a second', async () => {
    const { alice, bob, carol, file } = await three()
    const network = new MemoryNetwork()
    const subjects = ceremonySubjects(file.id, bob.card.fingerprint)
    const hostile = network.connect('bob')
    const heard: number[] = []
    const ctl = subjects.inbound.find((subject) => subject.includes('.ctl.')) as string
    hostile.subscribe(ctl, (_, bytes) => {
      const { kind, from } = decodeEnvelope(bytes).header
      if (kind === 'abort' && hex(from) === hex(alice.card.fingerprint)) heard.push(Date.now())
    })
    await endHere(alice.home, file, Date.now())
    const began = Date.now()
    const telling = tellOthers(worldOf(alice, network.connect('alice')), file)
    const asks = (asked: number): void => {
      const slots = Array.from({ length: 256 }, (_, i) => ({
        kind: 'hello' as const,
        round: String(asked * 256 + i),
        from: alice.card.fingerprint,
        to: null,
      }))
      const header = {
        v: 1 as const,
        kind: 'want' as const,
        definition: file.id,
        // A session that nobody has heard of is asked for as easily.
        session: asked % 2 ? new Uint8Array(32) : new Uint8Array(32).fill(asked),
        round: '',
        from: bob.card.fingerprint,
        to: null,
        time: Date.now(),
        key: null,
      }
      const want = sealEnvelope(bob.identity.signing, header, wantCodec.encode(slots))
      hostile.publish(subjects.outbound('want', null), want)
    }
    for (let i = 0; i < 10; i++) asks(i)
    const carols = await codeOf(makes(carol, file, network))
    await telling
    const seconds = Math.ceil((Date.now() - began) / 1000)
    // Each asker's, and one for the second that was begun.
    expect(heard.length).toBeGreaterThan(0)
    expect(heard.length).toBeLessThanOrEqual(2 * (seconds + 1))
    // Carol, who asks as others do, is told nevertheless.
    expect(carols).toBe('E_PEER_REFUSED')
  })

  test('ends nothing while another process of its home is in it', async () => {
    const { carol, file } = await three()
    const lock = await new CeremonyFiles(carol.home, file.id).lock()
    expect(await codeOf(endHere(carol.home, file, Date.now()))).toBe('E_BUSY')
    await lock.release()
  })
})

describe('a member that has voted', () => {
  test('ends nothing: who only watches has voted by signing the file, and finds the ceremony in its list', async () => {
    const everybody = await custodians('alice', 'bob', 'carol')
    const [alice, , carol] = everybody as [Custodian, Custodian, Custodian]
    await makeTreasury(everybody, 2)
    const file = await defined(alice, everybody, { members: ['alice', 'bob'] })
    await voteAhead(carol.home, carol.card, file)
    expect(await codeOf(endHere(carol.home, file, Date.now()))).toBe('E_IN_DOUBT')
    expect(await stateOf(carol, file.id)).toBe('signed')
    // Signed once more it is the same vote.
    await voteAhead(carol.home, carol.card, file)
  })

  test('ends nothing: by its receipt it is in doubt, and with the certificate it is done', async () => {
    const { alice, bob, carol, file } = await three()
    const network = new MemoryNetwork()
    network.interfere = ({ bytes }) => {
      const { kind, from } = decodeEnvelope(bytes).header
      const hers = hex(from) === hex(carol.card.fingerprint)
      return hers && ['receipt', 'certificate'].includes(kind) ? [] : [bytes]
    }
    const patience = { join: 20_000, round: 2000, total: null }
    const codes = await Promise.all(
      [alice, bob, carol].map((who) => codeOf(makes(who, file, network, { patience }))),
    )
    expect(codes).toEqual(['E_IN_DOUBT', 'E_IN_DOUBT', 'fine'])
    expect(await codeOf(endHere(alice.home, file, Date.now()))).toBe('E_IN_DOUBT')
    expect(await stateOf(alice, file.id)).toBe('in-doubt')
    expect(await codeOf(endHere(carol.home, file, Date.now()))).toBe('E_DONE')
    expect(await new CeremonyFiles(alice.home, file.id).isEnded()).toBe(false)
  })
})
