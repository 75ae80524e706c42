import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { presignaturesOf } from '../../../src/storage/home/epochs.js'
import {
  type EpochHere,
  keepPresignature,
  listPresignatures,
  voidPresignatures,
} from '../../../src/storage/pools/presignatures.js'
import { bytes32, cutEverywhere, modeOf, newHome, utf8 } from '../support.js'

const files = (what: string) => ({ 'public.cbor': utf8(what), 'secret.age': utf8(`secret of ${what}`) })
const shown = async (here: EpochHere) =>
  (await listPresignatures(here)).map((each) => Buffer.from(each).toString())

const epoch = async (fill = 1): Promise<EpochHere> => ({
  home: await newHome(),
  name: 'eth',
  digest: bytes32(fill),
})

test('each is kept under its ID, for its owner alone, and an ID is kept once', async () => {
  const here = await epoch()
  expect(await shown(here)).toEqual([])
  expect(await keepPresignature(here, bytes32(7), files('a'))).toBe(true)
  expect(await keepPresignature(here, bytes32(8), files('b'))).toBe(true)
  expect(await keepPresignature(here, bytes32(7), files('other'))).toBe(false)
  expect(await shown(here)).toEqual(['a', 'b'])
  const folder = join(presignaturesOf(here.home, 'eth', bytes32(1)), '07'.repeat(32))
  expect(readdirSync(folder)).toEqual(['public.cbor', 'secret.age'])
  for (const name of readdirSync(folder)) expect(modeOf(join(folder, name))).toBe(0o600)
})

test('those of the epochs that are named are destroyed, and of all if none is', async () => {
  const first = await epoch(1)
  const second = { ...first, digest: bytes32(2) }
  for (const here of [first, second]) await keepPresignature(here, bytes32(7), files('a'))
  await voidPresignatures(first.home, 'eth', [first.digest])
  expect(await shown(first)).toEqual([])
  expect(await shown(second)).toEqual(['a'])
  await voidPresignatures(first.home, 'eth')
  expect(await shown(second)).toEqual([])
})

test('wherever the power is cut, one is there whole or not at all', async () => {
  const cuts = await cutEverywhere(async () => {
    const here = await epoch()
    return {
      act: () => keepPresignature(here, bytes32(7), files('a')),
      look: async (whole) => {
        const held = await shown(here)
        expect(whole ? held : held.slice(1)).toEqual(whole ? ['a'] : [])
        if (held.length === 0) return
        const folder = join(presignaturesOf(here.home, 'eth', here.digest), '07'.repeat(32))
        expect(readdirSync(folder)).toEqual(['public.cbor', 'secret.age'])
      },
    }
  })
  expect(cuts).toBeGreaterThan(5)
})

test('wherever the power is cut, what is void never comes back, and the next pass ends it', async () => {
  const cuts = await cutEverywhere(async () => {
    const here = await epoch()
    for (const fill of [7, 8]) await keepPresignature(here, bytes32(fill), files(String(fill)))
    const folder = presignaturesOf(here.home, 'eth', here.digest)
    return {
      act: () => voidPresignatures(here.home, 'eth'),
      look: async () => {
        const before = await shown(here)
        expect(await shown(here)).toEqual(before)
        await voidPresignatures(here.home, 'eth')
        expect(await shown(here)).toEqual([])
        expect(existsSync(folder) ? readdirSync(folder) : []).toEqual([])
      },
    }
  })
  expect(cuts).toBeGreaterThan(5)
})
