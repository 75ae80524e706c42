/** For whom a server is: the members that a ceremony file names, and where it may listen. */
import { readCeremony } from '../../ceremony/definition/build.js'
import { definitionKeys } from '../../wire/ceremony/definition.js'
import { isKeyDefinition } from '../../wire/ceremony/key-definition.js'
import type { Keys } from '../../wire/identity/card.js'
import { Failure } from '../../wire/base/failure.js'
import { hex } from '../../wire/base/text.js'
import { readNamed } from '../runtime/read-input.js'

export type Group = {
  /** The key's name and the beginning of the ceremony's id: names of keys are local. */
  readonly name: string
  readonly members: readonly Keys[]
}

/** The members of a ceremony, whatever their role. */
export async function groupOf(path: string): Promise<Group> {
  const { definition, id } = readCeremony(await readNamed(path, '--definition'))
  const name = isKeyDefinition(definition) ? definition.key : 'handshake'
  return { name: `${name}-${hex(id).slice(0, 8)}`, members: definitionKeys(definition) }
}

export type TlsFiles = { readonly tlsCert?: string; readonly tlsKey?: string }

/** The two files, or null for neither. @throws Failure `E_TLS_FILES` (usage) for one without the other */
export function tlsFiles({ tlsCert, tlsKey }: TlsFiles): { cert: string; key: string } | null {
  if (tlsCert !== undefined && tlsKey !== undefined) return { cert: tlsCert, key: tlsKey }
  if (tlsCert === undefined && tlsKey === undefined) return null
  throw new Failure('usage', 'E_TLS_FILES', '--tls-cert and --tls-key go together', {
    hint: 'a certificate is of no use without its key',
  })
}
