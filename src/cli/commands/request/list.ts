import { viewIn } from '../../../payload/registry/target.js'
import { readServer, waitingHere } from '../../args/waiting.js'
import type { Context } from '../../runtime/context.js'
import type { Result } from '../../runtime/result.js'
import { waitingData, waitingLines } from '../../views/waiting.js'
import type { ExportedFiles } from '../approval/exported-key.js'
import { knownKeys } from './known-keys.js'

export type Options = ExportedFiles & { readonly all?: true }

/** `mpc request list`: the requests that wait; with --all also those that ended. */
export async function run(context: Context, options: Options): Promise<Result> {
  const keys = await knownKeys(context, options)
  const isRead = await readServer(context, keys)
  const all = await waitingHere(context, keys)
  const shown = options.all ? all : all.filter(({ state }) => state === 'waiting')
  const viewed = await Promise.all(
    shown.map(async (waiting) => ({ waiting, view: await viewIn(waiting.key.record, waiting.kept.request) })),
  )
  return {
    data: { requests: viewed.map(({ waiting, view }) => waitingData(waiting, view)), read: isRead },
    text:
      viewed.length === 0
        ? ['No request waits here.']
        : viewed.flatMap(({ waiting, view }) => waitingLines(waiting, view, context.now())),
    ...(isRead ? {} : { next: 'mpc request list --passphrase-file FILE   (reads the server first)' }),
  }
}
