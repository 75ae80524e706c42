import { backupStatus, type HolderStatus, keepNote } from '../../../ceremony/keys/split-status.js'
import { findKey } from '../../../ceremony/epochs/find-key.js'
import { indexIn } from '../../../ceremony/keys/key.js'
import { manifestDigest, manifestWords } from '../../../wire/escrow/manifest.js'
import { Failure } from '../../../wire/base/failure.js'
import { hex, rfc3339 } from '../../../wire/base/text.js'
import type { Context } from '../../runtime/context.js'
import { readNamed } from '../../runtime/read-input.js'
import type { Line } from '../../terminal/layout.js'
import { humanTime } from '../../views/time.js'
import type { Result } from '../../runtime/result.js'
import { fields } from '../../terminal/style.js'

export type Options = { readonly key: string }

/** `mpc backup status`: imports holders' notes, and shows who holds what. */
export async function run(
  context: Context,
  { key: name }: Options,
  files: readonly string[],
): Promise<Result> {
  const home = await context.home()
  const card = await context.card()
  const key = await findKey(home, name)
  indexIn(key, card)
  for (const file of files) await keepNote(home, key, card, await readNamed(file, 'NOTE'))
  const { manifest, holders, stale } = await backupStatus(home, key)
  const strange = holders.filter(({ agrees }) => agrees === false).map((each) => each.name)
  const state =
    manifest === null ? (stale === null ? 'none' : 'stale') : strange.length > 0 ? 'differs' : 'split'
  const split = `mpc backup split --key ${name} --threshold K --holders LIST -o DIR`
  const failure =
    state === 'stale'
      ? new Failure(
          'verification',
          'E_BACKUP_STALE',
          `the pieces of ${name} are for epoch ${stale}, but epoch ${key.record.epoch} is in use: they are useless`,
          { hint: `ask the holders to destroy them, and split again: \`${split}\`` },
        )
      : state === 'differs'
        ? new Failure(
            'verification',
            'E_MANIFESTS_DIFFER',
            `these holders have pieces under another manifest: ${strange.join(', ')}`,
            {
              hint: 'pieces of different manifests do not combine: compare the 16 words with each holder, and seal its piece again',
            },
          )
        : null
  return {
    data: {
      key: name,
      epoch: key.record.epoch,
      state,
      stale_epoch: stale,
      threshold: manifest && manifest.threshold,
      manifest_digest: manifest && hex(manifestDigest(manifest)),
      created: manifest && rfc3339(manifest.created),
      holders: holders.map(({ name: holder, said, time, signed, agrees }) => ({
        name: holder,
        said,
        time: time === null ? null : rfc3339(time),
        signed,
        agrees,
      })),
    },
    text: manifest
      ? [
          ...fields([
            ['key', `${name}, epoch ${key.record.epoch}`],
            [
              'pieces',
              `${manifest.threshold} of ${manifest.holders.length} restore your share; split ${humanTime(manifest.created, context.now())}`,
            ],
            ...holders.map((each) => [each.name, saidBy(each, context.now())] as const),
          ]),
          '  The words of the manifest:',
          { words: manifestWords(manifest) } satisfies Line,
        ]
      : [`Your share of ${name} was not split in epoch ${key.record.epoch}.`],
    ...(manifest === null && { next: split }),
    ...(failure !== null && { failure }),
  }
}

function saidBy({ said, time, signed, agrees }: HolderStatus, now: number): string {
  if (said === null || time === null) return 'no note yet'
  const what = said === 'verified' ? 'verified its piece' : 'destroyed its piece'
  const how = `${what} ${humanTime(time, now)}${signed ? '' : ' (not signed)'}`
  return agrees ? how : `${how}, under ANOTHER MANIFEST`
}
