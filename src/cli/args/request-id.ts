/** The ID of a request, or its beginning, as people copy it. */
import { Failure } from '../../wire/base/failure.js'
import { visible } from '../../wire/base/text.js'

/** Hex digits of a whole ID. */
export const WHOLE_ID = 64

/** @throws Failure `E_USAGE` */
export function idIn(which: string | undefined): string {
  if (which !== undefined && /^[0-9a-fA-F]{8,64}$/.test(which)) return which.toLowerCase()
  throw new Failure('usage', 'E_USAGE', `${visible(which ?? '')} is not the ID of a request`, {
    hint: 'its asker sees it, and so does everybody who is asked: 64 hex digits, or the first 8 or more of them',
  })
}

/**
 * The one of these whose ID begins so.
 * @throws Failure `E_NO_REQUEST` (absent); `E_USAGE` if several do
 */
export function oneOf<T>(all: readonly T[], which: string, idOf: (each: T) => string): T {
  const found = all.filter((each) => idOf(each).startsWith(which))
  const [first] = found
  if (first === undefined) {
    throw new Failure('absent', 'E_NO_REQUEST', `no request ${which.slice(0, 16)} waits here`, {
      hint: '`mpc request list` shows those that do; with --passphrase-file it reads the server first',
    })
  }
  if (found.length === 1) return first
  throw new Failure('usage', 'E_USAGE', `${found.length} requests begin with ${which}`, {
    hint: `give more of it: ${found.map(idOf).join(' or ')}`,
  })
}
