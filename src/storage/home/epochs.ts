/**
 * Keys. An epoch's files are written once, together. `state.cbor` gives each epoch's status. One rename
 * replaces it, and that rename is the activation: a crash never leaves a new record beside an old share.
 * The files' contents are opaque here, and only retiring, unstaging or staging again touches an old file.
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
/** For ten thousand epochs: nobody refreshes more often than that. */
const STATE_LIMIT = 1 << 21

/** The files of an epoch, and how long they may be. */
const LIMITS = {
  'record.cbor': 1 << 20,
  'share.age': 1 << 20,
  'certificate.cbor': 1 << 20,
  'transcript.cbor': 1 << 27,
} as const

export type EpochFile = keyof typeof LIMITS
const EPOCH_FILES = Object.keys(LIMITS) as EpochFile[]

/** What an epoch is staged with: the record at least, and a share wherever a state is to name it as more than retired. */
export type EpochFiles = Readonly<
  Record<'record.cbor', Uint8Array> & Partial<Record<Exclude<EpochFile, 'record.cbor'>, Uint8Array>>
>

const stateShape = mapped(
  record({
    format: format('mpc/key-state/v1'),
    key_id: bytes(32),
    epochs: list(
      record({
        /** Of the public record; names the epoch. */
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
 * @throws Failure `E_KEY_STATE` (conflict) if it cannot be read or names an epoch that cannot: nothing is
 *   repaired by guessing
 */
export async function readState(home: Home, name: string): Promise<KeyState | null> {
  const state = await readStateAlone(home, name)
  if (state !== null) await checkEpochs(home, name, state)
  return state
}

/** The state of a key as it lies there, or null. */
export const readStateFile = (home: Home, name: string): Promise<Uint8Array | null> =>
  readFile(join(folderOf(home, name), STATE), STATE_LIMIT)

/** The same without a look at the epochs that it names. @throws Failure `E_KEY_STATE` (conflict) if it is damaged */
export async function readStateAlone(home: Home, name: string): Promise<KeyState | null> {
  const held = await readStateFile(home, name)
  if (held === null) return null
  try {
    return stateCodec.decode(held)
  } catch (cause) {
    throw broken(name, `its ${STATE} is damaged`, cause)
  }
}

/**
 * Holds off other processes of this home that would change the state of a key: whoever reads it to write it anew holds
 * this meanwhile. @throws Failure `E_BUSY` (conflict)
 */
export const lockKey = (home: Home, name: string): Promise<Lock> =>
  acquireLock(join(folderOf(home, name), 'lock'), home)

/**
 * Makes this the state of a key. If it makes an epoch active, this is the moment.
 * @throws Failure `E_KEY_STATE` (conflict) if it names an epoch that is not staged
 */
export async function writeState(home: Home, name: string, state: KeyState): Promise<void> {
  const encoded = stateCodec.encode(checkState(state))
  await checkEpochs(home, name, state)
  await replaceFile(join(folderOf(home, name), STATE), encoded)
}

/**
 * As `writeState` for a key that has no state yet: false if there is a key of that name, which is left as it is. Of
 * several that try, exactly one gets true.
 */
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
 * Puts an epoch's files in place, so that a state can name it. Of what is public what is there stays, and what is not there
 * is added: certificates of one epoch differ where a member gave two receipts.
 * @param other what becomes of a share that is there with other bytes: one that no state names may be `replaced`
 * @throws Failure `E_EPOCH_EXISTS` (conflict) if another record lies there, or another share that is `refused`
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

/**
 * Takes back what was staged, where another key took the name before there was a state: nothing of one key stays with
 * another, where nobody would look for it. Of the same key everything is left as it is.
 */
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

/** The names of all folders of keys, also of those whose state is gone. */
export const listKeyFolders = async (home: Home): Promise<readonly string[]> =>
  (await listDir(home.keys)).filter((name) => NAME.test(name))

/** The digests of all epochs of a key that there are files of, whether or not its state names them. */
export const listEpochs = async (home: Home, name: string): Promise<readonly Uint8Array[]> =>
  (await listDir(join(folderOf(home, name), 'epochs'))).flatMap((each) => fromHex(each, 32) ?? [])

/** The names of the files of an epoch. */
export const listEpochFiles = (home: Home, name: string, digest: Uint8Array): Promise<readonly string[]> =>
  listDir(epochOf(home, name, digest))

/**
 * Destroys what an epoch holds of a share: the share, what its split was made from, and what a crash left of either. For
 * `share retire` alone, which holds the key's lock, of an epoch that the state calls retired.
 * @returns the paths of the files that are gone
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

/** What of an epoch's files is secret. */
export const SECRET_FILES: readonly string[] = ['share.age', 'escrow.age']

/** Where a file of an epoch lies, for people and scripts that want to copy it. */
export const epochPath = (home: Home, name: string, digest: Uint8Array, file: EpochFile): string =>
  join(epochOf(home, name, digest), file)

function folderOf(home: Home, name: string): string {
  if (!NAME.test(name)) {
    throw new Failure('usage', 'E_KEY_NAME', `a key is named by ${NAME_RULE}`, {
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
