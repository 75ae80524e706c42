/**
 * Activates results of reshares and of policy changes that are certified here but not active yet, because a process was killed in
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
import { planChange } from '../policy-change/plan.js'
import { type Changed, finishChange } from '../policy-change/run.js'
import { ceremonyIn } from './status.js'
import { storedCeremony } from '../definition/ceremony-store.js'

/** Newly active here. */
export type TakenUp = { readonly keys: readonly MadeKey[]; readonly policies: readonly Changed[] }

/** A result that cannot be activated stays, and `status` reports it. */
export async function takeUp(home: Home, self: Card, now: number): Promise<TakenUp> {
  const keys: MadeKey[] = []
  const policies: Changed[] = []
  try {
    // The last votes are enough, one for each epoch that this home voted from, however many ceremonies it
    // joined.
    for (const id of await lastVotes(home)) {
      const status = await ceremonyIn(home, [], id, now)
      if (status?.state !== 'certified') continue
      const file = await storedCeremony(home, id)
      const certificate = await new CeremonyFiles(home, id).readCertificate()
      if (file === null || certificate === null) continue
      if (file.definition.kind === 'policy') {
        policies.push(await finishChange(home, await planChange(home, self, file, now), certificate))
        continue
      }
      const plan = await planReshare(home, self, file, now)
      // A watcher has no result of its own to check the certificate against, and asks for it again.
      if (plan.begun && plan.place > 0) keys.push(await finish(home, plan, certificate))
    }
  } catch (error) {
    // The command that needs the damaged file reports it.
    if (!(error instanceof Failure)) throw error
  }
  return { keys, policies }
}
