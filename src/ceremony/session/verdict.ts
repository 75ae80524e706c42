/**
 * What becomes of a failure over somebody's fault: the letters of the run are judged here as anybody would judge them
 * (`audit/evidence.ts`), also where only another member has seen the fault. Who is guilty by them is proven so, and what
 * proves it is kept in a file that the failure names.
 */
import { type Verdict, verifyEvidence } from '../../audit/evidence.js'
import { failureFor } from '../../messaging/session/blame.js'
import { claimsIn } from '../../messaging/session/claims.js'
import type { Room } from '../../messaging/session/session.js'
import type { CeremonyFiles } from '../../storage/home/ceremonies.js'
import { type Accused, Failure } from '../../wire/base/failure.js'
import { sha256 } from '../../wire/base/hash.js'
import { hex } from '../../wire/base/text.js'
import { lettersCodec } from '../../wire/session/transcript.js'
import type { World } from '../world.js'

/** The failure as it is after the verdict; anything else is given back as it is. */
export async function withVerdict(
  error: unknown,
  world: Pick<World, 'compute' | 'signal'>,
  { definition, record }: { readonly definition: Uint8Array; readonly record: Uint8Array | null },
  room: Room,
  files: CeremonyFiles,
): Promise<unknown> {
  if (!(error instanceof Failure)) return error
  const claims = room.sid === null ? [] : claimsIn(room, room.sid)
  const isHearsay = error.code === 'E_PEER_ABORT' || (error.kind === 'absent' && claims.length > 0)
  if (error.accused.length === 0 && !isHearsay) return error
  // Letters that convict by themselves need no run beside them.
  const { evidence } = room.blame
  const isOfRun = isHearsay || error.accused.some(({ fingerprint }) => !evidence.has(fingerprint))
  // The run so far, as a file holds it; null where there is none.
  const file = isOfRun ? (room.blame.file?.(room.blame.rounds, claims) ?? null) : null
  const verdict = file && (await judge(file, world))
  const guilty = (verdict?.guilty ?? []).filter(
    ({ fingerprint }) => fingerprint !== hex(room.self.fingerprint),
  )
  // Where nobody could judge it, others may: then it is kept for them.
  const isWorth = guilty.length > 0 || (verdict === null && error.accused.length > 0)
  const path = file && isWorth ? await kept(files, 'run', file) : null

  const accused: Accused[] = []
  for (const accusation of error.accused) {
    const proven = guilty.find(({ fingerprint }) => fingerprint === accusation.fingerprint)
    const letters = evidence.get(accusation.fingerprint)
    const own = letters && lettersCodec.encode({ format: 'mpc/evidence/v1', definition, record, letters })
    const ownPath = own && (await kept(files, accusation.name, own))
    if (proven) accused.push({ ...proven, evidence: path })
    else accused.push({ ...accusation, evidence: ownPath ?? (verdict === null ? path : null) })
  }
  const known = new Set(accused.map(({ fingerprint }) => fingerprint))
  const more = guilty.filter(({ fingerprint }) => !known.has(fingerprint))
  for (const each of more) accused.push({ ...each, evidence: path })
  if (error.accused.length === 0) return accused.length === 0 ? error : failureFor(accused)
  const { kind, code, message, hint, party, cause } = error
  return new Failure(kind, code, message, { accused, cause, ...(hint && { hint }), ...(party && { party }) })
}

/** Null where it cannot be judged now: as by one whose person leaves meanwhile. */
async function judge(
  file: Uint8Array,
  { compute, signal }: Pick<World, 'compute' | 'signal'>,
): Promise<Pick<Verdict, 'guilty'> | null> {
  try {
    return await verifyEvidence(file, (jobs) => compute(jobs, signal))
  } catch (error) {
    return error instanceof Failure && error.code === 'E_EVIDENCE' ? { guilty: [] } : null
  }
}

/** Its path; null where there is no room to keep it: who is accused is said also then. */
const kept = (files: CeremonyFiles, what: string, evidence: Uint8Array): Promise<string | null> =>
  files.writeEvidence(`${what}-${hex(sha256(evidence)).slice(0, 16)}.cbor`, evidence).catch(() => null)
