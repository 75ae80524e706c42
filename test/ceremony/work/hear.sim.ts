/** Messages of the stream on their way into a home: what is kept, and what anybody's rubbish comes to. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findKey } from '../../../src/ceremony/epochs/find-key.js'
import type { Key } from '../../../src/ceremony/keys/key.js'
import { WorkHeard } from '../../../src/ceremony/work/hear.js'
import { MOST_OF_GUEST, MOST_OPEN } from '../../../src/ceremony/work/open-requests.js'
import { allKept, stateOf } from '../../../src/ceremony/work/kept.js'
import { memberToken } from '../../../src/messaging/transport/subjects.js'
import { MemoryNetwork } from '../../../src/messaging/transport/memory.js'
import { type Home, openHome } from '../../../src/storage/home/home.js'
import { CeremonyFiles } from '../../../src/storage/home/ceremonies.js'
import { definitionId, orderCodec } from '../../../src/wire/ceremony/definition.js'
import {
  askingCodec,
  refusalCodec,
  type Request,
  type RequestResult,
  resultCodec,
} from '../../../src/wire/ceremony/request.js'
import { type Kind, sealEnvelope } from '../../../src/wire/session/envelope.js'
import type { InForce } from '../../../src/ceremony/policy/policy-in-force.js'
import { guestRequestOf, policyFor, requestOf, statementOf } from '../../support/approvers.js'
import { clock } from '../../support/clock.js'
import { scratch } from '../../support/cli.js'
import type { Person } from '../../support/members.js'
import { raze } from '../../support/processes.js'
import { approving, asks, joins, type Three, withKey } from '../../support/signing.js'
import { type Custodian, custodians, worldOf } from '../../support/worlds.js'

const HOUR = 3_600_000
let everybody: Three
let [alice, bob, carol] = [] as unknown as [Custodian, Custodian, Custodian]
/** Has a title, and no share. */
let dora: Custodian
let mallory: Custodian
/** Has a title that may ask, and no share. */
let olga: Custodian
/** The same, under the name of a custodian. */
let second: Custodian
let key: Key
let policy: InForce
let folder: Awaited<ReturnType<typeof scratch>>
let homes = 0

beforeAll(async () => {
  everybody = await withKey()
  ;[alice, bob, carol] = everybody
  ;[dora, mallory, olga, second] = (await custodians('dora', 'mallory', 'olga', 'alice')) as [
    Custodian,
    Custodian,
    Custodian,
    Custodian,
  ]
  key = await findKey(alice.home, 'treasury')
  policy = await policyFor({ head: [dora], bots: [olga, second] }, ['custodians', 'bots'])
  folder = await scratch()
})
afterAll(async () => {
  raze([...everybody, dora, mallory, olga, second])
  await folder.remove()
})

const sealed = (by: Person, kind: Kind, body: Uint8Array, definition = key.record.key_id): Uint8Array =>
  sealEnvelope(
    by.identity.signing,
    {
      v: 1,
      kind,
      definition,
      session: new Uint8Array(32),
      round: '',
      from: by.card.fingerprint,
      to: null,
      time: clock.now(),
      key: null,
    },
    body,
  )
const tokenOf = ({ card }: Person): string => memberToken(card.fingerprint)

/** A home that has read nothing yet. */
class Reader {
  private constructor(
    readonly home: Home,
    readonly heard: WorkHeard,
  ) {}

  static async fresh(): Promise<Reader> {
    const home = await openHome(`${folder.dir}/home-${homes++}`)
    return new Reader(home, new WorkHeard({ world: { home, clock }, key, policy }))
  }

  says(by: Person, kind: Kind, body: Uint8Array): Promise<void> {
    return this.heard.hear(tokenOf(by), sealed(by, kind, body))
  }

  async states(): Promise<string[]> {
    return (await allKept(this.home, key)).map((kept) => stateOf(kept, key, clock.now()))
  }

  get dropped(): Record<string, number> {
    return Object.fromEntries(this.heard.dropped)
  }
}

const asking = ({ id }: Request) => askingCodec.encode({ request: id })
const refusing = ({ id }: Request) => refusalCodec.encode({ request: id, reason: 'no' })

describe('a home that reads the stream', () => {
  test('keeps a request, what is said of it, and who takes it back; twice is as once', async () => {
    const reader = await Reader.fresh()
    const request = await requestOf(alice, { policy: policy.sha256 })
    const statement = statementOf(dora, request, policy)
    for (const _ of [1, 2]) {
      await reader.says(alice, 'request', request.encoded)
      await reader.says(dora, 'approval', statement.encoded)
    }
    const [kept] = await allKept(reader.home, key)
    expect(kept?.request.id).toEqual(request.id)
    expect(kept?.statements.map(({ encoded }) => encoded)).toEqual([statement.encoded])
    expect(await reader.states()).toEqual(['waiting'])
    const later = statementOf(dora, request, policy, { verdict: 'refuse', at: statement.at + 1 })
    await reader.says(dora, 'approval', later.encoded)
    await reader.says(dora, 'approval', statement.encoded)
    expect((await allKept(reader.home, key))[0]?.statements.map(({ verdict }) => verdict)).toEqual(['refuse'])
    await reader.says(bob, 'cancel', asking(request))
    expect(await reader.states()).toEqual(['waiting'])
    await reader.says(alice, 'cancel', asking(request))
    expect(await reader.states()).toEqual(['cancelled'])
    expect(reader.dropped).toEqual({ 'not its asker': 1 })
  })

  test('counts refusals: a named signer ends a request, another one does not', async () => {
    const reader = await Reader.fresh()
    const signers = [alice, bob].map(({ card }) => card.fingerprint)
    const request = await requestOf(alice, { signers })
    await reader.says(alice, 'request', request.encoded)
    await reader.says(carol, 'refusal', refusing(request))
    expect(await reader.states()).toEqual(['waiting'])
    await reader.says(bob, 'refusal', refusing(request))
    expect(await reader.states()).toEqual(['refused'])
  })

  test.each<[string, (reader: Reader, request: Request) => Promise<void>, string]>([
    ['bytes', (reader) => reader.heard.hear(tokenOf(bob), Uint8Array.from([1, 2, 3])), 'not an envelope'],
    ['much too much', (reader) => reader.heard.hear(tokenOf(bob), new Uint8Array(1_000_001)), 'too large'],
    ['of a stranger', (reader, request) => reader.says(mallory, 'request', request.encoded), 'not a member'],
    [
      'under the subject of another',
      (reader, request) => reader.heard.hear(tokenOf(bob), sealed(alice, 'request', request.encoded)),
      'subject',
    ],
    [
      'of another key',
      (reader, request) =>
        reader.heard.hear(tokenOf(bob), sealed(bob, 'request', request.encoded, new Uint8Array(32))),
      'another ceremony',
    ],
    [
      'with a letter changed',
      (reader, request) => {
        const bytes = sealed(alice, 'request', request.encoded)
        bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1
        return reader.heard.hear(tokenOf(alice), bytes)
      },
      'signature',
    ],
    [
      'a request of another',
      (reader, request) => reader.says(bob, 'request', request.encoded),
      'not its asker',
    ],
    ['no request', (reader) => reader.says(bob, 'request', Uint8Array.from([1])), 'malformed'],
    ['another kind', (reader) => reader.says(bob, 'hello', new Uint8Array()), 'another kind'],
    [
      'about nothing here',
      (reader, request) => reader.says(alice, 'cancel', asking(request)),
      'no such request',
    ],
    [
      'a request by somebody who may only approve',
      (reader, request) => reader.says(dora, 'request', request.encoded),
      'not for a guest',
    ],
  ])('drops %s', async (_, act, why) => {
    const reader = await Reader.fresh()
    const request = await requestOf(alice)
    await act(reader, request)
    expect(reader.dropped).toEqual({ [why]: 1 })
    expect(await allKept(reader.home, key)).toEqual([])
    await reader.says(alice, 'request', request.encoded)
    expect(await reader.states()).toEqual(['waiting'])
  })

  test.each<[string, Partial<Record<'created' | 'expires', number>>, string]>([
    ['ended', { created: -2 * HOUR, expires: -HOUR }, 'expired'],
    ['of tomorrow', { created: HOUR, expires: 2 * HOUR }, 'its dates'],
    ['for too long', { created: 0, expires: 25 * HOUR }, 'its dates'],
  ])('drops a request that is %s', async (_, { created = 0, expires = 0 }, why) => {
    const reader = await Reader.fresh()
    const now = clock.now()
    const request = await requestOf(alice, { created: now + created, expires: now + expires })
    await reader.says(alice, 'request', request.encoded)
    expect(reader.dropped).toEqual({ [why]: 1 })
  })

  test('drops statements about another payload, and of nobody in the policy', async () => {
    const reader = await Reader.fresh()
    const request = await requestOf(alice, { policy: policy.sha256 })
    await reader.says(alice, 'request', request.encoded)
    const other = statementOf(dora, request, policy, {}, { payloadSha256: new Uint8Array(32) })
    await reader.says(dora, 'approval', other.encoded)
    await reader.says(bob, 'approval', statementOf(mallory, request, policy).encoded)
    await reader.says(dora, 'approval', statementOf(bob, request, policy).encoded)
    expect(reader.dropped).toEqual({ 'about something else': 1, 'not a speaker': 2 })
    expect((await allKept(reader.home, key))[0]?.statements).toEqual([])
  })

  test('takes no more of one asker than it may, and goes on with others', async () => {
    const reader = await Reader.fresh()
    const first = await requestOf(alice)
    for (let i = 0; i < MOST_OPEN; i++)
      expect(await reader.heard.admits({ ...first, id: numbered(i) })).toBe(true)
    await reader.says(alice, 'request', first.encoded)
    expect(reader.dropped).toEqual({ 'too many of one asker': 1 })
    await reader.says(bob, 'request', (await requestOf(bob)).encoded)
    expect(await reader.states()).toEqual(['waiting'])
  })

  test('keeps a request of somebody without a share, whom the policy lets ask and who alone takes it back', async () => {
    const reader = await Reader.fresh()
    const request = await guestRequestOf(olga, alice)
    await reader.says(olga, 'request', request.encoded)
    const [kept] = await allKept(reader.home, key)
    expect(kept?.request).toEqual(request)
    expect(kept?.request.card?.name).toBe('olga')
    for (const other of [alice, dora, mallory]) await reader.says(other, 'cancel', asking(request))
    const bytes = sealed(olga, 'cancel', asking(request))
    bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1
    await reader.heard.hear(tokenOf(olga), bytes)
    await reader.heard.hear(tokenOf(olga), sealed(olga, 'cancel', asking(request), new Uint8Array(32)))
    expect(await reader.states()).toEqual(['waiting'])
    expect(reader.dropped).toEqual({
      'not its asker': 1,
      'not for a guest': 1,
      'not a member': 1,
      signature: 1,
      'another ceremony': 1,
    })
    await reader.says(olga, 'cancel', asking(request))
    expect(await reader.states()).toEqual(['cancelled'])
  })

  test.each<[string, (reader: Reader) => Promise<void>, string]>([
    [
      'of one whom the policy lets approve and not ask',
      async (reader) => reader.says(dora, 'request', (await guestRequestOf(dora, alice)).encoded),
      'not for a guest',
    ],
    [
      'of a stranger with a card',
      async (reader) => reader.says(mallory, 'request', (await guestRequestOf(mallory, alice)).encoded),
      'not a member',
    ],
    [
      'of a stranger, brought by one who may ask',
      async (reader) => reader.says(olga, 'request', (await guestRequestOf(mallory, alice)).encoded),
      'malformed',
    ],
    [
      'that a custodian brings',
      async (reader) => reader.says(alice, 'request', (await guestRequestOf(olga, alice)).encoded),
      'not its asker',
    ],
    [
      'of another key',
      async (reader) => {
        const request = await guestRequestOf(olga, alice, { key_id: new Uint8Array(32) })
        return reader.says(olga, 'request', request.encoded)
      },
      'another key',
    ],
    [
      'who bears the name of a custodian',
      async (reader) => reader.says(second, 'request', (await guestRequestOf(second, alice)).encoded),
      'a custodian’s name',
    ],
    [
      'without its card',
      async (reader) => {
        const request = await requestOf(alice, { asker: olga.card.fingerprint })
        return reader.says(olga, 'request', request.encoded)
      },
      'malformed',
    ],
  ])('drops a request of somebody without a share %s', async (_, act, why) => {
    const reader = await Reader.fresh()
    await act(reader)
    expect(reader.dropped).toEqual({ [why]: 1 })
    expect(await allKept(reader.home, key)).toEqual([])
  })

  test('hears nobody without a share where the key has no policy, or it names nobody', async () => {
    for (const none of [null, await policyFor({ bots: [olga] })]) {
      const home = await openHome(`${folder.dir}/home-${homes++}`)
      const heard = new WorkHeard({ world: { home, clock }, key, policy: none })
      await heard.hear(tokenOf(olga), sealed(olga, 'request', (await guestRequestOf(olga, alice)).encoded))
      expect(heard.dropped.size).toBe(1)
      expect(await allKept(home, key)).toEqual([])
    }
  })

  test('takes few of somebody without a share, and what it takes back counts too', async () => {
    const reader = await Reader.fresh()
    const first = await guestRequestOf(olga, alice)
    await reader.says(olga, 'request', first.encoded)
    await reader.says(olga, 'cancel', asking(first))
    const again = new WorkHeard({ world: { home: reader.home, clock }, key, policy })
    for (let i = 1; i < MOST_OF_GUEST; i++)
      expect(await again.admits({ ...first, id: numbered(i), expires: clock.now() + 1 })).toBe(true)
    expect(await again.admits({ ...first, id: numbered(0) })).toBe(false)
    expect(await again.admits(await requestOf(alice))).toBe(true)
  })

  test('keeps a result whose signatures and certificate verify, and no other', async () => {
    const network = new MemoryNetwork()
    const payload = Uint8Array.from({ length: 40 }, (_, i) => i)
    const [signed] = await Promise.all([
      asks(worldOf(alice, network.connect('alice')), payload, [alice, bob]),
      joins(worldOf(bob, network.connect('bob')), approving(payload)),
    ])
    const { request, order, signatures } = signed
    const certificate = await new CeremonyFiles(alice.home, definitionId(order)).readCertificate()
    expect(certificate).not.toBeNull()
    const right: RequestResult = {
      request: request.id,
      signatures: [...signatures],
      order: orderCodec.encode(order),
      certificate,
    }
    const reader = await Reader.fresh()
    await reader.says(alice, 'request', request.encoded)
    const wrong: readonly RequestResult[] = [
      { ...right, signatures: [new Uint8Array(64)] },
      { ...right, signatures: [...signatures, ...signatures] },
      { ...right, order: orderCodec.encode({ ...order, payload_sha256: new Uint8Array(32) }) },
      { ...right, order: orderCodec.encode({ ...order, number: order.number + 1 }) },
      { ...right, certificate: new Uint8Array(40) },
    ]
    for (const each of wrong) await reader.says(carol, 'result', resultCodec.encode(each))
    expect(await reader.states()).toEqual(['waiting'])
    expect(reader.dropped).toEqual({ 'no signature': wrong.length })
    // Anybody may hand it on: it proves itself.
    await reader.says(carol, 'result', resultCodec.encode(right))
    expect(await reader.states()).toEqual(['signed'])
  })
})

const numbered = (i: number): Uint8Array => {
  const id = new Uint8Array(32)
  new DataView(id.buffer).setUint32(0, i)
  return id
}
