import { chmod, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { encode } from '../../../src/protocol/core/codec.js'
import { listDir } from '../../../src/storage/fs/atomic.js'
import type { Home } from '../../../src/storage/home/home.js'
import {
  createState,
  type EpochFiles,
  type KeyState,
  listKeys,
  readEpochFile,
  readState,
  stageEpoch,
  writeState,
} from '../../../src/storage/home/epochs.js'
import { bytes32, cutEverywhere, failureOf, modeOf, newHome, utf8 } from '../support.js'

const [ONE, TWO] = [bytes32(1), bytes32(2)]
const filesOf = (epoch: string): EpochFiles => ({
  'record.cbor': utf8(`record ${epoch}`),
  'share.age': utf8(`share ${epoch}`),
})
const stateOf = (...epochs: KeyState['epochs']): KeyState => ({
  format: 'mpc/key-state/v1',
  policy: 0,
  key_id: bytes32(9),
  epochs,
})
const first = stateOf({ digest: ONE, number: 1, status: 'active' })
const second = stateOf(
  { digest: ONE, number: 1, status: 'parent' },
  { digest: TWO, number: 2, status: 'active' },
)

/** A home with one key in its first epoch. */
async function homeWithKey(): Promise<Home> {
  const home = await newHome()
  await stageEpoch(home, 'gold', ONE, filesOf('one'))
  await writeState(home, 'gold', first)
  return home
}

describe('a key', () => {
  test('exists from its first state on', async () => {
    const home = await newHome()
    expect([await listKeys(home), await readState(home, 'gold')]).toEqual([[], null])
    await stageEpoch(home, 'gold', ONE, filesOf('one'))
    expect([await listKeys(home), await readState(home, 'gold')]).toEqual([[], null])
    await writeState(home, 'gold', first)
    expect([await listKeys(home), await readState(home, 'gold')]).toEqual([['gold'], first])
    expect(await readEpochFile(home, 'gold', ONE, 'share.age')).toEqual(utf8('share one'))
    expect(await readEpochFile(home, 'gold', ONE, 'certificate.cbor')).toBe(null)
    expect(modeOf(join(home.keys, 'gold', 'epochs', '01'.repeat(32), 'share.age'))).toBe(0o600)
  })

  test('takes its name once: of two that do so at the same instant one has it, and the other changes nothing', async () => {
    const home = await newHome()
    await stageEpoch(home, 'gold', ONE, filesOf('one'))
    await stageEpoch(home, 'gold', TWO, filesOf('two'))
    const other = { ...stateOf({ digest: TWO, number: 1, status: 'active' }), key_id: bytes32(8) }
    const made = await Promise.all([createState(home, 'gold', first), createState(home, 'gold', other)])
    expect(made.filter((isMade) => isMade)).toHaveLength(1)
    expect(await readState(home, 'gold')).toEqual(made[0] ? first : other)
    expect(await createState(home, 'gold', first)).toBe(false)
    await expect(createState(home, 'silver', first)).rejects.toMatchObject({ code: 'E_KEY_STATE' })
  })

  test('has one of its two epochs active, whole, wherever the power is cut in between', async () => {
    const seen = new Set<string>()
    await cutEverywhere(async () => {
      const home = await homeWithKey()
      return {
        async act() {
          await stageEpoch(home, 'gold', TWO, filesOf('two'))
          await writeState(home, 'gold', second)
        },
        async look(whole) {
          const state = (await readState(home, 'gold')) as KeyState
          expect(whole ? [second] : [first, second]).toContainEqual(state)
          const active = state.epochs.find((epoch) => epoch.status === 'active')
          const word = active?.number === 1 ? 'one' : 'two'
          seen.add(word)
          for (const [file, bytes] of Object.entries(filesOf(word))) {
            const held = await readEpochFile(home, 'gold', active?.digest as Uint8Array, file as 'share.age')
            expect(held).toEqual(bytes)
          }
          const staged = await listDir(join(home.keys, 'gold', 'epochs', '02'.repeat(32)))
          expect([[], ['record.cbor', 'share.age']]).toContainEqual(staged)
          // And the same command, run again, comes to its end.
          await stageEpoch(home, 'gold', TWO, filesOf('two'))
          await writeState(home, 'gold', second)
          expect(await readState(home, 'gold')).toEqual(second)
        },
      }
    })
    expect(seen).toEqual(new Set(['one', 'two']))
  })

  test.each(['', 'Gold', '-gold', '../gold', 'a/b', 'a'.repeat(33), 'gold\n'])(
    'is not named %j',
    async (name) => {
      const home = await newHome()
      for (const act of [
        () => readState(home, name),
        () => stageEpoch(home, name, ONE, filesOf('one')),
        () => readEpochFile(home, name, ONE, 'share.age'),
      ]) {
        expect(await failureOf(act)).toMatchObject({ kind: 'usage', code: 'E_KEY_NAME' })
      }
    },
  )
})

describe('an epoch', () => {
  test('is staged again, and may get its certificate later: the first stays', async () => {
    const home = await homeWithKey()
    await stageEpoch(home, 'gold', ONE, filesOf('one'))
    const certified = { ...filesOf('one'), 'certificate.cbor': utf8('certificate') }
    await stageEpoch(home, 'gold', ONE, certified)
    expect(await readEpochFile(home, 'gold', ONE, 'certificate.cbor')).toEqual(utf8('certificate'))
    const other = { ...certified, 'certificate.cbor': utf8('another') }
    await stageEpoch(home, 'gold', ONE, other)
    expect(await readEpochFile(home, 'gold', ONE, 'certificate.cbor')).toEqual(utf8('certificate'))
  })

  test('keeps its record, and a share that a state names', async () => {
    const home = await homeWithKey()
    const record = { ...filesOf('one'), 'record.cbor': utf8('another') }
    expect(await failureOf(() => stageEpoch(home, 'gold', ONE, record, 'replaced'))).toMatchObject({
      code: 'E_EPOCH_EXISTS',
    })
    const share = { ...filesOf('one'), 'share.age': utf8('another') }
    await stageEpoch(home, 'gold', ONE, share, 'kept')
    expect(await readEpochFile(home, 'gold', ONE, 'share.age')).toEqual(utf8('share one'))
    await stageEpoch(home, 'gold', ONE, share, 'replaced')
    expect(await readEpochFile(home, 'gold', ONE, 'share.age')).toEqual(utf8('another'))
  })

  test('never changes', async () => {
    const home = await homeWithKey()
    const other = { ...filesOf('one'), 'share.age': utf8('another'), 'certificate.cbor': utf8('certificate') }
    expect(await failureOf(() => stageEpoch(home, 'gold', ONE, other))).toMatchObject({
      kind: 'conflict',
      code: 'E_EPOCH_EXISTS',
    })
    expect(await readEpochFile(home, 'gold', ONE, 'share.age')).toEqual(utf8('share one'))
    expect(await readEpochFile(home, 'gold', ONE, 'certificate.cbor')).toBe(null)
  })
})

describe('nothing is repaired by guessing', () => {
  const epoch = (home: Home, ...names: string[]) =>
    join(home.keys, 'gold', 'epochs', '01'.repeat(32), ...names)

  test.each<[string, (home: Home) => Promise<unknown>]>([
    ['the epoch is missing', (home) => rm(epoch(home), { recursive: true })],
    ['its record is missing', (home) => rm(epoch(home, 'record.cbor'))],
    ['its share is missing', (home) => rm(epoch(home, 'share.age'))],
    ['its share is open to others', (home) => chmod(epoch(home, 'share.age'), 0o644)],
    [
      'a folder stands in its place',
      async (home) => {
        await rm(epoch(home), { recursive: true })
        await writeFile(epoch(home), '')
      },
    ],
    ['the state is empty', (home) => writeFile(join(home.keys, 'gold', 'state.cbor'), '')],
    [
      'the state is cut short',
      (home) => writeFile(join(home.keys, 'gold', 'state.cbor'), encode({ format: 'mpc/key-state/v1' })),
    ],
    [
      'two epochs are active',
      (home) =>
        writeFile(
          join(home.keys, 'gold', 'state.cbor'),
          encode({
            ...first,
            epochs: [ONE, TWO].map((digest, i) => ({ digest, number: i + 1, status: 'active' })),
          }),
        ),
    ],
  ])('%s', async (_, damage) => {
    const home = await homeWithKey()
    await damage(home)
    const failure = await failureOf(() => readState(home, 'gold'))
    expect(failure).toMatchObject({ kind: 'conflict', code: 'E_KEY_STATE' })
    expect(failure.hint).toContain('mpc share list --key gold')
    expect(await listKeys(home)).toEqual(['gold'])
  })

  test('a retired epoch needs no share', async () => {
    const home = await homeWithKey()
    await stageEpoch(home, 'gold', TWO, filesOf('two'))
    const state = stateOf(
      { digest: ONE, number: 1, status: 'retired' },
      { digest: TWO, number: 2, status: 'active' },
    )
    await writeState(home, 'gold', state)
    await rm(epoch(home, 'share.age'))
    expect(await readState(home, 'gold')).toEqual(state)
  })

  test.each<[string, KeyState]>([
    ['an epoch that is not staged', second],
    ['an epoch twice', stateOf(...first.epochs, { digest: ONE, number: 2, status: 'retired' })],
    ['two active ones', stateOf(...first.epochs, { digest: TWO, number: 2, status: 'active' })],
  ])('no state is written with %s', async (_, state) => {
    const home = await homeWithKey()
    await expect(writeState(home, 'gold', state)).rejects.toThrow()
    expect(await readState(home, 'gold')).toEqual(first)
  })
})
