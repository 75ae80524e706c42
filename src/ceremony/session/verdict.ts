/**
 * The verdict on a failed run. Its letters are judged here as an outsider would judge them
 * (`audit/evidence.ts`), even if only another member saw the fault. The letters that prove a member guilty go
 * into a file, which the failure names.
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

/** The failure after the verdict; any other error unchanged. */
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
  // Some letters convict by themselves, without the rest of the run.
  const { evidence } = room.blame
  const isOfRun = isHearsay || error.accused.some(({ fingerprint }) => !evidence.has(fingerprint))
  // The encoded run so far; null if there is none.
  const file = isOfRun ? (room.blame.file?.(room.blame.rounds, claims) ?? null) : null
  const verdict = file && (await judge(file, world))
  const guilty = (verdict?.guilty ?? []).filter(
    ({ fingerprint }) => fingerprint !== hex(room.self.fingerprint),
  )
  // A run that cannot be judged here is kept for others to judge.
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

/** Null if it cannot be judged now, for example because the person leaves. */
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

/** The file's path; null if it cannot be written. A full disk must not hide the accusation. */
const kept = (files: CeremonyFiles, what: string, evidence: Uint8Array): Promise<string | null> =>
  files.writeEvidence(`${what}-${hex(sha256(evidence)).slice(0, 16)}.cbor`, evidence).catch(() => null)
