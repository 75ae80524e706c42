/** Statements about shares, read from the files of other custodians. */
import { takeHandover, type Taken } from '../../ceremony/epochs/attestations.js'
import { parseExportedHandover } from '../../wire/paper/json-export.js'
import { Failure } from '../../wire/base/failure.js'
import type { Context } from '../runtime/context.js'
import { readNamed } from '../runtime/read-input.js'
import { takeUpWaiting } from './take-up.js'

/** @throws Failure with the path of the file that is wrong; statements of earlier files stay stored */
export async function takeStatements(
  context: Context,
  name: string,
  files: readonly string[],
  flag: string,
): Promise<Taken> {
  const owner = { home: await context.home(), card: await context.card() }
  let taken: Taken = { added: 0, strange: 0, frozen: null }
  for (const file of files) {
    const bytes = await readNamed(file, flag)
    try {
      const { added, strange, frozen } = await takeHandover(owner, name, parseExportedHandover(bytes))
      taken = {
        added: taken.added + added,
        strange: taken.strange + strange,
        frozen: frozen ?? taken.frozen,
      }
    } catch (error) {
      throw error instanceof Failure ? error.of(file) : error
    }
  }
  // They may certify a result that is in doubt here.
  await takeUpWaiting(context)
  return taken
}

export const takenLines = (name: string, { added, strange, frozen }: Taken): string[] => [
  ...(frozen === null
    ? []
    : [`A newer epoch has replaced epoch ${frozen} of ${name}. This home no longer signs with it.`]),
  `${added} new ${added === 1 ? 'statement' : 'statements'}.`,
  ...(strange === 0 ? [] : [`${strange} not counted: their authors have no seat known here.`]),
]
