import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { planKeygen, runKeygen } from '../../../src/ceremony/dkg/keygen.js'
import type { View } from '../../../src/payload/decoder.js'
import { ceremoniesIn, keysIn, requestsIn } from '../../../src/ceremony/home/status.js'
import { MemoryNetwork } from '../../../src/messaging/transport/memory.js'
import { CeremonyFiles } from '../../../src/storage/home/ceremonies.js'
import { RequestClaims } from '../../../src/storage/home/request-claims.js'
import { replaceFile } from '../../../src/storage/fs/atomic.js'
import { decodeEnvelope } from '../../../src/wire/session/envelope.js'
import { hex } from '../../../src/wire/base/text.js'
import { clock } from '../../support/clock.js'
import { keygenDefinition } from '../../support/members.js'
import { recorded } from '../../support/mischief.js'
import { bury, live, raze, withDisks } from '../../support/processes.js'
import { approving, asks, joins, somePayload, type Three, withKey } from '../../support/signing.js'
import { type Custodian, custodians, fileOf, worldOf } from '../../support/worlds.js'

const made: Custodian[] = []
let stop = () => {}
beforeAll(() => {
  stop = withDisks()
})
afterAll(() => {
  stop()
  raze(made)
})

const statusOf = async ({ home }: Custodian, now = Date.now()) => {
  const keys = await keysIn(home)
  const ceremonies = await ceremoniesIn(home, keys, now)
  const requests = await requestsIn(home, keys, now)
  return { keys, ceremonies, requests }
}

describe.concurrent('ceremonies', () => {
  /** Carol is killed where `at` says; what her home says then, and once she has run it again. */
  async function killed(at: (operation: string, path: string) => boolean) {
    const everybody = (await custodians('alice', 'bob', 'carol')) as [Custodian, Custodian, Custodian]
    made.push(...everybody)
    const carol = everybody[2]
    const network = new MemoryNetwork()
    const file = fileOf(keygenDefinition(everybody))
    let dead: Awaited<ReturnType<typeof statusOf>> | null = null
    let later: Awaited<ReturnType<typeof statusOf>> | null = null
    await Promise.all(
      everybody.map(async (who) => {
        const act = async (world: Parameters<typeof runKeygen>[0]) =>
          runKeygen(world, await planKeygen(who.home, who.card, file, Date.now()))
        const again: typeof act = async (world) => {
          dead = await statusOf(who)
          later = await statusOf(who, 5_000_000_000_000)
          return act(world)
        }
        await live(network, who, act, who === carol ? { at } : null, {}, again)
      }),
    )
    return { id: file.id, dead, later, now: await statusOf(carol) }
  }

  test.each([
    ['before her result has its name', 'begun', 'expired', 'rename', '/pending'],
    ['before her vote', 'prepared', 'expired', 'link', '/receipt.cbor'],
    ['before the certificate', 'in-doubt', 'in-doubt', 'link', '/certificate.cbor'],
    ['before the key has its name', 'certified', 'certified', 'link', '/state.cbor'],
  ] as const)('of one killed %s: %s, hers to go on with by its id', async (_, state, late, on, end) => {
    const { id, dead, later, now } = await killed((operation, path) => operation === on && path.endsWith(end))
    const next = `mpc keygen --join ${hex(id)}`
    const about = { id, kind: 'keygen', key: 'treasury', expires: 4_000_000_000_000 }
    expect(dead).toMatchObject({ ceremonies: [{ ...about, state, owner: 'you', next }], keys: [] })
    const isOver = late === 'expired' ? { owner: null, next: null } : { owner: 'you', next }
    expect(later).toMatchObject({ ceremonies: [{ ...about, state: late, ...isOver }] })
    expect(now).toMatchObject({
      ceremonies: [{ ...about, state: 'done', owner: null, next: null }],
      keys: [{ name: 'treasury', problem: null }],
      requests: [],
    })
  })

  test('one that runs is whose process it is; damaged files are said to be', async ({ expect }) => {
    const [alice, bob] = (await custodians('alice', 'bob')) as [Custodian, Custodian]
    made.push(alice, bob)
    const file = fileOf(keygenDefinition([alice, bob]))
    const person = new AbortController()
    const world = worldOf(alice, new MemoryNetwork().connect('alice'), { signal: person.signal })
    const running = runKeygen(world, await planKeygen(alice.home, alice.card, file, Date.now()))
    running.catch(() => undefined)
    await clock.until(() => world.events.length > 0)
    const { ceremonies } = await statusOf(alice)
    expect(ceremonies).toMatchObject([{ state: 'running', owner: `process ${process.pid}`, next: null }])
    person.abort(new Error('leaving'))
    await expect(running).rejects.toThrow('leaving')
    expect((await statusOf(alice)).ceremonies).toMatchObject([{ state: 'begun', owner: 'you' }])

    const { folder } = new CeremonyFiles(alice.home, file.id)
    await replaceFile(`${folder}/definition.mpc`, new Uint8Array([1]))
    expect((await statusOf(alice)).ceremonies).toMatchObject([
      { state: 'damaged', kind: null, owner: 'you', next: 'mpc explain E_DEFINITION' },
    ])
  })
})

describe('requests', () => {
  let everybody: Three
  beforeAll(async () => {
    everybody = await withKey()
    made.push(...everybody)
  })

  test('one whose share left without a signature is in doubt, by name and command, until it lapses', async () => {
    const [alice, bob] = everybody
    const network = new MemoryNetwork()
    const record = recorded(network)
    network.interfere = ({ bytes }) => (decodeEnvelope(bytes).header.round === 'share' ? [] : [bytes])
    const patience = { join: 4000, round: 1500, total: null, silence: 200 }
    const payload = somePayload()
    const world = (who: Custodian) => worldOf(who, network.connect(who.member.name), { patience })
    const ends = await Promise.allSettled([
      asks(world(alice), payload, [alice, bob]),
      joins(world(bob), approving(payload)),
    ])
    expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(record.length).toBeGreaterThan(0)
    // Both processes live, as far as the claims know: this one.
    const [running] = (await statusOf(alice)).requests
    expect(running).toMatchObject({ key: 'treasury', state: 'running', owner: `process ${process.pid}` })
    const { view } = running as { view: View | null }
    expect(view?.sentence).toBe('Signs 40 bytes that this program does not decode.')
    bury(alice)
    const id = running?.id as Uint8Array
    const { requests, ceremonies } = await statusOf(alice)
    const next = `mpc sign --key treasury --join ${hex(id)}`
    expect(requests).toEqual([{ id, key: 'treasury', view, state: 'in-doubt', owner: 'you', next }])
    expect(ceremonies).toMatchObject([{ state: 'done' }])
    const lapsed = (await statusOf(alice, Date.now() + 48 * 3_600_000)).requests
    expect(lapsed).toEqual([{ id, key: 'treasury', view, state: 'lapsed', owner: 'others', next: null }])
    // A no after the share has left settles nothing: only the others can say whether it came in time.
    await new RequestClaims(alice.home, id).finish('refused', '')
    expect((await statusOf(alice)).requests).toEqual([
      { id, key: 'treasury', view, state: 'in-doubt', owner: 'others', next: null },
    ])
  })
})
