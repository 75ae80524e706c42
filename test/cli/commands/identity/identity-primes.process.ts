/** Primes made ahead by the real binary, in the home of a rehearsal, where they are small. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { openHome } from '../../../../src/storage/home/home.js'
import { enterRehearsal } from '../../../../src/wire/base/realm.js'
import { ageIdentityFile, endOf, mpc, scratch, startMpc } from '../../../support/cli.js'

enterRehearsal()

let folder: Awaited<ReturnType<typeof scratch>>
let home: string
let unlock: string[]

beforeAll(async () => {
  folder = await scratch()
  home = join(folder.dir, 'alice')
  await openHome(home)
  unlock = ['--identity', await ageIdentityFile(join(folder.dir, 'alice.key'))]
  const init = ['identity', 'init', '--name', 'alice', '--primes', '1', ...unlock, '--no-input', '--json']
  expect((await mpc(home, init)).json).toMatchObject({ code: 0, data: { name: 'alice', primes: 1 } })
}, 120_000)
afterAll(() => folder.remove())

const kept = (): number =>
  readdirSync(join(home, 'primes')).filter((name) => /^1024-[0-9a-f]{16}\.age$/.test(name)).length
const known = async (...command: string[]): Promise<number> =>
  (await mpc(home, [...command, '--json'])).json.data.primes as number

describe('mpc identity primes', () => {
  it('adds to those that are there, and status and show tell how many', async () => {
    const ran = await mpc(home, ['identity', 'primes', '--count', '1', ...unlock, '--json'])
    expect(ran.json).toMatchObject({ code: 0, data: { made: 1, primes: 2 } })
    expect(kept()).toBe(2)
    expect([await known('status'), await known('identity', 'show')]).toEqual([2, 2])
    expect((await mpc(home, ['status'])).stdout).toMatch(/^ {2}primes +2 stored; an ECDSA key needs 4$/m)
  }, 120_000)

  it('keeps those made when Ctrl-C ends it, at once', async () => {
    const before = kept()
    const args = ['identity', 'primes', '--count', '500', ...unlock, '--json']
    const child = startMpc(home, args)
    const ended = endOf(child, args)
    await vi.waitFor(() => expect(kept()).toBeGreaterThan(before), { timeout: 90_000, interval: 20 })
    const begun = performance.now()
    child.kill('SIGINT')
    const { code, json, stderr } = await ended
    // The primes still to make would have taken many minutes.
    expect(performance.now() - begun).toBeLessThan(5000)
    expect(code).toBe(130)
    expect(json.data).toEqual({ made: kept() - before, primes: kept() })
    expect(json.error.hint).toBe(`${kept() - before} made and kept; \`mpc identity primes\` makes more`)
    expect(stderr).toMatch(/Making large primes, \d+ to go/)
    expect(await known('status')).toBe(kept())
  }, 120_000)

  it.runIf(process.platform === 'linux')(
    'goes on where a Ctrl-C ends its helpers before it reaches the command itself',
    async () => {
      const args = ['identity', 'primes', '--count', '500', ...unlock, '--json']
      const child = startMpc(home, args)
      const ended = endOf(child, args)
      const { pid } = child
      const makers = (): string[] =>
        readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean)
      await vi.waitFor(() => expect(makers()).not.toEqual([]), { timeout: 90_000, interval: 20 })
      const first = makers()
      for (const maker of first) process.kill(Number(maker), 'SIGINT')
      const before = kept()
      await vi.waitFor(() => expect(kept()).toBeGreaterThan(before + first.length), {
        timeout: 90_000,
        interval: 20,
      })
      expect(makers().filter((maker) => first.includes(maker))).toEqual([])
      child.kill('SIGINT')
      expect((await ended).code).toBe(130)
    },
    120_000,
  )

  it.each([['0'], ['many'], ['-1']])('refuses --count %s', async (count) => {
    const { json } = await mpc(home, ['identity', 'primes', '--count', count, '--json'])
    expect([json.code, json.error.code]).toEqual([2, 'E_USAGE'])
  })

  it('asks who has no identity to make one first', async () => {
    const { json } = await mpc(join(folder.dir, 'nobody'), ['identity', 'primes', '--json'])
    expect([json.code, json.error.code]).toEqual([3, 'E_NO_IDENTITY'])
  })
})
