/** When this home first recorded a request: a policy's delay runs from then, whatever date the asker gives. */
import { dirname, join } from 'node:path'
import { codec, record, time } from '../../protocol/core/codec.js'
import { Failure } from '../../wire/base/failure.js'
import { format } from '../../wire/base/realm.js'
import { hex } from '../../wire/base/text.js'
import { createFile, ensureDir, readFile } from '../fs/atomic.js'
import type { Home } from './home.js'

const LIMIT = 128
const seenCodec = codec(record({ format: format('mpc/first-seen/v1'), at: time() }), LIMIT)

const pathOf = (home: Home, request: Uint8Array): string => join(home.claims, hex(request), 'seen')

/**
 * @param request its ID, 32 bytes
 * @returns milliseconds since 1970; null if it was not recorded
 * @throws Failure `E_CLAIM_FILES` (conflict)
 */
export async function firstSeen(home: Home, request: Uint8Array): Promise<number | null> {
  const path = pathOf(home, request)
  const held = await readFile(path, LIMIT)
  try {
    return held && seenCodec.decode(held).at
  } catch (cause) {
    throw new Failure('conflict', 'E_CLAIM_FILES', `${path} is damaged`, {
      hint: 'its content is lost: let this request lapse and make a new one',
      cause,
    })
  }
}

/**
 * Records the request as seen at `at`, unless it was before.
 * @returns when it was first seen
 */
export async function recordSeen(home: Home, request: Uint8Array, at: number): Promise<number> {
  const path = pathOf(home, request)
  await ensureDir(dirname(path))
  await createFile(path, seenCodec.encode({ format: 'mpc/first-seen/v1', at }))
  return (await firstSeen(home, request)) ?? at
}
