/**
 * Every epoch of which a home holds anything, as its files say: which is in use, whose share is here, what
 * custodians have stated about theirs. Opens no secret. For a damaged home, it reports what is there and what
 * is missing.
 */
import { equalBytes } from '../../protocol/core/codec.js'
import type { Home } from '../../storage/home/home.js'
import {
  type KeyState,
  listEpochFiles,
  listEpochs,
  listKeyFolders,
  readEpochFile,
  readStateAlone,
  SECRET_FILES,
} from '../../storage/home/epochs.js'
import { listStatements } from '../../storage/home/attestations.js'
import { requireHeld } from '../../wire/ceremony/certified-record.js'
import type { Manifest } from '../../wire/escrow/manifest.js'
import { Failure } from '../../wire/base/failure.js'
import type { Rebind } from '../../wire/key/rebind.js'
import { type KeyRecord, parseRecord, recordDigest, recordPublicKey } from '../../wire/key/record.js'
import { hex } from '../../wire/base/text.js'
import { seatedStatement, type Statement } from '../../wire/key/attestation.js'
import { splitStatus } from '../keys/split-status.js'
import { everyRebind } from '../keys/rebinds.js'

export type HeldEpoch = {
  readonly digest: Uint8Array
  /** Null if neither the state nor the record gives it. */
  readonly number: number | null
  /** Null if the state does not name it: it is known, but no share of it was ever active here. */
  readonly status: KeyState['epochs'][number]['status'] | null
  /** Null if missing or damaged. */
  readonly record: KeyRecord | null
  /** Rebinds that gave seats to new identities; per seat in the order of acceptance here. */
  readonly rebinds: readonly Rebind[]
  /** Whether the share is here. */
  readonly hasShare: boolean
  /** Whether any secret of it is here: the share or the source of its split. */
  readonly hasSecret: boolean
  /** The certificate, if there is one over this record. */
  readonly certificate: Uint8Array | null
  /** The split of this member's share, if made here, and the holders who destroyed their piece, by name. */
  readonly manifest: Manifest | null
  readonly piecesDestroyed: readonly string[]
  /** Statements of custodians about their shares, at most one of each kind per custodian. */
  readonly statements: readonly Statement[]
  /** Problems with its files, in words for people. */
  readonly problems: readonly string[]
}

export type HeldKey = {
  readonly name: string
  /** Null if its state cannot be read. */
  readonly state: KeyState | null
  /** Oldest first. */
  readonly epochs: readonly HeldEpoch[]
  /** The problem with its state, in words for people; null if none. */
  readonly problem: string | null
}

/** @throws Failure `E_NO_KEY` (configuration) if nothing of the key is here; else only system errors */
export async function heldKey(home: Home, name: string): Promise<HeldKey> {
  const problems: string[] = []
  const state = await sound(() => readStateAlone(home, name), problems)
  if (state === null && problems.length === 0) {
    if ((await listEpochs(home, name)).length === 0) throw noKey(name)
    problems.push('its state.cbor is missing')
  }
  const named = state?.epochs ?? []
  const others = (await listEpochs(home, name)).filter(
    (digest) => !named.some((each) => equalBytes(each.digest, digest)),
  )
  const epochs = await Promise.all(
    [...named, ...others.map((digest) => ({ digest, number: null, status: null }))].map((each) =>
      heldEpoch(home, name, each),
    ),
  )
  const byNumber = epochs.sort((a, b) => (a.number ?? 0) - (b.number ?? 0))
  return { name, state, epochs: byNumber, problem: problems[0] ?? null }
}

async function heldEpoch(
  home: Home,
  name: string,
  { digest, number, status }: Pick<HeldEpoch, 'digest' | 'number' | 'status'>,
): Promise<HeldEpoch> {
  const problems: string[] = []
  const files = await listEpochFiles(home, name, digest)
  const record = await sound(() => recordIn(home, name, digest), problems)
  const hasShare = files.includes('share.age')
  if (!hasShare && status !== null && status !== 'retired') problems.push('share.age is missing')
  const about = { digest, status, hasShare, hasSecret: SECRET_FILES.some((each) => files.includes(each)) }
  const nothing = { rebinds: [], certificate: null, manifest: null, piecesDestroyed: [], statements: [] }
  if (record === null) return { ...about, ...nothing, number, record, problems }
  const certificate = await sound(
    () => certificateIn(home, name, digest, record),
    problems,
    'certificate.cbor: ',
  )
  const accepted = await sound(() => everyRebind(home, name, digest, record), problems, 'rebinds: ')
  const rebinds = (accepted ?? []).map(({ rebind }) => rebind)
  const split = await sound(() => splitStatus(home, { name, record, digest }), problems, 'escrow: ')
  const statements: Statement[] = []
  const encodings = await sound(() => listStatements(home, name, digest), problems, 'statements: ')
  for (const encoded of encodings ?? []) {
    // A statement by an identity without a seat here does not count, and is no damage.
    const said = await sound(() => seatedStatement(encoded, record, rebinds), problems, 'statements: ')
    if (said) statements.push(said)
  }
  const gone = (split?.holders ?? []).filter((each) => each.said === 'destroyed' && each.agrees === true)
  return {
    ...about,
    number: record.epoch,
    record,
    rebinds,
    certificate,
    manifest: split?.manifest ?? null,
    piecesDestroyed: gone.map((each) => each.name),
    statements,
    problems,
  }
}

async function recordIn(home: Home, name: string, digest: Uint8Array): Promise<KeyRecord> {
  const held = await readEpochFile(home, name, digest, 'record.cbor')
  if (held === null) throw damaged('record.cbor is missing')
  const record = parseRecord(held)
  if (!equalBytes(recordDigest(record), digest)) throw damaged('record.cbor is that of another epoch')
  return record
}

async function certificateIn(
  home: Home,
  name: string,
  digest: Uint8Array,
  record: KeyRecord,
): Promise<Uint8Array | null> {
  const held = await readEpochFile(home, name, digest, 'certificate.cbor')
  if (held !== null) requireHeld(held, record)
  return held
}

/** Everything that this home knows of any key; a key too damaged to read is left out. */
export async function heldKeys(home: Home): Promise<readonly HeldKey[]> {
  const held: HeldKey[] = []
  for (const name of await listKeyFolders(home)) {
    const key = await sound(() => heldKey(home, name), [])
    if (key) held.push(key)
  }
  return held
}

/**
 * Checks a record from outside against what this home knows of the key: epochs have different shares, never
 * different public keys.
 * @throws Failure `E_PUBLIC_KEY` (verification) if this home knows the key by another public key
 */
export function requireKnownKey(brought: KeyRecord, known: readonly HeldKey[]): void {
  for (const { name, epochs } of known) {
    const other = epochs.find(
      ({ record }) =>
        record !== null &&
        equalBytes(record.key_id, brought.key_id) &&
        !equalBytes(record.group_point, brought.group_point),
    )
    if (!other?.record) continue
    const [there, here] = [brought, other.record].map((record) => hex(recordPublicKey(record)))
    throw new Failure(
      'verification',
      'E_PUBLIC_KEY',
      `its record gives the key the public key ${there}, and this home knows it, as ${name}, by ${here}`,
      {
        hint: 'do not use it: one of the two is forged. Compare the public key with other custodians, in person',
      },
    )
  }
}

const noKey = (name: string): Failure =>
  new Failure('configuration', 'E_NO_KEY', `this home holds nothing of a key named ${name}`, {
    hint: '`mpc share list` lists what this home holds of all keys',
  })

const damaged = (problem: string): Failure => new Failure('conflict', 'E_KEY_STATE', problem)

/** The result of `act`, or null after adding its problem. @param where prefix of the problem */
async function sound<T>(act: () => T | Promise<T>, problems: string[], where = ''): Promise<T | null> {
  try {
    return await act()
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    problems.push(`${where}${error.message}`)
    return null
  }
}

// ----------------------------------------------------------------------------------------------- conclusions

/** The seats whose custodians stated that they moved to this epoch, and not that they lost its share. */
export const seatsGoneOver = ({ statements }: HeldEpoch): ReadonlySet<number> => {
  const isLost = (by: Uint8Array) =>
    statements.some((each) => each.said === 'lost' && equalBytes(each.by, by))
  return new Set(
    statements.filter(({ said, by }) => said === 'activated' && !isLost(by)).map(({ index }) => index),
  )
}

/** The seats whose present custodians have stated that they hold no share. */
export function lostSeats({ record, rebinds, statements }: HeldEpoch): ReadonlySet<number> {
  const sits = (index: number, by: Uint8Array): boolean => {
    const taken = rebinds.filter((rebind) => rebind.index === index).at(-1)?.card
    const card = taken ?? record?.members.find((member) => member.index === index)?.card
    return card !== undefined && equalBytes(card.fingerprint, by)
  }
  const lost = statements.filter(({ said, index, by }) => said === 'lost' && sits(index, by))
  return new Set(lost.map(({ index }) => index))
}

/**
 * The seats whose shares are reported destroyed by everyone known to have held one: the present custodian,
 * any identity that handed the share on, and any identity that sat there by a rebind, which proves the share,
 * without handing it on. A lost identity, replaced by a share restored from pieces, holds nothing.
 */
export function destroyedSeats({ record, rebinds, statements }: HeldEpoch): readonly number[] {
  const seats = (record?.members ?? []).filter(({ card, index }) => {
    const taken = rebinds.filter((rebind) => rebind.index === index)
    const sat = taken.filter((_, i) => taken[i + 1]?.handed_by !== null).map((rebind) => rebind.card)
    const handed = taken.flatMap((rebind) => rebind.handed_by ?? [])
    return [...(taken.length === 0 ? [card] : sat), ...handed].every(({ fingerprint }) =>
      statements.some(({ said, by }) => said === 'deleted' && equalBytes(by, fingerprint)),
    )
  })
  return seats.map(({ index }) => index)
}

/** Whether an epoch descends from another of the same key, by the records here. */
export function descends(key: HeldKey, after: HeldEpoch, before: HeldEpoch): boolean {
  for (let at: HeldEpoch | undefined = after; at?.record; ) {
    const { parent }: KeyRecord = at.record
    if (parent === null) return false
    if (equalBytes(parent, before.digest)) return true
    at = key.epochs.find(({ digest }) => equalBytes(digest, parent))
  }
  return false
}

/** The epoch that counts as far as this home knows: the one in use here, else the newest certified one. */
export function newestOf({ epochs }: HeldKey): HeldEpoch | null {
  const certified = epochs.filter(({ record, certificate }) => record !== null && certificate !== null)
  return epochs.find(({ status }) => status === 'active') ?? certified.at(-1) ?? null
}
