/** One vote an epoch, whoever comes first, and another only for what names the former. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { listCeremonies } from '../../../src/storage/home/ceremonies.js'
import { setFaultPoint } from '../../../src/storage/fs/atomic.js'
import { type Home, openHome } from '../../../src/storage/home/home.js'
import {
  castVote,
  checkVote,
  lastVote,
  markMoved,
  settleVote,
  votesFrom,
} from '../../../src/storage/home/votes.js'
import { hex } from '../../../src/wire/base/text.js'

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
    // One that the former replaced too, though this home never voted for it.
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

test('one is cast, wherever it is when the others begin one after another', async () => {
  for (let at = 1; at <= 12; at++) {
    for (let round = 0; round < 6; round++) {
      const from = Uint8Array.from(randomBytes(32))
      const all: Promise<boolean>[] = []
      const tries = (definition: Uint8Array): void => {
        const cast = castVote(home, from, definition, null)
        const outcome = cast.then(
          () => true,
          () => false,
        )
        all.push(outcome)
      }
      await new Promise<void>((reached) => {
        let operations = 0
        setFaultPoint(() => {
          if (++operations === at) reached()
        })
        tries(id(1))
        void all[0]?.then(() => reached())
      })
      setFaultPoint(null)
      for (let i = 0; i < 24; i++) {
        tries(id(2 + i))
        await new Promise(setImmediate)
      }
      expect((await Promise.all(all)).filter(Boolean)).toHaveLength(1)
      expect(await votesFrom(home, from)).toHaveLength(1)
    }
  }
})

test('what was settled is replaced by none, also by who looked before', async () => {
  await castVote(home, parent, id(1), null)
  const outcomeOf = (cast: Promise<void>): Promise<string> =>
    cast.then(
      () => 'fine',
      ({ code }: { code: string }) => code,
    )
  for (let at = 1; at <= 8; at++) {
    const from = Uint8Array.from(randomBytes(32))
    await castVote(home, from, id(1), null)
    let operations = 0
    let other: Promise<string> | null = null
    setFaultPoint(() => {
      if (++operations === at) other = outcomeOf(castVote(home, from, id(2), [id(1)]))
    })
    const settled = await outcomeOf(settleVote(home, from, id(1), null))
    setFaultPoint(null)
    const outcomes = [settled, await (other ?? outcomeOf(castVote(home, from, id(2), [id(1)])))]
    expect(outcomes.sort()).toEqual(['E_VOTED_PARENT', 'fine'])
  }
  await settleVote(home, parent, id(1), null)
  await settleVote(home, parent, id(1), null)
  await castVote(home, parent, id(1), null)
  for (const supersedes of [null, [id(1)]]) {
    await expect(checkVote(home, parent, id(2), supersedes)).rejects.toMatchObject({ code: 'E_VOTED_PARENT' })
  }
  expect(await votesFrom(home, parent)).toEqual([id(1)])
})

test('from an epoch whose share was moved none is cast, and after a vote nothing is moved', async () => {
  const [moved, voted] = [id(7), id(8)]
  await markMoved(home, moved)
  await markMoved(home, moved)
  for (const supersedes of [null, [id(3)]]) {
    await expect(checkVote(home, moved, id(1), supersedes)).rejects.toMatchObject({ code: 'E_MOVED' })
    await expect(castVote(home, moved, id(1), supersedes)).rejects.toMatchObject({ code: 'E_MOVED' })
  }
  expect(await votesFrom(home, moved)).toEqual([])

  await castVote(home, voted, id(1), null)
  await expect(markMoved(home, voted)).rejects.toMatchObject({ kind: 'conflict', code: 'E_VOTED_PARENT' })
  await castVote(home, voted, id(2), [id(1)])
})

test('of a vote and a move at one instant at most one goes through, whichever is first', async () => {
  onTestFinished(() => setFaultPoint(null))
  const outcomeOf = (act: Promise<void>): Promise<boolean> =>
    act.then(
      () => true,
      () => false,
    )
  const seen = new Set<string>()
  for (const first of ['vote', 'move']) {
    for (let at = 1; at <= 14; at++) {
      const from = Uint8Array.from(randomBytes(32))
      const acts = {
        vote: () => outcomeOf(castVote(home, from, id(1), null)),
        move: () => outcomeOf(markMoved(home, from)),
      }
      const [one, other] = first === 'vote' ? [acts.vote, acts.move] : [acts.move, acts.vote]
      const others: Promise<boolean>[] = []
      let operations = 0
      setFaultPoint(() => {
        if (++operations === at) others.push(other())
      })
      const went = await one()
      setFaultPoint(null)
      if (others.length === 0) others.push(other())
      const [too] = (await Promise.all(others)) as [boolean]
      expect([went, too].filter(Boolean), `${first} first, ${at}`).toHaveLength(1)
      // Run again, each comes to the same.
      expect([await one(), await other()]).toEqual([went, too])
      seen.add(`${first} ${went} ${too}`)
    }
  }
  expect([...seen]).toEqual(expect.arrayContaining(['vote true false', 'move true false']))
})

test('one that is damaged is not taken for none', async () => {
  await castVote(home, parent, id(1), null)
  await writeFile(join(home.ceremonies, 'votes', hex(parent), 'first'), 'x')
  await expect(lastVote(home, parent)).rejects.toMatchObject({ code: 'E_CEREMONY_FILES' })
})
