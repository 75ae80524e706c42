/** Old shares destroyed by a process that is killed somewhere: what must hold then, and after it is run again. */
import { expect } from 'vitest'
import { heldKey } from '../../src/ceremony/epochs/held-epochs.js'
import { findKey } from '../../src/ceremony/epochs/find-key.js'
import type { MadeKey } from '../../src/ceremony/dkg/plan.js'
import { planRetire, retire } from '../../src/ceremony/epochs/retire.js'
import type { World } from '../../src/ceremony/world.js'
import { MemoryNetwork } from '../../src/messaging/transport/memory.js'
import { hex } from '../../src/wire/base/text.js'
import { type KillAt, live, type Process, raze } from './processes.js'
import { defined, makeTreasury, reshared } from './reshares.js'
import { copyOf, filesWith, scalarOf } from './shares.js'
import { type Custodian, custodians } from './worlds.js'

const NOW = 1_900_000_000_000
/** Of alice and bob, who dealt to alice and carol, what they held before. */
export type Dealt = {
  readonly everybody: readonly Custodian[]
  readonly before: MadeKey
  /** The old scalars of alice and bob, in hex. */
  readonly scalars: readonly string[]
}

export async function dealt(): Promise<Dealt> {
  const everybody = await custodians('alice', 'bob', 'carol')
  const [alice, bob] = everybody as [Custodian, Custodian]
  const before = await makeTreasury([alice, bob], 2)
  const scalars = [await scalarOf(alice), await scalarOf(bob)]
  await reshared(everybody, await defined(alice, everybody, { members: ['alice', 'carol'] }), {
    linger: 2000,
  })
  return { everybody, before, scalars }
}

/** Expects a home to have its share in use, and statements that one is destroyed to be true. */
async function expectWhole(
  who: Custodian,
  before: MadeKey,
  scalar: string,
  isMember: boolean,
): Promise<void> {
  if (isMember) {
    expect((await findKey(who.home, 'treasury')).record.epoch).toBe(2)
    expect(await scalarOf(who)).not.toBe(scalar)
  }
  const { epochs, problem } = await heldKey(who.home, 'treasury')
  expect(problem).toBeNull()
  const old = epochs.find(({ digest }) => hex(digest) === hex(before.digest))
  if (old?.statements.some(({ said }) => said === 'deleted')) expect(await filesWith(who, scalar)).toEqual([])
}

/**
 * @param victim 0: alice, who stays; 1: bob, who left
 * @returns the process that was killed, or would have been had it lived so long
 */
export async function retireWithKill(
  { everybody, before, scalars }: Dealt,
  victim: 0 | 1,
  killAt: KillAt | null,
): Promise<Process> {
  const who = await copyOf(everybody[victim] as Custodian)
  const scalar = scalars[victim] as string
  const isMember = victim === 0
  const act = async ({ home, identity, card }: World) =>
    retire({ home, identity, card }, await planRetire(home, card, 'treasury', null), NOW)
  const again = async (world: World) => {
    await expectWhole(who, before, scalar, isMember)
    return act(world)
  }
  const { first } = await live(new MemoryNetwork(), who, act, killAt, {}, again)
  await expectWhole(who, before, scalar, isMember)
  const { epochs } = await heldKey(who.home, 'treasury')
  const old = epochs.find(({ digest }) => hex(digest) === hex(before.digest))
  expect(old?.statements.filter(({ said }) => said === 'deleted').map(({ index }) => index)).toEqual([
    victim + 1,
  ])
  expect(old).toMatchObject({ status: 'retired', hasSecret: false })
  expect((await planRetire(who.home, who.card, 'treasury', null)).epochs).toEqual([])
  raze([who])
  return first
}
