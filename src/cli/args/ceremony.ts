/** The ceremony that a command names: by its file, or by the first digits of its ID if this home stores it. */
import { join, resolve } from 'node:path'
import { type CeremonyFile, readCeremony } from '../../ceremony/definition/build.js'
import { storedCeremony } from '../../ceremony/definition/ceremony-store.js'
import { listCeremonies } from '../../storage/home/ceremonies.js'
import { hex } from '../../wire/base/text.js'
import type { Context } from '../runtime/context.js'
import { lies, readNamed } from '../runtime/read-input.js'
import { idOf, isShortId } from './short-id.js'

export type NamedCeremony = {
  readonly file: CeremonyFile
  /** Absolute. */
  readonly path: string
}

/** A file that lies there goes before a ceremony whose ID begins with its name. @throws Failure `E_ID_AMBIGUOUS` (usage) */
export async function ceremonyNamed(context: Context, operand: string): Promise<NamedCeremony> {
  const { home } = isShortId(operand) ? await context.existingHome() : { home: null }
  const isFile = operand.length < 64 && (await lies(operand)) !== null
  const id = home && !isFile ? idOf(await listCeremonies(home), operand, 'ceremonies') : null
  const kept = id && home && (await storedCeremony(home, id))
  if (kept) return { file: kept, path: join(home.ceremonies, hex(id), 'definition.mpc') }
  return { file: readCeremony(await readNamed(operand, 'FILE')), path: resolve(operand) }
}
