/** The members and TLS files of a server, as its flags name them. */
import { readCeremony } from '../../ceremony/definition/build.js'
import { definitionKeys } from '../../wire/ceremony/definition.js'
import { isKeyDefinition } from '../../wire/ceremony/key-definition.js'
import type { Keys } from '../../wire/identity/card.js'
import { Failure } from '../../wire/base/failure.js'
import { hex } from '../../wire/base/text.js'
import { readNamed } from '../runtime/read-input.js'

export type Group = {
  /** Names of keys are local, so this is the key's name with the first digits of the ceremony's ID. */
  readonly name: string
  readonly members: readonly Keys[]
}

/** All members of a ceremony, in any role. */
export async function groupOf(path: string): Promise<Group> {
  const { definition, id } = readCeremony(await readNamed(path, '--definition'))
  const name = isKeyDefinition(definition) ? definition.key : 'handshake'
  return { name: `${name}-${hex(id).slice(0, 8)}`, members: definitionKeys(definition) }
}

export type TlsFiles = { readonly tlsCert?: string; readonly tlsKey?: string }

/** Null if neither is given. @throws Failure `E_TLS_FILES` (usage) if only one is */
export function tlsFiles({ tlsCert, tlsKey }: TlsFiles): { cert: string; key: string } | null {
  if (tlsCert !== undefined && tlsKey !== undefined) return { cert: tlsCert, key: tlsKey }
  if (tlsCert === undefined && tlsKey === undefined) return null
  throw new Failure('usage', 'E_TLS_FILES', '--tls-cert and --tls-key must be given together', {
    hint: 'give both, or neither',
  })
}
