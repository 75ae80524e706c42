/** The keys that a command about waiting requests is for: those of this home, or one that it has no share of. */
import { Failure } from '../../../wire/base/failure.js'
import { type Known, keysOf } from '../../args/waiting.js'
import type { Context } from '../../runtime/context.js'
import { type ExportedFiles, exportedKey } from '../approval/exported-key.js'

/** @throws Failure `E_USAGE` for files without a name; as `keysOf` and `exportedKey` */
export async function knownKeys(context: Context, files: ExportedFiles): Promise<readonly Known[]> {
  if (files.key === undefined && (files.record ?? files.policy) !== undefined) {
    throw new Failure('usage', 'E_USAGE', '--record needs --key', { hint: 'it says how you call the key' })
  }
  const exported = await exportedKey(files, () => context.card())
  if (exported === null) return keysOf(context, files.key)
  const { key, policy } = exported
  return [{ key, policy: () => Promise.resolve(policy) }]
}
