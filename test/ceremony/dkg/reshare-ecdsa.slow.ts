/** Every shape of a resharing for ECDSA, with new auxiliary data for everybody, at the level of rehearsals. */
import { afterAll, test } from 'vitest'
import type * as workers from '../../../src/cli/threads/workers.js'
import { enterRehearsal } from '../../../src/wire/base/realm.js'
import { built } from '../../support/built.js'
import { playShape, SHAPES } from '../../support/shapes.js'

enterRehearsal()

const { Workers } = await built<typeof workers>('cli/threads/workers.js')
const threads = new Workers()
let played = 0

afterAll(() => {
  threads.close()
  process.stdout.write(`reshare-ecdsa: ${played} of ${SHAPES.length} shapes\n`)
})

test.each(SHAPES)('$what: the public key stays, and the new epoch signs', async (shape) => {
  const patience = { join: 300_000, round: 300_000, total: null }
  await playShape('ecdsa-secp256k1', shape, { compute: threads.compute, patience, linger: 500 })
  played += 1
})
