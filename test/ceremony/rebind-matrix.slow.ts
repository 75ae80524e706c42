/**
 * Every scheme, and splits from 2 of 2 to 10 of 16: a share is split, its machine is lost, the pieces of any threshold
 * of holders restore it under a new identity, the others accept it, and it signs with each of them.
 */
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { acceptRebind, examineRebind } from '../../src/ceremony/accepting.js'
import { splitShare } from '../../src/ceremony/backup.js'
import type { HolderSeal } from '../../src/ceremony/holders.js'
import { planKeygen, runKeygen } from '../../src/ceremony/keygen.js'
import { findKey } from '../../src/ceremony/keys.js'
import { restore } from '../../src/ceremony/restore.js'
import { markVerified } from '../../src/ceremony/trust.js'
import type * as workers from '../../src/cli/workers.js'
import { MemoryNetwork } from '../../src/messaging/memory.js'
import { SCHEMES, type Scheme } from '../../src/protocol/scheme.js'
import { openHome } from '../../src/storage/home.js'
import { writeIdentity } from '../../src/storage/identity.js'
import type { KeygenDefinition } from '../../src/wire/definition.js'
import { enterRehearsal } from '../../src/wire/realm.js'
import { recordPublicKey } from '../../src/wire/record.js'
import { messageOf, verifiesUnder } from '../../src/wire/signature.js'
import { built } from '../support/built.js'
import { keygenDefinition, people, type Person, rng } from '../support/members.js'
import { approving, asks, joins, somePayload } from '../support/signing.js'
import { type Custodian, custodians, fileOf, worldOf } from '../support/worlds.js'

// At the level of rehearsals, which is the one that is quick.
enterRehearsal()

const { Workers } = await built<typeof workers>('cli/workers.js')
const threads = new Workers()
afterAll(() => threads.close())

const NOW = 1_900_000_000_000
const { compute } = threads
const options = { compute, patience: { join: 120_000, round: 120_000, total: null } }
let holders: Person[]
const folder = (): Promise<string> => mkdtemp(join(tmpdir(), 'mpc-matrix-'))

beforeAll(async () => {
  holders = await people(...Array.from({ length: 16 }, (_, i) => `h${i + 1}`))
})

async function keyOf(scheme: Scheme): Promise<[Custodian, Custodian, Custodian]> {
  const everybody = (await custodians('alice', 'bob', 'carol')) as [Custodian, Custodian, Custodian]
  const network = new MemoryNetwork()
  const definition = keygenDefinition(everybody) as KeygenDefinition
  const file = fileOf({ ...definition, scheme, rehearsal: true })
  await Promise.all(
    everybody.map(async (custodian) => {
      const plan = await planKeygen(custodian.home, custodian.card, file, Date.now())
      return runKeygen(worldOf(custodian, network.connect(custodian.member.name), options), plan)
    }),
  )
  return everybody
}

describe.each(SCHEMES)('a share of %s', (scheme) => {
  test.each([
    [2, 2],
    [2, 3],
    [3, 5],
    [10, 16],
  ])('comes back from %i of %i pieces, and signs', async (threshold, count) => {
    const [alice, bob, carol] = await keyOf(scheme)
    const key = await findKey(alice.home, 'treasury')
    const out = join(await folder(), 'out')
    const chosen = holders.slice(0, count)
    const seals = chosen.map(({ card }): HolderSeal => ({ name: card.name, kind: 'card', card }))
    await splitShare(alice, key, { threshold, holders: seals, out, now: NOW, rng })
    await rm(alice.home.root, { recursive: true })

    const [person] = (await people('alice')) as [Person]
    const home = await openHome(join(await folder(), 'home'))
    await writeIdentity(home, { sealed: new Uint8Array(), card: person.card.line })
    const fresh: Custodian = { ...person, home }
    const pieces = chosen.slice(count - threshold).map(({ card, identity }) => {
      const label = join(out, `${card.name}.piece`)
      const unlock = { kind: 'identity', identities: [identity.age] } as const
      return { label, sealed: Uint8Array.from(readFileSync(label)), unlock }
    })
    const { rebind, lost } = await restore(fresh, { name: null, pieces, given: {}, now: NOW, rng })
    expect(lost).toBe(false)
    const statement = Uint8Array.from(readFileSync(rebind as string))
    for (const other of [bob, carol]) {
      await markVerified(home, other.card, 'fingerprint', NOW)
      await acceptRebind(other.home, await examineRebind(other.home, other.card, fresh.card, statement))
      await markVerified(other.home, fresh.card, 'rebind', NOW)
    }
    const publicKey = recordPublicKey(key.record)
    for (const other of [bob, carol]) {
      const network = new MemoryNetwork()
      const payload = somePayload()
      const [{ signature }] = await Promise.all([
        asks(worldOf(fresh, network.connect('alice'), options), payload, [fresh, other]),
        joins(worldOf(other, network.connect(other.member.name), options), approving(payload)),
      ])
      expect(verifiesUnder(scheme, publicKey, messageOf(scheme, 'raw', payload), signature)).toBe(true)
    }
  })
})
