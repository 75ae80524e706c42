/**
 * The sealed shares that runs of a ceremony left: in its pending result, and in results that were set aside.
 * They are destroyed with the epoch that they were dealt from, or that they made.
 */
import { join } from 'node:path'
import { hex } from '../../wire/base/text.js'
import { destroyFile, listDir, sweep } from '../fs/atomic.js'
import type { CeremonyFiles } from './ceremonies.js'

const SHARE = 'share.age'

/** The paths of the shares. @param pending whether the pending result counts too */
export async function listRunShares(files: CeremonyFiles, pending: boolean): Promise<readonly string[]> {
  const sharesIn = async (folder: string): Promise<string[]> =>
    (await listDir(folder)).includes(SHARE) ? [join(folder, SHARE)] : []
  // In this order: a result that is set aside meanwhile is found in one of the two places.
  const here = pending ? await sharesIn(files.pending) : []
  const aside = (await files.listAside()).map((sid) => sharesIn(join(files.attempts, hex(sid))))
  return [...here, ...(await Promise.all(aside)).flat()]
}

/**
 * Destroys the shares. Removes temporary files too, unless a process is in the ceremony.
 * @param pending as in `listRunShares`
 * @returns the paths of the destroyed files
 */
export async function destroyRunShares(files: CeremonyFiles, pending: boolean): Promise<readonly string[]> {
  const gone: string[] = []
  // Another process may set a result aside meanwhile; the next pass finds it.
  for (;;) {
    const left = await listRunShares(files, pending)
    if (left.length === 0) break
    for (const path of left) if (await destroyFile(path)) gone.push(path)
  }
  if ((await files.runningIn()) === null) await sweep(files.folder)
  return gone
}
