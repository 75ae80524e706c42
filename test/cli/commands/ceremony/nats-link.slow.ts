/** A key and a signature over a network of bad quality: 300 ms there, 300 ms back, and 5 % of what is sent breaks it. */
import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { define, start } from '../../../support/ceremonies.js'
import { custodians, scratch } from '../../../support/cli.js'
import { BadLink } from '../../../support/link.js'
import { natsServerSuite, NatsServer } from '../../../support/nats.js'

/** The same in every run. */
function dice(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

natsServerSuite('a bad network', () => {
  test.each([1, 2, 3])('%i: three custodians make a key, and two sign with it', async (seed) => {
    const folder = await scratch()
    const server = await NatsServer.start()
    const roll = dice(seed)
    const link = await BadLink.to(server.port, { latency: 300, resets: () => roll() < 0.05 })
    try {
      const everybody = await custodians(folder.dir, 'alice', 'bob', 'carol')
      const { file, id } = await define(everybody)
      const makers = everybody.map((who) =>
        start(who, link.url, ['keygen', '--definition', file, '--accept', id]),
      )
      const made = await Promise.all(makers.map(({ ended }) => ended))
      expect(made.map(({ code, stderr }) => (code === 0 ? 0 : stderr))).toEqual([0, 0, 0])
      await writeFile(join(folder.dir, 'msg.bin'), 'pay nobody')
      const approve = ['--approve', `sha256:${createHash('sha256').update('pay nobody').digest('hex')}`]
      const signers = everybody.slice(0, 2).map((who, i) => {
        const how = i === 0 ? ['--in', 'msg.bin', '--signers', 'alice,bob'] : ['--next']
        return start(who, link.url, ['sign', '--key', 'treasury', ...how, ...approve])
      })
      const signed = await Promise.all(signers.map(({ ended }) => ended))
      expect(signed.map(({ code, stderr }) => (code === 0 ? 0 : stderr))).toEqual([0, 0])
      expect(link.reset).toBeGreaterThan(3)
    } finally {
      await link.close()
      await server.down()
      await folder.remove()
    }
  })
})
