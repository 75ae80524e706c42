import { cpSync, renameSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { planKeygen, runKeygen } from '../../../src/ceremony/dkg/keygen.js'
import type { MadeKey } from '../../../src/ceremony/dkg/plan.js'
import { type Interfere, MemoryNetwork } from '../../../src/messaging/transport/memory.js'
import { setFaultPoint } from '../../../src/storage/fs/atomic.js'
import { listKeys, readState } from '../../../src/storage/home/epochs.js'
import type { KeygenDefinition } from '../../../src/wire/ceremony/definition.js'
import { recordPublicKey } from '../../../src/wire/key/record.js'
import { hex } from '../../../src/wire/base/text.js'
import { keygenDefinition } from '../../support/members.js'
import { type Custodian, custodians, fileOf, worldOf } from '../../support/worlds.js'

async function keygenAmong(
  everybody: readonly Custodian[],
  changes: Partial<KeygenDefinition> = {},
  interfere?: Interfere,
) {
  const network = new MemoryNetwork()
  if (interfere) network.interfere = interfere
  const file = fileOf({ ...(keygenDefinition(everybody) as KeygenDefinition), ...changes })
  const results = await Promise.allSettled(
    everybody.map(async (custodian) => {
      const plan = await planKeygen(custodian.home, custodian.card, file, Date.now())
      return runKeygen(worldOf(custodian, network.connect(custodian.member.name)), plan)
    }),
  )
  return { file, results }
}

const made = (results: PromiseSettledResult<MadeKey>[]): MadeKey[] =>
  results.map((result) => {
    if (result.status === 'rejected') throw result.reason
    return result.value
  })

describe('key generation', () => {
  test.each(['eddsa-ed25519', 'schnorr-taproot'] as const)(
    'three custodians make a %s key',
    async (scheme) => {
      const everybody = await custodians('alice', 'bob', 'carol')
      const { results, file } = await keygenAmong(everybody, { scheme })
      const keys = made(results)
      expect(new Set(keys.map(({ record }) => hex(recordPublicKey(record)))).size).toBe(1)
      expect(new Set(keys.map(({ digest }) => hex(digest))).size).toBe(1)
      for (const [i, { home }] of everybody.entries()) {
        const state = await readState(home, 'treasury')
        expect(hex(state?.key_id ?? new Uint8Array())).toBe(hex(file.id))
        expect(state?.epochs).toMatchObject([{ number: 1, status: 'active' }])
        expect(keys[i]?.away).toEqual([])
      }
    },
  )

  test('leaves nothing with another key that takes its name at the same instant, and takes another', async () => {
    const everybody = await custodians('alice', 'bob')
    const [{ home }, bob] = everybody as [Custodian, Custodian]
    await keygenAmong(everybody)
    const name = join(home.keys, 'treasury')
    const aside = join(home.root, 'aside')
    renameSync(name, aside)
    renameSync(join(bob.home.keys, 'treasury'), join(bob.home.root, 'aside'))
    const other = await readdir(join(aside, 'epochs'))
    setFaultPoint((operation, path) => {
      if (operation === 'link' && path === join(name, 'state.cbor')) cpSync(aside, name, { recursive: true })
    })
    const { results, file } = await keygenAmong(everybody, { nonce: new Uint8Array(32).fill(7) }).finally(
      () => setFaultPoint(null),
    )
    expect(results[0]).toMatchObject({ value: { name: `treasury-${hex(file.id).slice(0, 8)}` } })
    expect(await listKeys(home)).toHaveLength(2)
    expect(await readdir(join(name, 'epochs'))).toEqual(other)
  })
})
