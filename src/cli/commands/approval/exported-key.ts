/** A key that this home has no share of, by the files that a custodian has exported. */
import { type Approver, approverByRecord } from '../../../ceremony/approving/approver.js'
import { Failure } from '../../../wire/base/failure.js'
import type { Card } from '../../../wire/identity/card.js'
import { parsePublicRecord } from '../../../wire/paper/json-export.js'
import { PUBLIC_LIMIT } from '../../args/pieces.js'
import { readNamed } from '../../runtime/read-input.js'

export type ExportedFiles = {
  readonly key?: string
  readonly record?: string
  readonly policy?: string
}

/**
 * The key as these files have it; null if none is named.
 * @throws Failure `E_USAGE` if one is missing; as `approverByRecord`
 */
export async function exportedKey(
  { key = 'KEY', record, policy }: ExportedFiles,
  self: () => Promise<Card>,
): Promise<Approver | null> {
  if (record === undefined && policy === undefined) return null
  if (record === undefined || policy === undefined) {
    throw new Failure('usage', 'E_USAGE', '--record and --policy go together', {
      hint: `a custodian writes them: \`mpc key show ${key} --export -o FILE\`, \`mpc policy show ${key} -o FILE\``,
    })
  }
  const exported = {
    ...parsePublicRecord(await readNamed(record, '--record', PUBLIC_LIMIT)),
    policy: await readNamed(policy, '--policy'),
    path: policy,
  }
  return approverByRecord(key, exported, await self())
}
