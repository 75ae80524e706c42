/** Short IDs: the first digits of the ID of a ceremony or a request. Never for consent, which names all 64 digits. */
import { Failure } from '../../wire/base/failure.js'
import { hex, visible } from '../../wire/base/text.js'

/** Hex digits of a whole ID. */
export const WHOLE_ID = 64

const SHORT = /^[0-9a-f]{6,64}$/i

/** Whether a text can be an ID, or its first digits: 6 at least. */
export const isShortId = (text: string): boolean => SHORT.test(text)

/**
 * The one of these IDs that begins with the digits; null if none does.
 * @throws Failure `E_ID_AMBIGUOUS` (usage) if several do
 */
export const idOf = (ids: readonly Uint8Array[], digits: string, what: string): Uint8Array | null =>
  unique(ids, digits, hex, what)

/** The ID of a request, or its first digits, in lower case. @throws Failure `E_USAGE` */
export function requestIdIn(which: string | undefined): string {
  if (which !== undefined && isShortId(which)) return which.toLowerCase()
  throw new Failure('usage', 'E_USAGE', `${visible(which ?? '')} is not the ID of a request`, {
    hint: 'its asker sees it, and so does everybody who is asked: 64 hex digits, or the first 6 or more of them',
  })
}

/**
 * The one request that begins with the digits.
 * @throws Failure `E_NO_REQUEST` (absent) if none does, `E_ID_AMBIGUOUS` (usage) if several do
 */
export function requestOf<T>(all: readonly T[], digits: string, name: (each: T) => string): T {
  const found = unique(all, digits, name, 'requests')
  if (found !== null) return found
  throw new Failure('absent', 'E_NO_REQUEST', `no request ${digits.slice(0, 16)} waits here`, {
    hint: '`mpc request list` shows those that do; with --passphrase-file it reads the server first',
  })
}

function unique<T>(all: readonly T[], digits: string, name: (each: T) => string, what: string): T | null {
  const found = all.filter((each) => name(each).startsWith(digits.toLowerCase()))
  const [one, another] = found
  if (another === undefined) return one ?? null
  throw new Failure('usage', 'E_ID_AMBIGUOUS', `the IDs of ${found.length} ${what} begin with ${digits}`, {
    hint: `give more digits: ${found.slice(0, 4).map(name).join(', ')}`,
  })
}
