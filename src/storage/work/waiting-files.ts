/**
 * The requests that wait, as this home has read or made them: a folder for each, `requests/<id>/`. A message is on disk
 * here before the server hears that it was read, and before it is first sent. Every file is written once or replaced
 * whole, so several processes of this home may read and write at the same time.
 */
import { join } from 'node:path'
import { fromHex, hex } from '../../wire/base/text.js'
import { createFile, ensureDir, listDir, readFile, removeDir, removeFile, replaceFile } from '../fs/atomic.js'
import type { Home } from '../home/home.js'

const LIMIT = 1 << 20
const SPOKEN = /^(approval|refusal)\.([0-9a-f]{64})\.cbor$/
const UNSENT = /^unsent\.([a-z]+)\.cbor$/

/** What one identity says about a request. */
export type Spoken = 'approval' | 'refusal'

/** IDs of all requests in the folder. */
export async function listWaiting(home: Home): Promise<readonly Uint8Array[]> {
  return (await listDir(home.requests)).flatMap((name) => fromHex(name, 32) ?? [])
}

export class WaitingFiles {
  readonly folder: string

  /** @param id 32 bytes */
  constructor(home: Home, id: Uint8Array) {
    this.folder = join(home.requests, hex(id))
  }

  /** Names of its files: they change whenever something is said anew. */
  names(): Promise<readonly string[]> {
    return listDir(this.folder)
  }

  async keepRequest(request: Uint8Array): Promise<void> {
    await ensureDir(this.folder)
    await createFile(join(this.folder, 'request.cbor'), request)
  }

  readRequest(): Promise<Uint8Array | null> {
    return readFile(join(this.folder, 'request.cbor'), LIMIT)
  }

  /** Replaces what this identity said before. @param by its fingerprint */
  async keepSpoken(what: Spoken, by: Uint8Array, body: Uint8Array): Promise<void> {
    await replaceFile(join(this.folder, `${what}.${hex(by)}.cbor`), body)
  }

  /** What everybody last said. */
  async readSpoken(what: Spoken): Promise<readonly { readonly by: Uint8Array; readonly body: Uint8Array }[]> {
    const speakers = (await this.names()).flatMap((name) => {
      const [, kind, by = ''] = SPOKEN.exec(name) ?? []
      return kind === what ? [by] : []
    })
    const read = await Promise.all(
      speakers.map(async (by) => ({
        by: fromHex(by, 32) as Uint8Array,
        body: await readFile(join(this.folder, `${what}.${by}.cbor`), LIMIT),
      })),
    )
    return read.flatMap(({ by, body }) => (body === null ? [] : [{ by, body }]))
  }

  /** @param cancel the asker's signed envelope */
  async keepCancel(cancel: Uint8Array): Promise<void> {
    await createFile(join(this.folder, 'cancel.cbor'), cancel)
  }

  async isCancelled(): Promise<boolean> {
    return (await this.names()).includes('cancel.cbor')
  }

  /** Stores the first result; a later one of the same request changes nothing. */
  async keepResult(result: Uint8Array): Promise<void> {
    await createFile(join(this.folder, 'result.cbor'), result)
  }

  readResult(): Promise<Uint8Array | null> {
    return readFile(join(this.folder, 'result.cbor'), LIMIT)
  }

  /** Stores an envelope that is to be sent, until the server has it. @param kind one of each */
  async keepUnsent(kind: string, envelope: Uint8Array): Promise<void> {
    await ensureDir(this.folder)
    await replaceFile(join(this.folder, `unsent.${kind}.cbor`), envelope)
  }

  /** Kinds of the envelopes that are to be sent. */
  async unsent(): Promise<readonly string[]> {
    return (await this.names()).flatMap((name) => UNSENT.exec(name)?.[1] ?? [])
  }

  readUnsent(kind: string): Promise<Uint8Array | null> {
    return readFile(join(this.folder, `unsent.${kind}.cbor`), LIMIT)
  }

  /** The envelope of a cancel, or of something unsent, by the name of its file. */
  readEnvelope(name: string): Promise<Uint8Array | null> {
    return readFile(join(this.folder, name), LIMIT)
  }

  /** Call it once the server has the envelope. */
  async sent(kind: string): Promise<void> {
    await removeFile(join(this.folder, `unsent.${kind}.cbor`))
  }

  remove(): Promise<void> {
    return removeDir(this.folder)
  }
}
