/** The policy that a ceremony file brings. Every custodian's program reads it before its person is asked. */
import type { Policy } from '../../policy/language.js'
import { parsePolicy } from '../../policy/parse.js'
import { Failure } from '../../wire/base/failure.js'
import type { Definition } from '../../wire/ceremony/definition.js'

/**
 * The bytes of a policy that somebody wrote, if it is one.
 * @throws Failure `E_POLICY` (usage) with line and column of every mistake
 */
export async function writtenPolicy(file: Uint8Array, path: string): Promise<Uint8Array> {
  await parsePolicy(file, path)
  return file
}

/** The bytes of the policy that a definition brings or carries; null if none. */
export function policyBytes(definition: Definition): Uint8Array | null {
  switch (definition.kind) {
    case 'keygen':
    case 'policy':
      return definition.policy
    case 'reshare':
    case 'refresh':
      return definition.policy && definition.policy.bytes
    case 'handshake':
    case 'sign':
    case 'presign':
      return null
    default:
      return definition satisfies never
  }
}

/**
 * @returns null if it brings none
 * @throws Failure `E_DEFINITION` (authentication) with every mistake, if it is none that this program understands
 */
export async function agreedPolicy(definition: Definition): Promise<Policy | null> {
  const bytes = policyBytes(definition)
  if (bytes === null) return null
  return parsePolicy(bytes, 'policy').catch((cause: unknown) => {
    if (!(cause instanceof Failure)) throw cause
    throw new Failure(
      'authentication',
      'E_DEFINITION',
      `the policy in this ceremony file is none: ${cause.message}`,
      {
        hint: 'ask its author for another one: `mpc ceremony new` of this version refuses such a policy',
        cause,
      },
    )
  })
}
