/**
 * The mark of a rehearsal's sealed files: a line in clear before the age file. So such a file is refused
 * before anybody is asked for a passphrase. A real one is an age file and nothing else.
 */
import { isRehearsal, OtherRealm, refusalOf } from '../../wire/base/realm.js'
import { readSecretFile } from '../fs/atomic.js'

const MARK = Buffer.from('mpc-rehearsal/sealed/v1\n')

/** An age file, with the mark if this process rehearses. */
export const marked = (age: Uint8Array): Uint8Array =>
  isRehearsal() ? new Uint8Array(Buffer.concat([MARK, age])) : age

/** The age file without its mark. @throws Failure `E_REHEARSAL` (refused) in the other realm */
export function unmarked(sealed: Uint8Array, what = 'the sealed file'): Uint8Array {
  const isMarked = MARK.equals(sealed.subarray(0, MARK.length))
  if (isMarked !== isRehearsal()) throw refusalOf(new OtherRealm('', what))
  return isMarked ? sealed.subarray(MARK.length) : sealed
}

/** As `unmarked`, for bytes of either kind. */
export const withoutMark = (bytes: Uint8Array): Uint8Array =>
  MARK.equals(bytes.subarray(0, MARK.length)) ? bytes.subarray(MARK.length) : bytes

/** As `readSecretFile`, for a sealed file. @throws Failure as `unmarked` */
export async function readSealed(path: string, limit: number): Promise<Uint8Array | null> {
  const sealed = await readSecretFile(path, limit)
  if (sealed !== null) unmarked(sealed, path)
  return sealed
}
