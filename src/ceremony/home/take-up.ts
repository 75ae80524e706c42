/**
 * Results of resharings that are certified here and do not count yet: of a process that was killed between the two, or one
 * whose disk was full. All that is needed is here, so the next command makes them count, without a secret and without the
 * others.
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

/** @returns what counts from now on. What cannot be made to count stays, and `status` tells of it. */
export async function takeUp(home: Home, self: Card, now: number): Promise<readonly MadeKey[]> {
  const made: MadeKey[] = []
  try {
    // Whatever else a home has taken part in: there is one such for each epoch that it voted from.
    for (const id of await lastVotes(home)) {
      const status = await ceremonyIn(home, [], id, now)
      const key = status?.state === 'certified' ? await takenUp(home, self, id, now) : null
      if (key) made.push(key)
    }
  } catch (error) {
    // What is wrong is said by the command that needs it.
    if (!(error instanceof Failure)) throw error
  }
  return made
}

async function takenUp(home: Home, self: Card, id: Uint8Array, now: number): Promise<MadeKey | null> {
  const file = await storedCeremony(home, id)
  const certificate = await new CeremonyFiles(home, id).readCertificate()
  if (file === null || certificate === null) return null
  const plan = await planReshare(home, self, file, now)
  // Who only watches has no result of its own to hold the certificate against, and asks for it again.
  return plan.begun && plan.place > 0 ? finish(home, plan, certificate) : null
}
