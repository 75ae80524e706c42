/** More presignatures than one run makes: several ceremonies, one after another. */
import { expect, onTestFinished, test } from 'vitest'
import { findKey } from '../../../src/ceremony/epochs/find-key.js'
import { poolsOf } from '../../../src/ceremony/presigning/pool.js'
import { presignAhead } from '../../../src/ceremony/presigning/presign-ahead.js'
import { inRecordOrder } from '../../../src/ceremony/requests/signer-set.js'
import type * as workers from '../../../src/cli/threads/workers.js'
import { MemoryNetwork } from '../../../src/messaging/transport/memory.js'
import { MOST_ENTRIES } from '../../../src/protocol/core/entries.js'
import { listPresignatures } from '../../../src/storage/pools/presignatures.js'
import { enterRehearsal } from '../../../src/wire/base/realm.js'
import { hex } from '../../../src/wire/base/text.js'
import { publicPresignatureCodec } from '../../../src/wire/key/presignature.js'
import { built } from '../../support/built.js'
import { raze } from '../../support/processes.js'
import { makeTreasury } from '../../support/reshares.js'
import { type Custodian, custodians, worldOf } from '../../support/worlds.js'

// At the level of rehearsals, which is the one that is quick.
enterRehearsal()

test('what one run cannot hold goes into the next, and all of them count', async () => {
  const { Workers } = await built<typeof workers>('cli/threads/workers.js')
  const threads = new Workers()
  onTestFinished(() => threads.close())
  const patience = { join: 500_000, round: 500_000, total: null }
  const changes = { compute: threads.compute, patience, linger: 500 }
  const everybody = (await custodians('alice', 'bob')) as [Custodian, Custodian]
  onTestFinished(() => raze(everybody))
  const { digest } = await makeTreasury(everybody, 2, 'ecdsa-secp256k1', changes)
  const network = new MemoryNetwork()
  const total = MOST_ENTRIES + 2
  const made = await Promise.all(
    everybody.map(async (who) => {
      const key = await findKey(who.home, 'treasury')
      const named = everybody.map(({ card }) => card.fingerprint)
      const world = worldOf(who, network.connect(who.member.name), changes)
      return presignAhead(world, key, inRecordOrder(key.seated, named), total)
    }),
  )
  expect(made).toEqual([total, total])
  const [ours, theirs] = await Promise.all(
    everybody.map(async ({ home }) => {
      const files = await listPresignatures({ home, name: 'treasury', digest })
      return files.map((file) => {
        const { ids, entry } = publicPresignatureCodec.decode(file)
        return [hex(ids[entry - 1] as Uint8Array), ids.length] as const
      })
    }),
  )
  expect(ours).toEqual(theirs)
  expect(new Set(ours?.map(([id]) => id)).size).toBe(total)
  expect(ours?.filter(([, length]) => length === 2)).toHaveLength(2)
  const key = await findKey(everybody[0].home, 'treasury')
  expect(await poolsOf(everybody[0].home, key)).toEqual([{ signers: ['alice', 'bob'], left: total }])
}, 600_000)
