import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { unsigned } from '../../../src/ceremony/definition/build.js'
import { definitionLines } from '../../../src/cli/views/definition.js'
import { type Custodian, custodian, mpc, newKeygen, scratch } from '../../support/cli.js'
import { keygenDefinition, people } from '../../support/members.js'

let dir: string
let remove: () => Promise<void>
let alice: Custodian

beforeAll(async () => {
  ;({ dir, remove } = await scratch())
  alice = await custodian(dir, 'alice')
  const bob = await custodian(dir, 'bob')
  await alice.mpc(['identity', 'import', bob.card])
  await alice.mpc(newKeygen('treasury.mpc', { '--members': 'alice,bob' }))
  await writeFile(join(dir, 'empty'), '')
})
afterAll(() => remove())

describe('a home that is not there', () => {
  it.each([
    [['key', 'list'], 0, 'No keys here yet'],
    [['identity', 'list'], 0, 'This home has no identity'],
    [['identity', 'show'], 3, 'mpc identity init'],
    [['identity', 'export'], 3, 'mpc identity init'],
    [['identity', 'verify', 'bob'], 3, 'E_UNKNOWN_PEER'],
    [['key', 'show', 'treasury'], 3, 'E_NO_KEY'],
    [['ceremony', 'show', 'treasury.mpc'], 0, '2 of 2 must sign'],
    [['keygen', '--definition', 'treasury.mpc'], 3, 'mpc identity init'],
    [
      ['sign', '--key', 'treasury', '--next', '--approve', `sha256:${'0'.repeat(64)}`],
      3,
      'mpc identity init',
    ],
    [['verify', '--key', 'treasury', '--in', 'empty', '--signature', '0'.repeat(128)], 3, 'E_NO_KEY'],
  ])('%j: says what to do, and makes none', async (args, code, said) => {
    const home = join(dir, 'nowhere')
    const ran = await mpc(home, args, { cwd: dir })
    expect(ran).toMatchObject({ code })
    expect(ran.stdout + ran.stderr).toContain(said)
    await expect(stat(home)).rejects.toThrow('ENOENT')
  })
})

describe('lists', () => {
  it('of people have a line each, with who may be believed', async () => {
    const { stdout, stderr } = await alice.mpc(['identity', 'list'])
    const lines = stdout.trimEnd().split('\n')
    expect(lines).toHaveLength(2)
    expect(lines[0]).toMatch(/^alice {2}[0-9a-f]{16}… {2}you$/)
    expect(lines[1]).toMatch(/^bob {4}[0-9a-f]{16}… {2}NOT VERIFIED$/)
    expect(stderr).toBe('Next: mpc identity verify bob\n')
  })
})

describe('the time of a ceremony', () => {
  it('is said with how far away it is, and that it has passed before anything else', async () => {
    const at = Date.UTC(2030, 0, 31, 9)
    const definition = {
      ...keygenDefinition(await people('alice', 'bob', 'carol')),
      not_before: at,
      expires: at + 3_600_000,
    }
    const lines = (now: number) =>
      definitionLines(unsigned(definition as Parameters<typeof unsigned>[0]), now)
    expect((await lines(at - 7_200_000))[2]).toMatch(/^NOT YET: begins .* \(in 2 hours\)$/)
    expect((await lines(at))[2]).toMatch(/^expires .* \(in 60 minutes\)$/)
    expect((await lines(at + 7_200_000))[2]).toMatch(
      /^EXPIRED .* \(60 minutes ago\): its author can make a new one$/,
    )
  })
})
