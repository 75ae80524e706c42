/** The ceremony that a command names: by its file, or by its 64-digit ID if this home stores it. */
import { join, resolve } from 'node:path'
import { type CeremonyFile, readCeremony } from '../../ceremony/definition/build.js'
import { storedCeremony } from '../../ceremony/definition/ceremony-store.js'
import { fromHex } from '../../wire/base/text.js'
import type { Context } from '../runtime/context.js'
import { readNamed } from '../runtime/read-input.js'

export type NamedCeremony = {
  readonly file: CeremonyFile
  /** Absolute. */
  readonly path: string
}

export async function ceremonyNamed(context: Context, operand: string): Promise<NamedCeremony> {
  const id = fromHex(operand, 32)
  const { home } = id ? await context.existingHome() : { home: null }
  const kept = id && home && (await storedCeremony(home, id))
  if (kept) return { file: kept, path: join(home.ceremonies, operand, 'definition.mpc') }
  return { file: readCeremony(await readNamed(operand, 'FILE')), path: resolve(operand) }
}
