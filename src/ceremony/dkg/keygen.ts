/**
 * Key generation: from a definition that its custodians accept to a key of which each holds a share,
 * certified by all their receipts. `planKeygen` makes every check that needs no secret; `runKeygen` does the
 * work.
 */
import { run } from '../../messaging/session/run.js'
import { makeKey } from '../../protocol/engines/engine.js'
import { CeremonyFiles } from '../../storage/home/ceremonies.js'
import type { Home } from '../../storage/home/home.js'
import { readState } from '../../storage/home/epochs.js'
import type { Card } from '../../wire/identity/card.js'
import { custodiansOf, type DefinitionFile } from '../../wire/ceremony/definition.js'
import { Failure } from '../../wire/base/failure.js'
import { hex } from '../../wire/base/text.js'
import { agreedPolicy } from '../policy/agreed-policy.js'
import { requireNotEnded } from '../session/abort.js'
import { checkTime, finish, make, type Table } from './run.js'
import type { MadeKey, KeygenPlan } from './plan.js'
import type { World } from '../world.js'

/**
 * This member's part in a definition, if it may take part.
 * @throws Failure: not a custodian, or a policy that is none (authentication), expired or too early (absent), a key of that name
 *   (conflict), ended here (refused)
 */
export async function planKeygen(
  home: Home,
  self: Card,
  file: DefinitionFile,
  now: number,
): Promise<KeygenPlan> {
  const { definition } = file
  if (definition.kind !== 'keygen') {
    throw new Failure('usage', 'E_KIND', `this defines a ${definition.kind}, not a key generation`)
  }
  const players = custodiansOf(definition)
  const index = players.findIndex((card) => hex(card.fingerprint) === hex(self.fingerprint)) + 1
  if (index === 0) {
    throw new Failure('authentication', 'E_NOT_MEMBER', `${self.name} is no custodian in this definition`, {
      hint: 'ask its author to make one with your card in it: `mpc identity export`',
    })
  }
  await agreedPolicy(definition)
  const files = new CeremonyFiles(home, file.id)
  await requireNotEnded(files)
  const begun = (await files.readReceipt()) !== null
  checkTime(definition, begun, now)
  const there = await readState(home, definition.key)
  if (!begun && there !== null && hex(there.key_id) !== hex(file.id)) {
    throw new Failure('conflict', 'E_KEY_EXISTS', `there is a key named ${definition.key} here`, {
      hint: 'nothing was begun; use a definition with another key name',
    })
  }
  return { file, definition, players, place: index, index, begun, behind: null }
}

/** Makes the key with the other custodians, or finishes what an earlier process of this home began. */
export const runKeygen = (world: World, plan: KeygenPlan): Promise<MadeKey> =>
  make(world, plan, (at, table) => play(at, plan, table))

export { finish as finishKeygen }

async function play(world: World, plan: KeygenPlan, { session, auxiliary, options }: Table) {
  const { scheme, threshold } = plan.definition
  return run(makeKey(session, { scheme, threshold }, auxiliary, world.rng), options)
}
