/**
 * Activates results of reshares that are certified here but not active yet, because a process was killed in
 * between or its disk was full. Everything needed is here, so the next command activates them without a
 * secret and without the others.
 */
import { CeremonyFiles } from '../../storage/home/ceremonies.js'
import type { Home } from '../../storage/home/home.js'
import { lastVotes } from '../../storage/home/votes.js'
import type { Card } from '../../wire/identity/card.js'
import { Failure } from '../../wire/base/failure.js'
import { finish } from '../dkg/run.js'
import type { MadeKey } from '../dkg/plan.js'
import { planReshare } from '../dkg/reshare.js'
import { ceremonyIn } from './status.js'
import { storedCeremony } from '../definition/ceremony-store.js'

/** @returns the newly activated keys. A result that cannot be activated stays, and `status` reports it. */
export async function takeUp(home: Home, self: Card, now: number): Promise<readonly MadeKey[]> {
  const made: MadeKey[] = []
  try {
    // The last votes are enough, one for each epoch that this home voted from, however many ceremonies it
    // joined.
    for (const id of await lastVotes(home)) {
      const status = await ceremonyIn(home, [], id, now)
      const key = status?.state === 'certified' ? await takenUp(home, self, id, now) : null
      if (key) made.push(key)
    }
  } catch (error) {
    // The command that needs the damaged file reports it.
    if (!(error instanceof Failure)) throw error
  }
  return made
}

async function takenUp(home: Home, self: Card, id: Uint8Array, now: number): Promise<MadeKey | null> {
  const file = await storedCeremony(home, id)
  const certificate = await new CeremonyFiles(home, id).readCertificate()
  if (file === null || certificate === null) return null
  const plan = await planReshare(home, self, file, now)
  // A watcher has no result of its own to check the certificate against, and asks for it again.
  return plan.begun && plan.place > 0 ? finish(home, plan, certificate) : null
}
