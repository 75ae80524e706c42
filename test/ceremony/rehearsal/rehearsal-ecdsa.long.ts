/** A rehearsal of threshold ECDSA, all of it, with small primes and real threads. */
import { expect, test, vi } from 'vitest'
import { rehearse } from '../../../src/ceremony/rehearsal/rehearsal.js'
import type * as workers from '../../../src/cli/threads/workers.js'
import { auxDataCodec } from '../../../src/protocol/cggmp24/auxiliary/data.js'
import { enterRehearsal } from '../../../src/wire/base/realm.js'
import { built } from '../../support/built.js'
import { stage } from '../../support/stage.js'

vi.setConfig({ testTimeout: 300_000 })

enterRehearsal()
const { Workers } = await built<typeof workers>('cli/threads/workers.js')

test('plays ECDSA too, at the level that is quick', async () => {
  const threads = new Workers()
  const patience = { join: 50_000, round: 50_000, total: null }
  const ecdsa = { scheme: 'ecdsa-secp256k1', newcomer: 'dave' } as const
  const { stage: played } = stage({ ...ecdsa, compute: threads.compute, patience })
  const { made, after } = await rehearse(played)
  threads.close()
  for (const signed of [made, after]) expect(signed?.signature).toHaveLength(64)
  expect(auxDataCodec.decode(made?.record.auxiliary as Uint8Array).level.name).toBe('TEST_ONLY-2048')
})
