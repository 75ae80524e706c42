/** One vote an epoch, whoever comes first, and another only for what names the former. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { listCeremonies } from '../../src/storage/ceremonies.js'
import { type Home, openHome } from '../../src/storage/home.js'
import { castVote, checkVote, lastVote } from '../../src/storage/votes.js'
import { hex } from '../../src/wire/text.js'

const id = (fill: number): Uint8Array => new Uint8Array(32).fill(fill)
const parent = id(9)
let root: string
let home: Home

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'mpc-votes-'))
  home = await openHome(root)
})
afterEach(() => rm(root, { recursive: true, force: true }))

test('the first vote stands, and may be cast again', async () => {
  expect(await lastVote(home, parent)).toBeNull()
  await castVote(home, parent, id(1), null)
  await castVote(home, parent, id(1), null)
  expect(await lastVote(home, parent)).toEqual(id(1))
  for (const supersedes of [null, [id(3)], [id(3), id(4)]]) {
    await expect(castVote(home, parent, id(2), supersedes)).rejects.toMatchObject({ code: 'E_VOTED_PARENT' })
  }
  expect(await lastVote(home, parent)).toEqual(id(1))
  expect(await listCeremonies(home)).toEqual([])
})

test('one that names the former takes its place, and the former does not come back', async () => {
  await castVote(home, parent, id(1), null)
  await castVote(home, parent, id(2), [id(1)])
  await castVote(home, parent, id(3), [id(4), id(2)])
  expect(await lastVote(home, parent)).toEqual(id(3))
  for (const [definition, supersedes] of [
    [id(1), null],
    [id(2), [id(1)]],
    [id(4), [id(1)]],
    // What was replaced along with the former, though this home never voted for it.
    [id(4), null],
    [id(5), [id(4), id(2)]],
  ] as const) {
    await expect(checkVote(home, parent, definition, supersedes)).rejects.toMatchObject({
      kind: 'conflict',
      code: 'E_VOTED_PARENT',
    })
  }
})

test('of many at one instant one is cast', async () => {
  const all = Array.from({ length: 8 }, (_, i) => castVote(home, parent, id(i + 1), null))
  const results = await Promise.allSettled(all)
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  expect(await lastVote(home, parent)).toEqual(
    id(results.findIndex(({ status }) => status === 'fulfilled') + 1),
  )
})

test('one that is damaged is not taken for none', async () => {
  await castVote(home, parent, id(1), null)
  await writeFile(join(home.ceremonies, 'votes', hex(parent), 'first'), 'x')
  await expect(lastVote(home, parent)).rejects.toMatchObject({ code: 'E_CEREMONY_FILES' })
})
