/** A member withholds its receipt from some of the others, in every way, and brings the certificate later. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { MemoryNetwork } from '../../../src/messaging/transport/memory.js'
import { connectNats } from '../../../src/messaging/transport/nats.js'
import { realClock } from '../../support/clock.js'
import { type Broker, natsSuite } from '../../support/nats.js'
import { RELEASES, subsetsOf, withholds } from '../../support/withheld.js'
import type { Custodian } from '../../support/worlds.js'

const NAMES = ['alice', 'bob', 'carol']
const CASES = RELEASES.flatMap((release) =>
  subsetsOf(NAMES.slice(0, -1)).map((from) => [from.join(' and '), release, from] as const),
)

test('the matrix is whole', () => {
  expect(CASES).toHaveLength(9)
})

test.concurrent.each(CASES)(
  'from %s, and shows it %s',
  async (_, release, from) => {
    const network = new MemoryNetwork()
    await withholds(NAMES, from, release, ({ member }) => Promise.resolve(network.connect(member.name)))
  },
  120_000,
)

natsSuite('a receipt withheld, over NATS', (startBroker) => {
  let server: Broker
  beforeAll(async () => {
    server = await startBroker()
  })
  afterAll(() => server.down())

  test('from everybody, and shown after an abort', async () => {
    const connect = ({ identity }: Custodian) => connectNats({ url: server.url, nkey: identity.nkey })
    await withholds(NAMES, ['alice', 'bob'], 'after an abort', connect, realClock)
  })
})
