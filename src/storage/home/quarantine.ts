/**
 * Faults of other members that this machine saw: a folder for each member, a file for each fault, so that two
 * processes do not overwrite each other. Nobody else sees them. `ceremony/session/quarantine.ts` decides what
 * follows.
 */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import {
  bytes,
  codec,
  CodecError,
  equalBytes,
  nullable,
  type Of,
  oneOf,
  record,
  text,
  time,
} from '../../protocol/core/codec.js'
import { Failure } from '../../wire/base/failure.js'
import { sha256 } from '../../wire/base/hash.js'
import { format } from '../../wire/base/realm.js'
import { fromHex, hex } from '../../wire/base/text.js'
import { createFile, ensureDir, listDir, readFile, replaceFile } from '../fs/atomic.js'
import type { Home } from './home.js'

const LIMIT = 1 << 16
/** Faults read per member, newest first. */
const MOST_FAULTS = 64

const faultShape = record({
  /** Milliseconds since 1970. */
  at: time(),
  /** Definition ID of the ceremony. */
  ceremony: bytes(32),
  kind: oneOf(['keygen', 'handshake', 'sign', 'reshare', 'refresh', 'policy', 'presign']),
  /** Digest of the record whose shares signed. */
  epoch: nullable(bytes(32)),
  round: text(64),
  reason: text(200),
})

const faultCodec = codec(
  record({
    format: format('mpc/quarantine/v1'),
    fingerprint: bytes(32),
    name: text(32),
    fault: faultShape,
  }),
  LIMIT,
)
/** The time of the fault, and random digits. */
const FAULT_FILE = /^[0-9]{16}-[0-9a-f]{16}\.cbor$/

export type Fault = Of<typeof faultShape>
export type Quarantine = {
  readonly fingerprint: Uint8Array
  readonly name: string
  /** The newest ones, oldest first. */
  readonly faults: readonly Fault[]
  /** When this home's person last allowed the member with exactly these faults; null if never. */
  readonly allowed: number | null
  /** A digest of all faults. */
  readonly told: string
}

/** The faults of a member; null if it has none. @throws Failure `E_QUARANTINE_FILE` (configuration) */
export async function readQuarantine(home: Home, fingerprint: Uint8Array): Promise<Quarantine | null> {
  const folder = folderOf(home, fingerprint)
  const names = (await listDir(folder)).filter((name) => FAULT_FILE.test(name))
  if (names.length === 0) return null
  const told = hex(sha256(Buffer.from(names.join('\n'))))
  const held = await Promise.all(
    names.slice(-MOST_FAULTS).map((name) => readFault(join(folder, name), fingerprint)),
  )
  const { name } = held.at(-1) as (typeof held)[number]
  return {
    fingerprint: Uint8Array.from(fingerprint),
    name,
    faults: held.map(({ fault }) => fault),
    allowed: await readAllowed(join(folder, allowedWith(told))),
    told,
  }
}

async function readFault(path: string, fingerprint: Uint8Array) {
  const encoded = await readFile(path, LIMIT)
  try {
    const held = faultCodec.decode(encoded ?? new Uint8Array())
    if (!equalBytes(held.fingerprint, fingerprint)) throw new CodecError('fingerprint', 'another member')
    return held
  } catch (cause) {
    throw unreadable(path, cause)
  }
}

async function readAllowed(path: string): Promise<number | null> {
  const said = await readFile(path, LIMIT)
  if (said === null) return null
  const at = Buffer.from(said).toString('latin1')
  if (/^[0-9]{1,15}\n$/.test(at)) return Number(at)
  throw unreadable(path)
}

const unreadable = (path: string, cause?: unknown): Failure =>
  new Failure('configuration', 'E_QUARANTINE_FILE', `${path} cannot be read`, {
    hint: 'it recorded what this member did, or that you allow it; remove it only if the member can explain what happened',
    cause,
  })

/** The members with faults, and the folder of each. */
export async function listQuarantined(
  home: Home,
): Promise<readonly { readonly fingerprint: Uint8Array; readonly folder: string }[]> {
  return (await listDir(home.quarantine)).flatMap((name) => {
    const fingerprint = fromHex(name, 32)
    return fingerprint ? [{ fingerprint, folder: folderOf(home, fingerprint) }] : []
  })
}

/** Adds a fault. An earlier permission no longer holds. */
export async function addFault(
  home: Home,
  { fingerprint, name }: Pick<Quarantine, 'fingerprint' | 'name'>,
  fault: Fault,
): Promise<void> {
  const folder = folderOf(home, fingerprint)
  await ensureDir(folder)
  const file = `${String(fault.at).padStart(16, '0')}-${hex(randomBytes(8))}.cbor`
  await createFile(
    join(folder, file),
    faultCodec.encode({ format: 'mpc/quarantine/v1', fingerprint, name, fault }),
  )
}

/**
 * Records that the person allows this member with these faults.
 * @returns false if there are more by now; then the person must be asked again
 */
export async function allowMember(
  home: Home,
  { fingerprint, told }: Quarantine,
  at: number,
): Promise<boolean> {
  await replaceFile(join(folderOf(home, fingerprint), allowedWith(told)), Buffer.from(`${at}\n`))
  return (await readQuarantine(home, fingerprint))?.told === told
}

const allowedWith = (told: string): string => `allowed-${told}`

const folderOf = (home: Home, fingerprint: Uint8Array): string => join(home.quarantine, hex(fingerprint))
