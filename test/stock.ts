/** A folder for what test files of one run share: homes that are made once and copied from then on. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

let folder: string

export async function setup(): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), 'mpc-stock-'))
  process.env['MPC_TEST_STOCK'] = folder
}

export const teardown = (): Promise<void> => rm(folder, { recursive: true, force: true })
