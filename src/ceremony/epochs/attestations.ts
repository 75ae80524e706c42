/**
 * Announcing the move to a new epoch. Each new custodian says so once it has activated the epoch, hears the
 * others while it lingers, and keeps their statements with the epoch. A member that was away gets them as a
 * file.
 */
import { equalBytes } from '../../protocol/core/codec.js'
import { type Member, type Slot, slotsOf } from '../../messaging/channel/letters.js'
import type { Mailbox } from '../../messaging/channel/mailbox.js'
import { CeremonyFiles } from '../../storage/home/ceremonies.js'
import type { Home } from '../../storage/home/home.js'
import { lockKey, readState, stageEpoch, writeState } from '../../storage/home/epochs.js'
import { listStatements, writeStatement } from '../../storage/home/attestations.js'
import { isKeyDefinition } from '../../wire/ceremony/key-definition.js'
import { Failure } from '../../wire/base/failure.js'
import type { Rebind } from '../../wire/key/rebind.js'
import { encodeRecord, type KeyRecord, recordDigest } from '../../wire/key/record.js'
import { parseCertificate } from '../../wire/ceremony/certificate.js'
import { type Handover, MOST_EPOCHS } from '../../wire/ceremony/handover.js'
import {
  parseStatement,
  sayActivated,
  seatedStatement,
  type Statement,
  statementEpoch,
} from '../../wire/key/attestation.js'
import type { Owner } from '../keys/key.js'
import { descends, type HeldEpoch, heldKey, newestOf } from './held-epochs.js'
import { votersOf } from '../../wire/ceremony/voters.js'
import { everyRebind, isOf, seatOf } from '../keys/rebinds.js'
import { requireNotReplaced } from './superseded.js'
import { requireWhole } from './share-check.js'
import { storedCeremony } from '../definition/ceremony-store.js'
import type { World } from '../world.js'

/** Announces that this member has activated the epoch, if it holds a share of it. */
export async function goOver(
  world: World,
  mailbox: Mailbox,
  name: string,
  record: KeyRecord,
  sid: Uint8Array,
): Promise<void> {
  const own = await ownWord(world, name, record, world.clock.now())
  if (own) mailbox.post('activated', { session: sid }, own)
}

/** The slots in which the other custodians of the new epoch post their `activated` statements. */
export const wordsOf = (others: readonly Member[], record: KeyRecord, sid: Uint8Array): Slot[] =>
  slotsOf(
    others.filter(({ fingerprint }) => record.members.some((member) => isOf(member, fingerprint))),
    'activated',
    sid,
  )

/** Keeps the statements received in these slots; an invalid one counts as missing, and no more than that. */
export async function keepWords(
  home: Home,
  mailbox: Mailbox,
  name: string,
  record: KeyRecord,
  words: readonly Slot[],
): Promise<void> {
  for (const slot of words) {
    const said = mailbox.get(slot)?.body
    if (said && statementOf(said, record)?.said === 'activated') await keepStatement(home, name, record, said)
  }
}

/**
 * This member's `activated` statement, as first made; null if it holds no share of the epoch.
 * @throws Failure `E_KEY_STATE` (conflict) if it was not made yet and the share here is not intact: others
 *   destroy their shares of the parent epoch on this statement
 */
export async function ownWord(
  owner: Owner,
  name: string,
  record: KeyRecord,
  now: number,
): Promise<Uint8Array | null> {
  const { home, identity, card } = owner
  const digest = recordDigest(record)
  const rebinds = (await everyRebind(home, name, digest, record)).map(({ rebind }) => rebind)
  const index = seatOf({ record, rebinds }, card.fingerprint)
  if (index === null) return null
  const given = async (): Promise<Uint8Array | null> => {
    for (const said of await listStatements(home, name, digest)) {
      const held = statementOf(said, record, rebinds)
      if (held?.said === 'activated' && equalBytes(held.by, card.fingerprint)) return said
    }
    return null
  }
  const before = await given()
  if (before) return before
  await requireWhole(owner, name, digest)
  const own = sayActivated(record, { card, index, signing: identity.signing }, now)
  if (await writeStatement(home, name, digest, { said: 'activated', by: card.fingerprint }, own)) return own
  // Another process of this home made it at the same instant; a member never makes two.
  return given()
}

/** The parsed statement; null if invalid. */
function statementOf(
  encoded: Uint8Array,
  record: KeyRecord,
  rebinds: readonly Rebind[] = [],
): Statement | null {
  try {
    return parseStatement(encoded, record, rebinds)
  } catch (error) {
    if (error instanceof Failure) return null
    throw error
  }
}

/** Keeps the record of an epoch, against which statements about its shares are checked. */
export async function stageRecord(
  home: Home,
  name: string,
  r: KeyRecord,
  certificate: Uint8Array | null = null,
): Promise<void> {
  await using _ = await lockKey(home, name)
  const proof = certificate && { 'certificate.cbor': certificate }
  await stageEpoch(home, name, recordDigest(r), { 'record.cbor': encodeRecord(r), ...proof })
}

/** Keeps a statement. @returns whether it is new here. @throws Failure as `parseStatement` */
export async function keepStatement(
  home: Home,
  name: string,
  record: KeyRecord,
  encoded: Uint8Array,
): Promise<boolean> {
  const digest = recordDigest(record)
  const rebinds = (await everyRebind(home, name, digest, record)).map(({ rebind }) => rebind)
  const { said, by } = parseStatement(encoded, record, rebinds)
  return writeStatement(home, name, digest, { said, by }, encoded)
}

// ------------------------------------------------------------------------------------------ handover by file

/**
 * The handover that this home knows: how a key moved to its newest epoch.
 * @throws Failure `E_KEY_STATE` (conflict) if the home holds no intact certified epoch of it
 */
export async function handoverOf(home: Home, name: string): Promise<Handover> {
  const held = await heldKey(home, name)
  const newest = newestOf(held)
  if (!newest?.record || !newest.certificate) {
    throw new Failure('conflict', 'E_KEY_STATE', `there is no certified epoch of ${name} here`, {
      hint: `\`mpc share list --key ${name}\` shows what is there`,
    })
  }
  // A chain that is too long loses its oldest epochs, with their statements.
  const chain = held.epochs
    .filter((each) => each === newest || descends(held, newest, each))
    .slice(-MOST_EPOCHS)
  const records = chain.flatMap(({ record }) => record ?? [])
  const statements: Uint8Array[] = []
  for (const { digest } of chain) statements.push(...(await listStatements(home, name, digest)))
  return { records: records as [KeyRecord, ...KeyRecord[]], certificate: newest.certificate, statements }
}

export type Taken = {
  /** How many statements are new here. */
  readonly added: number
  /** How many come from identities in no seat here: they count once their rebind is accepted. */
  readonly strange: number
  /** Number of the epoch that was in use here and is no longer; null if nothing changed. */
  readonly frozen: number | null
}

/**
 * Takes in what others know of a key's epochs. All of it is checked before anything is kept. An old custodian
 * who missed the ceremony learns that its epoch is replaced, and stops using its share.
 * @throws Failure `E_STATEMENT` (verification) if it is about another key, does not reach back to an epoch
 *   here, or contains an invalid statement; `E_CERTIFICATE` (verification); (conflict) as
 *   `requireNotReplaced`
 */
export async function takeHandover(
  owner: Pick<Owner, 'home' | 'card'>,
  name: string,
  { records, certificate, statements }: Handover,
): Promise<Taken> {
  const { home, card } = owner
  const held = await heldKey(home, name)
  const [first] = records
  const last = records.at(-1) as KeyRecord
  if (held.state && !equalBytes(held.state.key_id, first.key_id)) throw refuse(`it is not about ${name}`)
  const here = (r: KeyRecord) => held.epochs.find(({ digest }) => equalBytes(digest, recordDigest(r)))
  if (!records.some((r) => here(r)?.status != null)) {
    throw refuse(`it says nothing of an epoch of ${name} that is here`)
  }
  await requireNotReplaced(home, records)
  await requireComplete(home, last, certificate)
  const checked = statements.map((encoded) => checkedAgainst(records, here, encoded))
  // A custodian of the newest epoch that has voted for it finishes with this certificate. Otherwise its share
  // was lost here: the home is older than the epoch, and holds no share of it.
  const isMember = last.members.some((member) => isOf(member, card.fingerprint))
  const holds = isMember && (here(last)?.status != null || (await isVotedFor(home, last)))
  if (holds && here(last)?.status == null) await keepCertificate(home, last, certificate)
  for (const r of records) await stageRecord(home, name, r, r === last ? certificate : null)
  let added = 0
  for (const one of checked) {
    if (one && (await keepStatement(home, name, one.record, one.encoded))) added += 1
  }
  const frozen = holds ? null : await freeze(home, name, records)
  return { added, strange: checked.filter((one) => one === null).length, frozen }
}

/** Whether this home voted for an epoch and its share of it waits here for the certificate. */
export async function isVotedFor(home: Home, record: KeyRecord): Promise<boolean> {
  const files = new CeremonyFiles(home, record.definition)
  const [receipt, outcome, share] = await Promise.all([
    files.readReceipt(),
    files.readPending('record.cbor'),
    files.readPending('share.age'),
  ])
  return receipt !== null && share !== null && outcome !== null && equalBytes(outcome, encodeRecord(record))
}

/** Keeps a certificate with the share that waits for it. */
async function keepCertificate(home: Home, record: KeyRecord, certificate: Uint8Array): Promise<void> {
  const files = new CeremonyFiles(home, record.definition)
  if ((await files.readCertificate()) === null) await files.writeCertificate(certificate)
}

/** Requires all participants' receipts if the ceremony is known here. @throws Failure `E_CERTIFICATE` */
async function requireComplete(home: Home, record: KeyRecord, certificate: Uint8Array): Promise<void> {
  const definition = (await storedCeremony(home, record.definition))?.definition
  if (!definition || !isKeyDefinition(definition)) return
  parseCertificate(certificate, votersOf(definition, record), encodeRecord(record))
}

/** A statement with the record that it is about; null if its author sits in no seat known here. */
function checkedAgainst(
  records: readonly KeyRecord[],
  here: (r: KeyRecord) => HeldEpoch | undefined,
  encoded: Uint8Array,
): { readonly record: KeyRecord; readonly encoded: Uint8Array } | null {
  const epoch = statementEpoch(encoded)
  const record = records.find((r) => equalBytes(recordDigest(r), epoch))
  if (!record) throw refuse('one of its statements is about an epoch that is not in it')
  return seatedStatement(encoded, record, here(record)?.rebinds) && { record, encoded }
}

/** Takes a replaced epoch out of use here. @returns its number; null if none was in use */
async function freeze(home: Home, name: string, records: readonly KeyRecord[]): Promise<number | null> {
  await using _ = await lockKey(home, name)
  const state = await readState(home, name)
  const before = records.slice(0, -1).map(recordDigest)
  const active = state?.epochs.find(({ status }) => status === 'active')
  if (!state || !active || !before.some((digest) => equalBytes(digest, active.digest))) return null
  const epochs = state.epochs.map((each) => (each === active ? { ...each, status: 'parent' as const } : each))
  await writeState(home, name, { ...state, epochs })
  return active.number
}

const refuse = (problem: string): Failure =>
  new Failure('verification', 'E_STATEMENT', `this file cannot be accepted: ${problem}`, {
    hint: 'ask a custodian of the newest epoch for `mpc share statements --key KEY -o FILE`; nothing was changed',
  })
