/** A threshold ECDSA key at the level of rehearsals, all of whose custodians must sign; and signings that one breaks. */
import type * as workers from '../../src/cli/threads/workers.js'
import { planKeygen, runKeygen } from '../../src/ceremony/dkg/keygen.js'
import type { Signed } from '../../src/ceremony/signing/finished-signature.js'
import type { World } from '../../src/ceremony/world.js'
import { type Interfere, MemoryNetwork } from '../../src/messaging/transport/memory.js'
import type { Compute } from '../../src/messaging/session/run.js'
import { readFile } from '../../src/storage/fs/atomic.js'
import { verifyEvidence, type Verdict } from '../../src/audit/evidence.js'
import type { KeygenDefinition } from '../../src/wire/ceremony/definition.js'
import { Failure } from '../../src/wire/base/failure.js'
import type { Meddle } from '../protocol/cggmp24/signing.js'
import { built } from './built.js'
import { keygenDefinition } from './members.js'
import { raze } from './processes.js'
import { approving, asks, joins, somePayload, type Three } from './signing.js'
import { type Custodian, custodians, fileOf, worldOf } from './worlds.js'

const patience = { join: 100_000, round: 100_000, total: null }

export type Cheat = { readonly meddle?: Meddle; readonly interfere?: Interfere }

/** Alice, bob and carol, who all must sign with `treasury`. The process has entered a rehearsal. */
export class EcdsaTable {
  private constructor(
    readonly everybody: Three,
    readonly threads: workers.Workers,
  ) {}

  static async set(): Promise<EcdsaTable> {
    const { Workers } = await built<typeof workers>('cli/threads/workers.js')
    const everybody = (await custodians('alice', 'bob', 'carol')) as [Custodian, Custodian, Custodian]
    const table = new EcdsaTable(everybody, new Workers())
    const network = new MemoryNetwork()
    const definition = keygenDefinition(everybody) as KeygenDefinition
    const file = fileOf({
      ...definition,
      scheme: 'ecdsa-secp256k1',
      engine: 'cggmp24/1',
      threshold: 3,
      rehearsal: true,
    })
    await Promise.all(
      everybody.map(async (custodian) => {
        const plan = await planKeygen(custodian.home, custodian.card, file, Date.now())
        return runKeygen(table.world(custodian, network), plan)
      }),
    )
    return table
  }

  world(who: Custodian, network: MemoryNetwork, compute = this.threads.compute): World {
    return worldOf(who, network.connect(who.member.name), { compute, patience })
  }

  /** How a signing ends for alice, bob and carol, of whom bob may cheat. */
  signing({ meddle, interfere }: Cheat = {}): Promise<PromiseSettledResult<Signed>[]> {
    const network = new MemoryNetwork()
    if (interfere) network.interfere = interfere
    const payload = somePayload()
    return Promise.allSettled(
      this.everybody.map((who, i) => {
        const cheats = who === this.everybody[1] && meddle !== undefined
        const world = this.world(who, network, cheats ? this.#meddling(meddle) : undefined)
        return i === 0 ? asks(world, payload, this.everybody) : joins(world, approving(payload))
      }),
    )
  }

  /** The work of a machine that changes what its jobs give. */
  #meddling(meddle: Meddle): Compute {
    return async (jobs, signal) => {
      const results = await this.threads.compute(jobs, signal)
      return jobs.map((job, i) => meddle(job, () => results[i] as Uint8Array))
    }
  }

  clear(): void {
    this.threads.close()
    raze(this.everybody)
  }
}

export const failureIn = (result: PromiseSettledResult<unknown> | undefined): Failure => {
  if (result?.status === 'rejected' && result.reason instanceof Failure) return result.reason
  throw new Error('it did not fail as it should', { cause: result })
}

/** The file that a failure names first. */
export const evidenceOf = async (failure: Failure): Promise<Uint8Array> =>
  Uint8Array.from((await readFile(failure.accused[0]?.evidence as string, 1 << 26)) as Uint8Array)

export const guiltyIn = ({ guilty }: Verdict) => guilty.map(({ name, round, kind }) => [name, round, kind])

/** The proof in a file, or why it proves nothing. */
export async function verdictOn(encoded: Uint8Array): Promise<unknown> {
  try {
    return guiltyIn(await verifyEvidence(encoded))
  } catch (error) {
    if (error instanceof Failure) return error.code
    throw error
  }
}
