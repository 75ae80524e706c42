/**
 * What tells a rehearsal's sealed files from real ones: a line in clear before the age file. So they are refused before
 * anybody is asked for a passphrase, and before anything is decrypted. A real one is an age file and nothing else.
 */
import { isRehearsal, OtherRealm, refusalOf } from '../../wire/base/realm.js'
import { readSecretFile } from '../fs/atomic.js'

const MARK = Buffer.from('mpc-rehearsal/sealed/v1\n')

/** An age file as this process keeps it. */
export const marked = (age: Uint8Array): Uint8Array =>
  isRehearsal() ? new Uint8Array(Buffer.concat([MARK, age])) : age

/** The age file in it. @throws Failure `E_REHEARSAL` (refused) if it is of a rehearsal and this is none, or the reverse */
export function unmarked(sealed: Uint8Array, what = 'the sealed file'): Uint8Array {
  const isMarked = MARK.equals(sealed.subarray(0, MARK.length))
  if (isMarked !== isRehearsal()) throw refusalOf(new OtherRealm('', what))
  return isMarked ? sealed.subarray(MARK.length) : sealed
}

/** The same of bytes that may be of either kind, for who only wants to know what they are. */
export const withoutMark = (bytes: Uint8Array): Uint8Array =>
  MARK.equals(bytes.subarray(0, MARK.length)) ? bytes.subarray(MARK.length) : bytes

/** As `readSecretFile`, for a file of ours that is sealed. @throws Failure as `unmarked` does */
export async function readSealed(path: string, limit: number): Promise<Uint8Array | null> {
  const sealed = await readSecretFile(path, limit)
  if (sealed !== null) unmarked(sealed, path)
  return sealed
}
