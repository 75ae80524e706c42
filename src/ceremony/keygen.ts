/**
 * Key generation: from a definition that its custodians accept to a key of which each holds a share, certified by all
 * their receipts. `planKeygen` checks whatever can be checked before a secret is opened; `runKeygen` does it.
 */
import { run } from '../messaging/run.js'
import { auxDataCodec } from '../protocol/cggmp24/aux-data.js'
import { makeKey, type NewKey } from '../protocol/engine.js'
import { CeremonyFiles } from '../storage/ceremonies.js'
import type { Home } from '../storage/home.js'
import { readState } from '../storage/keys.js'
import type { Card } from '../wire/card.js'
import { custodiansOf, type DefinitionFile, type KeygenDefinition } from '../wire/definition.js'
import { Failure } from '../wire/failure.js'
import { type KeyRecord, levelOfKeys } from '../wire/record.js'
import { hex } from '../wire/text.js'
import { checkTime, finish, make, type MadeKey, type MakingPlan, type Table, unsealed } from './making.js'
import type { Made } from './pending.js'
import { seenIn } from './transcripts.js'
import type { World } from './world.js'

export type { MadeKey } from './making.js'

export type KeygenPlan = MakingPlan & { readonly definition: KeygenDefinition }

/**
 * What this member is to do for a definition, if it may.
 * @throws Failure: not a member or not a custodian (authentication), expired (absent), a key of that name (conflict)
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
  const begun = (await new CeremonyFiles(home, file.id).readReceipt()) !== null
  checkTime(definition, begun, now)
  const there = await readState(home, definition.key)
  if (!begun && there !== null && hex(there.key_id) !== hex(file.id)) {
    throw new Failure('conflict', 'E_KEY_EXISTS', `there is a key named ${definition.key} here`, {
      hint: 'nothing was begun; use a definition with another key name',
    })
  }
  return { file, definition, players, place: index, index, begun }
}

/** Makes the key together with the other custodians, or finishes what an earlier process of this home began. */
export const runKeygen = (world: World, plan: KeygenPlan): Promise<MadeKey> =>
  make(world, plan, (at, table) => play(at, plan, table))

export { finish as finishKeygen }

async function play(world: World, plan: KeygenPlan, table: Table): Promise<Made> {
  const { definition, file } = plan
  const { session, opened, primes, options } = table
  const input = { scheme: definition.scheme, threshold: definition.threshold }
  const auxiliary = primes && { level: levelOfKeys(), epoch: file.id, primes: primes.numbers() }
  const { output, rounds } = await run(makeKey(session, input, auxiliary, world.rng), options)
  const record = recordOf(plan, output)
  return {
    share: output.share,
    auxiliary: output.auxiliary && output.auxiliary.secret,
    record,
    transcript: unsealed(seenIn(definition, null, opened, rounds), record),
  }
}

function recordOf({ file, definition, players }: KeygenPlan, output: NewKey): KeyRecord {
  return {
    format: 'mpc/key-record/v1',
    key_id: file.id,
    scheme: definition.scheme,
    threshold: definition.threshold,
    group_point: output.groupPoint,
    chain_code: output.chainCode,
    members: players.map((card, i) => ({
      card,
      index: i + 1,
      public_share: output.publicShares.get(i + 1) as Uint8Array,
    })),
    epoch: 1,
    parent: null,
    definition: file.id,
    policy_sha256: null,
    auxiliary: output.auxiliary && auxDataCodec.encode(output.auxiliary.data),
  }
}
