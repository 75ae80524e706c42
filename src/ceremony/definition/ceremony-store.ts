/** The ceremonies that this home took part in. It keeps definitions, so an ID is enough to continue. */
import { CeremonyFiles } from '../../storage/home/ceremonies.js'
import type { Home } from '../../storage/home/home.js'
import { type DefinitionFile, type Signature, writeDefinition } from '../../wire/ceremony/definition.js'
import { Failure } from '../../wire/base/failure.js'
import { hex } from '../../wire/base/text.js'
import { type CeremonyFile, readCeremony, unite } from './build.js'

/** @throws Failure `E_CEREMONY_FILES` (conflict) if the stored definition is another ceremony's */
export async function storedCeremony(home: Home, id: Uint8Array): Promise<CeremonyFile | null> {
  const files = new CeremonyFiles(home, id)
  const kept = await files.readDefinition()
  if (kept === null) return null
  const file = readCeremony(kept)
  if (hex(file.id) === hex(id)) return file
  throw new Failure(
    'conflict',
    'E_CEREMONY_FILES',
    `the definition in ${files.folder} is another ceremony's`,
    {
      hint: 'put back the ceremonies folder from a copy of this home; nothing was changed',
    },
  )
}

/** Keeps a ceremony's definition; one kept already stays. */
export async function keepCeremony(home: Home, file: DefinitionFile): Promise<void> {
  const files = new CeremonyFiles(home, file.id)
  if ((await files.readDefinition()) === null) await files.writeDefinition(writeDefinition(file))
}

/** Keeps these members' signatures with it, so that they need not be given again. */
export async function keepSignatures(home: Home, id: Uint8Array, more: readonly Signature[]): Promise<void> {
  const kept = await storedCeremony(home, id)
  if (!kept) return
  const signatures = unite([...kept.signatures, ...more])
  if (signatures.length === kept.signatures.length) return
  await new CeremonyFiles(home, id).writeDefinition(writeDefinition({ ...kept, signatures }))
}
