/** Threshold ECDSA through the ceremonies: as every other scheme, with jobs in threads and primes made or taken. */
import { createHash, createPublicKey, verify } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { verifyTranscript } from '../../../src/audit/transcript.js'
import { findKey, openShare } from '../../../src/ceremony/epochs/find-key.js'
import { planKeygen, runKeygen } from '../../../src/ceremony/dkg/keygen.js'
import type { MadeKey } from '../../../src/ceremony/dkg/plan.js'
import { stockPrimes, stockedPrimes } from '../../../src/ceremony/keys/prime-supply.js'
import { ask, join as joinRequest, payloadHash } from '../../../src/ceremony/signing/ask-and-join.js'
import type * as workers from '../../../src/cli/threads/workers.js'
import { MemoryNetwork } from '../../../src/messaging/transport/memory.js'
import { ROUND } from '../../../src/protocol/cggmp24/presign/letters.js'
import { wipeSigningKey } from '../../../src/protocol/engines/engine.js'
import { readFile } from '../../../src/storage/fs/atomic.js'
import { readEpochFile } from '../../../src/storage/home/epochs.js'
import type { KeygenDefinition } from '../../../src/wire/ceremony/definition.js'
import { derivedKey } from '../../../src/wire/key/derived-key.js'
import { decodeEnvelope } from '../../../src/wire/session/envelope.js'
import { enterRehearsal } from '../../../src/wire/base/realm.js'
import { auxiliaryOf } from '../../../src/wire/key/record.js'
import { ecdsaForms } from '../../../src/wire/ceremony/signature.js'
import { hex } from '../../../src/wire/base/text.js'
import { built } from '../../support/built.js'
import { keygenDefinition } from '../../support/members.js'
import { type Custodian, custodians, fileOf, heldPrimes, worldOf } from '../../support/worlds.js'
import { only } from '../../support/only.js'

// At the level of rehearsals, which is the one that is quick.
enterRehearsal()

const { Workers } = await built<typeof workers>('cli/threads/workers.js')
const threads = new Workers()
afterAll(() => threads.close())

let everybody: Custodian[]
let made: MadeKey[]
const payload = Buffer.concat([Buffer.alloc(3), Buffer.from('pay nobody')])
const digest = createHash('sha256').update(payload).digest()
const never = new AbortController().signal
const patience = { join: 50_000, round: 50_000, total: null }

beforeAll(async () => {
  everybody = await custodians('alice', 'bob', 'carol')
  const network = new MemoryNetwork()
  const definition = keygenDefinition(everybody) as KeygenDefinition
  const file = fileOf({ ...definition, scheme: 'ecdsa-secp256k1', engine: 'cggmp24/1', rehearsal: true })
  // Bob has made his ahead; the others make theirs when they are needed.
  await stockPrimes(everybody[1] as Custodian, { makePrimes: heldPrimes, signal: never }, 1024, 5, () => {})
  made = await Promise.all(
    everybody.map(async (custodian) => {
      const plan = await planKeygen(custodian.home, custodian.card, file, Date.now())
      const { compute } = threads
      return runKeygen(
        worldOf(custodian, network.connect(custodian.member.name), { compute, patience }),
        plan,
      )
    }),
  )
})

const openssl = (publicKey: Uint8Array, der: Uint8Array): boolean => {
  const spki = Buffer.concat([
    Buffer.from('3036301006072a8648ce3d020106052b8104000a032200', 'hex'),
    publicKey,
  ])
  return verify('sha256', payload, createPublicKey({ key: spki, format: 'der', type: 'spki' }), der)
}

/** A network, and whether all of a signer's shares that came by it had been marked as gone on its own disk. */
function watched(signers: readonly Custodian[]) {
  const network = new MemoryNetwork()
  const marked: Record<string, boolean> = {}
  const before = new Set(signers.flatMap(marksOf))
  network.interfere = ({ bytes }) => {
    const { header } = decodeEnvelope(bytes)
    const signer = signers.find(({ card }) => hex(card.fingerprint) === hex(header.from))
    if (signer && header.round === ROUND.sign) {
      const { name } = signer.member
      marked[name] = marksOf(signer).some((file) => !before.has(file)) && (marked[name] ?? true)
    }
    return [bytes]
  }
  return { network, marked: () => marked }
}

const marksOf = ({ home }: Custodian): string[] => {
  const { claims } = home
  if (!existsSync(claims)) return []
  return readdirSync(claims, { recursive: true, encoding: 'utf8' })
    .filter((file) => basename(file) === 'left')
    .map((file) => join(claims, file))
}

describe('a threshold ECDSA key', () => {
  test('is the same for everybody, with auxiliary data of each in its record', () => {
    expect(new Set(made.map((key) => hex(key.digest))).size).toBe(1)
    const data = auxiliaryOf((made[0] as MadeKey).record)
    expect([...(data?.parties.keys() ?? [])]).toEqual([1, 2, 3])
  })

  test('has a share file with the primes of its owner, and of nobody else', async () => {
    for (const { home, identity, card } of everybody) {
      const key = await findKey(home, 'treasury')
      const own = await openShare(home, key, identity, card)
      expect(own.auxiliary?.secret).toBeDefined()
      wipeSigningKey(own)
    }
  })

  test('uses the primes that were made ahead, and leaves the others', async () => {
    expect(await stockedPrimes((everybody[1] as Custodian).home, 1024)).toBe(1)
  })

  test('has a transcript that anybody can verify', async () => {
    const { home } = everybody[2] as Custodian
    const { name, digest, record } = made[2] as MadeKey
    const verified = await verifyTranscript(
      (await readEpochFile(home, name, digest, 'transcript.cbor')) as Uint8Array,
    )
    expect(hex(verified.publicKey)).toBe(hex(record.group_point))
  })

  test.each([null, 'm/0/7'])('signs under path %s; others verify it, and recover the key', async (path) => {
    const [alice, , carol] = everybody as [Custodian, Custodian, Custodian]
    const { network, marked } = watched([alice, carol])
    const worldFor = (who: Custodian) =>
      worldOf(who, network.connect(who.member.name), { compute: threads.compute, patience })
    const key = await findKey(alice.home, 'treasury')
    const signers = [alice, carol].map(({ card }) => card.fingerprint)
    const approval = { payloads: new Set([payloadHash(payload)]), type: 'raw' as const, path }
    const [asked, joined] = await Promise.all([
      ask(worldFor(alice), key, { type: 'raw', payload, path, reason: '', signers }),
      joinRequest(worldFor(carol), await findKey(carol.home, 'treasury'), null, approval),
    ])
    expect(hex(only(joined))).toBe(hex(only(asked)))
    // The order that its share may leave was on each disk before the share left.
    expect(marked()).toEqual({ alice: true, carol: true })
    const { publicKey } = derivedKey(key.record, path)
    const { der } = ecdsaForms(publicKey, digest, only(asked))
    expect(openssl(publicKey, der)).toBe(true)
    const transcript = (await readFile(asked.transcript as string, 1 << 22)) as Uint8Array
    expect(hex((await verifyTranscript(transcript)).publicKey)).toBe(hex(publicKey))
  })
})
