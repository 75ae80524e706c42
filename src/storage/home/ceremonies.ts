/**
 * The files of a ceremony while it runs and after it ends. They survive a crash, and many can be written only
 * once. The contents are opaque here; the ceremony decides the order of the writes.
 */
import { join } from 'node:path'
import { equalBytes } from '../../protocol/core/codec.js'
import { Failure } from '../../wire/base/failure.js'
import { fromHex, hex } from '../../wire/base/text.js'
import {
  createDir,
  createFile,
  ensureDir,
  listDir,
  readFile,
  renameDir,
  replaceFile,
  writeOnce,
} from '../fs/atomic.js'
import type { Home } from './home.js'
import { acquireLock, holderOf, type Lock } from '../fs/lock.js'
import { readSealed } from '../sealed/rehearsal-mark.js'

const LIMIT = 1 << 20
const EVIDENCE_NAME = /^[a-z0-9][a-z0-9.-]{0,95}$/

const TRANSCRIPT_NAME = /^transcript-[0-9a-f]{16}\.cbor$/

/** The files of a pending epoch, and their largest sizes in bytes. */
const PENDING = {
  'record.cbor': LIMIT,
  'share.age': LIMIT,
  'transcript.cbor': 1 << 27,
  'prepared.cbor': LIMIT,
} as const

export type PendingFile = keyof typeof PENDING
/** A leaving member has no share; a policy change makes no record. */
export type PendingFiles = Readonly<
  Record<'transcript.cbor' | 'prepared.cbor', Uint8Array> &
    Partial<Record<'record.cbor' | 'share.age', Uint8Array>>
>

/** The IDs of all ceremonies with files in this home, sorted. */
export async function listCeremonies(home: Home): Promise<readonly Uint8Array[]> {
  return (await listDir(home.ceremonies)).flatMap((name) => fromHex(name, 32) ?? [])
}

/** The files of one ceremony, by its definition ID. */
export class CeremonyFiles {
  readonly folder: string
  /** The folder of the pending result, and that of the results that were set aside. */
  readonly pending: string
  readonly attempts: string
  readonly #home: Home

  /** @param id 32 bytes */
  constructor(home: Home, id: Uint8Array) {
    this.#home = home
    this.folder = join(home.ceremonies, hex(id))
    this.pending = join(this.folder, 'pending')
    this.attempts = join(this.folder, 'attempts')
  }

  /** @throws Failure `E_BUSY` (conflict) if another process here is running this ceremony */
  async lock(): Promise<Lock> {
    await ensureDir(this.folder)
    return acquireLock(join(this.folder, 'lock'), this.#home)
  }

  /** The process of this home that is in this ceremony; null if there is none. */
  runningIn(): Promise<number | null> {
    return holderOf(join(this.folder, 'lock'))
  }

  /** Replaces the definition, with the signatures known so far. */
  async writeDefinition(definition: Uint8Array): Promise<void> {
    await ensureDir(this.folder)
    await replaceFile(join(this.folder, 'definition.mpc'), definition)
  }

  readDefinition(): Promise<Uint8Array | null> {
    return readFile(join(this.folder, 'definition.mpc'), LIMIT)
  }

  /**
   * The highest start number that a hello of this home may have carried; 0 before the first.
   * @throws Failure `E_CEREMONY_FILES` (conflict) if it cannot be read: a lower one would look like a second
   *   home
   */
  async readStart(): Promise<number> {
    const path = join(this.folder, 'start')
    const held = await readFile(path, 100)
    if (held === null) return 0
    const text = Buffer.from(held).toString('utf8')
    const start = Number(text)
    if (!/^[1-9][0-9]{0,15}\n$/.test(text) || !Number.isSafeInteger(start)) {
      throw conflict(
        'E_CEREMONY_FILES',
        `${path} is damaged`,
        'write into it the number that the others last saw',
      )
    }
    return start
  }

  /**
   * Stores a start number before it is published: a number used twice would look like a second home.
   * @throws Failure `E_START` (conflict) unless it is higher than the one remembered
   */
  async raiseStart(start: number): Promise<void> {
    if (!Number.isSafeInteger(start)) throw new RangeError('a start number is a safe integer')
    const held = await this.readStart()
    if (start <= held) {
      throw conflict(
        'E_START',
        `start ${start} is not above ${held}`,
        'another process of this home may be running',
      )
    }
    await ensureDir(this.folder)
    await replaceFile(join(this.folder, 'start'), Buffer.from(`${start}\n`))
  }

  /**
   * Stores the result that this member is about to declare prepared, all files or none.
   * @throws Failure `E_PENDING_EXISTS` (conflict) if another pending result is there
   */
  async writePending(files: PendingFiles): Promise<void> {
    await ensureDir(this.folder)
    if (await createDir(this.pending, files)) return
    for (const name of Object.keys(PENDING) as PendingFile[]) {
      const held = await this.readPending(name)
      const wanted = files[name] ?? null
      if (held === wanted || (held !== null && wanted !== null && equalBytes(held, wanted))) continue
      throw conflict(
        'E_PENDING_EXISTS',
        'another result of this ceremony is pending',
        `it lies in ${this.pending}`,
      )
    }
  }

  /** A file of the pending result, or null if nothing is pending. */
  readPending(name: PendingFile): Promise<Uint8Array | null> {
    const read = name === 'share.age' ? readSealed : readFile
    return read(join(this.pending, name), PENDING[name])
  }

  /**
   * Moves the pending result of an abandoned run to `attempts/<sid>/`, so that another run can store its own.
   * @param sid the run that made it
   * @throws Failure `E_VOTED` (conflict) if this member has voted: from then on it stays
   */
  async setPendingAside(sid: Uint8Array): Promise<void> {
    if ((await this.readReceipt()) !== null) {
      throw conflict('E_VOTED', 'this member has voted for the pending result', 'run `mpc ceremony finish`')
    }
    if ((await this.readPending('prepared.cbor')) === null) return
    await ensureDir(this.attempts)
    if (await renameDir(this.pending, join(this.attempts, hex(sid)))) return
    throw conflict(
      'E_PENDING_EXISTS',
      'a result of the same run was set aside before',
      `see ${this.attempts}`,
    )
  }

  /** The runs whose results were set aside. */
  async listAside(): Promise<readonly Uint8Array[]> {
    return (await listDir(this.attempts)).flatMap((name) => fromHex(name, 32) ?? [])
  }

  /**
   * Stores the vote; afterwards it may be published. Idempotent.
   * @throws Failure `E_VOTED` (conflict) if there is another receipt: a definition has at most one
   */
  async writeReceipt(receipt: Uint8Array): Promise<void> {
    await this.#writeOnce('receipt.cbor', receipt, 'E_VOTED', 'this member has voted for another result')
  }

  readReceipt(): Promise<Uint8Array | null> {
    return readFile(join(this.folder, 'receipt.cbor'), LIMIT)
  }

  /**
   * @returns its absolute path
   * @throws Failure `E_CERTIFICATE_EXISTS` (conflict) if there is another
   */
  writeCertificate(certificate: Uint8Array): Promise<string> {
    const problem = 'another certificate of this ceremony is here'
    return this.#writeOnce('certificate.cbor', certificate, 'E_CERTIFICATE_EXISTS', problem)
  }

  readCertificate(): Promise<Uint8Array | null> {
    return readFile(join(this.folder, 'certificate.cbor'), LIMIT)
  }

  /** The absolute paths of the certificate and the newest transcript; null for a missing one. */
  async proofs(): Promise<{ readonly certificate: string | null; readonly transcript: string | null }> {
    const names = await listDir(this.folder)
    const pathOf = (name: string | undefined) => (name === undefined ? null : join(this.folder, name))
    return {
      certificate: pathOf(names.find((name) => name === 'certificate.cbor')),
      transcript: pathOf(names.findLast((name) => TRANSCRIPT_NAME.test(name))),
    }
  }

  /**
   * Stores the transcript of a run that makes no key.
   * @returns its absolute path
   * @throws Failure `E_TRANSCRIPT_EXISTS` (conflict) if there is another of this run
   */
  writeTranscript(sid: Uint8Array, transcript: Uint8Array): Promise<string> {
    const name = `transcript-${hex(sid).slice(0, 16)}.cbor`
    const problem = 'another transcript of this run is here'
    return this.#writeOnce(name, transcript, 'E_TRANSCRIPT_EXISTS', problem)
  }

  /** The names of the transcripts of runs that make no key. */
  async listTranscripts(): Promise<readonly string[]> {
    return (await listDir(this.folder)).filter((name) => TRANSCRIPT_NAME.test(name))
  }

  /** The path of one of its files, for people. */
  pathOf(name: string): string {
    return join(this.folder, name)
  }

  readTranscript(name: string): Promise<Uint8Array | null> {
    if (!TRANSCRIPT_NAME.test(name)) throw new RangeError('not the name of a transcript')
    return readFile(join(this.folder, name), PENDING['transcript.cbor'])
  }

  /**
   * Stores evidence of a fault.
   * @param name file name, `[a-z0-9][a-z0-9.-]{0,95}`
   * @returns its absolute path
   * @throws Failure `E_EVIDENCE_EXISTS` (conflict) if other bytes have that name
   */
  async writeEvidence(name: string, evidence: Uint8Array): Promise<string> {
    if (!EVIDENCE_NAME.test(name)) throw new RangeError('not a name for evidence')
    await ensureDir(join(this.folder, 'evidence'))
    return this.#writeOnce(
      join('evidence', name),
      evidence,
      'E_EVIDENCE_EXISTS',
      `other evidence is named ${name}`,
    )
  }

  listEvidence(): Promise<readonly string[]> {
    return listDir(join(this.folder, 'evidence'))
  }

  /** Records that this member takes no further part. @param now milliseconds since 1970 */
  async writeEnded(now: number): Promise<void> {
    await ensureDir(this.folder)
    await createFile(join(this.folder, 'ended'), Buffer.from(`${now}\n`))
  }

  async isEnded(): Promise<boolean> {
    return (await readFile(join(this.folder, 'ended'), 100)) !== null
  }

  async #writeOnce(name: string, bytes: Uint8Array, code: `E_${string}`, problem: string): Promise<string> {
    const path = join(this.folder, name)
    await ensureDir(this.folder)
    if (!(await writeOnce(path, bytes))) throw conflict(code, problem, `it is kept as it is: ${path}`)
    return path
  }
}

const conflict = (code: `E_${string}`, message: string, hint: string): Failure =>
  new Failure('conflict', code, message, { hint })
