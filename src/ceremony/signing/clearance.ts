/**
 * A request on its way past the policy: this member waits until its own policy allows the request, reserves what it
 * spends before the first round, and spends it before its share leaves. The request is judged anew each time.
 */
import { joinUntil } from '../../messaging/channel/timeouts.js'
import { needsInWords } from '../../policy/explain.js'
import { Failure } from '../../wire/base/failure.js'
import { hex } from '../../wire/base/text.js'
import type { Clearance, Signing } from '../requests/signing-run.js'
import { caseOf } from './policy-case.js'
import { requireAllowed, stillNeeds, wantsPerson } from '../policy/refusals.js'

/** Nothing is left to ask: the key has no policy, or what the request spends is counted. */
export const COUNTED: Clearance = { spend: async () => {}, release: async () => {} }

/**
 * Waits until the policy allows the request with exactly these signers, and reserves what it spends.
 * @param over the reason to stop waiting, or null
 * @throws Failure (refused) `E_POLICY_DENIES`, `E_ATTENDED`, `E_PEER_REFUSED`; `E_POLICY_NEEDS` (absent) if something is
 *   still missing at the deadline
 */
export async function clear(signing: Signing, over: () => Error | null): Promise<Clearance> {
  const { world, key, board, request, policy } = signing
  if (policy === null) return COUNTED
  const signers = signing.signers.map(({ fingerprint }) => fingerprint)
  const { ledger, wanted, decide, verdict, refusal, record } = await caseOf({ ...signing, policy }, signers)
  const deadline = joinUntil(world.patience, world.clock.now())
  /** The rules that fit may be others than when the request was picked: hours end, and signers are known now. */
  const judged = (spent: Parameters<typeof decide>[0]): ReturnType<typeof decide> => {
    const decision = decide(spent)
    const { outcome, demands } = decision
    if (signing.isUnattended && outcome !== 'deny' && !demands.unattended) {
      throw wantsPerson(key.name, verdict(decision))
    }
    return decision
  }
  for (;;) {
    const decision = await ledger.reserve(wanted, judged)
    if (decision.outcome === 'allow') break
    if (decision.outcome === 'deny') requireAllowed(key.name, verdict(decision))
    await record(decision)
    const refused = refusal(decision)
    if (refused) throw refused
    const missing = needsInWords(decision).join('; ')
    world.emit({ event: 'needs', request: hex(request.id), reason: missing })
    const spent = await ledger.spent(wanted.windows, request.id)
    await board.until(
      () =>
        over() !== null || refusal(decision) !== null || needsInWords(decide(spent)).join('; ') !== missing,
      deadline,
      () => stillNeeds(key.name, verdict(decision)),
    )
    const end = refusal(decision) ?? over()
    if (end) throw end
  }
  return {
    async spend() {
      requireAllowed(key.name, verdict(await ledger.spend(wanted, judged)))
    },
    async release() {
      try {
        await ledger.release(request.id)
      } catch (error) {
        // A reservation that stays ends with this process.
        if (!(error instanceof Failure)) throw error
      }
    },
  }
}
