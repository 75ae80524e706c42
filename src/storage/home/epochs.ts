/**
 * The keys of a home. An epoch's files are written once, together. `state.cbor` gives each epoch's status,
 * and the rename that replaces it is the activation: a crash never leaves a new record beside an old share.
 * The contents are opaque here. Only retiring, unstaging and staging again touch an old file.
 */
import { dirname, join } from 'node:path'
import {
  bytes,
  codec,
  CodecError,
  equalBytes,
  list,
  mapped,
  type Of,
  oneOf,
  record,
  uint,
} from '../../protocol/core/codec.js'
import { Failure } from '../../wire/base/failure.js'
import { format } from '../../wire/base/realm.js'
import { fromHex, hex, NAME, NAME_RULE } from '../../wire/base/text.js'
import { MOST_POLICIES } from '../../wire/key/named-policy.js'
import {
  createDir,
  createFile,
  destroyFile,
  ensureDir,
  listDir,
  readFile,
  removeDir,
  replaceFile,
  sweep,
  writeOnce,
} from '../fs/atomic.js'
import type { Home } from './home.js'
import { acquireLock, type Lock } from '../fs/lock.js'
import { readSealed } from '../sealed/rehearsal-mark.js'

const STATE = 'state.cbor'
/** Room for ten thousand epochs. */
const STATE_LIMIT = 1 << 21

/** The files of an epoch, and their largest sizes in bytes. */
const LIMITS = {
  'record.cbor': 1 << 20,
  'share.age': 1 << 20,
  'certificate.cbor': 1 << 20,
  'transcript.cbor': 1 << 27,
} as const

export type EpochFile = keyof typeof LIMITS
const EPOCH_FILES = Object.keys(LIMITS) as EpochFile[]

/** The files to stage: at least the record, and the share unless the state names the epoch as retired. */
export type EpochFiles = Readonly<
  Record<'record.cbor', Uint8Array> & Partial<Record<Exclude<EpochFile, 'record.cbor'>, Uint8Array>>
>

const stateShape = mapped(
  record({
    format: format('mpc/key-state/v1'),
    key_id: bytes(32),
    /** Number of the policy in force here; 0: none. */
    policy: uint(MOST_POLICIES),
    epochs: list(
      record({
        /** Digest of the public record; names the epoch. */
        digest: bytes(32),
        /** For people. */
        number: uint(1_000_000, 1),
        status: oneOf(['active', 'pending', 'parent', 'retired']),
      }),
      1,
      10_000,
    ),
  }),
  checkState,
  (state) => state,
)
const stateCodec = codec(stateShape, STATE_LIMIT, 1 << 17)

export type KeyState = Of<typeof stateShape>

function checkState<S extends { epochs: readonly { digest: Uint8Array; status: string }[] }>(state: S): S {
  if (new Set(state.epochs.map((epoch) => hex(epoch.digest))).size !== state.epochs.length) {
    throw new CodecError('epochs', 'an epoch stands there twice')
  }
  if (state.epochs.filter((epoch) => epoch.status === 'active').length > 1) {
    throw new CodecError('epochs', 'more than one is active')
  }
  return state
}

/** The names of all keys, sorted. */
export async function listKeys(home: Home): Promise<readonly string[]> {
  const names: string[] = []
  for (const name of await listDir(home.keys)) {
    if (NAME.test(name) && (await listDir(join(home.keys, name))).includes(STATE)) names.push(name)
  }
  return names
}

/**
 * The state of a key, or null if there is no key of that name.
 * @throws Failure `E_KEY_STATE` (conflict) if it cannot be read, or names an unreadable epoch: nothing is
 *   repaired by guessing
 */
export async function readState(home: Home, name: string): Promise<KeyState | null> {
  const state = await readStateAlone(home, name)
  if (state !== null) await checkEpochs(home, name, state)
  return state
}

/** The encoded state of a key, or null. */
export const readStateFile = (home: Home, name: string): Promise<Uint8Array | null> =>
  readFile(join(folderOf(home, name), STATE), STATE_LIMIT)

/** As `readState`, without checking the epochs that it names. @throws Failure `E_KEY_STATE` (conflict) */
export async function readStateAlone(home: Home, name: string): Promise<KeyState | null> {
  const held = await readStateFile(home, name)
  if (held === null) return null
  try {
    return stateCodec.decode(held)
  } catch (cause) {
    throw broken(name, `its ${STATE} is damaged`, cause)
  }
}

/** Locks the state of a key, from reading it to replacing it. @throws Failure `E_BUSY` (conflict) */
export const lockKey = (home: Home, name: string): Promise<Lock> =>
  acquireLock(join(folderOf(home, name), 'lock'), home)

/**
 * Replaces the state of a key. An epoch that it makes active is active from this moment.
 * @throws Failure `E_KEY_STATE` (conflict) if it names an epoch that is not staged
 */
export async function writeState(home: Home, name: string, state: KeyState): Promise<void> {
  const encoded = stateCodec.encode(checkState(state))
  await checkEpochs(home, name, state)
  await replaceFile(join(folderOf(home, name), STATE), encoded)
}

/** Creates a key's state; false if the name is taken. Of several that try, exactly one gets true. */
export async function createState(home: Home, name: string, state: KeyState): Promise<boolean> {
  const encoded = stateCodec.encode(checkState(state))
  await checkEpochs(home, name, state)
  return createFile(join(folderOf(home, name), STATE), encoded)
}

async function checkEpochs(home: Home, name: string, state: KeyState): Promise<void> {
  for (const { digest, number, status } of state.epochs) {
    // A retired epoch's share may have been destroyed; its record never is.
    const needed: EpochFile[] = status === 'retired' ? ['record.cbor'] : ['record.cbor', 'share.age']
    for (const file of needed) {
      const held = await readEpochFile(home, name, digest, file).catch((cause: unknown) => {
        throw broken(name, `${file} of epoch ${number} (${status}) cannot be read`, cause)
      })
      if (held === null) throw broken(name, `${file} of epoch ${number} (${status}) is missing`)
    }
  }
}

/**
 * Puts an epoch's files in place, so that a state can name it. Public files that are there stay, and missing
 * ones are added: certificates of one epoch differ if a member gave two receipts.
 * @param other what happens to a share there with other bytes: `replaced` is only for an epoch that no state
 *   names
 * @throws Failure `E_EPOCH_EXISTS` (conflict) if another record is there, or another share that is `refused`
 */
export async function stageEpoch(
  home: Home,
  name: string,
  digest: Uint8Array,
  files: EpochFiles,
  other: 'refused' | 'replaced' | 'kept' = 'refused',
): Promise<void> {
  const path = epochOf(home, name, digest)
  await ensureDir(dirname(path))
  if (await createDir(path, files)) return
  for (const file of EPOCH_FILES) {
    const wanted = files[file]
    if (wanted === undefined || (await writeOnce(join(path, file), wanted))) continue
    const isShare = file === 'share.age'
    if (file === 'record.cbor' || (isShare && other === 'refused')) throw otherBytes(name, file)
    if (isShare && other === 'replaced') await replaceFile(join(path, file), wanted)
  }
}

const otherBytes = (name: string, file: EpochFile): Failure =>
  new Failure('conflict', 'E_EPOCH_EXISTS', `${file} of this epoch of ${name} is there with other bytes`, {
    hint: `\`mpc share list --key ${name}\` shows what is there; nothing was changed`,
  })

/** Removes a staged epoch whose name another key has taken meanwhile. Files of the same key stay. */
export async function unstageEpoch(
  home: Home,
  name: string,
  keyId: Uint8Array,
  digest: Uint8Array,
): Promise<void> {
  const state = await readStateAlone(home, name)
  if (state === null || equalBytes(state.key_id, keyId)) return
  for (const file of SECRET_FILES) await destroyFile(join(epochOf(home, name, digest), file))
  await removeDir(epochOf(home, name, digest))
}

/** A file of an epoch, or null if it is not there. */
export async function readEpochFile(
  home: Home,
  name: string,
  digest: Uint8Array,
  file: EpochFile,
): Promise<Uint8Array | null> {
  const read = file === 'share.age' ? readSealed : readFile
  return read(join(epochOf(home, name, digest), file), LIMITS[file])
}

/** The names of all key folders, including those without a state. */
export const listKeyFolders = async (home: Home): Promise<readonly string[]> =>
  (await listDir(home.keys)).filter((name) => NAME.test(name))

/** The digests of all epochs with files here, whether or not the state names them. */
export const listEpochs = async (home: Home, name: string): Promise<readonly Uint8Array[]> =>
  (await listDir(join(folderOf(home, name), 'epochs'))).flatMap((each) => fromHex(each, 32) ?? [])

/** The names of an epoch's files. */
export const listEpochFiles = (home: Home, name: string, digest: Uint8Array): Promise<readonly string[]> =>
  listDir(epochOf(home, name, digest))

/**
 * Destroys the secrets of an epoch: its share, the source of its split, and leftovers of either. Only `share
 * retire` calls it, with the key's lock, for an epoch that the state names as retired.
 * @returns the paths of the destroyed files
 */
export async function destroyShare(home: Home, name: string, digest: Uint8Array): Promise<readonly string[]> {
  const gone: string[] = []
  for (const file of SECRET_FILES) {
    const path = join(epochOf(home, name, digest), file)
    if (await destroyFile(path)) gone.push(path)
  }
  await sweep(epochOf(home, name, digest))
  await sweep(dirname(epochOf(home, name, digest)))
  return gone
}

/** The secret files of an epoch. */
export const SECRET_FILES: readonly string[] = ['share.age', 'escrow.age']

/** The path of an epoch's file, for people and scripts that copy it. */
export const epochPath = (home: Home, name: string, digest: Uint8Array, file: EpochFile): string =>
  join(epochOf(home, name, digest), file)

/** The folder of an epoch's presignatures. */
export const presignaturesOf = (home: Home, name: string, digest: Uint8Array): string =>
  join(epochOf(home, name, digest), 'presignatures')

function folderOf(home: Home, name: string): string {
  if (!NAME.test(name)) {
    throw new Failure('usage', 'E_KEY_NAME', `a key name has ${NAME_RULE}`, {
      hint: '`mpc key list` shows the names of the keys here',
    })
  }
  return join(home.keys, name)
}

const epochOf = (home: Home, name: string, digest: Uint8Array): string =>
  join(folderOf(home, name), 'epochs', hex(digest))

const broken = (name: string, what: string, cause?: unknown): Failure =>
  new Failure('conflict', 'E_KEY_STATE', `the key ${name} is not whole: ${what}`, {
    hint: `\`mpc share list --key ${name}\` shows what is there; put back what is missing from a copy`,
    cause,
  })
