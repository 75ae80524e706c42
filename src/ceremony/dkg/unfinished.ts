/**
 * What fails in this home once it has voted: a full disk, a lock that another command holds. The others may have a certified
 * result by that vote, so nothing is as it was before; the member is told what finishes it here.
 */
import type { CeremonyFiles } from '../../storage/home/ceremonies.js'
import type { KeyDefinition } from '../../wire/ceremony/key-definition.js'
import { Failure } from '../../wire/base/failure.js'
import { hex } from '../../wire/base/text.js'

type Ceremony = { readonly file: { readonly id: Uint8Array }; readonly definition: KeyDefinition }

/**
 * Does what comes after the vote.
 * @throws Failure `E_UNFINISHED` (doubt) in place of what this home alone is the cause of; else what `act` throws
 */
export async function afterVote<T>(plan: Ceremony, files: CeremonyFiles, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    throw await unfinished(plan, files, error)
  }
}

/** What an error of this home means after the vote; any other is what it is. */
export async function unfinished(
  { file, definition }: Ceremony,
  files: CeremonyFiles,
  error: unknown,
): Promise<unknown> {
  if (!(error instanceof Failure) || !isOfThisHome(error)) return error
  const voted = (await files.readReceipt().catch(() => null)) !== null
  const id = hex(file.id)
  const [what, others, next] = voted
    ? ['this member has voted', 'may hold the result, with this member in it', `mpc ceremony finish ${id}`]
    : [
        'the vote of this member is due',
        'may have voted, and wait for it',
        `mpc ${definition.kind} --join ${id}`,
      ]
  return new Failure('doubt', 'E_UNFINISHED', `${what}, and this home could not go on: ${error.message}`, {
    cause: error,
    hint: `the others ${others}. Mend that, then run: ${next}`,
  })
}

const isOfThisHome = ({ kind, code }: Failure): boolean =>
  kind === 'configuration' || code === 'E_BUSY' || code === 'E_KEY_STATE'
