/**
 * The state of a backup according to its holders' notes: who last checked its piece and when, and whether all
 * hold pieces of one manifest. Opens no secret.
 */
import { type SigningKeys, signingKeysOf } from '../../wire/identity/roster.js'
import { listNotes, readSplit, readSplitFile, writeNote } from '../../storage/home/escrow.js'
import type { Home } from '../../storage/home/home.js'
import { readState } from '../../storage/home/epochs.js'
import type { Card } from '../../wire/identity/card.js'
import type { Manifest } from '../../wire/escrow/manifest.js'
import { type Note, noteAgrees, parseNote } from '../../wire/escrow/note.js'
import { Failure } from '../../wire/base/failure.js'
import { sha256 } from '../../wire/base/hash.js'
import { hex } from '../../wire/base/text.js'
import { indexIn, type Key } from './key.js'
import { knownCards } from '../contacts/contacts.js'
import { parseCards } from '../contacts/import-cards.js'

export type HolderStatus = {
  readonly name: string
  /** Its last statement; its time in milliseconds since 1970. Null if it has made none. */
  readonly said: Note['said'] | null
  readonly time: number | null
  /** Whether the last note is signed: only a holder with a card can sign. */
  readonly signed: boolean
  /** Whether it names this manifest; null if it has said nothing. */
  readonly agrees: boolean | null
}

export type BackupStatus = {
  /** Null if the share of the epoch in use was not split here. */
  readonly manifest: Manifest | null
  readonly holders: readonly HolderStatus[]
  /** Number of the latest split epoch if the one in use is not split; null if there is none. */
  readonly stale: number | null
}

/** An epoch of a key here, in use or not. */
export type Epoch = Pick<Key, 'name' | 'record' | 'digest'>

/** The manifest of an epoch, or null if its share was not split here. */
export async function manifestOf(
  home: Home,
  { name, digest }: Omit<Epoch, 'record'>,
): Promise<Manifest | null> {
  const file = await readSplitFile(home, name, digest, 'manifest.json')
  return file && (await import('../../wire/paper/json-export.js')).parseExportedManifest(file)
}

/** The cards that were given for the holders, and all cards known here. */
export async function cardsOfSplit(
  home: Home,
  { name, digest }: Omit<Epoch, 'record'>,
): Promise<readonly Card[]> {
  const file = await readSplitFile(home, name, digest, 'holders.txt')
  const kept = file && file.length > 1 ? parseCards(file) : []
  return [...kept, ...(await knownCards(home)).map(({ card }) => card)]
}

/**
 * Keeps a holder's note.
 * @throws Failure `E_NOTE` (verification) if it is damaged, not signed by the holder it names, or about
 *   another backup
 */
export async function keepNote(home: Home, key: Key, self: Card, encoded: Uint8Array): Promise<Note> {
  const note = parseNote(encoded, await signersOfNotes(home, key))
  const ours =
    hex(note.key_id) === hex(key.record.key_id) &&
    hex(note.epoch) === hex(key.digest) &&
    note.custodian === indexIn(key, self)
  if (!ours) {
    throw new Failure('verification', 'E_NOTE', `this note of ${note.holder.name} is of another backup`, {
      hint: 'it is of another key, epoch or custodian: give it to the custodian whose share was split',
    })
  }
  const file = `${String(note.holder.index).padStart(2, '0')}-${note.time}-${hex(sha256(encoded)).slice(0, 16)}.cbor`
  await writeNote(home, key.name, key.digest, file, encoded)
  return note
}

/** @throws Failure `E_NOTE` (verification) for a kept note that is damaged */
export async function backupStatus(home: Home, key: Key): Promise<BackupStatus> {
  return { ...(await splitStatus(home, key)), stale: await staleEpoch(home, key) }
}

/** The same for one epoch alone. @throws Failure as `backupStatus` */
export async function splitStatus(home: Home, key: Epoch): Promise<Omit<BackupStatus, 'stale'>> {
  const manifest = await manifestOf(home, key)
  const signingOf = await signersOfNotes(home, key)
  const kept = await listNotes(home, key.name, key.digest)
  const notes = kept.map((encoded) => parseNote(encoded, signingOf)).sort((a, b) => b.time - a.time)
  const holders = (manifest?.holders ?? []).map(({ name, index }): HolderStatus => {
    const theirs = notes.filter(({ holder }) => holder.index === index)
    const [last] = theirs
    return {
      name,
      said: last?.said ?? null,
      time: last?.time ?? null,
      signed: last ? last.by !== null : false,
      agrees: last && manifest ? noteAgrees(last, manifest) : null,
    }
  })
  return { manifest, holders }
}

/** Whether the epoch in use was split here, or only an earlier one, whose pieces restore nothing. */
export async function backupStateOf(home: Home, key: Key): Promise<'none' | 'split' | 'stale'> {
  if ((await readSplit(home, key.name, key.digest)) !== null) return 'split'
  return (await staleEpoch(home, key)) === null ? 'none' : 'stale'
}

async function staleEpoch(home: Home, { name, digest }: Key): Promise<number | null> {
  if ((await readSplit(home, name, digest)) !== null) return null
  const epochs = (await readState(home, name))?.epochs ?? []
  const older = await Promise.all(
    epochs.map(async (epoch) => ((await readSplit(home, name, epoch.digest)) === null ? [] : [epoch.number])),
  )
  const numbers = older.flat()
  return numbers.length === 0 ? null : Math.max(...numbers)
}

const signersOfNotes = async (home: Home, key: Epoch): Promise<SigningKeys> =>
  signingKeysOf([...(await cardsOfSplit(home, key)), ...key.record.members.map(({ card }) => card)])
