/**
 * What this machine itself saw a member do wrong, one file a member. It is this custodian's own memory, shown to
 * nobody; what follows from it is for `ceremony/quarantine.ts` to say.
 */
import { join } from 'node:path'
import {
  bytes,
  codec,
  equalBytes,
  list,
  nullable,
  type Of,
  oneOf,
  record,
  text,
  time,
} from '../protocol/codec.js'
import { Failure } from '../wire/failure.js'
import { format } from '../wire/realm.js'
import { hex } from '../wire/text.js'
import { ensureDir, readFile, replaceFile } from './files.js'
import type { Home } from './home.js'

const LIMIT = 1 << 16
/** The newest are kept. */
const MOST_FAULTS = 64

const faultShape = record({
  /** Milliseconds since 1970. */
  at: time(),
  /** Definition id of the ceremony. */
  ceremony: bytes(32),
  kind: oneOf(['keygen', 'handshake', 'sign', 'reshare', 'refresh']),
  /** Record digest of the shares that were signed with. */
  epoch: nullable(bytes(32)),
  round: text(64),
  reason: text(200),
})

const quarantineCodec = codec(
  record({
    format: format('mpc/quarantine/v1'),
    fingerprint: bytes(32),
    name: text(32),
    faults: list(faultShape, 1, MOST_FAULTS),
    /** When this custodian's person last allowed the member all the same. */
    allowed: nullable(time()),
  }),
  LIMIT,
)

export type Fault = Of<typeof faultShape>
export type Quarantine = {
  readonly fingerprint: Uint8Array
  readonly name: string
  readonly faults: readonly Fault[]
  readonly allowed: number | null
}

/** What is held against a member, or null. @throws Failure `E_QUARANTINE_FILE` (configuration) */
export async function readQuarantine(home: Home, fingerprint: Uint8Array): Promise<Quarantine | null> {
  const path = pathOf(home, fingerprint)
  const encoded = await readFile(path, LIMIT)
  if (encoded === null) return null
  try {
    const held = quarantineCodec.decode(encoded)
    if (hex(held.fingerprint) !== hex(fingerprint)) throw new Error('another member')
    return held
  } catch (cause) {
    throw new Failure('configuration', 'E_QUARANTINE_FILE', `${path} cannot be read`, {
      hint: 'nothing is known of what this member did; remove the file only if its person can explain it',
      cause,
    })
  }
}

/** Remembers one fault more; what was allowed before is to be allowed again. */
export async function addFault(
  home: Home,
  member: Pick<Quarantine, 'fingerprint' | 'name'>,
  fault: Fault,
): Promise<void> {
  const held = await readQuarantine(home, member.fingerprint)
  const faults = [...(held?.faults ?? []), fault].slice(-MOST_FAULTS)
  await write(home, { fingerprint: member.fingerprint, name: member.name, faults, allowed: null })
}

/**
 * Remembers that the person allows this member, with what is held against it.
 * @returns false if that is something else by now, of which the person was not told: then nothing is changed
 */
export async function allowMember(home: Home, held: Quarantine, at: number): Promise<boolean> {
  const now = await readQuarantine(home, held.fingerprint)
  const isTold =
    now !== null && equalBytes(encode({ ...now, allowed: null }), encode({ ...held, allowed: null }))
  if (isTold) await write(home, { ...held, allowed: at })
  return isTold
}

async function write(home: Home, held: Quarantine): Promise<void> {
  await ensureDir(home.quarantine)
  await replaceFile(pathOf(home, held.fingerprint), encode(held))
}

const encode = ({ fingerprint, name, faults, allowed }: Quarantine): Uint8Array =>
  quarantineCodec.encode({ format: 'mpc/quarantine/v1', fingerprint, name, faults, allowed })

const pathOf = (home: Home, fingerprint: Uint8Array): string =>
  join(home.quarantine, `${hex(fingerprint)}.cbor`)
