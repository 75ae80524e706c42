/** The bounds on what a ceremony sends, held against what is really sent, and against a server that takes less. */
import type { Signed } from '../../../src/ceremony/signing/finished-signature.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type * as workers from '../../../src/cli/threads/workers.js'
import { runHandshake, handshakeAmong } from '../../../src/ceremony/session/handshake.js'
import {
  largestInMaking,
  largestInOpening,
  largestInSigning,
} from '../../../src/ceremony/session/largest-letter.js'
import { MemoryNetwork } from '../../../src/messaging/transport/memory.js'
import type { Transport } from '../../../src/messaging/transport/transport.js'
import { playersOf } from '../../../src/wire/ceremony/key-definition.js'
import type { KeygenDefinition } from '../../../src/wire/ceremony/definition.js'
import type { Failure } from '../../../src/wire/base/failure.js'
import { enterRehearsal } from '../../../src/wire/base/realm.js'
import { engineOf } from '../../../src/protocol/engines/registry.js'
import { planKeygen, runKeygen } from '../../../src/ceremony/dkg/keygen.js'
import { built } from '../../support/built.js'
import { keygenDefinition } from '../../support/members.js'
import { defined, makeTreasury, takesPart } from '../../support/reshares.js'
import { asks, approving, joins, somePayload } from '../../support/signing.js'
import { type Custodian, custodians, fileOf, worldOf } from '../../support/worlds.js'

// ECDSA at the level of rehearsals.
enterRehearsal()
let threads: workers.Workers
beforeAll(async () => {
  const { Workers } = await built<typeof workers>('cli/threads/workers.js')
  threads = new Workers()
})
afterAll(() => threads.close())

const NAMES = ['alice', 'bob', 'carol', 'dave', 'erin']
const patience = { join: 100_000, round: 100_000, total: null }

/** A network that knows the largest message that crossed it. */
function weighed(): MemoryNetwork & { largest: number } {
  const network = Object.assign(new MemoryNetwork(), { largest: 0 })
  network.interfere = ({ bytes }) => {
    network.largest = Math.max(network.largest, bytes.length)
    return [bytes]
  }
  return network
}

const changes = () => ({ compute: threads.compute, patience, linger: 500 })

/** Above what was sent, and not far above: a server that would do must not be refused. */
function holds(bound: number, network: { largest: number }): void {
  expect(network.largest).toBeGreaterThan(1000)
  expect(bound).toBeGreaterThanOrEqual(network.largest)
  expect(bound).toBeLessThan(4 * network.largest)
}

async function makes(everybody: readonly Custodian[], definition: KeygenDefinition, network: MemoryNetwork) {
  const file = fileOf(definition)
  await Promise.all(
    everybody.map(async (who) => {
      const plan = await planKeygen(who.home, who.card, file, Date.now())
      return runKeygen(worldOf(who, network.connect(who.member.name), changes()), plan)
    }),
  )
}

describe.each([
  ['eddsa-ed25519', 2],
  ['eddsa-ed25519', 5],
  ['schnorr-taproot', 3],
  ['ecdsa-secp256k1', 2],
  ['ecdsa-secp256k1', 3],
] as const)('%s among %i', (scheme, size) => {
  test('is made, used and dealt anew within its bounds', async () => {
    const everybody = await custodians(...NAMES.slice(0, size))
    const [alice] = everybody as [Custodian]
    const definition = {
      ...(keygenDefinition(everybody, size) as KeygenDefinition),
      scheme,
      engine: engineOf(scheme).name,
      rehearsal: true,
    }
    const making = weighed()
    await makes(everybody, definition, making)
    holds(largestInMaking(definition, size), making)

    const signing = weighed()
    const payload = somePayload()
    const worlds = everybody.map((who) => worldOf(who, signing.connect(who.member.name), changes()))
    const [signed] = await Promise.all(
      worlds.map((world, i) =>
        i === 0 ? asks(world, payload, everybody) : joins(world, approving(payload)),
      ),
    )
    const { length } = (signed as Signed).request.encoded
    holds(largestInSigning(scheme, { signers: size, request: length, messages: 1 }), signing)

    const dealing = weighed()
    const file = await defined(alice, everybody, { kind: 'refresh' })
    await Promise.all(everybody.map((who) => takesPart(who, file, dealing, changes())))
    holds(largestInMaking(file.definition, playersOf(file.definition).length), dealing)
  })
})

test('a resharing that some only watch stays within its bound', async () => {
  const everybody = await custodians(...NAMES)
  const [alice, bob] = everybody as [Custodian, Custodian]
  await makeTreasury(everybody, 2, 'eddsa-ed25519', { linger: 500 })
  const file = await defined(alice, everybody, { members: ['alice', 'bob'] })
  expect(playersOf(file.definition).map(({ name }) => name)).toEqual(
    [alice, bob].map(({ card }) => card.name),
  )
  const network = weighed()
  await Promise.all(everybody.map((who) => takesPart(who, file, network, changes())))
  holds(largestInMaking(file.definition, 2), network)
})

test('a handshake stays within its bound', async () => {
  const everybody = await custodians(...NAMES)
  const network = weighed()
  const file = handshakeAmong(everybody.map(({ card }) => card))
  await Promise.all(
    everybody.map((who) => runHandshake(worldOf(who, network.connect(who.member.name)), file)),
  )
  holds(largestInOpening(everybody.length), network)
})

test('a server that takes less is named before anything is said, and what it takes and what is needed', async () => {
  const everybody = await custodians('alice', 'bob')
  const [alice] = everybody as [Custodian]
  const definition = keygenDefinition(everybody) as KeygenDefinition
  const needed = largestInMaking({ ...definition, rehearsal: true }, 2)
  const network = weighed()
  const narrow: Transport = { ...network.connect('alice'), maxPayload: needed - 1 }
  const plan = await planKeygen(
    alice.home,
    alice.card,
    fileOf({ ...definition, rehearsal: true }),
    Date.now(),
  )
  const failure = await runKeygen(worldOf(alice, narrow), plan).catch((error: Failure) => error)
  expect(failure).toMatchObject({
    kind: 'network',
    code: 'E_BROKER_LIMIT',
    message: `the NATS server takes messages of ${needed - 1} bytes at most, and ${needed} are needed`,
  })
  expect((failure as Failure).hint).toContain(`max_payload to ${needed} or more`)
  expect(network.largest).toBe(0)
})
